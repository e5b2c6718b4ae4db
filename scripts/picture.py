"""A platform with a past in, the picture of a plan out: made by the code that users run."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from reconciler.model import Plan
from reconciler.pipeline import make_plan, session
from reconciler.platform.connect import Wire
from reconciler.report.svg import terminal_svg
from reconciler.report.terminal import plan_text
from reconciler.sandbox import Platform, Request, Sandbox
from reconciler.settings import Settings
from tests.support.transport import InProcess

ROOT = Path(__file__).resolve().parent.parent
URL = "https://acme.example.com"
LONG_AGO = 1_780_000_000.0
FILES = 24
FILE_BYTES = 262_144


def plan_svg() -> str:
    """The plan of the quick start on a platform that people have used before."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "quickstart"
        shutil.copytree(
            ROOT / "examples/quickstart", workspace, ignore=shutil.ignore_patterns(".reconciler")
        )
        return terminal_svg(plan_text(plan_of(workspace), color=True), "reconciler plan")


def plan_of(workspace: Path) -> Plan:
    """The plan: one block with its evidence, one update, one creation, one adoption."""
    sandbox = Sandbox(["main"], quirks={"cache_suffix": False})
    sandbox.clock.freeze(LONG_AGO)
    platform = sandbox.platforms["main"]
    platform.url = URL
    _live_through_the_past(platform)
    _remember(workspace)
    settings = Settings(
        environment={"JFROG_URL": URL, "JFROG_ACCESS_TOKEN": platform.tokens["admin"]},
        workspace=workspace,
    )
    with session(settings, wire=Wire(InProcess(platform))) as run:
        return make_plan(run)


def _live_through_the_past(platform: Platform) -> None:
    """Somebody made an oci repository by hand, and changed what had been applied."""
    made = "/artifactory/api/repositories"
    for key, body in {
        "payments-docker-local": {"rclass": "local", "packageType": "oci"},
        "payments-npm-local": {
            "rclass": "local",
            "packageType": "npm",
            "description": "tmp, ask Kim",
            "xrayIndex": False,
        },
        "npm-remote": {
            "rclass": "remote",
            "packageType": "npm",
            "url": "https://registry.example.com/npm",
            "description": "The public registry, cached",
            "excludesPattern": "@acme/**",
            "retrievalCachePeriodSecs": 3600,
        },
    }.items():
        _send(platform, "PUT", f"{made}/{key}", json.dumps(body).encode())
    for number in range(FILES):
        path = f"/artifactory/payments-docker-local/checkout/1.{number}/layer.tar"
        _send(platform, "PUT", path, bytes(FILE_BYTES))


def _send(platform: Platform, method: str, path: str, body: bytes) -> None:
    headers = {"authorization": f"Bearer {platform.tokens['admin']}"}
    answer = platform.handle(Request(method, path, (), headers, body))
    assert answer.status in (200, 201), (path, answer.status, answer.body)


def _remember(workspace: Path) -> None:
    """An inventory that owns the npm repository: it was applied once."""
    entry = {
        "owner": "quickstart",
        "applied": {
            "spec.packageType": "npm",
            "spec.description": "Packages of the payments team",
            "spec.xrayIndex": True,
        },
    }
    file = workspace / ".reconciler/inventory.json"
    file.parent.mkdir()
    document = {
        "format": "reconciler.inventory/v1",
        "entries": {"main:LocalRepository/payments-npm-local": entry},
    }
    file.write_text(json.dumps(document), encoding="utf-8")

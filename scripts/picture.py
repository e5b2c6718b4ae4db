"""The pictures of the documentation, made by the code that users run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.cli.planning import surroundings
from reconciler.engine.graph import graph
from reconciler.engine.resolve import resolve
from reconciler.kinds.registry import builtin
from reconciler.model import Address, Manifest, Origin, Plan
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import Session, session
from reconciler.platform.connect import Wire
from reconciler.report.graph.picture import graph_svg
from reconciler.report.html.plan import plan_html
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
    with quick_start() as (_, plan):
        return terminal_svg(plan_text(plan, color=True), "reconciler plan")


def plan_page() -> str:
    """The same plan as the page that `plan --output html` prints."""
    with quick_start() as (run, plan):
        return plan_html(plan, surroundings=surroundings(run))


def estate_svg() -> str:
    """The references of a few teams' repositories, some of a kind and some shared."""
    registry = builtin()
    resolved = resolve(_estate(), registry)
    return graph_svg(graph(resolved, registry, resolved.manifests), "acme")


def _estate() -> Iterator[Manifest]:
    for type_ in ("docker", "maven", "npm"):
        yield _manifest("RemoteRepository", f"{type_}-upstream")
        for team, stages in _TEAMS.items():
            own = [f"{team}-{type_}-{stage}" for stage in stages]
            yield from (_manifest("LocalRepository", name) for name in own)
            members = [*own, f"{type_}-upstream"]
            yield _manifest("VirtualRepository", f"{team}-{type_}", repositories=members)
        together = [f"{team}-{type_}" for team in _TEAMS]
        yield _manifest("VirtualRepository", f"all-{type_}", repositories=together)
    yield from (_manifest("LocalRepository", f"files-{team}") for team in _TEAMS)


_TEAMS = {"payments": ("dev", "test", "release"), "search": ("release",), "web": ("dev", "release")}


def _manifest(kind: str, name: str, **spec: Any) -> Manifest:
    return Manifest(Address(kind, (name,)), spec, Origin(f"manifests/{name}.yaml", 1))


@contextmanager
def quick_start() -> Iterator[tuple[Session, Plan]]:
    """The plan: one block with its evidence, one update, one creation, one adoption."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "quickstart"
        shutil.copytree(
            ROOT / "examples/quickstart", workspace, ignore=shutil.ignore_patterns(".reconciler")
        )
        with _opened(workspace) as run:
            yield run, make_plan(run, now=datetime.fromtimestamp(LONG_AGO, UTC))


@contextmanager
def _opened(workspace: Path) -> Iterator[Session]:
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
        yield run


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

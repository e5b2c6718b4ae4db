"""What a plan of a deployment to a whole fleet takes: requests, memory, time."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench.process import ROOT, reconciler, run
from scripts.bench.rows import Row
from scripts.bench.server import Server

DEVICES = 10_000
BUDGET = 20_000
PAGE = 1000
"""Devices in an answer of their list."""

MANIFEST = """\
apiVersion: reconciler/v1
kind: UpdateFlow
metadata: {name: camera-install, fleet: demo}
spec:
  steps:
    - {name: install, run: "install ${{ inputs.image }}"}
  inputs: [image]
---
apiVersion: reconciler/v1
kind: Deployment
metadata: {name: camera-firmware, fleet: demo}
spec:
  desired:
    app: {name: default_app, version: "2.4.0"}
    flow: {name: camera-install}
    parameters: {image: camera-2.4.0}
  select: {groups: [Production]}
  waves:
    - {name: canary, take: {count: 10}}
    - {name: early, take: {percent: 10}}
"""

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: bench}
spec:
  manifests: [manifests]
  connect: {url: {env: CONNECT_URL}, token: {env: CONNECT_TOKEN}}
"""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A workspace, and the sandbox its devices are in."""

    root: Path
    server: Server
    variables: Mapping[str, str]

    def set_all(self, values: Mapping[str, Any]) -> None:
        """All devices are like that."""
        self.server.ask("PATCH", "/_sandbox/connect/devices", {"select": {}, "set": dict(values)})


@contextmanager
def fleet(count: int) -> Iterator[Fleet]:
    """A fleet of so many devices; gone afterwards."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        reconciler("sandbox", "--connect"),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())["connect"]
        server = Server(told["url"], told["token"])
        server.ask("DELETE", "/_sandbox/connect/devices", {"select": {}})
        made = {"count": count, "set": {"group": "Production", "apps": {"default_app": "2.3.1"}}}
        server.ask("POST", "/_sandbox/connect/devices", made)
        with tempfile.TemporaryDirectory(prefix="bench-fleet-") as folder:
            root = Path(folder)
            (root / "reconciler.yaml").write_text(WORKSPACE, encoding="utf-8")
            (root / "manifests").mkdir()
            (root / "manifests/camera.yaml").write_text(MANIFEST, encoding="utf-8")
            variables = {"CONNECT_URL": server.url, "CONNECT_TOKEN": server.token}
            yield Fleet(root, server, variables)
    finally:
        process.terminate()
        process.wait()


def rows(runs: int) -> Iterator[Row]:
    """Every row of this file."""
    with fleet(DEVICES) as one:
        yield from _plans(one, runs, f"plan over {DEVICES:,} devices, all to update", "2.3.1")
        yield from _plans(one, runs, f"plan over {DEVICES:,} devices, all up to date", "2.4.0")


def _plans(one: Fleet, runs: int, what: str, version: str) -> Iterator[Row]:
    one.set_all({"apps": {"default_app": version}})
    plan = reconciler("plan", "--budget", str(BUDGET))
    run(plan, one.root, one.variables)  # compiles modules
    one.server.forget_requests()
    seen = [run(plan, one.root, one.variables, tree=True)]
    asked = one.server.requests
    seen += [run(plan, one.root, one.variables) for _ in range(min(runs, 3) - 1)]
    best = min(seen, key=lambda usage: usage.wall)
    most = DEVICES + DEVICES / PAGE + 5
    yield Row(f"{what}: requests", asked, most, "requests")
    taken = f"{best.wall:.1f} s (CPU {best.cpu:.1f} s)"
    yield Row(f"{what}: memory", max(usage.memory for usage in seen), 200, "MB", taken)

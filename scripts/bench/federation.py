"""What a plan of federated repositories on several platforms takes: requests, memory, time."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.process import ROOT, reconciler, run
from scripts.bench.rows import Row
from scripts.bench.server import Server

SITES = ("east", "north", "west")
FEDERATIONS = 500
PER_FILE = 20

MANIFEST = """\
apiVersion: reconciler/v1
kind: Federation
metadata: {name: team%03d-npm}
spec:
  packageType: npm
  platforms: [%s]
  settings: {description: "Packages of team %d", xrayIndex: true}
"""


@dataclass(frozen=True, slots=True)
class Sites:
    """A workspace, and the platforms its federations are on; they share one count of requests."""

    root: Path
    servers: Mapping[str, Server]

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a run, without a cache from an earlier one."""
        tokens = {f"{name.upper()}_TOKEN": one.token for name, one in self.servers.items()}
        return {**tokens, "RECONCILER_CACHE": "off"}

    @property
    def any(self) -> Server:
        """One of the platforms."""
        return self.servers[SITES[0]]


@contextmanager
def sites(count: int) -> Iterator[Sites]:
    """A workspace of so many federations, each on every platform; gone afterwards."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        reconciler("sandbox", "--platforms", ",".join(SITES)),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())["platforms"]
        servers = {name: Server(told[name]["url"], told[name]["token"]) for name in SITES}
        with tempfile.TemporaryDirectory(prefix="bench-federation-") as folder:
            _write(Path(folder), servers, count)
            yield Sites(Path(folder), servers)
    finally:
        process.terminate()
        process.wait()


def _write(root: Path, servers: Mapping[str, Server], count: int) -> None:
    platforms = "".join(
        f"    {name}: {{url: '{one.url}', token: {{env: {name.upper()}_TOKEN}}}}\n"
        for name, one in servers.items()
    )
    (root / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Workspace\nmetadata: {name: bench}\n"
        f"spec:\n  manifests: [manifests]\n  defaultPlatforms: [east]\n  platforms:\n{platforms}",
        encoding="utf-8",
    )
    (root / "manifests").mkdir()
    for start in range(0, count, PER_FILE):
        numbers = range(start, min(start + PER_FILE, count))
        text = "---\n".join(MANIFEST % (n, ", ".join(SITES), n) for n in numbers)
        (root / "manifests" / f"{start:04}.yaml").write_text(text, encoding="utf-8")


def rows(runs: int) -> Iterator[Row]:
    """Every row of this file."""
    with sites(FEDERATIONS) as made:
        applied = run(reconciler("apply", "--yes"), made.root, made.variables)
        plan = reconciler("plan", "--detailed-exitcode")  # fails where anything is left to do
        run(plan, made.root, made.variables)  # compiles modules
        made.any.forget_requests()
        seen = [run(plan, made.root, made.variables, tree=True)]
        asked = made.any.ask("GET", "/_sandbox/requests")["requests"]
        seen += [run(plan, made.root, made.variables) for _ in range(runs - 1)]
    what = f"plan of {FEDERATIONS} converged federations on {len(SITES)} platforms"
    lists = Counter(r["platform"] for r in asked if r["path"].endswith("/stateList"))
    others = Counter(r["platform"] for r in asked) - lists
    most = 3 + FEDERATIONS / 1000
    each, lists_of_each = max(others.values()), max(lists.values())
    in_all = f"{len(asked)} requests in all"
    yield Row(f"{what}: requests to each, but for state lists", each, most, "requests")
    yield Row(f"{what}: state lists asked of each", lists_of_each, 1, "list", in_all)
    best = min(seen, key=lambda usage: usage.wall)
    memory = max(usage.memory for usage in seen)
    detail = f"{best.wall:.2f} s (CPU {best.cpu:.2f} s); the apply took {applied.wall:.0f} s"
    yield Row(f"{what}: memory", memory, 150, "MB", detail)

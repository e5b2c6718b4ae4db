"""How long `validate` takes, beside PyYAML's C loader parsing the same files: rows with a goal.

Every figure is a whole process, and the two sides of a ratio are measured turn by turn in one run,
so that a busy machine slows both. Times are those on the clock, the shortest of the runs, which
other processes disturbed least; the CPU time beside them counts both processors of a run.
Modules are compiled beforehand, as installers do it, whatever the environment says.

    python scripts/bench/validate.py [--manifests N] [--runs N]
"""

from __future__ import annotations

import argparse
import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PER_TEAM = 10
PACKAGE_TYPES = ("docker", "generic", "maven", "npm", "pypi")
WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: bench}
spec:
  manifests: [manifests]
  platforms:
    main: {url: "https://acme.example.com", token: {env: JFROG_ACCESS_TOKEN}}
"""
PYYAML = """\
import os, sys, yaml
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            for _ in yaml.load_all(file.read(), Loader=yaml.CSafeLoader):
                pass
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure and its goal, both in `unit`; `detail` tells what it is made of."""

    what: str
    measured: float
    goal: float
    unit: str
    detail: str = ""

    def __str__(self) -> str:
        verdict = "ok  " if self.measured <= self.goal else "MISS"
        figure = f"{self.measured:7.2f} {self.unit:5} (goal {self.goal:g})"
        return f"{verdict} {self.what:52} {figure}  {self.detail}"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process took: CPU and wall seconds, and its largest resident set in MB."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True, slots=True)
class Side:
    """The shortest wall and CPU seconds of one side of a ratio."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, usages: Sequence[Usage]) -> Side:
        """The best of several runs."""
        return cls(min(usage.wall for usage in usages), min(usage.cpu for usage in usages))

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (CPU {self.cpu:.2f} s)"


def manifest(number: int) -> str:
    """One manifest of a team with five local, three remote and two virtual repositories."""
    team, place = divmod(number, PER_TEAM)
    kind = PACKAGE_TYPES[(team + place) % len(PACKAGE_TYPES)]
    prefix = f"team{team}-{kind}"
    head = f"labels: {{team: team{team}, tier: {'gold' if team % 3 else 'silver'}}}"
    if place < 5:
        return f"""\
# Packages of team {team}
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: {prefix}-local
  {head}
spec:
  packageType: {kind}
  description: Packages of team {team}
  notes: "Ask team{team}@example.com"
  includesPattern: "**/*"
  excludesPattern: "**/tmp/**"
  xrayIndex: true
  archiveBrowsingEnabled: false
  propertySets: [artifactory]
"""
    if place < 8:
        return f"""\
# What team {team} takes from outside
apiVersion: reconciler/v1
kind: RemoteRepository
metadata:
  name: {prefix}-remote
  {head}
spec:
  packageType: {kind}
  url: https://registry.example.com/{kind}/{team}
  description: The public registry, cached
  excludesPattern: "@acme/**"  # our own scope never comes from outside
  retrievalCachePeriodSecs: {3600 + team % 60}
  xrayIndex: true
  hardFail: false
  socketTimeoutMillis: 15000
"""
    kind = PACKAGE_TYPES[(team + place - 8) % len(PACKAGE_TYPES)]  # as a local and a remote have
    return f"""\
# What the clients of team {team} are configured with
apiVersion: reconciler/v1
kind: VirtualRepository
metadata:
  name: team{team}-{kind}
  {head}
spec:
  packageType: {kind}
  description: What clients are configured with
  repositories:
    - team{team}-{kind}-local
    - team{team}-{kind}-remote
  defaultDeploymentRepo: team{team}-{kind}-local
  artifactoryRequestsCanRetrieveRemoteArtifacts: true
"""


@contextmanager
def workspace(count: int, per_file: int) -> Iterator[Path]:
    """A folder with that many manifests in files of `per_file` documents, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        (root / "reconciler.yaml").write_text(WORKSPACE, encoding="utf-8")
        for start in range(0, count, per_file):
            folder = root / "manifests" / f"{start // 1000:03}"
            folder.mkdir(parents=True, exist_ok=True)
            documents = [manifest(n) for n in range(start, min(start + per_file, count))]
            text = "---\n".join(documents)
            (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")
        yield root


@cache
def bytecode() -> str:
    """A folder for the compiled modules of every process of this run, gone at its end."""
    folder = tempfile.TemporaryDirectory(prefix="bench-bytecode-")
    atexit.register(folder.cleanup)
    return folder.name


def run(arguments: Sequence[str], folder: Path, **variables: str) -> Usage:
    """Run this Python to its end. Raises CalledProcessError when it fails."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode()}
    environment = environment | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=told)
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes elsewhere
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / scale)


def pyyaml(root: Path) -> Usage:
    """PyYAML's CSafeLoader parses every manifest and keeps nothing."""
    return run(["-c", PYYAML, "manifests"], root)


def cold(root: Path) -> Usage:
    """`validate` as on a fresh checkout."""
    return run(["-m", "reconciler", "validate"], root, RECONCILER_CACHE="off")


def warm(root: Path) -> Usage:
    """`validate` of what an earlier run has seen."""
    return run(["-m", "reconciler", "validate"], root, RECONCILER_CACHE=str(root / ".cache"))


def validate_rows(count: int, per_file: int, runs: int) -> list[Row]:
    """Cold, warm and memory of `validate` over one workspace."""
    what = f"validate {count} manifests, {per_file} in a file"
    with workspace(count, per_file) as root:
        warm(root)  # compiles modules, fills the caches of files and verdicts
        turns = [(pyyaml(root), cold(root), warm(root)) for _ in range(runs)]
    loader, first, second = (Side.of(usages) for usages in zip(*turns, strict=True))
    memory = max(usage.memory for turn in turns for usage in turn[1:])
    seconds = f"{first}, PyYAML {loader}"
    return [
        Row(f"{what}: cold / PyYAML", first.wall / loader.wall, 1, "times", seconds),
        Row(f"{what}: warm / PyYAML", second.wall / loader.wall, 1 / 3, "times", str(second)),
        Row(f"{what}: memory", memory, 200, "MB"),
    ]


def help_row(runs: int) -> Row:
    """`--help`: wall time, the shortest of the runs, which other processes disturbed least."""
    took = [run(["-m", "reconciler", "--help"], ROOT).wall for _ in range(runs)]
    return Row("--help", min(took) * 1000, 150, "ms")


def one_file_row(runs: int) -> Row:
    """`validate` of one file without a cache: wall time, the shortest of the runs."""
    with workspace(1, 1) as root:
        took = [cold(root).wall for _ in range(runs)]
    return Row("validate one file", min(took) * 1000, 400, "ms")


def rows(count: int = 10_000, runs: int = 5) -> Iterator[Row]:
    """Every row of this file."""
    yield from validate_rows(count, 1, runs)
    yield from validate_rows(count, 20, runs)
    yield help_row(runs)
    yield one_file_row(runs)


def main() -> int:
    """Print the rows; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifests", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    missed = False
    for row in rows(given.manifests, given.runs):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        missed |= row.measured > row.goal
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

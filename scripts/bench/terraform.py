"""A plan beside Terraform's with the vendor's provider: one server, the same repositories.

Needs the variable TERRAFORM (the binary) and in TF_CLI_CONFIG_FILE a configuration whose
`dev_overrides` name the folder of a built provider `jfrog/artifactory`; nothing is downloaded.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.estates import WORKSPACE
from scripts.bench.plan import PLAN
from scripts.bench.process import TOKEN, Usage, reconciler, run
from scripts.bench.rows import Row
from scripts.bench.server import Server, sandbox

LATENCY = 50
HEAD = """\
terraform {
  required_providers {
    artifactory = {
      source = "jfrog/artifactory"
    }
  }
}
provider "artifactory" {}
"""
RESOURCE = """\
resource "artifactory_local_generic_repository" "r%(number)d" {
  key         = "bench-%(number)05d-local"
  description = "number %(number)d"
}
"""
MANIFEST = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: bench-%(number)05d-local}
spec: {packageType: generic, description: number %(number)d}
"""
QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def rows(runs: int, count: int = 1000) -> Iterator[Row]:
    """Every row of this file; none, and a note, where there is no Terraform to measure."""
    binary = os.environ.get("TERRAFORM")
    if not binary or sys.platform != "linux":
        sys.stderr.write("skipped: TERRAFORM names no binary, or this is not Linux\n")
        return
    with sandbox() as server, _both(count, server) as (ours, theirs):
        variables = server.variables | QUIET
        run([binary, "apply", "-auto-approve", "-no-color"], theirs, variables)
        run(reconciler("apply", "--yes"), ours, variables)  # takes them over
        with server.latency(LATENCY):
            run(PLAN, ours, variables)
            turns = [
                (
                    run(
                        [binary, "plan", "-no-color", "-detailed-exitcode"],
                        theirs,
                        variables,
                        tree=True,
                    ),
                    run(PLAN, ours, variables, tree=True),
                )
                for _ in range(runs)
            ]
    other, own = (_least(list(side)) for side in zip(*turns, strict=True))
    what = f"plan of {count:,} converged repositories at {LATENCY} ms latency"
    yield Row(
        f"{what}: Terraform's wall time / ours",
        other.wall / own.wall,
        20,
        "times",
        f"{other.wall:.1f} s, {own.wall:.2f} s",
        at_least=True,
    )
    yield Row(
        f"{what}: our memory / Terraform's with its provider",
        own.memory / other.memory,
        1 / 5,
        "times",
        f"{own.memory:.0f} MB, {other.memory:.0f} MB",
    )


def _least(side: list[Usage]) -> Usage:
    """The best of every figure: other processes on the machine only ever add to one."""
    return Usage(*(min(getattr(u, name) for u in side) for name in ("cpu", "wall", "memory")))


@contextmanager
def _both(count: int, server: Server) -> Iterator[tuple[Path, Path]]:
    """A workspace of ours and a configuration of theirs that say the same."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        ours, theirs = Path(name) / "ours", Path(name) / "theirs"
        (ours / "manifests").mkdir(parents=True)
        theirs.mkdir()
        numbers = [{"number": n} for n in range(count)]
        (theirs / "main.tf").write_text(HEAD + "".join(RESOURCE % n for n in numbers))
        (ours / "reconciler.yaml").write_text(WORKSPACE % (server.url, TOKEN))
        for start in range(0, count, 20):
            text = "---\n".join(MANIFEST % n for n in numbers[start : start + 20])
            (ours / "manifests" / f"{start:06}.yaml").write_text(text)
        yield ours, theirs

"""What a plan of converged repositories takes: requests, and CPU beside `validate` of the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.estates import converge, files, workspace
from scripts.bench.process import Side, Usage, reconciler, run
from scripts.bench.rows import Row
from scripts.bench.server import Server, sandbox

PLAN = reconciler("plan", "--detailed-exitcode")


@contextmanager
def converged(count: int, per_file: int) -> Iterator[tuple[Path, Server]]:
    """A workspace, and a platform that is as it says; both gone afterwards."""
    with sandbox() as server, workspace(count, per_file, server.url) as root:
        converge(root, server, count)
        plan(root, server)  # fails where anything is left to do; compiles modules
        yield root, server


def plan(root: Path, server: Server, *, tree: bool = False) -> Usage:
    """`plan` that finds nothing to do; anything else fails the run."""
    return run(PLAN, root, server.variables, tree=tree)


def validate(root: Path, server: Server) -> Usage:
    """`validate` of the same manifests, as on a fresh checkout."""
    return run(reconciler("validate"), root, server.variables)


def request_rows(count: int) -> Iterator[Row]:
    """How often the platform is asked."""
    with converged(count, 20) as (root, server):
        server.forget_requests()
        plan(root, server)
        asked = server.requests
    what = f"plan of {count:,} converged repositories: requests"
    yield Row(what, asked, 3 + count / 1000, "requests")


def ratio_rows(count: int, per_file: int, runs: int) -> Iterator[Row]:
    """CPU beside `validate`, turn by turn, and memory: the server's time is not the plan's."""
    with converged(count, per_file) as (root, server):
        pairs = [(plan(root, server), validate(root, server)) for _ in range(runs)]
        memory = plan(root, server, tree=True).memory
    planned, validated = (Side.of(usages) for usages in zip(*pairs, strict=True))
    what = f"plan of {count:,} converged repositories, {files(per_file)}"
    detail = f"{planned}; validate {validated}"
    ratio = planned.cpu / validated.cpu
    yield Row(f"{what}: CPU of plan / validate", ratio, 1.4, "times", detail)
    yield Row(f"{what}: memory", memory, 250, "MB")


def rows(runs: int, count: int = 10_000) -> Iterator[Row]:
    """Every row of this file."""
    yield from request_rows(1000)
    for per_file in (1, 20):
        yield from ratio_rows(count, per_file, runs)

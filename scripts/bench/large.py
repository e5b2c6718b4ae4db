"""A plan of 100,000 converged repositories beside one of 10,000: does anything grow faster?"""

from __future__ import annotations

from collections.abc import Iterator

from scripts.bench.plan import converged, plan
from scripts.bench.process import Usage
from scripts.bench.rows import Row

SMALL, LARGE = 10_000, 100_000
MUCH = 1.2
"""A tenfold estate that takes at most 12 times as much still counts as linear."""


def rows(runs: int) -> Iterator[Row]:
    """Every row of this file."""
    small, _ = _least(SMALL, runs)
    large, asked = _least(LARGE, min(runs, 3))
    what = f"plan of {LARGE:,} converged repositories"
    times = LARGE / SMALL
    yield Row(f"{what}: requests", asked, 3 + LARGE / 1000, "requests")
    yield Row(
        f"{what}: memory per object",
        large.memory * 1024 / LARGE,
        15,
        "KB",
        f"{large.memory:,.0f} MB in all, {small.memory:,.0f} MB for {SMALL:,}",
    )
    yield Row(
        f"{what}: CPU per object / that at {SMALL:,}",
        large.cpu / small.cpu / times,
        MUCH,
        "times",
        f"{large.cpu:.1f} s, {small.cpu:.2f} s for {SMALL:,}",
    )
    yield Row(
        f"{what}: memory per object / that at {SMALL:,}",
        large.memory / small.memory / times,
        MUCH,
        "times",
    )


def _least(count: int, runs: int) -> tuple[Usage, int]:
    """The least CPU and the most memory of several plans, and the requests of one."""
    with converged(count, 20) as (root, server):
        server.forget_requests()
        seen = [plan(root, server, tree=True)]
        asked = server.requests
        seen += [plan(root, server) for _ in range(runs - 1)]
    cpu, wall = min(u.cpu for u in seen), min(u.wall for u in seen)
    return Usage(cpu, wall, max(u.memory for u in seen)), asked

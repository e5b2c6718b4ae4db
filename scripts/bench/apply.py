"""What an apply of new repositories takes: how often the platform is asked."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.bench.estates import workspace
from scripts.bench.plan import PLAN
from scripts.bench.process import reconciler, run
from scripts.bench.rows import Row
from scripts.bench.server import sandbox


def rows(_runs: int, count: int = 1000) -> Iterator[Row]:
    """Every row of this file; requests are the same in every run, so there is one."""
    with sandbox() as server, workspace(count, 20, server.url) as root:
        used = run(reconciler("apply", "--yes"), root, server.variables)
        asked = server.requests
        run(PLAN, root, server.variables)  # fails where anything is left to do
    detail = f"wall {used.wall:.1f} s; the plan afterwards is empty"
    what = f"apply of {count:,} new repositories: requests"
    yield Row(what, asked, 30, "requests", detail)

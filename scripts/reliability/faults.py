"""A fault of each kind at every request of the mixed apply; rows and a picture of them out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from scripts.reliability.grid import IMAGE, picture
from scripts.reliability.rows import Row
from tests.reliability.disturbed import Case, Verdict, calm, disturb
from tests.reliability.mixed import ALONE, REMOTE, TOGETHER
from tests.reliability.trouble import KEPT, TROUBLES

VERSIONS = {
    TOGETHER: "written in batches",
    ALONE: "written one by one",
    REMOTE: "at the inventory on the platform",
}


def rows() -> Iterator[Row]:
    """A row for each fault and way of writing."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        grid: list[list[Verdict]] = []
        for version, how in VERSIONS.items():
            points = [p for p in calm(version).points if version != REMOTE or KEPT in p.path]
            for trouble in TROUBLES:
                cases = [Case(version, point, trouble) for point in points]
                verdicts = list(pool.map(disturb, cases, chunksize=8))
                yield _row(trouble, how, verdicts)
                if version == TOGETHER:
                    grid.append(verdicts)
    IMAGE.write_text(picture(calm(TOGETHER).points, list(TROUBLES), grid), encoding="utf-8")


def _row(trouble: str, how: str, verdicts: list[Verdict]) -> Row:
    failed = [verdict for verdict in verdicts if verdict.faults]
    for verdict in failed[:3]:
        sys.stdout.write(f"{verdict}\n")
    once = sum(verdict.runs == 1 for verdict in verdicts)
    detail = f"{once:,} done by the first run, {len(verdicts) - once:,} by the second"
    return Row(f"{trouble}, {how}", len(verdicts), len(failed), detail)

"""Kill -9 at every request and at every step of the inventory of the mixed apply; rows out."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator

from scripts.reliability.rows import Row
from tests.reliability.disturbed import Verdict
from tests.reliability.killed import forks, killed, kills
from tests.reliability.mixed import ALONE, REMOTE, TOGETHER

VERSIONS = {
    TOGETHER: "written in batches",
    ALONE: "written one by one",
    REMOTE: "at the inventory on the platform",
}
WHEN = {
    "before": "when a request arrived, before it was carried out",
    "after": "when a request was carried out, before its answer",
    "inventory": "before a file of the inventory was opened, synced, renamed or removed",
    "torn": "while a file was synced, its end cut off",
}


def rows() -> Iterator[Row]:
    """A row for each moment and way of writing."""
    try:
        for version, how in VERSIONS.items():
            verdicts: dict[str, list[Verdict]] = defaultdict(list)
            for kill in kills(version):
                verdict = killed(kill)
                verdicts[kill.when].append(verdict)
                if verdict.faults:
                    sys.stdout.write(f"{verdict}\n")
            for when, found in verdicts.items():
                failures = sum(bool(verdict.faults) for verdict in found)
                yield Row(f"killed {WHEN[when]}; {how}", len(found), failures)
    finally:
        forks().close()

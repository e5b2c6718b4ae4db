"""Shows that a fault or a kill anywhere ends well, and writes the figures to docs/reliability.md.

python -m scripts.reliability [PART ...] [--seed N] [--share F] [--no-page]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator

from scripts.reliability import faults, fuzz, kills, rollouts
from scripts.reliability.page import PAGE, written
from scripts.reliability.rows import Row

PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "faults": lambda given: faults.rows(),
    "kills": lambda given: kills.rows(),
    "rollouts": lambda given: rollouts.rows(max(40, round(500 * given.share))),
    "fuzz": lambda given: fuzz.rows(given.seed, given.share),
}
CHANCE = ("fuzz",)
"""The parts in which anything is left to chance: they have a seed."""

USUAL = ["faults", "kills", "rollouts"]


def main() -> int:
    """Print the rows as they come; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = f"any of {', '.join(PARTS)}; without any: {', '.join(USUAL)}"
    parser.add_argument("parts", nargs="*", metavar="PART", help=known)
    parser.add_argument("--seed", type=int, default=1, help="what random examples start from")
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="of the random examples, or of the devices of a rollout",
    )
    parser.add_argument("--no-page", action="store_true", help=f"leave {PAGE.name} as it is")
    given = parser.parse_args()
    for part in given.parts:
        if part not in PARTS:
            parser.error(f"there is no part '{part}': {known}")
    os.environ["RECONCILER_CACHE"] = "off"  # what another run found sound must not decide
    failed = False
    for part in given.parts or USUAL:
        started, rows = time.monotonic(), []
        for row in PARTS[part](given):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            rows.append(row)
            failed |= not row.holds
        if not given.no_page:
            minutes = (time.monotonic() - started) / 60
            facts = f"{minutes:.0f} minutes" + (f"; seed {given.seed}" if part in CHANCE else "")
            page = written(part, rows, facts, PAGE.read_text(encoding="utf-8"))
            PAGE.write_text(page, encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

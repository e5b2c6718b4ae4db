"""Measures what the product promises of its speed, and writes the figures to docs/benchmarks.md.

python -m scripts.bench [PART ...] [--runs N] [--no-page]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from scripts.bench import apply, federation, fleet, large, pages, plan, terraform, validate
from scripts.bench.rows import Row
from scripts.bench.table import PAGE, written

PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "validate": validate.rows,
    "plan": plan.rows,
    "apply": apply.rows,
    "federation": federation.rows,
    "terraform": terraform.rows,
    "pages": pages.rows,
    "large": large.rows,
    "fleet": fleet.rows,
}
USUAL = ["validate", "plan", "apply", "federation", "terraform"]


def main() -> int:
    """Print the rows as they come; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = f"any of {', '.join(PARTS)}; without any: {', '.join(USUAL)}"
    parser.add_argument("parts", nargs="*", metavar="PART", help=known)
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured")
    parser.add_argument("--no-page", action="store_true", help="leave docs/benchmarks.md as it is")
    given = parser.parse_args()
    for part in given.parts:
        if part not in PARTS:
            parser.error(f"there is no part '{part}': {known}")
    missed = False
    for part in given.parts or USUAL:
        rows: list[Row] = []
        for row in PARTS[part](given.runs):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            rows.append(row)
            missed |= not row.is_reached
        if rows and not given.no_page:
            page = written(part, rows, given.runs, PAGE.read_text(encoding="utf-8"))
            PAGE.write_text(page, encoding="utf-8")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

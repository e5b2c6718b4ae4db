"""Rows in, the page `docs/reliability.md` out: the table of the part that was run is renewed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scripts.bench.process import ROOT
from scripts.bench.table import here
from scripts.reliability.rows import HEAD, Row

PAGE = ROOT / "docs" / "reliability.md"


def written(part: str, rows: Sequence[Row], facts: str, page: str) -> str:
    """The page with one table renewed. Raises LookupError where it has no such part."""
    marks = re.compile(f"(<!-- reliability:{part} -->\n).*?(<!-- end -->)", re.DOTALL)
    table = "\n".join([f"{here()}; {facts}.", "", HEAD, *(row.markdown for row in rows)])
    fresh, found = marks.subn(lambda match: f"{match[1]}{table}\n{match[2]}", page)
    if not found:
        raise LookupError(f"{PAGE} has no part '{part}'")
    return fresh

"""Measured rows in, the page `docs/benchmarks.md` out: every part is replaced when it was measured.

A part that was not measured this time keeps its figures, and the line that says when and where.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench.process import ROOT
from scripts.bench.rows import Row

PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = "| what | goal | measured | reached | made of |\n|---|---|---|---|---|"


def written(part: str, rows: Sequence[Row], runs: int, page: str) -> str:
    """The page with the table of one part renewed. Raises LookupError where it has no such part."""
    marks = re.compile(f"(<!-- bench:{part} -->\n).*?(<!-- end -->)", re.DOTALL)
    table = "\n".join([measured(runs), "", HEAD, *(row.markdown for row in rows)])
    fresh, found = marks.subn(lambda match: f"{match[1]}{table}\n{match[2]}", page)
    if not found:
        raise LookupError(f"{PAGE} has no part '{part}'")
    return fresh


def measured(runs: int) -> str:
    """When, where and how often."""
    load = f"load average {os.getloadavg()[1]:.1f} at the end"
    return f"{here()}; {runs} runs; {load}."


def here() -> str:
    """The day, the machine and the Python."""
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    machine = f"{os.cpu_count()} cores ({processor()}), {memory:.0f} GB"
    return f"{today}; {machine}; Python {platform.python_version()}, {platform.system()}"


def processor() -> str:
    """What the machine calls its processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    named = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.machine()

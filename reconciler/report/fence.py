"""Lines of strangers in, Markdown that they cannot leave out.

Everything that is not our own word stands in a fence or a code span: there GitHub turns neither
`@team` nor `#123` into a mention, and no HTML is HTML. So there are two rules to get right, here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.report.sanitise import visible

_TICKS = re.compile("`+")


def fenced(lines: Iterable[str], language: str = "diff") -> str:
    """A fenced block, its fence longer than any run of backticks inside.

    The lines are taken as already visible: they hold no line break.
    """
    body = list(lines)
    fence = "`" * max(3, 1 + _longest_run(body))
    return "\n".join([f"{fence}{language}", *body, fence])


def _longest_run(lines: Iterable[str]) -> int:
    return max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)


def code(text: str) -> str:
    """A code span of one line."""
    shown = visible(text) or " "
    ticks = "`" * (1 + _longest_run([shown]))
    blank = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{blank}{shown}{blank}{ticks}"


def details(summary: str, body: str) -> str:
    """A block that unfolds; the summary is our own words, never data."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"

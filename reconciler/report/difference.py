"""A file's text before and after in, a unified difference for a person out."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from reconciler.report.paint import Style, painter
from reconciler.report.sanitise import visible

_COLORS: dict[str, Style] = {"+": "green", "-": "red", "@": "cyan"}


def unified(file: str, before: str, after: str, *, color: bool = False) -> str:
    """The changed lines with some around them; empty when nothing changed."""
    lines = unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="", n=2)
    return "".join(f"{line}\n" for line in _painted(lines, color))


def _painted(lines: Iterator[str], color: bool) -> Iterator[str]:
    paint = painter(color)
    for line in lines:
        shown = visible(line)
        style = _COLORS.get(line[:1], "plain")
        yield shown if line.startswith(("+++", "---")) else paint(style, shown)

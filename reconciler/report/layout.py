"""Groups of lines in, one list of lines or one text out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from reconciler.report.sanitise import shorten


def spaced(objects: Iterable[Sequence[str]]) -> list[str]:
    """Objects one below the other; those of several lines stand apart."""
    lines: list[str] = []
    tall = False
    for made in objects:
        apart = bool(lines) and (len(made) > 1 or tall)
        lines += ["", *made] if apart else made
        tall = len(made) > 1
    return lines


def paragraphs(parts: Iterable[Sequence[str]]) -> str:
    """Paragraphs with an empty line between them; ends with a line break."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


BOX = 100
"""Columns of a box in a comment that are seen without scrolling."""

LONGEST = 400
"""Characters of one sentence in a box."""


def boxed(start: str, text: str) -> list[str]:
    """A sentence in a box, over as many lines as it takes; each begins with `start`."""
    lines = wrap(
        shorten(text, LONGEST),
        BOX,
        initial_indent=start,
        subsequent_indent=f"{start}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [start.rstrip()]

"""Kinds in, a colour and two or three letters for each out: told apart with and without colours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from zlib import crc32

COLOURS = (
    "#1f6feb", "#8250df", "#1a7f37", "#bc4c00", "#bf3989", "#0a7280",
    "#9a6700", "#cf222e", "#4d5cc7", "#57606a", "#6639ba", "#116329",
)  # fmt: skip
"""Each dark enough for white letters."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind is marked."""

    colour: str
    letters: str


def palette(kinds: Iterable[str]) -> dict[str, Style]:
    """A style for each kind.

    A kind keeps its colour from picture to picture, unless two kinds of one picture want the same.
    """
    names = sorted(set(kinds))
    taken: set[int] = set()
    styles: dict[str, Style] = {}
    letters: set[str] = set()
    for name in names:
        wanted = crc32(name.encode("utf-8", "replace")) % len(COLOURS)
        free = next(
            (
                slot
                for step in range(len(COLOURS))
                if (slot := (wanted + step) % len(COLOURS)) not in taken
            ),
            wanted,
        )
        taken.add(free)
        styles[name] = Style(COLOURS[free], _letters(name, letters))
    return styles


def _letters(kind: str, taken: set[str]) -> str:
    """The capitals of the name, such as LR for LocalRepository; a number where two agree."""
    capitals = "".join(c for c in kind if c.isascii() and c.isupper())[:2] or kind[:1].upper()
    found = next(
        text
        for n in count(1)
        if (text := capitals if n == 1 else f"{capitals[:2]}{n}") not in taken
    )
    taken.add(found)
    return found

"""Groups of lines in, one list of lines or one text out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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

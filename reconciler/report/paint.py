"""A style and a text in, the text with ANSI colours out; or the bare text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Style = Literal[
    "plain", "dim", "bold", "red", "green", "yellow", "blue", "magenta", "cyan", "alarm"
]

_CODES: dict[Style, str] = {
    "dim": "2",
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "alarm": "1;31",
}

Paint = Callable[[Style, str], str]


def coloured(style: Style, text: str) -> str:
    """The text in a style, reset at its end."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def bare(style: Style, text: str) -> str:  # noqa: ARG001 - one signature for both
    """The text as it is."""
    return text


def painter(color: bool) -> Paint:
    """The function that paints, or the one that does not."""
    return coloured if color else bare

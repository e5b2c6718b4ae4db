"""Text of strangers in, text that cannot change what it stands in out.

Names and values come from manifests and servers. Whatever a terminal, a CI log or a reader's eye
would take for more than a letter is shown as an escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Printable for Unicode, yet without any ink: fillers, joiners and variation selectors.
_INKLESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# CI systems obey lines such as `::add-mask::x`, `##[group]x` and `##vso[task.complete]`.
_WORKFLOW_COMMAND = re.compile(r"^(\s*)::")
_LOG_COMMAND = re.compile(r"##(?=\w*\[)")


def visible(text: str) -> str:
    """One line without control, bidirectional, zero-width or odd blank characters.

    They are shown as `\\x1b` or `\\u202e`. A backslash of the text itself stays as it is.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    if not text.isascii():
        text = _INKLESS.sub(lambda match: _escape(match[0]), text)
    if "##" in text:
        text = _LOG_COMMAND.sub(r"#\\x23", text)
    return _WORKFLOW_COMMAND.sub(r"\1\\x3a:", text) if "::" in text else text


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe_url(url: str) -> str:
    """A URL without a user name and password."""
    return re.sub(r"//[^/?#]*@", "//", url)


def shorten(text: str, room: int) -> str:
    """At most `room` characters, the middle left out."""
    if len(text) <= room:
        return text
    tail = (room - 1) // 2
    return f"{text[: room - 1 - tail]}…{text[len(text) - tail :]}"


_CONTEXT = 12
"""Characters kept of what two long texts have in common, before and after the difference."""


def shorten_pair(before: str, after: str, room: int) -> tuple[str, str]:
    """Two different texts in at most `room` characters each, so that the difference is seen."""
    if len(before) <= room and len(after) <= room:
        return before, after
    start = _common(before, after, lambda text, i: text[i])
    least = min(len(before), len(after)) - start
    end = min(_common(before, after, lambda text, i: text[-1 - i]), least)
    return _window(before, start, end, room), _window(after, start, end, room)


def _common(one: str, other: str, at: Callable[[str, int], str]) -> int:
    count = 0
    for i in range(min(len(one), len(other))):
        if at(one, i) != at(other, i):
            break
        count += 1
    return count


def _window(text: str, start: int, end: int, room: int) -> str:
    head = max(0, start - _CONTEXT) if start > 2 * _CONTEXT else 0
    tail = max(0, end - _CONTEXT) if end > 2 * _CONTEXT else 0
    kept = text[head : len(text) - tail]
    framed = f"{'…' if head else ''}{kept}{'…' if tail else ''}"
    if len(framed) <= room:
        return framed
    # The end of the difference may be lost; its beginning is what must stay in sight.
    return framed[: room - 1] + "…"


@lru_cache(maxsize=4096)
def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, columns: int) -> str:
    """The text filled with blanks up to a number of columns."""
    return text + " " * max(0, columns - cells(text))

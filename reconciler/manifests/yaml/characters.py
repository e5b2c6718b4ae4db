"""A text as written in YAML and a character of its value in, the character's line and column out.

Quotes, escapes, folded lines and indentation change blanks and add signs, but the characters that
are no blanks come in the same order on both sides: so they are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.manifests.yaml.source import LINE_END, line_and_column

_ESCAPED = re.compile(
    r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\(?:\r\n|.)|[^\\]", re.DOTALL
)
_SINGLE = re.compile(r"''|.", re.DOTALL)
_PLAIN = re.compile(r".", re.DOTALL)
_BLANK_ESCAPES = frozenset("ntr \t\n\r_NLPvf")


def character_in(
    written: str, style: str, value: str, offset: int, line: int, column: int
) -> tuple[int, int]:
    """The place of `value[offset]`; for a blank or the end, right behind what stands before it.

    `written` begins at this line and column, with the quote or the sign of its `style`.
    """
    offset = min(offset, len(value))
    is_blank = offset == len(value) or value[offset].isspace()
    before = len("".join(value[:offset].split()))
    after_blanks = offset - len(value[:offset].rstrip())
    at = 0
    count = before if is_blank else before + 1
    for start, end in _solid(written, style):
        if count == 0:
            break
        at = end if is_blank else start
        count -= 1
    if is_blank and before == 0:
        at = _content(written, style)
    if is_blank and not LINE_END.search(written[at : at + after_blanks]):
        at += min(after_blanks, len(written) - at)
    down, across = line_and_column(written[:at])
    return line + down - 1, across if down > 1 else column + across - 1


def _content(written: str, style: str) -> int:
    """Where the text begins: behind the quote, or behind the line of a block's sign."""
    if style in ("|", ">"):
        end = LINE_END.search(written)
        return end.end() if end else len(written)
    return 1 if style else 0


def _solid(written: str, style: str) -> Iterator[tuple[int, int]]:
    """Where the characters stand that are no blanks in the value."""
    units = _ESCAPED if style == '"' else _SINGLE if style == "'" else _PLAIN
    end = len(written) - (1 if style in ('"', "'") else 0)
    for unit in units.finditer(written, _content(written, style), end):
        text = unit[0]
        if style == '"' and text[0] == "\\":
            if not (len(text) == 2 and text[1] in _BLANK_ESCAPES) and text[1:] != "\r\n":
                yield unit.span()
        elif not text.isspace():
            yield unit.span()

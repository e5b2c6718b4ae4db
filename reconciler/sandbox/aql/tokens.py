"""The text of a query in, its tokens with their places out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.sandbox.aql.errors import near

SIGNS = "(){}[],:."
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
NUMBER = re.compile(r"-?\d+(?![\w$@])")
WORD = re.compile(r"[\w$@*][\w$@*.\-]*")
"""A name without quotation marks. In front of a bracket it names a step: `find(`, `limit(`."""

STEP = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class Token:
    """One token: `sign`, `string`, `number`, `word` or `end`."""

    kind: str
    value: str
    """A sign or word as it stands; a string without its marks and escapes."""

    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """A text in, its tokens out, an `end` last. Raises AqlError at what is none."""
    position, depth = 0, 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        if position >= len(text):
            yield Token("end", "", position, position)
            return
        token = one(text, position, depth)
        depth += (token.kind == "sign") * ((token.value in "{[") - (token.value in "}]"))
        yield token
        position = token.end


def one(text: str, position: int, depth: int) -> Token:
    """A text and a place in, the token that starts there out.

    Inside braces a bare name may hold dots (`stat.downloads`); outside of them a dot is a sign.
    """
    if text[position] in SIGNS:
        return Token("sign", text[position], position, position + 1)
    if text[position] == '"':
        return string(text, position)
    number = NUMBER.match(text, position)
    if number:
        return Token("number", number[0], position, number.end())
    word = (WORD if depth > 0 else STEP).match(text, position)
    if word is None:
        raise near(text, position)
    return Token("word", word[0], position, word.end())


def string(text: str, position: int) -> Token:
    """A text and the place of a quotation mark in, the string out."""
    found = STRING.match(text, position)
    if found is None:
        raise near(text, position)
    try:
        value = json.loads(found[0], strict=False)
    except ValueError as error:
        raise near(text, position) from error
    return Token("string", value, position, found.end())

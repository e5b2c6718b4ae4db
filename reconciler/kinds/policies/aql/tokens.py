"""The text of a query in, its tokens out, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Sort = Literal["sign", "text", "word", "number", "end"]


@dataclass(frozen=True, slots=True)
class AqlFault:
    """What is wrong at one place of a query; `offset` counts characters from 0."""

    offset: int
    problem: str
    hint: str = ""


class AqlError(Exception):
    """A query that cannot be read any further."""

    def __init__(self, offset: int, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.fault = AqlFault(offset, problem, hint)


@dataclass(frozen=True, slots=True)
class Token:
    """One token: what sort it is, what it says without quotes, and where it begins."""

    sort: Sort
    value: str
    offset: int

    @property
    def shown(self) -> str:
        """The token in a message."""
        if self.sort == "end":
            return "the end of the query"
        return f'"{self.value}"' if self.sort == "text" else f"'{self.value}'"


_BLANK = re.compile(r"\s*")
_SIGNS = frozenset("{}[]():,.")
_TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_WORD = re.compile(r"[A-Za-z_$@*][\w$@*-]*(?:\.[\w$@*-]+)*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_OTHER_QUOTES = frozenset("'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb")


def tokens(text: str) -> list[Token]:
    """All tokens, a token for the end last. Raises AqlError at the first one that is none."""
    found: list[Token] = []
    at = 0
    while (at := _skipped(text, at)) < len(text):
        token, at = _token(text, at)
        found.append(token)
    return [*found, Token("end", "", len(text.rstrip()))]


def _skipped(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _token(text: str, at: int) -> tuple[Token, int]:
    sign = text[at]
    if sign in _SIGNS:
        return Token("sign", sign, at), at + 1
    if sign == '"':
        return _quoted(text, at)
    if word := _WORD.match(text, at):
        return _word(word[0], at)
    if number := _NUMBER.match(text, at):
        return Token("number", number[0], at), number.end()
    if text.startswith(("//", "/*", "#"), at):
        raise AqlError(at, "a query can hold no comments", "write them as YAML comments, above it")
    if sign in _OTHER_QUOTES:
        raise AqlError(at, f"text stands in double quotes, not in {sign}", 'write it as "..."')
    raise AqlError(at, f"'{sign}' has no meaning here")


def _word(word: str, at: int) -> tuple[Token, int]:
    """`items.find` is three tokens; `stat.downloaded` without its quotes is one."""
    head, dot, _ = word.partition(".")
    if dot and head in DOMAINS:
        word = head
    return Token("word", word, at), at + len(word)


DOMAINS = frozenset({"items", "builds", "archive", "build", "releases", "entries", "artifacts"})
"""What a query can begin with."""


def _quoted(text: str, at: int) -> tuple[Token, int]:
    found = _TEXT.match(text, at)
    if found is None:
        raise AqlError(at, "this text has no closing quote on its line", 'end it with "')
    return Token("text", _ESCAPE.sub(_unescaped, found[1]), at), found.end()


def _unescaped(found: re.Match[str]) -> str:
    sign = found[1]
    return chr(int(sign[1:], 16)) if len(sign) > 1 else _ESCAPES.get(sign, sign)

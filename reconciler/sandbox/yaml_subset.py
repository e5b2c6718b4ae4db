"""A small YAML text in, plain data out: as much as configuration patches are written in.

Nested maps, lists of dashes, scalars plain or quoted, `~`, comments, and the inline forms `{}` and
`[]`, which makes JSON readable too. No anchors, tags, block scalars or second documents.
"""

from __future__ import annotations

import json
import re
from typing import Any

Json = Any
Line = tuple[int, str]

DEEPEST = 50
KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}\[\],#&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+|$)"""
)
PLAIN: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
PLAIN |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
UNSUPPORTED = tuple("&*!|>%@`")


class YamlError(ValueError):
    """The text is no YAML, or more of it than is read here."""


def load(text: str) -> Json:
    """A text in, its data out."""
    lines = significant(text)
    if lines and lines[0][1][0] in "{[":
        return Inline(" ".join(line for _, line in lines)).whole()
    block = Block(lines)
    value = block.value(-1, 0)
    if block.lines:
        raise YamlError(f"unexpected indentation: {block.lines[0][1]}")
    return value


def significant(text: str) -> list[Line]:
    """A text in, its lines with their indentation out; comments and blank ones are left out."""
    found: list[Line] = []
    for raw in text.splitlines():
        line = without_comment(raw).rstrip()
        body = line.lstrip(" ")
        if body.startswith("\t"):
            raise YamlError("tabs cannot indent")
        if body and not (body in ("---", "...") and not found):
            found.append((len(line) - len(body), body))
    return found


def without_comment(line: str) -> str:
    """A line in, the same without its comment out; a sharp inside quotes is none."""
    quote = ""
    for place, sign in enumerate(line):
        starts = place == 0 or line[place - 1] in " \t[{,:"
        if quote:
            quote = "" if sign == quote and line[place - 1] != "\\" else quote
        elif sign in "'\"" and starts:
            quote = sign
        elif sign == "#" and (place == 0 or line[place - 1] in " \t"):
            return line[:place]
    return line


class Block:
    """Lines that are still to be read, the indented part of the language."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def value(self, outside: int, depth: int) -> Json:
        """What stands deeper than `outside`; nothing there is null."""
        if depth > DEEPEST:
            raise YamlError("nested too deeply")
        if not self.lines or self.lines[0][0] <= outside:
            return None
        indent, text = self.lines[0]
        if is_item(text):
            return self.items(indent, depth)
        if KEY.match(text):
            return self.fields(indent, depth)
        self.lines.pop(0)
        return inline(text)

    def items(self, indent: int, depth: int) -> list[Json]:
        """The items of one list."""
        found: list[Json] = []
        while self.lines and self.lines[0][0] == indent and is_item(self.lines[0][1]):
            rest = self.lines.pop(0)[1][1:].lstrip()
            if rest:
                self.lines.insert(0, (indent + 2, rest))
            found.append(self.value(indent, depth + 1))
        return found

    def fields(self, indent: int, depth: int) -> dict[str, Json]:
        """The fields of one map. A list may stand as far left as the key it belongs to."""
        found: dict[str, Json] = {}
        while self.lines and self.lines[0][0] == indent:
            text = self.lines[0][1]
            match = KEY.match(text)
            if match is None:
                raise YamlError(f"a key and a colon are expected: {text}")
            self.lines.pop(0)
            key = str(scalar_key(match[1]))
            if key in found:
                raise YamlError(f"the key stands there twice: {key}")
            rest = text[match.end() :]
            beside = self.lines and self.lines[0][0] == indent and is_item(self.lines[0][1])
            outside = indent - 1 if beside else indent
            found[key] = inline(rest) if rest else self.value(outside, depth + 1)
        return found


def is_item(text: str) -> bool:
    """Whether a line begins an item of a list."""
    return text == "-" or text.startswith("- ")


def inline(text: str) -> Json:
    """What stands behind a colon or a dash in, its value out."""
    return Inline(text).whole() if text[0] in "{[" else scalar(text)


def scalar_key(text: str) -> str:
    """A key in, the same without quotes out; a number stays as it is written."""
    return str(scalar(text)) if text[0] in "'\"" else text


def scalar(text: str) -> Json:
    """One plain or quoted value in, what it means out."""
    if text[:1] == '"':
        try:
            return json.loads(text, strict=False)
        except ValueError as error:
            raise YamlError(f"cannot read {text}") from error
    if text[:1] == "'":
        if not re.fullmatch(r"'(?:[^']|'')*'", text):
            raise YamlError(f"cannot read {text}")
        return text[1:-1].replace("''", "'")
    if text.startswith(UNSUPPORTED) or re.search(r":(\s|$)", text):
        raise YamlError(f"cannot read {text}")
    if text in PLAIN:
        return PLAIN[text]
    if re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?\d{1,18}\.\d{1,18}", text) else text


class Inline:
    """A text with braces or brackets and the place up to which it was read."""

    TOKEN = re.compile(
        r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[{}\[\],]|:(?=[\s,}\]]|$)|(?:[^\s{}\[\],:'"]|:(?=[^\s,}\]]))(?:[^{}\[\],:]|:(?=[^\s,}\]]))*)"""
    )

    def __init__(self, text: str) -> None:
        self.tokens = self.split(text)

    def split(self, text: str) -> list[str]:
        """A text in, its quoted texts, signs and plain words out, the last one first."""
        tokens: list[str] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            match = self.TOKEN.match(text, place)
            if match is None:
                raise YamlError(f"cannot read {text[place:]}")
            tokens.append(match[1].rstrip())
            place = match.end()
            if tokens[-1][:1] in "'\"" and text[place : place + 1] == ":":
                tokens.append(":")
                place += 1
        return tokens[::-1]

    def whole(self) -> Json:
        """The one value the text is."""
        value = self.value(0)
        if self.tokens:
            raise YamlError(f"unexpected {self.tokens[-1]}")
        return value

    def take(self) -> str:
        """The next token, which is then used up."""
        if not self.tokens:
            raise YamlError("a brace or bracket is not closed")
        return self.tokens.pop()

    def value(self, depth: int) -> Json:
        """The value that begins here."""
        if depth > DEEPEST:
            raise YamlError("nested too deeply")
        sign = self.take()
        if sign == "{":
            return self.fields(depth)
        if sign == "[":
            return self.items(depth)
        if sign in ("}", "]", ",", ":"):
            raise YamlError(f"unexpected {sign}")
        return scalar(sign)

    def items(self, depth: int) -> list[Json]:
        """The items up to the closing bracket."""
        found: list[Json] = []
        while self.tokens and self.tokens[-1] != "]":
            found.append(self.value(depth + 1))
            self.comma("]")
        self.take()
        return found

    def fields(self, depth: int) -> dict[str, Json]:
        """The fields up to the closing brace; a key without a colon has no value."""
        found: dict[str, Json] = {}
        while self.tokens and self.tokens[-1] != "}":
            sign = self.take()
            if sign in ("{", "[", "]", ",", ":"):
                raise YamlError(f"unexpected {sign}")
            value = None
            if self.tokens and self.tokens[-1] == ":":
                self.take()
                empty = self.tokens and self.tokens[-1] in (",", "}")
                value = None if empty else self.value(depth + 1)
            found[scalar_key(sign)] = value
            self.comma("}")
        self.take()
        return found

    def comma(self, end: str) -> None:
        """Between two of them stands a comma."""
        if self.tokens and self.tokens[-1] != end and self.take() != ",":
            raise YamlError("a comma is missing")

"""A small YAML text in, plain data out: as much as the bodies of requests are written in.

Nested maps, lists of dashes, scalars plain or quoted, `~`, comments, and the inline forms `{}` and
`[]`, which makes JSON readable too; texts over several lines too. No anchors, tags or second
documents.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import Any

Json = Any
Line = tuple[int, str]

DEEPEST = 50
KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}\[\],#&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+|$)"""
)
PLAIN: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
PLAIN |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
BLOCK = re.compile(r"(?:(?<=: )|^(?:- +)*(?<=- )) *([|>])([-+]?)$")
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
    rest = deque(text.splitlines())
    while rest:
        line = without_comment(closed(rest.popleft(), rest)).rstrip()
        body = line.lstrip(" ")
        if body.startswith("\t"):
            raise YamlError("tabs cannot indent")
        if body and not (body in ("---", "...") and not found):
            indent = len(line) - len(body)
            if header := BLOCK.search(body):
                written = block_scalar(header[1], header[2], indent, rest)
                body = body[: header.start(1)] + json.dumps(written)
            found.append((indent, body))
    return found


def closed(line: str, rest: deque[str]) -> str:
    """A line in, the same with the lines out on which a quoted text in it goes on.

    A break is a blank; blank lines between are breaks; and a backslash at the end joins.
    """
    while rest and (quote := open_quote(line)):
        blank = 0
        while rest and not rest[0].strip():
            rest.popleft()
            blank += 1
        more = rest.popleft().strip() if rest else ""
        if quote == '"' and line.endswith("\\") and not blank:
            line = line[:-1] + (more[1:] if more.startswith("\\ ") else more)
        else:
            line = line.rstrip() + ("\n" * blank or " ") + more
    return line


def opens(before: str) -> bool:
    """Whether a quote after this much of a line begins a text, and is not just a sign in one."""
    return before.rstrip(" \t")[-1:] in ("", "-", ":", "[", "{", ",")


def block_scalar(style: str, chomping: str, outside: int, rest: deque[str]) -> str:
    """What `|` or `>` announces in and the lines below it, the text out; its lines are used up."""
    lines: list[str] = []
    while rest and (not rest[0].strip() or indentation(rest[0]) > outside):
        lines.append(rest.popleft())
    blanks = 0
    while lines and not lines[-1].strip():
        lines.pop()
        blanks += 1
    if not lines:
        return ""
    indent = min(indentation(line) for line in lines if line.strip())
    text = "\n".join(line[indent:] for line in lines)
    if style == ">":
        text = re.sub(r"(?<=[^\n])\n(?=[^\n ])", " ", text)
        text = re.sub(r"(?<=[^\n])\n(\n+)(?=[^\n ])", r"\1", text)
    return text + {"-": "", "": "\n", "+": "\n" * (blanks + 1)}[chomping]


def indentation(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip(" "))


def without_comment(line: str) -> str:
    """A line in, the same without its comment out; a sharp inside quotes is none."""
    return line[: scanned(line)[0]]


def open_quote(line: str) -> str:
    """A line in, the quote out that begins a text in it and does not end it."""
    return scanned(line)[1]


def scanned(line: str) -> tuple[int, str]:
    """A line in, the place of its comment (or its end) and the quote still open there out."""
    quote, place = "", 0
    while place < len(line):
        sign = line[place]
        doubled = quote == "'" and line[place : place + 2] == "''"
        if doubled or (quote == '"' and sign == "\\"):
            place += 1  # a sign that is escaped ends nothing
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"" and opens(line[:place]):
            quote = sign
        elif sign == "#" and (place == 0 or line[place - 1] in " \t"):
            return place, ""
        place += 1
    return len(line), quote


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
            value = inline(rest) if rest else self.value(outside, depth + 1)
            found[key] = self.folded(rest, indent) if self.goes_on(rest, indent) else value
        return found

    def goes_on(self, text: str, indent: int) -> bool:
        """Whether a plain text behind a colon has more lines."""
        more = bool(self.lines) and self.lines[0][0] > indent
        return more and bool(text) and text[0] not in "\"'{["

    def folded(self, text: str, indent: int) -> str:
        """A plain text in, all of it out; a key below it is none of its lines."""
        parts = [text]
        while self.lines and self.lines[0][0] > indent:
            parts.append(self.lines.pop(0)[1])
            if KEY.match(parts[-1]):
                raise YamlError(f"unexpected indentation: {parts[-1]}")
        return " ".join(parts)


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

"""The bytes of a YAML file in, plain data and diagnostics out: the only door to PyYAML.

A file is read twice at most. The fast pass builds data from libyaml's events and knows no faults:
whatever is unusual makes it give up. Then the careful pass reads the file again, keeps every
position and collects all faults. Good files, nearly all of them, pay for the fast pass only.

The rules are those of YAML 1.2's core schema, and stricter where people get hurt: see `_resolve`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.errors import Diagnostic

# Missing in a PyYAML built without libyaml.
CParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASES = 200
MAX_NODES = 50_000
MAX_FAULTS = 200

Path = tuple[str | int, ...]
NextEvent = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One document as plain data, and where its content begins.

    `index` counts every document of the file, empty ones too, although those are not returned.
    Parts of the data may be shared (aliases): nobody may change them in place.
    """

    data: Any
    line: int
    column: int
    index: int


def read(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The documents of one file and everything that is wrong with it; never raises.

    A document with a fault is returned as far as it could be understood, so that later stages can
    tell its other mistakes in the same run; after an error nobody goes on to use it.
    """
    if len(data) > MAX_BYTES:
        return [], [_too_large(data, file)]
    try:
        return _fast(data), []
    except (_UnusualError, YAMLError, ValueError):  # UnicodeDecodeError is a ValueError
        return _carefully(data, file)


def positions(data: bytes) -> list[Positions]:
    """Where everything is, one entry per document; reads the file again, so only on demand."""
    text = _decoded(data, "")
    if not isinstance(text, str):
        return []
    careful = _Careful(text, "")
    careful.run()
    return [Positions(root) for root in careful.roots]


# --- scalars ---------------------------------------------------------------------------------


class _UnusualError(Exception):
    """The fast pass met something that only the careful pass understands."""


class _BadScalarError(_UnusualError):
    """A plain scalar we refuse to guess about."""

    def __init__(self, rule: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.rule = rule
        self.summary = summary
        self.hint = hint


_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_BITS = 14_284  # 4300 decimal digits: above, Python refuses to print the number


def _resolve(text: str) -> Any:
    """What a plain scalar means: null, a boolean, a number, or else the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _BASED.fullmatch(text):
        return _based(text)
    if _NOT_FINITE.fullmatch(text):
        raise _BadScalarError(
            "not-finite", f"{text} is not a number JSON can carry", f'to mean text, write "{text}"'
        )
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    if digits[0] == "0" and len(digits) > 1:
        raise _leading_zero(text, digits)
    try:
        return int(text)
    except ValueError:  # Python's limit on digits
        raise _wrong_number(text) from None


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _wrong_number(text)
    return value


def _based(text: str) -> int:
    value = int(text, 0)
    if value.bit_length() > _MAX_BITS:
        raise _wrong_number(text)
    return value


def _leading_zero(text: str, digits: str) -> _BadScalarError:
    sign = text[: len(text) - len(digits)]
    bare = digits.lstrip("0") or "0"
    return _BadScalarError(
        "leading-zero",
        f"the number {_short(text)} has a leading zero",
        f'for text write "{_short(text)}", for the number write {_short(sign + bare)}'
        " (octal numbers look like 0o17)",
    )


def _wrong_number(text: str) -> _BadScalarError:
    return _BadScalarError(
        "wrong-number",
        f"the number {_short(text)} is too large",
        "to mean text, put it in quotes",
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"


class _Known(dict[str, Any]):
    """Plain scalars met before: repeated words are resolved once and share one object.

    It lives as long as the process, so that many small files gain too, and is emptied when full.
    """

    def __init__(self, meaning: Callable[[str], Any]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, text: str) -> Any:
        value = self._meaning(text)
        if len(text) <= 64:
            if len(self) >= 20_000:
                self.clear()
            self[text] = value
        return value


def _key(text: str) -> str:
    meaning = _resolve(text)
    if text == "<<" or not isinstance(meaning, str):
        raise _UnusualError
    return meaning


_VALUES = _Known(_resolve)
_KEYS = _Known(_key)


# --- the fast pass ---------------------------------------------------------------------------

# A tag may stand where a value may begin; after these characters none can.
_MAYBE_TAG = re.compile(rb"""(?<![\w.)'"!])!""")
# libyaml, following YAML 1.1, takes these for line ends, YAML 1.2 does not; and it lets a byte
# order mark pass anywhere.
_ODD = re.compile("[\x85\u2028\u2029]|(?!\\A)\ufeff")


def _events(source: bytes | str) -> NextEvent:
    if CParser is not None:
        return CParser(source).get_event  # type: ignore[no-any-return]
    text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    return partial(next, yaml.parse(text, Loader=yaml.SafeLoader), None)


def _fast(data: bytes) -> list[ReadDocument]:
    if b"!" in data and _MAYBE_TAG.search(data):
        raise _UnusualError
    if not data.isascii() and _ODD.search(data.decode("utf-8")):
        raise _UnusualError
    next_event = _events(data)
    next_event()
    documents = []
    index = 0
    while type(event := next_event()) is DocumentStartEvent:
        if event.version or event.tags:
            raise _UnusualError
        root = next_event()
        kind = type(root)
        value: Any
        if kind is MappingStartEvent:
            value = _fast_mapping(next_event, 1)
        elif kind is SequenceStartEvent:
            value = _fast_sequence(next_event, 1)
        else:
            value = _fast_scalar(root)
        if kind is not ScalarEvent or root.value or root.style:
            mark = root.start_mark
            documents.append(ReadDocument(value, mark.line + 1, mark.column + 1, index))
        next_event()
        index += 1
    return documents


def _fast_scalar(event: Any) -> Any:
    if type(event) is not ScalarEvent:
        raise _UnusualError  # an alias
    return event.value if event.style else _VALUES[event.value]


def _fast_mapping(next_event: NextEvent, depth: int) -> dict[str, Any]:
    # The hot loop, with _fast_sequence: everything is inline on purpose.
    if depth > MAX_DEPTH:
        raise _UnusualError
    data: dict[str, Any] = {}
    keys, values = _KEYS, _VALUES
    while True:
        event = next_event()
        if type(event) is not ScalarEvent:
            if type(event) is MappingEndEvent:
                return data
            raise _UnusualError
        key = event.value if event.style else keys[event.value]
        if key in data:
            raise _UnusualError
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            data[key] = event.value if event.style else values[event.value]
        elif kind is MappingStartEvent:
            data[key] = _fast_mapping(next_event, depth + 1)
        elif kind is SequenceStartEvent:
            data[key] = _fast_sequence(next_event, depth + 1)
        else:
            raise _UnusualError


def _fast_sequence(next_event: NextEvent, depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise _UnusualError
    data: list[Any] = []
    values = _VALUES
    while True:
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            data.append(event.value if event.style else values[event.value])
        elif kind is MappingStartEvent:
            data.append(_fast_mapping(next_event, depth + 1))
        elif kind is SequenceStartEvent:
            data.append(_fast_sequence(next_event, depth + 1))
        elif kind is SequenceEndEvent:
            return data
        else:
            raise _UnusualError


# --- the careful pass ------------------------------------------------------------------------


@dataclass(slots=True)
class Node:
    """One value as it was written: its data, its place, its parts.

    `start` and `end` are offsets in the text (without a byte order mark); `style` is empty for a
    plain scalar, else its first sign (`"`, `'`, `|`, `>`), and `{`, `[` or `block` for
    collections. An alias has `alias` set, and the parts of what it stands for.
    """

    data: Any
    start: int
    end: int
    line: int
    column: int
    style: str = ""
    anchor: str | None = None
    alias: Node | None = None
    size: int = 1
    written: str = ""
    parts: dict[str | int, tuple[Node, Node]] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, from 1."""
        return self.line, self.column


class Positions:
    """Where the parts of one document are; places are (line, column), from 1."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def key(self, path: Path) -> tuple[int, int] | None:
        """The place of the key, or of the list item itself; None when the path does not exist."""
        found = self._find(path)
        return found[0].place if found and path else None

    def value(self, path: Path) -> tuple[int, int] | None:
        """The place of the value; None when the path does not exist."""
        found = self._find(path)
        return found[1].place if found else None

    def source(self, path: Path) -> str | None:
        """The scalar exactly as written, with its quotes; None for anything but a scalar."""
        found = self._find(path)
        if not found:
            return None
        node = found[1].alias or found[1]
        return None if isinstance(node.data, dict | list) else node.written

    def nearest(self, path: Path) -> tuple[int, int]:
        """The place of the longest part of the path that exists: of its key, if it has one."""
        key = node = self.root
        for step in path:
            if step not in node.parts:
                break
            key, node = node.parts[step]
        return key.place

    def _find(self, path: Path) -> tuple[Node, Node] | None:
        key = node = self.root
        for step in path:
            if step not in node.parts:
                return None
            key, node = node.parts[step]
        return key, node


class _CutShortError(Exception):
    """The rest of this document is not looked at."""


class _EnoughError(Exception):
    """The rest of this file is not looked at."""


def _carefully(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    text = _decoded(data, file)
    if not isinstance(text, str):
        return [], text
    careful = _Careful(text, file)
    careful.run()
    return careful.documents, careful.found


class _Careful:
    """One careful pass over one file; the results are `documents`, `roots` and `found`."""

    def __init__(self, text: str, file: str) -> None:
        self.documents: list[ReadDocument] = []
        self.roots: list[Node] = []
        self.found: list[Diagnostic] = []
        self._text = text
        self._file = file
        self._next: NextEvent = lambda: None
        self._anchors: dict[str, Node | None] = {}
        self._aliases = 0
        self._nodes = 0

    def run(self) -> None:
        """Read the whole file; a syntax error ends it, what was found before is kept."""
        try:
            self._next = _events(self._text)
            while type(event := self._next()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    self._document(event)
        except YAMLError as error:
            self._stop(_syntax(error, self._text, self._file))
        except (ValueError, OverflowError):  # the pure parser's way to refuse an odd \U escape
            self.found.append(
                Diagnostic("yaml-syntax", "error", "an escape names no character", file=self._file)
            )
        except _EnoughError:
            pass

    def _stop(self, fault: Diagnostic) -> None:
        """Keep the fault that ended the file, unless it only follows from the one before it."""
        last = self.found[-1] if self.found else None
        if last is None or last.hint != _TEMPLATE_HINT or last.line != fault.line:
            self.found.append(fault)

    def _fault(self, rule: str, node: Node, summary: str, hint: str = "", detail: str = "") -> None:
        line, column = node.place
        if enough := len(self.found) + 1 >= MAX_FAULTS:
            detail = f"{detail}; the rest of the file was not looked at".removeprefix("; ")
        self.found.append(
            Diagnostic(rule, "error", summary, detail, hint, self._file, line, column)
        )
        if enough:
            raise _EnoughError

    def _document(self, event: Any) -> None:
        self._anchors, self._aliases, self._nodes = {}, 0, 0
        self.roots.append(start := self._at(event))
        self._directives(event, start)
        try:
            root = self._node(self._next(), 1)
            self._check_expansion(root)
        except _CutShortError:
            self._skip()
            return
        self._next()
        self.roots[-1] = root
        if root.written or root.style:  # else the document is empty
            self.documents.append(
                ReadDocument(root.data, root.line, root.column, len(self.roots) - 1)
            )

    def _skip(self) -> None:
        depth = 0
        while type(event := self._next()) is not DocumentEndEvent:
            depth += _STEPS.get(type(event), 0)
            if depth > MAX_DEPTH:  # libyaml's time grows with the square of the depth
                raise _EnoughError

    def _directives(self, event: Any, node: Node) -> None:
        if event.tags:
            self._fault("yaml-directive", node, "%TAG is not supported", "tags are not supported")
        if event.version and tuple(event.version) != (1, 2):
            self._fault(
                "yaml-directive",
                node,
                "manifests are YAML 1.2, this document asks for another version",
                "remove the %YAML line",
            )

    def _at(self, event: Any) -> Node:
        mark, end = event.start_mark, event.end_mark
        return Node(None, mark.index, end.index, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        node = self._at(event)
        self._nodes += 1
        before = self._nodes
        if event.tag is not None:
            self._refuse_tag(event, node)
        if event.anchor:
            self._anchors[event.anchor] = None  # not complete: an alias to it now would recur
            node.anchor = event.anchor
        if kind is ScalarEvent:
            self._scalar(event, node)
        elif depth > MAX_DEPTH:
            self._fault(
                "nesting-limit",
                node,
                f"more than {MAX_DEPTH} levels of nesting",
                "a manifest needs a handful; look for brackets that are never closed",
                "the rest of the file was not looked at",
            )
            raise _EnoughError
        elif kind is MappingStartEvent:
            self._mapping(event, node, depth)
        else:
            self._sequence(event, node, depth)
        node.size = self._nodes - before + 1
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _refuse_tag(self, event: Any, node: Node) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._fault(
            "tag",
            node,
            f"the tag {_short(tag)} is not supported",
            _TAG_HINTS.get(tag, "write the plain value"),
        )

    def _scalar(self, event: Any, node: Node) -> None:
        node.style = event.style or ""
        node.written = self._written(node)
        node.data = event.value
        if node.style:
            return
        try:
            node.data = _resolve(event.value)
        except _BadScalarError as bad:
            self._fault(bad.rule, node, bad.summary, bad.hint)
            node.data = 0  # a number was meant: nothing further is told of it

    def _written(self, node: Node) -> str:
        return _PROPERTIES.sub("", self._text[node.start : node.end])

    def _sequence(self, event: Any, node: Node, depth: int) -> None:
        node.style = "[" if event.flow_style else "block"
        node.data = []
        while type(event := self._next()) is not SequenceEndEvent:
            item = self._node(event, depth + 1)
            node.parts[len(node.data)] = (item, item)
            node.data.append(item.data)
        node.end = self._end(event, node)

    def _mapping(self, event: Any, node: Node, depth: int) -> None:
        node.style = "{" if event.flow_style else "block"
        node.data = {}
        while type(event := self._next()) is not MappingEndEvent:
            key = self._key(event, depth)
            value = self._node(self._next(), depth + 1)
            if key is None:
                continue
            if key.data in node.parts:
                self._duplicate(key, node.parts[key.data][0])
                continue
            node.parts[key.data] = (key, value)
            node.data[key.data] = value.data
        node.end = self._end(event, node)

    def _end(self, event: Any, node: Node) -> int:
        # A block collection's end event comes only with the next token, after all comments.
        if node.style != "block":
            return int(event.end_mark.index)
        return max((value.end for _, value in node.parts.values()), default=node.end)

    def _duplicate(self, key: Node, first: Node) -> None:
        self._fault(
            "duplicate-key",
            key,
            f"the key '{_short(key.data)}' is given twice",
            "remove one of the two",
            f"the first is on line {first.line}",
        )

    def _key(self, event: Any, depth: int) -> Node | None:
        if type(event) is not ScalarEvent:
            return self._odd_key(event, depth)
        node = self._at(event)
        self._nodes += 1
        if event.tag is not None:
            self._refuse_tag(event, node)
        node.style = event.style or ""
        node.data, node.written = event.value, self._written(node)
        if event.anchor:
            self._anchors[event.anchor] = node
        if node.style:
            return node
        if node.data == "<<":
            self._merge_key(node)
            return None
        if self._is_text(node.data):
            return node
        self._no_text_key(node)
        return None

    def _no_text_key(self, node: Node) -> None:
        self._fault(
            "non-text-key",
            node,
            f"a key must be text, {_short(node.data) or 'an empty key'} is not",
            f'write it in quotes: "{_short(node.data)}"',
        )

    def _is_text(self, text: str) -> bool:
        try:
            return isinstance(_resolve(text), str)
        except _BadScalarError:
            return False

    def _merge_key(self, node: Node) -> None:
        self._fault(
            "merge-key",
            node,
            "merge keys are not supported",
            "write the fields out, or move them to spec.defaults of the workspace file",
        )

    def _odd_key(self, event: Any, depth: int) -> Node | None:
        node = self._node(event, depth + 1)
        if isinstance(node.data, str):
            return node  # an alias of a text
        template = "{{" in self._text[max(node.start - 1, 0) : node.start + 2]
        self._fault(
            "non-text-key",
            node,
            "a key must be text, not a list or a mapping",
            _TEMPLATE_HINT if template else "write the key as a text",
        )
        return None

    def _alias(self, event: Any) -> Node:
        node = self._at(event)
        self._aliases += 1
        self._nodes += 1
        if self._aliases > MAX_ALIASES:
            self._too_many(node, f"more than {MAX_ALIASES} aliases in one document")
        if event.anchor not in self._anchors:
            self._fault(
                "yaml-syntax",
                node,
                f"the alias *{event.anchor} names no anchor before it",
                "a text that begins with '*' needs quotes",
            )
            return node
        target = self._anchors[event.anchor]
        if target is None:
            self._fault("alias-limit", node, f"the alias *{event.anchor} is part of itself")
            return node
        node.alias = target.alias or target
        node.data, node.style, node.parts = target.data, target.style, target.parts
        self._nodes += target.size - 1
        node.size = target.size
        self._check_expansion(node)
        return node

    def _check_expansion(self, node: Node) -> None:
        if self._aliases and self._nodes > MAX_NODES:
            self._too_many(node, f"more than {MAX_NODES} values once the aliases are written out")

    def _too_many(self, node: Node, summary: str) -> None:
        self._fault("alias-limit", node, summary, "write the values out")
        raise _CutShortError


_STEPS: dict[Any, int] = {
    MappingStartEvent: 1,
    SequenceStartEvent: 1,
    MappingEndEvent: -1,
    SequenceEndEvent: -1,
}
_PROPERTIES = re.compile(r"\A(?:[&!]\S*(?:\s+|\Z))+")
_TAG_HINTS = {
    "!!str": "for text, use quotes",
    "!!binary": "write the base64 text in quotes",
    "!!set": "write a list",
}
_TEMPLATE_HINT = (
    "'{{' opens a mapping in YAML: put the value in quotes, or render the template beforehand"
)


# --- what can be wrong before and while parsing --------------------------------------------


def _too_large(data: bytes, file: str) -> Diagnostic:
    return Diagnostic(
        "file-too-large",
        "error",
        f"the file has {len(data)} bytes, the limit is {MAX_BYTES}",
        hint="split it into several files",
        file=file,
    )


FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_END = re.compile("\r\n|\r|\n")


def _decoded(data: bytes, file: str) -> str | list[Diagnostic]:
    """The text without its byte order mark, or why there is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or b"\0" in data[:2]:
        return [_encoding("the file is UTF-16 or UTF-32, not UTF-8", file, 1, 1)]
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        what = f"byte {error.start} (0x{data[error.start]:02X}) is not UTF-8"
        return [_encoding(what, file, *_line_and_column(before))]
    return _forbidden(text, file) or text


def _forbidden(text: str, file: str) -> list[Diagnostic]:
    first: dict[str, int] = {}
    for match in FORBIDDEN.finditer(text):
        first.setdefault(match[0], match.start())
        if len(first) >= 20:
            break
    return [
        _encoding(
            f"the character U+{ord(char):04X} may not stand in YAML as it is",
            file,
            *_line_and_column(text[:start]),
            hint=f'remove it, or write it as "\\u{ord(char):04x}" in double quotes',
        )
        for char, start in first.items()
    ]


def _encoding(
    summary: str, file: str, line: int, column: int, hint: str = "save the file as UTF-8"
) -> Diagnostic:
    return Diagnostic("encoding", "error", summary, "", hint, file, line, column)


def _line_and_column(before: str) -> tuple[int, int]:
    ends = list(_LINE_END.finditer(before))
    return len(ends) + 1, len(before) - (ends[-1].end() if ends else 0) + 1


_IN_OUR_WORDS = (
    ("mapping values are not allowed", "a ':' stands where no key can be"),
    ("could not find expected ':'", "this should be a key, but no ':' follows it"),
    ("did not find expected key", "a key was expected here"),
    ("did not find expected '-'", "a list item ('- ...') was expected here"),
    ("did not find expected ','", "a ',' or the closing bracket is missing"),
    ("did not find expected alphabetic", "a name must follow '*' and '&'"),
    ("did not find expected node content", "a value was expected here"),
    ("did not find expected <document start>", "the document has ended, this does not belong"),
    ("block sequence entries are not allowed", "a list item cannot begin here"),
    ("block mapping entries are not allowed", "a key cannot begin here"),
    ("cannot start any token", "a value cannot begin with this character"),
    ("incompatible YAML document", "manifests are YAML 1.2"),
    ("unknown escape character", "no escape in double quotes looks like this"),
    ("escape", "an escape in double quotes names no character"),
    ("indentation", "the indentation is wrong"),
    ("tag", "tags are not supported"),
)
_GLUED_COLON = re.compile(r"""\s*(?:- +)*(?:[\w.-]+|"[^"]*"|'[^']*'):[^\s:/]""")


def _syntax(error: YAMLError, text: str, file: str) -> Diagnostic:
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic("yaml-syntax", "error", "not valid YAML", f"the parser says: {error}", "")
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    summary = next((ours for theirs, ours in _IN_OUR_WORDS if theirs in problem), "not valid YAML")
    if "quoted scalar" in context and "unexpected" in problem:
        mark, summary = error.context_mark, "the quote that opens here is never closed"
    elif "','" in problem and mark and error.context_mark and error.context_mark.line < mark.line:
        mark, summary = error.context_mark, "the bracket that opens here is not closed"
    elif "alphabetic" in problem:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    if conflict := _CONFLICT.search(text):
        line, column = _line_and_column(text[: conflict.start()])
        return _conflict(file, line, column)
    if line and (glued := _glued_above(text, line)):
        line, column, summary = line - 1, glued, "no blank follows the ':' of a key"
    return Diagnostic(
        "tag" if summary.startswith("tags") else "yaml-syntax",
        "error",
        summary,
        f"the parser says: {f'{context}, {problem}'.removeprefix(', ')}",
        _syntax_hint(text, line, column, error.context_mark),
        file,
        line,
        column,
    )


_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)


def _conflict(file: str, line: int, column: int) -> Diagnostic:
    summary = "a merge conflict was never resolved"
    hint = "choose one side, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>"
    return Diagnostic("yaml-syntax", "error", summary, "", hint, file, line, column)


def _glued_above(text: str, line: int) -> int:
    """The column of a ':' without a blank after it in the line above; 0 if there is none."""
    lines = _LINE_END.split(text)
    above, here = lines[line - 2 : line] if 2 <= line <= len(lines) else ("", "")
    found = _GLUED_COLON.match(above)
    return found.end() - 1 if found and not _GLUED_COLON.match(here) else 0


def _syntax_hint(text: str, line: int | None, column: int | None, context: Any) -> str:
    if line is None or column is None:
        return ""
    lines = _LINE_END.split(text)
    here = lines[line - 1] if line <= len(lines) else ""
    above = lines[line - 2] if 2 <= line <= len(lines) + 1 else ""
    opened = lines[context.line] if context and context.line < len(lines) else ""
    blanks = here[: len(here) - len(here.lstrip())]
    if "\t" in blanks:
        return "indent with blanks: YAML does not allow tabs there"
    if any("{{" in candidate for candidate in (here, above, opened)):
        return _TEMPLATE_HINT
    if any(_GLUED_COLON.match(candidate) for candidate in (here, above)):
        return "write a blank after the ':' of a key"
    if "\\ud" in here.lower():
        return "write the character itself instead of a surrogate pair"
    if here[column - 1 :][:1] in ("@", "`", "%", "*", "&") or re.search(r": [@`%]", here):
        return "put the value in quotes"
    if here[column - 1 :][:1] == ":" and ": " in here[: column - 1]:
        return "put a value that holds ': ' in quotes"
    if above.strip() and above[: len(above) - len(above.lstrip())] != blanks:
        return "the keys of one mapping begin in the same column"
    return ""

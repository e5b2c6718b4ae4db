"""The careful pass: a file's text in, documents, positions and every fault out."""

from __future__ import annotations

import re
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NextEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
    events,
)
from reconciler.manifests.yaml.limits import MAX_ALIASES, MAX_DEPTH, MAX_FAULTS, MAX_NODES
from reconciler.manifests.yaml.nodes import Node, Positions, ReadDocument
from reconciler.manifests.yaml.scalars import BadScalarError, resolve, short
from reconciler.manifests.yaml.source import decoded
from reconciler.manifests.yaml.syntax import TEMPLATE_HINT, syntax_fault


class _CutShortError(Exception):
    """The rest of this document is not looked at."""


class _EnoughError(Exception):
    """The rest of this file is not looked at."""


def read_carefully(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The documents of one file as far as they can be understood, and everything wrong with it."""
    text = decoded(data, file)
    if not isinstance(text, str):
        return [], text
    careful = CarefulPass(text, file)
    careful.run()
    return careful.documents, careful.found


def careful_positions(data: bytes) -> list[Positions]:
    """Where everything is in each document; none for a file that is no text."""
    text = decoded(data, "")
    if not isinstance(text, str):
        return []
    careful = CarefulPass(text, "")
    careful.run()
    return [Positions(root) for root in careful.roots]


class CarefulPass:
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
            self._next = events(self._text)
            while type(event := self._next()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    self._document(event)
        except YAMLError as error:
            self._stop(syntax_fault(error, self._text, self._file))
        except (ValueError, OverflowError):  # the pure parser's way to refuse an odd \U escape
            self.found.append(
                Diagnostic("yaml-syntax", "error", "an escape names no character", file=self._file)
            )
        except _EnoughError:
            pass

    def _stop(self, fault: Diagnostic) -> None:
        """Keep the fault that ended the file, unless it only follows from the one before it."""
        last = self.found[-1] if self.found else None
        if last is None or last.hint != TEMPLATE_HINT or last.line != fault.line:
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
            f"the tag {short(tag)} is not supported",
            _TAG_HINTS.get(tag, "write the plain value"),
        )

    def _scalar(self, event: Any, node: Node) -> None:
        node.style = event.style or ""
        node.written = self._written(node)
        node.data = event.value
        if node.style:
            return
        try:
            node.data = resolve(event.value)
        except BadScalarError as bad:
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
            f"the key '{short(key.data)}' is given twice",
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
            f"a key must be text, {short(node.data) or 'an empty key'} is not",
            f'write it in quotes: "{short(node.data)}"',
        )

    def _is_text(self, text: str) -> bool:
        try:
            return isinstance(resolve(text), str)
        except BadScalarError:
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
            TEMPLATE_HINT if template else "write the key as a text",
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

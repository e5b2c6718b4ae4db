"""The fast pass: good bytes in, data out, without positions; it gives up at whatever is unusual."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reconciler.manifests.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NextEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    events,
)
from reconciler.manifests.yaml.limits import MAX_DEPTH
from reconciler.manifests.yaml.nodes import ReadDocument
from reconciler.manifests.yaml.scalars import resolve


class UnusualError(Exception):
    """The fast pass met something that only the careful pass understands."""


def read_fast(data: bytes) -> list[ReadDocument]:
    """The documents of a good file. Raises UnusualError, YAMLError or ValueError for any other."""
    if b"!" in data and _MAYBE_TAG.search(data):
        raise UnusualError
    if not data.isascii() and _ODD.search(data.decode("utf-8")):
        raise UnusualError
    next_event = events(data)
    next_event()
    documents = []
    index = 0
    while type(event := next_event()) is DocumentStartEvent:
        if event.version or event.tags:
            raise UnusualError
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
        raise UnusualError  # an alias
    return event.value if event.style else _VALUES[event.value]


def _fast_mapping(next_event: NextEvent, depth: int) -> dict[str, Any]:
    # The hot loop, with _fast_sequence: everything is inline on purpose.
    if depth > MAX_DEPTH:
        raise UnusualError
    data: dict[str, Any] = {}
    keys, values = _KEYS, _VALUES
    while True:
        event = next_event()
        if type(event) is not ScalarEvent:
            if type(event) is MappingEndEvent:
                return data
            raise UnusualError
        key = event.value if event.style else keys[event.value]
        if key in data:
            raise UnusualError
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            data[key] = event.value if event.style else values[event.value]
        elif kind is MappingStartEvent:
            data[key] = _fast_mapping(next_event, depth + 1)
        elif kind is SequenceStartEvent:
            data[key] = _fast_sequence(next_event, depth + 1)
        else:
            raise UnusualError


def _fast_sequence(next_event: NextEvent, depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise UnusualError
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
            raise UnusualError


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
    meaning = resolve(text)
    if text == "<<" or not isinstance(meaning, str):
        raise UnusualError
    return meaning


_VALUES = _Known(resolve)
_KEYS = _Known(_key)
# A tag may stand where a value may begin; after these characters none can.
_MAYBE_TAG = re.compile(rb"""(?<![\w.)'"!])!""")
# libyaml, following YAML 1.1, takes these for line ends, YAML 1.2 does not; and it lets a byte
# order mark pass anywhere.
_ODD = re.compile("[\x85\u2028\u2029]|(?!\\A)\ufeff")

"""A YAML text in, the parser's events out: the only door to PyYAML."""

from __future__ import annotations

from collections.abc import Callable
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

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "MarkedYAMLError",
    "NextEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YAMLError",
    "events",
]

# Missing in a PyYAML built without libyaml.
CParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)
NextEvent = Callable[[], Any]
"""Gives the next event of a file on each call."""


def events(source: bytes | str) -> NextEvent:
    """The events of a text or of UTF-8 bytes; asking for the next one raises YAMLError."""
    if CParser is not None:
        return CParser(source).get_event  # type: ignore[no-any-return]
    text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    return partial(next, yaml.parse(text, Loader=yaml.SafeLoader), None)

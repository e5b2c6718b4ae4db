"""A request body in, clean values out: names known, types right, enums closed.

The server reads JSON leniently: unknown fields are dropped, `"true"` is taken for true and `"5"`
for 5 (the reference prints several booleans quoted). What cannot be read at all is refused with
400; the words of that refusal are ours, no client depends on them.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox import repository_defaults as tables
from reconciler.sandbox.refusals import Refusal

Json = Any

LISTS_OF_OBJECTS = ("members", "customHttpHeaders")


def parse_object(body: bytes) -> dict[str, Json]:
    """Bytes in, the JSON object in them out."""
    value = parse(body)
    if not isinstance(value, dict):
        raise Refusal(400, "Bad request: a JSON object is expected")
    return value


def parse(body: bytes) -> Json:
    """Bytes in, the JSON value in them out."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refusal(400, f"Bad request: cannot parse the body: {error}") from error


def clean(rclass: str, sent: dict[str, Json]) -> dict[str, Json]:
    """A class and a body in, its known fields with values of the right type out.

    null counts as absent: the server merges what is set. So does "" where only certain words are
    legal: the vendor's own client sends it for what a type does not have.
    """
    kinds = tables.types(rclass)
    values: dict[str, Json] = {}
    for sent_name, value in sent.items():
        name = tables.FIELD_ALIASES.get(sent_name, sent_name)
        if name in kinds and value is not None:
            values[name] = coerce(name, value, kinds[name])
    for name, allowed in tables.ENUMS.items():
        if values.get(name) == "":
            del values[name]
        elif name in values and values[name] not in allowed:
            raise Refusal(400, f"Bad request: '{values[name]}' is not a legal value for {name}")
    return values


def coerce(name: str, value: Json, kind: type) -> Json:
    """A value and the type it should have in, the value in that type out."""
    if kind is bool:
        return boolean(name, value)
    if kind is int:
        return integer(name, value)
    if kind is str and not isinstance(value, (dict, list)):
        return value if isinstance(value, str) else json.dumps(value)
    if kind is list and name not in LISTS_OF_OBJECTS and not all_text(value):
        raise Refusal(400, f"Bad request: {name} must be a list of texts")
    if isinstance(value, kind):
        return value
    raise Refusal(
        400, f"Bad request: cannot read a value of type {type(value).__name__} for {name}"
    )


def is_url(text: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Whether a text is a URL of one of the schemes with a host in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc)


def all_text(value: Json) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def boolean(name: str, value: Json) -> bool:
    """`true`, `"true"` in, True out."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", ""):
        return value.lower() == "true"
    raise Refusal(400, f"Bad request: '{value}' is not a boolean for {name}")


def integer(name: str, value: Json) -> int:
    """`5`, `"5"` in, 5 out."""
    try:
        if not isinstance(value, bool):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Refusal(400, f"Bad request: '{value}' is not a number for {name}")

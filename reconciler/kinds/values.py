"""A field's value in, the forms to show and to compare out: where "equal" is decided.

The server answers numbers as text, sets in any order and empty texts for unset ones. None of that
is a difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json

from reconciler.kinds.fields import Field

_BOOLEANS = {"true": True, "false": False}

MASKED = "(masked)"
"""What stands in a snapshot for a text that nobody may see."""


def is_masked(value: Any) -> bool:
    """Whether a part of a live value is hidden, so that nobody can tell what it is."""
    if isinstance(value, Mapping):
        return any(map(is_masked, value.values()))
    if isinstance(value, list):
        return any(map(is_masked, value))
    return isinstance(value, str) and MASKED in value


_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")


def without_credentials(value: Any, instead: str = f"{MASKED}@") -> Any:
    """A live value whose URLs have something else where a user and a password stand in them."""
    if isinstance(value, Mapping):
        return {name: without_credentials(inner, instead) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_credentials(item, instead) for item in value]
    if isinstance(value, str) and "://" in value:
        return _USER_INFO.sub(instead, value)
    return value


def shown(field: Field, value: Any) -> Any:
    """A live value in the field's own type, sets in a fixed order: what a plan shows.

    A value of an unexpected type is left as it is; it will differ, and be seen.
    """
    match field.shape:
        case "boolean":
            return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
        case "integer":
            return _integer(value)
        case "text":
            return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        case "list" if isinstance(value, list) and field.element is not None:
            items = [shown(field.element, item) for item in value]
            return sorted(items, key=to_json) if field.unordered else items
        case "object" if isinstance(value, Mapping):
            return {
                name: shown(inner, inner.live_value(value, None))
                for name, inner in field.fields.items()
                if inner.live_value(value, None) is not None
            }
    return value


def as_written(field: Field, wanted: Any, have: Any) -> Any:
    """A live list as a plan shows it: elements that mean what a wanted one says, in its words."""
    is_of_objects = field.element is not None and field.element.shape == "object"
    if not is_of_objects or not isinstance(wanted, list) or not isinstance(have, list):
        return have
    return [next((w for w in wanted if same(field, [w], [item])), item) for item in have]


def _integer(value: Any) -> Any:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def comparable(field: Field, value: Any) -> Any:
    """The form in which two values of the field are equal exactly when they mean the same."""
    if value is None or value == "" or value == [] or value == {}:
        return None
    if field.shape == "list" and isinstance(value, list) and field.element is not None:
        return _comparable_list(field, field.element, value)
    if field.shape == "object" and isinstance(value, Mapping):
        parts = {name: comparable(f, value.get(name)) for name, f in field.fields.items()}
        return {name: part for name, part in parts.items() if part is not None} or None
    for normalise in field.same:
        value = _normalised(normalise, value)
        if value is None or value == "":
            return None
    return (type(value).__name__, value)


def _normalised(normalise: Callable[[Any], Any], value: Any) -> Any:
    """A live value of a type the field cannot have stays as it is; it will differ, and be seen."""
    try:
        return normalise(value)
    except (AttributeError, TypeError, ValueError):
        return value


def without_implied(field: Field, wanted: Any, have: Any) -> Any:
    """A live list without the elements the server adds by itself, unless they are wanted."""
    element = field.element
    if field.implied is None or element is None or not isinstance(have, list):
        return have
    named = wanted if isinstance(wanted, list) else []
    key = next((name for name, part in element.fields.items() if part.identity), "")
    key = key or next(iter(element.fields), "")
    return [item for item in have if not field.implied(item) or _names(element, key, named, item)]


def _names(element: Field, key: str, named: list[Any], item: Any) -> bool:
    """Whether one of the wanted elements is this one, judged by the field that tells them apart."""
    if not key:
        return any(same(element, one, item) for one in named)
    field = element.fields[key]
    value = field.live_value(item, None)
    return any(isinstance(one, dict) and same(field, one.get(key), value) for one in named)


def _comparable_list(field: Field, element: Field, value: list[Any]) -> Any:
    items = [comparable(element, _whole(element, item)) for item in value]
    for normalise in field.same:
        items = [_normalised(normalise, item) for item in items]
    if not field.unordered:
        return items
    unique = {to_json(item): item for item in items}
    return [unique[key] for key in sorted(unique)]


def _whole(element: Field, item: Any) -> Any:
    """An element with what the server fills in: it is written whole, so leaving out means that."""
    if element.shape != "object" or not isinstance(item, Mapping):
        return item
    usual = {name: f.default.value for name, f in element.fields.items() if f.default is not None}
    return {**usual, **item}


def same(field: Field, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same."""
    return bool(comparable(field, one) == comparable(field, other))

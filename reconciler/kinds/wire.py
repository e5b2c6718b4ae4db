"""Declared fields in, bodies in the API's names out; and the secrets met on the way.

A body may hold `Secret` values. They come from the `reveal` function the caller passes in, so a
body for showing can be built without any secret being resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.fields import PASS_THROUGH, Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.model import Path

Reveal = Callable[[Mapping[str, str]], Any]
"""Turns a secret reference (`{"env": NAME}` or `{"file": PATH}`) into the value to send."""

_EMPTY = {"text": "", "list": [], "map": {}, "secret": ""}


def is_secret_reference(value: Any) -> bool:
    """Whether a declared value is a reference to a secret."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("env", "file")


def secrets_in(
    fields: FieldTable, spec: Mapping[str, Any], at: Path = ("spec",)
) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Every secret reference in a spec, with its path; a kind's `secret_fields` are enough."""
    if fields.keys().isdisjoint(spec):
        return
    for name, value in spec.items():
        field = fields.get(name)
        if field is not None:
            yield from _secrets_at(field, value, (*at, name))


def _secrets_at(field: Field, value: Any, at: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    if field.shape in ("secret", "any"):
        if is_secret_reference(value):
            yield at, value
    elif field.shape == "object" and isinstance(value, dict):
        yield from secrets_in(field.fields, value, at)
    elif field.shape == "list" and field.element and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets_at(field.element, item, (*at, index))


def create_body(kind: Kind, spec: Mapping[str, Any], reveal: Reveal) -> dict[str, Any]:
    """Everything declared; a null only where the server would fill in something else."""
    variant = kind.variant(spec)
    body: dict[str, Any] = {}
    for name, field in kind.fields.items():
        if name in spec and (spec[name] is not None or field.default_for(variant, "")):
            body |= _written(field, encode(field, spec[name], reveal))
    return body | dict(spec.get(PASS_THROUGH) or {})


def update_body(
    kind: Kind,
    spec: Mapping[str, Any],
    changed: Iterable[str],
    live: Mapping[str, Any],
    reveal: Reveal,
) -> dict[str, Any]:
    """The top-level fields named in `changed`, and those the server may not say of itself.

    An object is sent merged with the live one: the server would reset the parts left out. Where an
    update replaces the object, its secrets are sent too.
    """
    body: dict[str, Any] = {}
    names = list(changed)
    if names and kind.rest.replaces:  # the server does not tell them, so they are sent again
        names += [name for name in kind.secret_fields if name in spec]
    if names:
        names += [
            n for n, f in kind.fields.items() if f.unsaid and n in spec and f.wire not in live
        ]
    for name in dict.fromkeys(names):
        if name == PASS_THROUGH:
            body |= spec[PASS_THROUGH]
            continue
        field = kind.fields[name]
        value = encode(field, spec[name], reveal)
        if field.whole and isinstance(value, dict):
            value = merged(field.live_value(live, None), value, maps_in(field.fields))
        body |= _written(field, value)
    return body


def _written(field: Field, value: Any) -> Mapping[str, Any]:
    """An encoded value where the API wants it: under the field's name, or its parts beside it."""
    return value if field.inline else {field.wire: value}


def encode(field: Field, value: Any, reveal: Reveal) -> Any:
    """One declared value as the API wants it; None as the value that clears the field."""
    if value is None:
        return field.clear_by.value if field.clear_by else _EMPTY.get(field.shape)
    if is_secret_reference(value) and field.shape in ("secret", "any"):
        return reveal(value)
    if field.shape == "object":
        return {
            inner.wire: encode(inner, value[name], reveal)
            for name, inner in field.fields.items()
            if name in value
        }
    if field.shape == "list" and field.element is not None:
        return [encode(field.element, item, reveal) for item in value]
    return value


def maps_in(fields: FieldTable) -> frozenset[str]:
    """The API's names of the maps among fields, at every depth."""
    found = {field.wire for field in fields.values() if field.shape == "map"}
    return frozenset(found.union(*(maps_in(field.fields) for field in fields.values())))


def merged(
    live: Any, wanted: Mapping[str, Any], maps: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The live object with the wanted parts laid over it, at every depth.

    The fields named in `maps` hold no parts: a map is one value, with all of its keys.
    """
    result = dict(live) if isinstance(live, dict) else {}
    for name, value in wanted.items():
        is_object = isinstance(value, dict) and name not in maps
        result[name] = merged(result.get(name), value, maps) if is_object else value
    return result

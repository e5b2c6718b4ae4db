"""Raw answers in, the same without secrets out.

A field of a kind is hidden when it is marked as a secret and shown when it is not; what no kind
knows is hidden when its name looks like a secret's. Texts that are tokens or private keys by their
look are hidden wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import MASKED
from reconciler.platform.source import Objects
from reconciler.platform.trace import SENSITIVE

_TELLTALE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a signed token
    r"|\bAKCp[0-9A-Za-z]{20,}"  # an API key of the platform
    r"|\bcmVmdGtu[0-9A-Za-z+/]{20,}"  # a reference token of the platform
    r"|\{[\w.-]*(?:DESede|AES)[\w.-]*\}"  # a stored password, encrypted with the platform's key
)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s@]*@")
_QUERY = re.compile(
    r"([?&][^=&#\s]*(?:password|secret|token|sig|signature|key|credential)[^=&#\s]*=)[^&#\s]+",
    re.IGNORECASE,
)


class Sanitiser:
    """Hides what a snapshot must not hold; knows the kinds' marks by the API's field names."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_wire: dict[str, dict[str, Field]] = {}

    def all_of(self, kinds: Iterable[str], objects: Objects) -> Objects:
        """The answers of a listing that these kinds share."""
        known = [self._registry[name] for name in kinds]
        return {name: self._listed(known, raw) for name, raw in objects.items()}

    def _listed(self, kinds: list[Kind], raw: Mapping[str, Any]) -> Mapping[str, Any]:
        for kind in kinds:
            if all(raw.get(name) == value for name, value in kind.rest.constants.items()):
                return self.object(kind, raw)
        return dict(_fields(raw, _secrets_of_all(map(self._fields_of, kinds))))

    def object(self, kind: Kind, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """One raw answer of an object of the kind."""
        return dict(_fields(raw, self._fields_of(kind)))

    def _fields_of(self, kind: Kind) -> Mapping[str, Field]:
        if kind.name not in self._by_wire:
            self._by_wire[kind.name] = by_wire(kind.fields)
        return self._by_wire[kind.name]


def by_wire(fields: FieldTable) -> dict[str, Field]:
    """The fields under every name the API has for them."""
    return {name: field for field in fields.values() for name in (field.wire, *field.wire_also)}


def _secrets_of_all(tables: Iterable[Mapping[str, Field]]) -> dict[str, Field]:
    """What is a secret in any of the kinds: for an object that is of none of them."""
    return {name: f for table in tables for name, f in table.items() if f.shape == "secret"}


def _fields(raw: Mapping[str, Any], known: Mapping[str, Field]) -> Iterator[tuple[str, Any]]:
    for name, value in raw.items():
        field = known.get(name)
        yield name, _known(field, value) if field is not None else _unknown(name, value)


def _known(field: Field, value: Any) -> Any:
    if field.shape == "secret" or field.secret:
        return masked(value)
    if field.shape == "object" and isinstance(value, Mapping):
        return dict(_fields(value, by_wire(field.fields)))
    if field.shape == "list" and field.element is not None and isinstance(value, list):
        return [_known(field.element, item) for item in value]
    return _plain(value) if field.shape in ("map", "any") else _text(value)


def _unknown(name: str, value: Any) -> Any:
    return masked(value) if SENSITIVE.search(name) else _plain(value)


def _plain(value: Any) -> Any:
    """A value nothing is known of, judged by the names inside it."""
    if isinstance(value, Mapping):
        named = value.get("name", value.get("key", ""))
        if isinstance(named, str) and SENSITIVE.search(named) and "value" in value:
            value = {**value, "value": masked(value["value"])}
        return {str(name): _unknown(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _text(value)


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if _TELLTALE.search(value):
        return MASKED
    if "://" in value:
        value = _USER_INFO.sub(f"{MASKED}@", value)
        value = _QUERY.sub(lambda found: found[1] + MASKED, value)
    return value


def masked(value: Any) -> Any:
    """The value with every text in it hidden; that there is one still shows."""
    if isinstance(value, Mapping):
        return {name: masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return MASKED if isinstance(value, str) and value else value

"""A live object in, its fields as a manifest would write them out: no secret among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldTable
from reconciler.kinds.values import without_credentials

_MISSING: Any = object()


def as_spec(fields: FieldTable, raw: Mapping[str, Any]) -> dict[str, Any]:
    """A live object as a manifest would write it, without secrets."""
    found: dict[str, Any] = {}
    for name, field in fields.items():
        value = field.live_value(raw, _MISSING)
        if value is _MISSING or field.secret or field.shape in ("secret", "any"):
            continue
        if field.fields and isinstance(value, Mapping):
            value = as_spec(field.fields, value)
        elif field.element is not None and field.element.fields and isinstance(value, list):
            inner = field.element.fields
            value = [as_spec(inner, item) if isinstance(item, Mapping) else item for item in value]
        found[name] = without_credentials(value)
    return found


def laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What is live with what is declared: lists are replaced, objects are merged."""
    made = dict(under)
    for name, value in over.items():
        below = made.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            made[name] = laid_over(below, value)
        else:
            made[name] = without_credentials(value)
    return made

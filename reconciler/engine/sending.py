"""A manifest in, what of it is written out: all but what its lifecycle leaves to others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldTable
from reconciler.kinds.ignored_paths import Left, left_to_others
from reconciler.kinds.kind import Kind
from reconciler.model import JsonValue, Manifest


def left_of(kind: Kind, manifest: Manifest) -> Left:
    """What `lifecycle.ignore` leaves to others."""
    return left_to_others(kind.fields, manifest.lifecycle.ignore)


def sendable(
    kind: Kind, manifest: Manifest, live: Mapping[str, Any] | None = None
) -> dict[str, JsonValue]:
    """The spec without what `lifecycle.ignore` leaves to others, but for what must not be missing.

    With a live object, sets and maps hold the parts that others look after: they are written whole.
    """
    left = left_of(kind, manifest)
    if not left:
        return dict(manifest.spec)
    spec = dict(manifest.spec)
    sent = _sent(left, kind.fields, spec, live, "spec")
    for name, known in kind.fields.items():
        is_there = live is not None and known.live_value(live, None) is not None
        if known.required and name in spec and name not in sent and not is_there:
            sent[name] = spec[name]
    return sent


def _sent(
    left: Left,
    fields: FieldTable,
    spec: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    at: str,
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in spec.items():
        path, known = f"{at}.{name}", fields.get(name)
        if left.covers(path):
            continue
        if known is None:  # passed through
            is_open = isinstance(value, Mapping)
            kept[name] = _sent(left, {}, value, None, path) if is_open else value
            continue
        have = known.live_value(live, None) if live is not None else None
        if known.shape == "object" and isinstance(value, Mapping):
            inner = have if isinstance(have, Mapping) else None
            kept[name] = _sent(left, known.fields, value, inner, path)
        elif live is None:
            kept[name] = left.without(known, path, value)
        else:
            kept[name] = left.completed(known, path, value, have)
    return kept

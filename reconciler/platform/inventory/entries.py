"""Entries in, JSON out, and back; the same form wherever an inventory is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from reconciler.model import Address, Entry, Inventory

MOST_PLANS = 200
"""Used plans that are remembered; the oldest are forgotten first."""

_USUAL_KEY = re.compile(r"[\w.-]+:\w+(?:/[\w.-]+)+")
"""Addresses that need no closer look."""


class NewerError(ValueError):
    """The JSON holds something only a newer version can know the meaning of."""


def entries_json(entries: Mapping[str, Entry | None]) -> dict[str, Any]:
    """The entries as JSON, sorted by address; None, which removes one, is null."""
    return {key: entry and _plain(entry) for key, entry in sorted(entries.items())}


def inventory_of(entries: Mapping[str, Any], plans: Mapping[str, Any] | None = None) -> Inventory:
    """The reverse. Raises ValueError, LookupError, TypeError or AttributeError for other JSON."""
    found = {key: entry for key, entry in changes_of(entries).items() if entry is not None}
    return Inventory(found, newest(plans_of(plans or {})))


def changes_of(entries: Mapping[str, Any]) -> dict[str, Entry | None]:
    """Entries from JSON, with those that null removes. Raises as `inventory_of` does."""
    found = {key: None if raw is None else _entry(raw) for key, raw in entries.items()}
    for key in found:
        if not _USUAL_KEY.fullmatch(key):
            Address.parse(key)
    return found


def plans_of(plans: Mapping[str, Any]) -> dict[str, str]:
    """Used plans from JSON: key and time. Raises TypeError or AttributeError for other JSON."""
    for when in plans.values():
        if not isinstance(when, str):
            raise TypeError("a used plan has no time")
    return dict(plans)


def newest(plans: Mapping[str, str]) -> dict[str, str]:
    """The used plans that are remembered, oldest first."""
    return dict(sorted(plans.items(), key=lambda plan: (plan[1], plan[0]))[-MOST_PLANS:])


def require_known(raw: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Raises NewerError where JSON holds a key that this version does not know.

    To leave it out when the rest is written again would lose what it stands for.
    """
    unknown = sorted(raw.keys() - set(known))
    if unknown:
        raise NewerError(f"{what} has '{unknown[0]}', which this version does not know")


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


_DEFAULTS = {field.name: _default(field) for field in fields(Entry)}
_TYPES = {
    name: Mapping if isinstance(default, dict) else str if default is MISSING else type(default)
    for name, default in _DEFAULTS.items()
}


def _plain(entry: Entry) -> dict[str, Any]:
    values = ((name, getattr(entry, name)) for name in _DEFAULTS)
    return {name: value for name, value in values if value != _DEFAULTS[name]}


def _entry(raw: Mapping[str, Any]) -> Entry:
    given = dict(raw)
    for name, value in given.items():
        wanted = _TYPES.get(name)
        if wanted is None:
            raise NewerError(f"an entry has '{name}', which this version does not know")
        if not isinstance(value, wanted):
            raise TypeError(f"'{name}' of an entry is {value!r}")
    if "rewritten" in given:
        given["rewritten"] = {path: (p[0], p[1]) for path, p in given["rewritten"].items()}
    return Entry(**given)

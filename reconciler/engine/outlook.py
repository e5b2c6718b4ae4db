"""A plan in, the same plan out with what its values will bring about: evidence by calculation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reconciler.kinds.fields import FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.model import Address, JsonValue, Manifest, Plan


def with_outlook(
    made: Plan, manifests: Mapping[Address, Manifest], registry: Registry, now: datetime
) -> Plan:
    """The plan with the outlook of what it writes; evidence is no part of the digest."""
    changes = tuple(
        replace(change, evidence={**change.evidence, **told})
        if change.action.writes
        and (manifest := manifests.get(change.address)) is not None
        and (told := outlook(registry[change.address.kind], manifest.spec, now))
        else change
        for change in made.changes
    )
    return replace(made, changes=changes)


def outlook(kind: Kind, spec: Mapping[str, Any], now: datetime) -> dict[str, JsonValue]:
    """What the declared values will bring about, by the name of the evidence."""
    return dict(_outlook(kind.fields, spec, now))


def _outlook(
    fields: FieldTable, spec: Mapping[str, Any], now: datetime
) -> Iterator[tuple[str, JsonValue]]:
    for name, value in spec.items():
        known = fields.get(name)
        if known is None:
            continue
        if known.outlook is not None and value not in (None, ""):
            told = known.outlook.tell(value, now)
            if told is not None:
                yield known.outlook.name, told
        elif isinstance(value, Mapping):
            yield from _outlook(known.fields, value, now)

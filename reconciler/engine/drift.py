"""What was last applied and what is live in, what changed behind our back out.

What the manifests say does not matter here: a manifest that changed since the last apply is no
drift, it is a pending change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.engine.diff import diff
from reconciler.kinds.fields import PASS_THROUGH
from reconciler.kinds.registry import Registry
from reconciler.model import (
    Absent,
    Address,
    Drift,
    DriftEntry,
    Entry,
    FieldChange,
    Inventory,
    Lifecycle,
    Live,
    Manifest,
    Observed,
    Origin,
    Unreadable,
)

_NOWHERE = Origin("", 0)


def drift(
    tracked: Iterable[Address],
    declared: Mapping[Address, Manifest],
    observed: Mapping[Address, Observed],
    inventory: Inventory,
    registry: Registry,
    unmanaged: Iterable[Address] = (),
) -> Drift:
    """Compare every tracked object; declared ones nobody applied yet are listed as not tracked."""
    addresses = list(tracked)
    entries: list[DriftEntry] = []
    for address in addresses:
        entry = inventory.get(address)
        found = observed.get(address, Unreadable("it was not read"))
        if entry is not None:
            entries += _drifted(address, entry, found, registry, declared.get(address))
    entries += [
        DriftEntry(address, "not-tracked", origin=manifest.origin)
        for address, manifest in sorted(declared.items(), key=lambda item: item[0].full)
        if inventory.get(address) is None
    ]
    return Drift(tuple(entries), tuple(unmanaged), len(addresses))


def _drifted(
    address: Address, entry: Entry, found: Observed, registry: Registry, manifest: Manifest | None
) -> list[DriftEntry]:
    origin = manifest.origin if manifest else None
    if isinstance(found, Absent):
        return [DriftEntry(address, "deleted", origin=origin)]
    if isinstance(found, Unreadable):
        return [DriftEntry(address, "unreadable", origin=origin, reason=found.reason)]
    fields = changed(address, entry, found, registry, manifest)
    return [DriftEntry(address, "changed", fields, origin)] if fields else []


def changed(
    address: Address,
    entry: Entry,
    live: Live,
    registry: Registry,
    manifest: Manifest | None = None,
) -> tuple[FieldChange, ...]:
    """The fields whose live value is not the one last applied: before is applied, after is live.

    What the manifest leaves to others now is no drift.
    """
    lifecycle = manifest.lifecycle if manifest is not None else Lifecycle()
    as_applied = Manifest(address, applied_spec(entry.applied), _NOWHERE, lifecycle=lifecycle)
    found = diff(registry[address.kind], as_applied, live, entry)
    fields = (*found.fixed, *found.stuck, *found.changes)
    return tuple(
        FieldChange(f.path, before=f.after, after=f.before, ordered=f.ordered)
        for f in sorted(fields, key=lambda f: f.path)
        if f.secret is None
    )


def applied_spec(applied: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded paths as a spec again."""
    spec: dict[str, Any] = {}
    for path, value in applied.items():
        names = path.split(".")[1:]
        if names[0] == PASS_THROUGH:
            names = [PASS_THROUGH, ".".join(names[1:])]
        inner = spec
        for name in names[:-1]:
            inner = inner.setdefault(name, {})
        inner[names[-1]] = value
    return spec

"""A session in, what changed on the platforms since the last apply out."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.drift import drift
from reconciler.model import Drift
from reconciler.pipeline.locating import relocate
from reconciler.pipeline.planning import unlistable, unmanaged_objects
from reconciler.pipeline.session import Session, part_of


def find_drift(run: Session, *, unmanaged: bool = False) -> Drift:
    """Compare every owned object in scope with what was last applied. Raises UnreachableError."""
    qualified = run.workspace.is_plural
    is_part = part_of(run, run.scope)
    tracked = [
        address
        for address in run.inventory.addresses(list(run.observer.sources), qualified=qualified)
        if is_part(address)
        and address.kind in run.registry
        and run.inventory.entries[address.full].owner == run.workspace.name
    ]
    run.observer.probe(run.observer.sources)
    observation = relocate(run, run.observer.observe(tracked))
    found = drift(
        tracked,
        {m.address: m for m in run.chosen},
        observation.objects,
        run.inventory,
        run.registry,
        unmanaged_objects(run) if unmanaged else (),
    )
    told = (*run.observer.notes, *unlistable(run))
    return replace(found, scope=run.scope, diagnostics=told)

"""A session and its plan in, what only the inventory does not say yet out.

A plan without a change may leave something for an apply: to record what is declared now of objects
that are as declared. That is how drift ends that was accepted into the manifests.
"""

from __future__ import annotations

from reconciler.engine.diff import declared
from reconciler.model import Address, Plan
from reconciler.pipeline.session import Session


def unrecorded(run: Session, made: Plan) -> list[Address]:
    """Owned objects that need no change, and of which an apply would record something else."""
    busy = {change.address for change in made.changes}
    found: list[Address] = []
    for manifest in run.chosen:
        entry = run.inventory.get(manifest.address)
        if entry is None or entry.owner != run.workspace.name or manifest.address in busy:
            continue
        applied = entry.applied
        if manifest.lifecycle.manage == "full":
            fields = declared(run.registry[manifest.address.kind], manifest)
            applied = {f.path: f.after for f in fields if f.secret is None}
        if applied != entry.applied or entry.under(manifest.lifecycle) != entry:
            found.append(manifest.address)
    return found

"""A plan in, the same with what its policies would hit: evidence that platforms are asked for."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.impact import IMPACT
from reconciler.engine.observation import Observation
from reconciler.engine.preview import hidden
from reconciler.engine.sending import sendable
from reconciler.kinds.evidence import Budget
from reconciler.kinds.rest import Write
from reconciler.kinds.wire import create_body
from reconciler.model import Action, Change, Live, Manifest, Plan
from reconciler.pipeline.session import Session

_CHANGED = (Action.CREATE, Action.UPDATE, Action.REPLACE)


def with_impacts(made: Plan, run: Session, seen: Observation) -> Plan:
    """The plan; each changed object that will act by itself tells on what."""
    manifests = {m.address: m for m in run.chosen}
    budgets: dict[str, Budget] = {}
    changes: list[Change] = []
    for change in made.changes:
        manifest = manifests.get(change.address)
        if manifest is not None and change.action in _CHANGED and _tells(run, change):
            budget = budgets.setdefault(
                change.address.platform, Budget(run.settings.evidence_budget)
            )
            change = _with_impact(run, change, manifest, seen, budget)
        changes.append(change)
    return replace(made, changes=tuple(changes))


def _tells(run: Session, change: Change) -> bool:
    return run.registry[change.address.kind].evidence is not None


def _with_impact(
    run: Session, change: Change, manifest: Manifest, seen: Observation, budget: Budget
) -> Change:
    kind = run.registry[change.address.kind]
    live = seen.objects.get(change.previous or change.address)
    entry = run.inventory.get(change.previous or change.address)
    write = Write(
        change.address,
        create_body(kind, sendable(kind, manifest), hidden),
        change.fields,
        live.raw if isinstance(live, Live) else {},
        entry.run if entry is not None else {},
    )
    run.observer.progress(f"measuring what {change.address} would hit", 0, 0)
    told = run.observer.impact(write, budget)
    return replace(change, evidence={**change.evidence, IMPACT: told.as_json()})

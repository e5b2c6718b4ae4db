"""A plan in, outcomes out, once every guard agrees."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import (
    BlockedError,
    Diagnostic,
    InvalidManifests,
    ReconcilerError,
    StalePlanError,
    UsageError,
)
from reconciler.manifests.findings import locate
from reconciler.model import Finding, Inventory, Outcome, Plan
from reconciler.pipeline.git import is_tracked
from reconciler.pipeline.planning import make_plan, run_blocks, secrets_to_send
from reconciler.pipeline.pruning import put_backs
from reconciler.pipeline.session import Session
from reconciler.pipeline.steering import wanted

if TYPE_CHECKING:
    from reconciler.platform.secrets import SecretSource


@dataclass(frozen=True, slots=True)
class Uses:
    """What the inventory is to remember of an approval: once it is used, and once it is used up."""

    begun: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()


def plan_to_apply(run: Session) -> Plan:
    """The plan an apply makes, with what an apply should be told beside. Raises as `make_plan`."""
    made = make_plan(run)
    return replace(made, diagnostics=(*made.diagnostics, *_warnings(run)))


def carry_out(
    run: Session,
    made: Plan,
    stop: threading.Event,
    report: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
    uses: Uses = Uses(),
) -> list[Outcome]:
    """Apply a plan, as the only run with this inventory that does.

    Raises BlockedError when a guard or another run forbids it, UsageError when a secret that must
    be sent has no value, StalePlanError or UnreachableError when nothing was written.
    """
    from reconciler.platform.knowledge import secret_source

    blocks = run_blocks(run, made)
    if blocks:
        raise BlockedError(
            "; ".join(block.message for block in blocks),
            hint=" ".join(block.override or "" for block in blocks),
        )
    source = secret_source(run.workspace, run.settings)
    _require_secrets(run, made, source)
    if all(change.is_blocked for change in made.changes):
        return _applied(run, made, source, stop, report, uses)
    from reconciler.platform.inventory.holder import this_run

    holder, shard = this_run(run.settings.environment), run.scope.shard
    part = str(shard) if shard else ""
    with run.store.lease(holder, part, run.settings.lock_timeout, stop) as lease:
        run.store.require_writable()
        run = replace(run, inventory=_inventory_now(run, made, uses))
        _note(run, uses.begun)
        _keep(run, made)
        for client in run.clients.values():
            client.may_write, client.stop = lease.check, stop
        return _applied(run, made, source, stop, report, uses)


def _inventory_now(run: Session, made: Plan, uses: Uses) -> Inventory:
    """The inventory now that nobody else applies.

    Raises StalePlanError when another run recorded something of what the plan is about since it
    was made, or used the same approval.
    """
    now = run.store.load(m.address.full for m in run.chosen)
    if any(key in now.used_plans and key not in run.inventory.used_plans for key in uses.begun):
        raise StalePlanError(
            "another run used the approved plan meanwhile, and a plan is used once",
            hint="nothing was written; plan again and have the new plan approved",
        )
    for change in made.changes:
        for address in (change.address, change.previous):
            if address is not None and now.get(address) != run.inventory.get(address):
                raise StalePlanError(
                    f"the inventory says something else of {address} than when the plan was made: "
                    "another run applied since then",
                    hint="nothing was written; plan again",
                )
    return now


def _applied(
    run: Session,
    made: Plan,
    source: SecretSource,
    stop: threading.Event,
    report: Callable[[Outcome, int, int], None],
    uses: Uses,
) -> list[Outcome]:
    from reconciler.platform.apply import apply
    from reconciler.platform.client import Clock
    from reconciler.platform.ledger import Ledger
    from reconciler.platform.means import Means

    means = Means(
        run.clients,
        run.registry,
        {m.address: m for m in (*run.chosen, *put_backs(run, made))},
        run.inventory,
        run.workspace.name,
        run.observer.read,
        run.observer.fresh,
        source.resolve,
        run.observer.content,
        {stone.address: stone for stone in run.desire.tombstones},
        {name: info.artifactory_version for name, info in run.observer.infos.items()},
        run.secrets,
        run.wire.clock if run.wire else Clock(),
        run.crashes.append,
        wanted=lambda manifest: wanted(run, manifest),
    )
    ledger = Ledger(means, run.store)
    outcomes = apply(made, means, ledger, stop, report)
    try:
        ledger.refresh(made)
        if outcomes and all(outcome.result in ("done", "blocked") for outcome in outcomes):
            _note(run, uses.completed)
    except (ReconcilerError, OSError) as error:
        if not any(outcome.result in ("done", "failed") for outcome in outcomes):
            raise
        run.aftermath.append(_unrecorded(error))
    return outcomes


def _unrecorded(error: Exception) -> Diagnostic:
    """The changes are carried out, and must be told, whatever becomes of the inventory."""
    return Diagnostic(
        "inventory-unwritten",
        "error",
        f"what was carried out could not all be recorded: {error}",
        hint="apply again once the inventory can be written: what is there is adopted",
    )


def _keep(run: Session, made: Plan) -> None:
    """Remember how everything was, before it is changed."""
    from reconciler.platform.inventory.undo import record_json

    if made.images:
        run.store.keep(record_json(made))


def _note(run: Session, keys: Iterable[str]) -> None:
    for key in keys:
        run.store.note_plan(key)


def _require_secrets(run: Session, made: Plan, source: SecretSource) -> None:
    """Fail before the first write, not in the middle, when a secret has no value."""
    manifests = {m.address: m for m in run.chosen}
    missing: list[Finding] = []
    for change, path, reference in secrets_to_send(run, made):
        try:
            source.resolve(reference)
        except UsageError as error:
            manifest = manifests[change.address]
            missing.append(
                Finding(
                    manifest.origin,
                    manifest.index,
                    path,
                    "secret-unresolved",
                    f"{error.summary}; this apply must send it",
                    "nothing was written; set the variable or file, and apply again",
                    address=str(change.address),
                )
            )
    if missing:
        root = run.workspace.root
        found = locate(missing, lambda file: (root / file).read_bytes())
        raise InvalidManifests(found, root)


def _warnings(run: Session) -> list[Diagnostic]:
    """What an apply should be told beside its plan."""
    workspace = run.workspace
    is_file = workspace.inventory_place is None
    if run.settings.is_ci and is_file and not is_tracked(workspace.inventory_file):
        return [
            Diagnostic(
                "inventory-ephemeral",
                "warning",
                f"the inventory {workspace.inventory_file} is not tracked by Git, and this is CI",
                hint="keep it on the platform (spec.inventory), or keep the file between runs; "
                "without it every object is adopted again and `drift` has nothing to compare with",
            )
        ]
    return []

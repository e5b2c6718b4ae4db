"""A session in, the plan out: observe -> diff -> plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.engine import resolve as resolving
from reconciler.engine.evidence import wants_evidence, with_evidence
from reconciler.engine.guard import Limit, Limits, Part, exceeded
from reconciler.engine.images import images, with_labels
from reconciler.engine.impact import ImpactLimit, too_far
from reconciler.engine.lockout import with_losses
from reconciler.engine.matching import unmatched_findings
from reconciler.engine.observation import Observation
from reconciler.engine.outlook import with_outlook
from reconciler.engine.plan import Desired, Given, plan
from reconciler.engine.prune import Pruning
from reconciler.engine.replacing import Replacing, wants_measure
from reconciler.engine.risk import too_risky
from reconciler.engine.select import in_scope
from reconciler.engine.shard import uneven
from reconciler.errors import Diagnostic
from reconciler.kinds.wire import secrets_in
from reconciler.manifests.findings import locate
from reconciler.manifests.workspace import Workspace
from reconciler.model import (
    SERVICES,
    Address,
    Block,
    Change,
    Inventory,
    Plan,
    Scope,
)
from reconciler.pipeline.expiring import require_in_force
from reconciler.pipeline.git import commit
from reconciler.pipeline.guarding import guarded
from reconciler.pipeline.impacts import with_impacts
from reconciler.pipeline.locating import relocate
from reconciler.pipeline.locking_out import lockout_blocks, with_unchecked
from reconciler.pipeline.pruning import candidates, naming_kinds, pruning, with_tombstones
from reconciler.pipeline.session import Session, part_of
from reconciler.pipeline.steering import is_steered, with_stances
from reconciler.pipeline.topologies import with_topologies
from reconciler.settings import Settings, ceilings, exceptions


def make_plan(run: Session, *, unmanaged: bool = False, now: datetime | None = None) -> Plan:
    """Read the platforms and decide what to do. Raises UnreachableError."""
    made, observation = planned(run, unmanaged=unmanaged, now=now)
    made = guarded(run, with_labels(made, observation, run.registry), observation)
    kept = images(made, observation, run.inventory, run.registry)
    return replace(made, images=tuple(kept))


def planned(
    run: Session, *, unmanaged: bool = False, now: datetime | None = None
) -> tuple[Plan, Observation]:
    """The plan before the rules of the workspace are asked, and what it was made from."""
    observation, pruning = _observed(run)
    require_in_force(run)
    now = now or datetime.now(UTC)
    stones = {stone.address: stone for stone in run.desire.tombstones}
    desired = Desired(
        run.chosen,
        run.desire.resolved,
        run.by_reference,
        run.scope,
        run.workspace.name,
        pruning,
        Replacing(tombstones=stones),
        SERVICES.union(run.workspace.platform_names),
    )
    given = Given(
        tool=__version__,
        created=timestamp(now),
        commit=commit(run.workspace.root),
        unmanaged=tuple(unmanaged_objects(run)) if unmanaged else (),
        diagnostics=(
            *(d for d in run.desire.diagnostics if d.severity != "error" and concerns(run, d)),
            *run.observer.notes,
            *_age(run, now),
            *_uneven(run),
            *unlistable(run),
            *unmatched(run),
        ),
    )
    made = plan(desired, observation, run.inventory, run.registry, given)
    if holding := wants_measure(made.changes, run.registry):
        # What an object holds decides whether it may be replaced, and that what follows from it.
        desired = replace(desired, replacing=Replacing(run.observer.measure(holding), stones))
        made = plan(desired, observation, run.inventory, run.registry, given)
    made = with_losses(made, observation, run.chosen, run.registry)
    made = with_unchecked(with_tombstones(made, run), run)
    made = with_outlook(made, {m.address: m for m in run.chosen}, run.registry, now)
    measured = with_evidence(made, run.observer.measure(wants_evidence(made, run.registry)))
    measured = with_impacts(measured, run, observation)
    measured = with_topologies(measured, run, observation)
    return replace(measured, diagnostics=tuple(_worth_telling(run, measured))), observation


def _observed(run: Session) -> tuple[Observation, Pruning | None]:
    """What is live of what is wanted, of what it names, and of what may be deleted."""
    addresses = [m.address for m in run.chosen if not is_steered(run, m)]
    chosen = set(addresses) if run.desire.resolved.missing else set()
    named = [
        address
        for gap in run.desire.resolved.missing
        if gap.manifest.address in chosen
        for address in resolving.candidates(gap, run.registry)
    ]
    renamed = [old for m in run.chosen for old in m.previous_addresses()]
    going = candidates(run) if run.prunes else []
    run.observer.probe(dict.fromkeys(address.platform for address in [*addresses, *going]))
    anew = [m.address for m in run.chosen if m.lifecycle.replace]
    kinds = naming_kinds(run.registry, [*going, *anew])
    seen = run.observer.observe([*addresses, *named, *renamed], kinds)
    seen = relocate(run, with_stances(run, seen))
    if not run.prunes:
        return replace(seen, secrets=run.secrets), None
    found = run.observer.by_name(going)
    seen = replace(
        seen,
        objects={**seen.objects, **found},
        secrets=run.secrets,
        unreachable=run.observer.unreachable_urls,
    )
    return seen, pruning(run, found)


def concerns(run: Session, diagnostic: Diagnostic) -> bool:
    """Whether a finding is about something in scope, or about no document of a manifest."""
    line = diagnostic.line
    documents = [
        d
        for d in run.desire.documents
        if line is not None and d.origin.file == diagnostic.file and d.origin.line <= line
    ]
    if not run.scope or not documents:
        return True
    about = max(documents, key=lambda d: d.origin.line)
    return any((m.origin.file, m.index) == (about.origin.file, about.index) for m in run.chosen)


def timestamp(moment: datetime) -> str:
    """A time in UTC, to the second, as documents have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uneven(run: Session) -> Iterator[Diagnostic]:
    shard = run.scope.shard
    if shard is not None and (told := uneven(run.desire.resolved, shard)) is not None:
        yield told


def _age(run: Session, now: datetime) -> Iterator[Diagnostic]:
    if run.snapshot is not None:
        from reconciler.platform.snapshot.age import age

        yield age(run.snapshot, run.settings.snapshot, now)


def unmatched(run: Session) -> list[Diagnostic]:
    """Names and patterns of what is planned that match nothing, declared or live."""
    chosen = {m.address for m in run.chosen}
    gaps = [gap for gap in run.desire.resolved.unmatched if gap.manifest.address in chosen]
    findings = unmatched_findings(gaps, run.observer.live_names)
    return locate(findings, lambda file: (run.workspace.root / file).read_bytes())


def _worth_telling(run: Session, made: Plan) -> Iterator[Diagnostic]:
    """The findings of a plan; a secret without a value matters only where it would be sent."""
    sending = {str(change.address) for change, _, _ in secrets_to_send(run, made)}
    for diagnostic in made.diagnostics:
        if diagnostic.rule != "secret-unresolved" or diagnostic.address in sending:
            yield diagnostic


def secrets_to_send(
    run: Session, made: Plan
) -> Iterator[tuple[Change, tuple[str | int, ...], Mapping[str, str]]]:
    """The secret references whose values a plan's changes write, with their paths."""
    manifests = {m.address: m for m in run.chosen}
    for change in made.pending:
        if change.address not in manifests:
            continue
        sent = {f.path.partition("[")[0] for f in change.fields if f.secret != "unverifiable"}
        fields = run.registry[change.address.kind].fields
        for path, reference in secrets_in(fields, manifests[change.address].spec):
            if f"spec.{path[1]}" in sent:
                yield change, path, reference


def unmanaged_objects(run: Session) -> Iterator[Address]:
    """Live objects that no manifest declares and nobody owns, in scope, by address."""
    named = {run.registry.place(m.address) for m in run.desire.manifests}
    found = {
        replace(address, qualified=run.workspace.is_plural)
        for platform in run.observer.sources
        for address, _ in run.observer.list_all(platform)
        if run.registry.place(address) not in named
    }
    for address in sorted(found, key=lambda a: a.full):
        if in_scope(address, run.scope) and run.inventory.get(address) is None:
            yield address


def unlistable(run: Session) -> Iterator[Diagnostic]:
    """What is missing from a list of live objects, because the token may not list it."""
    for (platform, reason), kinds in run.observer.unlistable.items():
        yield Diagnostic(
            "unlistable",
            "warning",
            f"{', '.join(kinds)} of platform '{platform}' could not be listed: {reason}",
            hint="what is missing here may be there; a token with more rights sees it",
        )


def limits(workspace: Workspace, settings: Settings) -> Limits:
    """The limits of the workspace, with this run's exact exceptions. Raises UsageError."""
    written = workspace.spec.get("limits") or {}
    usual = Limits()
    return Limits(
        _limit(written.get("deletes"), usual.deletes, workspace),
        _limit(written.get("updates"), usual.updates, workspace),
        ceilings("--allow-deletes", settings.allow_deletes),
        ceilings("--allow-updates", settings.allow_updates),
    )


def _limit(written: Mapping[str, int] | None, usual: Limit, workspace: Workspace) -> Limit:
    if written is None:
        return usual
    origin = f"{workspace.file} spec.limits"
    return usual.laid_over(written.get("percent"), written.get("count"), origin)


def impact_limit(workspace: Workspace, settings: Settings) -> ImpactLimit:
    """How far a policy may go, with this run's exact exceptions. Raises UsageError."""
    written = (workspace.spec.get("limits") or {}).get("policy") or {}
    return ImpactLimit(
        written.get("percentOfRepository"),
        written.get("artifacts"),
        f"{workspace.file} spec.limits.policy",
        exceptions("--allow-policy", settings.allow_policy),
    )


def run_blocks(run: Session, made: Plan) -> list[Block]:
    """What keeps the whole plan from being applied."""
    return [
        *made.guards,
        *_exceeded(run, made),
        *too_far(made, impact_limit(run.workspace, run.settings)),
        *lockout_blocks(run, made),
        *too_risky(made, run.registry, run.settings.max_risk),
    ]


def _exceeded(run: Session, made: Plan) -> list[Block]:
    shard = run.scope.shard
    if shard is None:
        return exceeded(made, owned(run), limits(run.workspace, run.settings))
    part = Part(part_of(run, Scope(shard=shard)), shard.total)
    return exceeded(made, owned(run), limits(run.workspace, run.settings), part)


def owned(run: Session) -> Inventory:
    """What this workspace owns of an inventory that may hold more: what limits count from."""
    ours = {a: e for a, e in run.inventory.entries.items() if e.owner == run.workspace.name}
    return Inventory(ours)

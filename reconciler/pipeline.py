"""The stages in order; the only file that knows them all.

load -> expand -> validate -> resolve -> observe -> diff -> plan -> apply -> report
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.engine import resolve as resolving
from reconciler.engine.diff import SecretKnowledge
from reconciler.engine.drift import drift
from reconciler.engine.guard import Limit, Limits, Part, exceeded
from reconciler.engine.plan import (
    Desired,
    Given,
    plan,
    wants_evidence,
    with_evidence,
)
from reconciler.engine.select import check_scope, in_scope, platform_in_scope, select
from reconciler.engine.shard import members, uneven
from reconciler.errors import (
    BlockedError,
    Diagnostic,
    InvalidManifests,
    UsageError,
    has_errors,
    ordered,
)
from reconciler.kinds.registry import Registry, builtin
from reconciler.kinds.wire import secrets_in
from reconciler.manifests.expand import expand
from reconciler.manifests.files import ENVIRONMENTS, shown
from reconciler.manifests.findings import locate, without_echoes
from reconciler.manifests.load import load
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.validate import validate
from reconciler.manifests.workspace import Workspace
from reconciler.manifests.workspace_file import missing_paths, read_workspace
from reconciler.model import (
    Address,
    Block,
    Change,
    Document,
    Drift,
    Finding,
    Inventory,
    Manifest,
    Outcome,
    Plan,
    Scope,
    reference_name,
)
from reconciler.report.figures import listed
from reconciler.settings import Settings, ceilings

if TYPE_CHECKING:
    from reconciler.platform.client import Client
    from reconciler.platform.connect import Wire
    from reconciler.platform.observe import Observer, Progress
    from reconciler.platform.snapshot.model import Snapshot
    from reconciler.platform.source import Source


@dataclass(frozen=True, slots=True)
class Desire:
    """What the manifests of a run want, checked; `diagnostics` hold everything found."""

    workspace: Workspace
    registry: Registry
    documents: tuple[Document, ...] = ()
    resolved: resolving.Resolved = field(default_factory=resolving.Resolved)
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    """Of the files the documents come from; empty when nothing was read."""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The manifests in the order of their references."""
        return self.resolved.manifests

    def checked(self) -> Desire:
        """The same; raises InvalidManifests when something is wrong with the manifests."""
        if has_errors(self.diagnostics):
            raise InvalidManifests(self.diagnostics, self.workspace.root)
        return self


def desire(
    settings: Settings,
    registry: Registry | None = None,
    *,
    dangling: bool = True,
    needs_manifests: bool = True,
) -> Desire:
    """Read and check the manifests: offline, without credentials.

    With `dangling`, a name nothing declares is an error; without `needs_manifests`, an empty
    desired state is none. Faults are in the result; raises UsageError when there is no workspace
    to speak of.
    """
    registry = registry or builtin()
    workspace, faults = read_workspace(settings, registry)
    if has_errors(faults):
        return Desire(workspace, registry, diagnostics=tuple(faults))
    paths = manifest_paths(workspace, settings, needs_manifests=needs_manifests)
    absent = [] if settings.paths or not needs_manifests else missing_paths(workspace)
    loaded = load([path for path in paths if not absent or path.exists()], workspace.root)

    def content(file: str) -> bytes:
        return (workspace.root / file).read_bytes()

    documents = [d for d in loaded.documents if not _is_environment(d)]
    expanded = expand(
        documents,
        workspace.environment,
        workspace.environments,
        content,
        complete=not settings.paths and needs_manifests,
    )
    validated = validate(expanded.documents, workspace, registry)
    resolved = resolving.resolve(validated.manifests, registry)
    dangling = dangling and expanded.is_sound  # a name may be one that could not be filled in
    findings = [
        *expanded.findings,
        *validated.findings,
        *resolving.findings(resolved, dangling=dangling, unsound=validated.unsound),
        *_unresolved_secrets(validated.manifests, registry, workspace, settings),
    ]
    diagnostics = [
        *faults,
        *absent,
        *loaded.diagnostics,
        *locate(findings, content),
    ]
    others = len(loaded.documents) - len(documents)
    if needs_manifests and not (expanded.documents or others or has_errors(diagnostics)):
        diagnostics.append(_empty(paths, workspace.root, loaded.files))
    diagnostics = without_echoes(diagnostics)
    if settings.strict:
        diagnostics = [d.promoted() for d in diagnostics]
    told = tuple(ordered(diagnostics))
    return Desire(workspace, registry, expanded.documents, resolved, told, loaded.digest)


def desire_everywhere(settings: Settings) -> list[Desire]:
    """What the manifests want in each environment, if none was chosen and there are some.

    Raises UsageError as `desire` does.
    """
    names: Sequence[str] = ()
    if not settings.names_environment:
        names = read_workspace(settings, builtin())[0].environments
    if not names:
        return [desire(settings)]
    return [desire(replace(settings, environment_name=name)) for name in names]


def told_together(desires: Sequence[Desire]) -> list[Diagnostic]:
    """The diagnostics of several environments; of what is not told in all, it is said where."""
    if len(desires) == 1:
        return list(desires[0].diagnostics)
    where: dict[Diagnostic, list[str]] = {}
    for one in desires:
        for diagnostic in one.diagnostics:
            where.setdefault(diagnostic, []).append(one.workspace.environment_name)
    return ordered(
        diagnostic if len(names) == len(desires) else _only_in(diagnostic, names)
        for diagnostic, names in where.items()
    )


def _only_in(diagnostic: Diagnostic, names: Sequence[str]) -> Diagnostic:
    if (diagnostic.file or "").startswith(f"{ENVIRONMENTS}/"):
        return diagnostic
    remark = f"in the environment {listed(names)}"
    return replace(diagnostic, detail="; ".join(filter(None, (diagnostic.detail, remark))))


def _is_environment(document: Document) -> bool:
    """Whether it is an environment's own file, which somebody named on the command line."""
    is_below = document.origin.file.startswith(f"{ENVIRONMENTS}/")
    return is_below and bool(document.data.get("kind") == "Environment")


def manifest_paths(
    workspace: Workspace, settings: Settings, *, needs_manifests: bool = True
) -> list[Path]:
    """Where the manifests are: the paths of the command line, else those of the workspace.

    Raises UsageError where neither says it. Without `needs_manifests`, folders that do not exist
    yet are left out.
    """
    if settings.paths:
        return [path.absolute() for path in settings.paths]
    written = workspace.spec.get("manifests")
    if not needs_manifests:
        folders = [workspace.root / path for path in written or ["manifests"]]
        return [folder for folder in folders if folder.exists()]
    if written is None and workspace.file is None:
        raise UsageError(
            "there is no reconciler.yaml here or above, and no path was given",
            hint="run `reconciler init`, or name the folder that holds the manifests",
        )
    return [workspace.root / path for path in written or ["manifests"]]


def _empty(paths: Iterable[Path], root: Path, files: Sequence[str]) -> Diagnostic:
    where = ", ".join(f"'{shown(path, root)}'" for path in paths)
    what = "the YAML files hold nothing" if files else "there is no *.yaml or *.yml file"
    return Diagnostic(
        "no-manifests",
        "error",
        f"no manifest in {where}, {what}: refusing an empty desired state",
        hint="is spec.manifests of the workspace right? `reconciler init` writes a first manifest",
    )


def _unresolved_secrets(
    manifests: Iterable[Manifest], registry: Registry, workspace: Workspace, settings: Settings
) -> Iterator[Finding]:
    from reconciler.platform.knowledge import secret_source

    source = None
    for manifest in manifests:
        fields = registry[manifest.address.kind].secret_fields
        for path, reference in secrets_in(fields, manifest.spec):
            source = source or secret_source(workspace, settings)
            if source.find(reference) is None:
                yield Finding(
                    manifest.origin,
                    manifest.index,
                    path,
                    "secret-unresolved",
                    f"{reference_name(reference)} has no value here",
                    "an apply that must send it fails; a plan does not need it",
                    "warning",
                    address=str(manifest.address),
                )


@dataclass
class Session:
    """One run against the platforms: what was wanted, and the means to look and to write."""

    settings: Settings
    desire: Desire
    observer: Observer
    inventory: Inventory
    store: Any
    scope: Scope = Scope()
    chosen: tuple[Manifest, ...] = ()
    by_reference: frozenset[Address] = frozenset()
    secrets: Mapping[Address, SecretKnowledge] = field(default_factory=dict)
    wire: Wire | None = None
    clients: Mapping[str, Client] = field(default_factory=dict)
    snapshot: Snapshot | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of the run."""
        return self.desire.workspace

    @property
    def registry(self) -> Registry:
        """The kinds of the run."""
        return self.desire.registry


@contextmanager
def session(
    settings: Settings,
    registry: Registry | None = None,
    progress: Progress | None = None,
    wanted: Desire | None = None,
    needs_manifests: bool = True,
    wire: Wire | None = None,
    whole: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Session]:
    """Open a run: manifests checked, clients ready, inventory read.

    Only the platforms that something in scope lies on are opened; with `whole`, all that the scope
    does not rule out. `tell` is told when a platform lets us wait. With `settings.snapshot`, the
    platforms and the inventory are those of the file, and nothing is asked of any platform.
    Raises InvalidManifests, UsageError.
    """
    from reconciler.platform.client import Clock
    from reconciler.platform.inventory import FileInventory
    from reconciler.platform.knowledge import knowledge
    from reconciler.platform.observe import Observer, silent

    wanted = wanted or desire(settings, registry, dangling=False, needs_manifests=needs_manifests)
    wanted.checked()
    workspace = wanted.workspace
    store = FileInventory(workspace.inventory_file)
    _require_kinds(settings, wanted.registry)
    scope = Scope(settings.only, settings.exclude, settings.shard)
    check_scope(scope, wanted.registry.names(), workspace.platform_names)
    chosen, by_reference = select(wanted.resolved, scope) if needs_manifests else ((), set())
    inventory = store.load()
    if whole or not needs_manifests:
        named = platforms_of(wanted, workspace) if needs_manifests else workspace.platform_names
        platforms = [name for name in named if platform_in_scope(name, scope)]
    else:
        platforms = _needed(wanted, chosen, inventory, scope)
    with _opened(wanted, settings, platforms, wire, tell) as (clients, sources, snapshot):
        yield Session(
            settings,
            wanted,
            Observer(
                sources,
                wanted.registry,
                progress or silent,
                clock=wire.clock if wire else Clock(),
            ),
            snapshot.inventory if snapshot else inventory,
            store,
            scope,
            tuple(chosen),
            frozenset(by_reference),
            knowledge(
                chosen,
                wanted.registry,
                workspace,
                settings,
                elsewhere=wanted.manifests if settings.shard is not None else (),
            ),
            wire,
            clients,
            snapshot,
        )


@contextmanager
def _opened(
    wanted: Desire,
    settings: Settings,
    platforms: Sequence[str],
    wire: Wire | None,
    tell: Callable[[str], None] | None,
) -> Iterator[tuple[Mapping[str, Client], Mapping[str, Source], Snapshot | None]]:
    """The platforms of a run: connected, or as a snapshot holds them, without any client."""
    if settings.snapshot is not None:
        from reconciler.platform.connect import refuse_elsewhere
        from reconciler.platform.snapshot.file import read_snapshot
        from reconciler.platform.snapshot.replay import sources

        snapshot = read_snapshot(settings.snapshot)
        for recorded in snapshot.platforms.values():
            refuse_elsewhere(wanted.workspace, settings, recorded.info)
        yield {}, sources(snapshot, platforms, wanted.registry), snapshot
        return
    from reconciler.platform.connect import clients
    from reconciler.platform.source import LivePlatform

    with clients(wanted.workspace, settings, platforms, wire, tell) as opened:
        yield opened, {name: LivePlatform(client) for name, client in opened.items()}, None


def _require_kinds(settings: Settings, registry: Registry) -> None:
    """Raises UsageError when a flag that names a kind cannot mean one."""
    for option, texts in (
        ("--allow-deletes", settings.allow_deletes),
        ("--allow-updates", settings.allow_updates),
    ):
        for kind in ceilings(option, texts):
            if kind not in registry:
                near = nearest_hint(kind, registry.names())
                raise UsageError(
                    f"{option} {kind}: there is no kind '{kind}'",
                    hint=near or "`reconciler kinds` lists them",
                )


def platforms_of(wanted: Desire, workspace: Workspace) -> list[str]:
    """The platforms a run talks to: those that manifests name, else the default ones."""
    named = {m.address.platform for m in wanted.manifests}
    return sorted(named) or workspace.default_platforms


def _needed(
    wanted: Desire, chosen: Iterable[Manifest], inventory: Inventory, scope: Scope
) -> list[str]:
    """The platforms of what is in scope, declared or owned: no other one's token is needed."""
    every = platforms_of(wanted, wanted.workspace)
    if not scope:
        return every
    owned = inventory.addresses(every, qualified=wanted.workspace.is_plural)
    declared_ = {m.address.platform for m in chosen}
    return sorted(declared_ | {a.platform for a in owned if in_scope(a, scope)})


def refuse_prune() -> None:
    """Raises UsageError: this version has no way to delete anything."""
    raise UsageError(
        "this version deletes nothing: pruning is not available",
        hint="take out --prune and spec.prune; objects no longer declared are listed and kept",
    )


def make_plan(run: Session, *, unmanaged: bool = False, now: datetime | None = None) -> Plan:
    """Read the platforms and decide what to do. Raises UnreachableError."""
    addresses = [m.address for m in run.chosen]
    chosen = set(addresses) if run.desire.resolved.missing else set()
    undeclared = [
        address
        for gap in run.desire.resolved.missing
        if gap.manifest.address in chosen
        for address in resolving.candidates(gap, run.registry)
    ]
    renamed = [old for m in run.chosen for old in m.previous_addresses()]
    observation = replace(
        run.observer.observe([*addresses, *undeclared, *renamed]), secrets=run.secrets
    )
    now = now or datetime.now(UTC)
    made = plan(
        Desired(run.chosen, run.desire.resolved, run.by_reference, run.scope, run.workspace.name),
        observation,
        run.inventory,
        run.registry,
        Given(
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
            ),
        ),
    )
    measured = with_evidence(made, run.observer.measure(wants_evidence(made)))
    return replace(measured, diagnostics=tuple(_worth_telling(run, measured)))


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


def _worth_telling(run: Session, made: Plan) -> Iterator[Diagnostic]:
    """The findings of a plan; a secret without a value matters only where it would be sent."""
    sending = {str(change.address) for change, _, _ in _secrets_to_send(run, made)}
    for diagnostic in made.diagnostics:
        if diagnostic.rule != "secret-unresolved" or diagnostic.address in sending:
            yield diagnostic


def _secrets_to_send(
    run: Session, made: Plan
) -> Iterator[tuple[Change, tuple[str | int, ...], Mapping[str, str]]]:
    """The secret references whose values a plan's changes write, with their paths."""
    manifests = {m.address: m for m in run.chosen}
    for change in made.pending:
        sent = {f.path.partition("[")[0] for f in change.fields if f.secret != "unverifiable"}
        fields = run.registry[change.address.kind].fields
        for path, reference in secrets_in(fields, manifests[change.address].spec):
            if f"spec.{path[1]}" in sent:
                yield change, path, reference


def unmanaged_objects(run: Session) -> Iterator[Address]:
    """Live objects that no manifest declares and nobody owns, in scope, by address."""
    declared_ = {m.address for m in run.desire.manifests}
    found = {
        replace(address, qualified=run.workspace.is_plural)
        for platform in run.observer.sources
        for address, _ in run.observer.list_all(platform)
    }
    for address in sorted(found - declared_, key=lambda a: a.full):
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
    return Limit(written.get("percent"), written.get("count"), f"{workspace.file} spec.limits")


def run_blocks(run: Session, made: Plan) -> list[Block]:
    """What keeps the whole plan from being applied."""
    shard = run.scope.shard
    if shard is None:
        return exceeded(made, run.inventory, limits(run.workspace, run.settings))
    part = Part(_part(run, Scope(shard=shard)), shard.total)
    return exceeded(made, run.inventory, limits(run.workspace, run.settings), part)


def carry_out(
    run: Session,
    made: Plan,
    stop: threading.Event,
    report: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Apply a plan.

    Raises BlockedError when a guard forbids it, UsageError when a secret that must be sent has no
    value, StalePlanError or UnreachableError when nothing was written.
    """
    from reconciler.platform.apply import apply
    from reconciler.platform.client import Clock
    from reconciler.platform.knowledge import secret_source
    from reconciler.platform.ledger import Ledger
    from reconciler.platform.means import Means

    blocks = run_blocks(run, made)
    if blocks:
        raise BlockedError(
            "; ".join(block.message for block in blocks),
            hint=" ".join(block.override or "" for block in blocks),
        )
    source = secret_source(run.workspace, run.settings)
    _require_secrets(run, made, source)
    if any(not change.is_blocked for change in made.changes):
        run.store.require_writable()
    means = Means(
        run.clients,
        run.registry,
        {m.address: m for m in run.chosen},
        run.inventory,
        run.workspace.name,
        run.observer.read,
        run.observer.fresh,
        source.resolve,
        {name: info.artifactory_version for name, info in run.observer.infos.items()},
        run.secrets,
        run.wire.clock if run.wire else Clock(),
    )
    ledger = Ledger(means, run.store)
    outcomes = apply(made, means, ledger, stop, report)
    ledger.refresh(made)
    return outcomes


def _require_secrets(run: Session, made: Plan, source: Any) -> None:
    """Fail before the first write, not in the middle, when a secret has no value."""
    manifests = {m.address: m for m in run.chosen}
    missing: list[Finding] = []
    for change, path, reference in _secrets_to_send(run, made):
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


def apply_warnings(run: Session) -> list[Diagnostic]:
    """What an apply should be told beside its plan."""
    if run.settings.is_ci and not run.inventory.entries:
        return [
            Diagnostic(
                "inventory-ephemeral",
                "warning",
                f"there is no inventory at {run.workspace.inventory_file}, and this is CI",
                hint="keep the file between runs; without it every object is adopted again and "
                "`drift` has nothing to compare with",
            )
        ]
    return []


def _part(run: Session, scope: Scope) -> Callable[[Address], bool]:
    """A test whether a recorded object is in scope; a declared one is where its group is."""
    if scope.shard is None:
        return lambda address: in_scope(address, scope)
    declared_, unsharded = run.desire.resolved.requires, replace(scope, shard=None)
    here = members(run.desire.resolved, scope.shard)
    return lambda address: (
        address in here and in_scope(address, unsharded)
        if address in declared_
        else in_scope(address, scope)
    )


def find_drift(run: Session, *, unmanaged: bool = False) -> Drift:
    """Compare every owned object in scope with what was last applied. Raises UnreachableError."""
    qualified = run.workspace.is_plural
    is_part = _part(run, run.scope)
    tracked = [
        address
        for address in run.inventory.addresses(list(run.observer.sources), qualified=qualified)
        if is_part(address)
        and address.kind in run.registry
        and run.inventory.entries[address.full].owner == run.workspace.name
    ]
    run.observer.probe(run.observer.sources)
    observation = run.observer.observe(tracked)
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


def repository_of(root: Path) -> Path | None:
    """The folder of the Git repository a workspace lies in; None outside Git."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def place_in_repository(root: Path) -> str:
    """Where the workspace lies in its Git repository, with `/`; empty at the top or outside."""
    top = repository_of(root)
    place = root.relative_to(top).as_posix() if top else "."
    return "" if place == "." else place


def commit(root: Path) -> str | None:
    """The commit the workspace's repository is at, read from Git's files; None where unknown."""
    top = repository_of(root)
    if top is None:
        return None
    try:
        head = (top / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        return (top / ".git" / head[5:]).read_text(encoding="utf-8").strip()
    except OSError:  # a worktree, packed references, no commit yet
        return None

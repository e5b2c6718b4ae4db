"""One run against the platforms: what was wanted, and the means to look and to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.engine.diff import SecretKnowledge
from reconciler.engine.select import (
    check_scope,
    in_scope,
    platform_in_scope,
    select,
    surely_in_scope,
)
from reconciler.engine.shard import members
from reconciler.errors import Diagnostic, UsageError
from reconciler.kinds.kind import UrlOf
from reconciler.kinds.registry import Registry
from reconciler.kinds.steering import Stance
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.workspace import Workspace
from reconciler.model import (
    SERVICES,
    Address,
    Identity,
    Inventory,
    Manifest,
    Scope,
    Unreadable,
)
from reconciler.settings import Settings, ceilings

if TYPE_CHECKING:
    from reconciler.platform.client import Client
    from reconciler.platform.connect import Wire
    from reconciler.platform.inventory.store import Store
    from reconciler.platform.observe import Observer, Progress
    from reconciler.platform.snapshot.model import Snapshot
    from reconciler.platform.source import Source
from reconciler.pipeline.desiring import Desire, desire
from reconciler.pipeline.locating import Spread, located, spread, written_url
from reconciler.pipeline.pruning import gone_manifests, in_service_again, wants_prune


@dataclass
class Session:
    """One run against the platforms: what was wanted, and the means to look and to write."""

    settings: Settings
    desire: Desire
    observer: Observer = field(repr=False)
    inventory: Inventory = field(repr=False)
    store: Store
    scope: Scope = Scope()
    chosen: tuple[Manifest, ...] = ()
    by_reference: frozenset[Address] = frozenset()
    secrets: Mapping[Address, SecretKnowledge] = field(default_factory=dict)
    wire: Wire | None = None
    clients: Mapping[str, Client] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    prunes: bool = False
    """Whether owned objects that no manifest declares are deleted."""
    spread: Spread = field(default_factory=dict)
    """The objects of several platforms as their manifests say it, before they were located."""
    url_of: UrlOf = str
    """By which base URL a platform is known to the others."""
    stances: dict[Address, Stance | Unreadable] = field(default_factory=dict)
    """How the objects stand that are steered, once the plan is made."""
    crashes: list[Exception] = field(default_factory=list)
    """Faults of ours that made a change fail, for a traceback."""
    aftermath: list[Diagnostic] = field(default_factory=list)
    """What went wrong once the changes were carried out."""
    identities: dict[str, Identity] = field(default_factory=dict)
    """Who the run is on the platforms that were asked."""

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
    from reconciler.platform.inventory.opening import open_store
    from reconciler.platform.knowledge import knowledge
    from reconciler.platform.observe import Observer, silent

    wanted = wanted or desire(settings, registry, dangling=False, needs_manifests=needs_manifests)
    wanted.checked()
    workspace = wanted.workspace
    _require_kinds(settings, wanted.registry)
    scope = Scope(settings.only, settings.exclude, settings.shard)
    check_scope(scope, wanted.registry.names(), workspace.platform_names)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(workspace, settings, wire, tell))
        inventory = store.load(m.address.full for m in wanted.manifests if needs_manifests)
        prunes = needs_manifests and wants_prune(settings, workspace)
        gone = gone_manifests(wanted, inventory) if prunes else []
        selected, by_reference = (
            select(wanted.resolved, scope, gone) if needs_manifests else ([], set())
        )
        if whole or not needs_manifests:
            named = platforms_of(wanted, workspace) if needs_manifests else workspace.platform_names
            named = sorted({*named, *_services(workspace, inventory)})
            platforms = [name for name in named if platform_in_scope(name, scope)]
        else:
            platforms = _needed(wanted, selected, inventory, scope)
        going = {m.address.platform for m in gone if surely_in_scope(m, scope)}
        platforms = sorted({*platforms, *going})
        clients, sources, snapshot = stack.enter_context(
            _opened(wanted, settings, platforms, wire, tell)
        )
        several = spread(wanted)
        url_of = written_url(wanted, settings, snapshot)
        wanted, chosen = located(wanted, selected, several, url_of)
        chosen = in_service_again(chosen, inventory, wanted.registry)
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
            chosen,
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
            prunes,
            spread=several,
            url_of=url_of,
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
    from reconciler.platform.source import live_source

    with clients(wanted.workspace, settings, platforms, wire, tell) as opened:
        yield opened, {name: live_source(client) for name, client in opened.items()}, None


def _services(workspace: Workspace, inventory: Inventory) -> list[str]:
    """The services beside the platforms that something recorded is in."""
    given = [name for name in SERVICES if workspace.spec.get(name)]
    return [a.platform for a in inventory.addresses(given, qualified=False)]


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


def part_of(run: Session, scope: Scope) -> Callable[[Address], bool]:
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

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
from reconciler.engine.diff import SecretKnowledge, declared, diff
from reconciler.engine.drift import drift
from reconciler.engine.guard import Limit, Limits, exceeded
from reconciler.engine.plan import Desired, Given, plan, wants_evidence, with_evidence
from reconciler.engine.select import in_scope, select
from reconciler.errors import (
    BlockedError,
    Diagnostic,
    InvalidManifests,
    UsageError,
    has_errors,
    ordered,
)
from reconciler.kinds.registry import Registry, builtin
from reconciler.kinds.wire import reference_name, secrets_in
from reconciler.manifests.export import file_of, manifest_of
from reconciler.manifests.findings import locate
from reconciler.manifests.load import load
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.validate import validate
from reconciler.manifests.workspace import Workspace
from reconciler.manifests.workspace_file import read_workspace
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Block,
    Change,
    Document,
    Drift,
    Entry,
    Finding,
    Inventory,
    Manifest,
    Outcome,
    Plan,
    Scope,
)
from reconciler.settings import KEY_VARIABLE, Settings, ceilings

if TYPE_CHECKING:
    from reconciler.platform.connect import Wire
    from reconciler.platform.observe import Observer, Progress


@dataclass(frozen=True, slots=True)
class Desire:
    """What the manifests of a run want, checked; `diagnostics` hold everything found."""

    workspace: Workspace
    registry: Registry
    documents: tuple[Document, ...] = ()
    resolved: resolving.Resolved = field(default_factory=resolving.Resolved)
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The manifests in the order of their references."""
        return self.resolved.manifests

    def checked(self) -> Desire:
        """The same; raises InvalidManifests when something is wrong with the manifests."""
        if has_errors(self.diagnostics):
            raise InvalidManifests(self.diagnostics)
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
    desired state is none. Raises UsageError when there is no workspace to speak of; faults are in the result.
    """
    registry = registry or builtin()
    workspace, faults = read_workspace(settings, registry)
    if has_errors(faults):
        return Desire(workspace, registry, diagnostics=tuple(faults))
    paths = manifest_paths(workspace, settings, needs_manifests=needs_manifests)
    loaded = load(paths, workspace.root)
    validated = validate(loaded.documents, workspace, registry)
    resolved = resolving.resolve(validated.manifests, registry)
    findings = [
        *validated.findings,
        *resolving.findings(resolved, dangling=dangling),
        *_unresolved_secrets(validated.manifests, registry, workspace, settings),
    ]
    diagnostics = [
        *faults,
        *loaded.diagnostics,
        *locate(findings, lambda file: (workspace.root / file).read_bytes()),
    ]
    if needs_manifests and not loaded.documents and not has_errors(diagnostics):
        diagnostics.append(_empty(loaded.files))
    if settings.strict:
        diagnostics = [d.promoted() for d in diagnostics]
    return Desire(workspace, registry, loaded.documents, resolved, tuple(ordered(diagnostics)))


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


def _empty(files: Sequence[str]) -> Diagnostic:
    where = f"{len(files)} files hold" if files else "the paths hold"
    return Diagnostic(
        "no-manifests",
        "error",
        f"{where} no manifest: refusing an empty desired state",
        hint="is spec.manifests of the workspace right? `reconciler init` writes a first manifest",
    )


def _secret_source(workspace: Workspace, settings: Settings) -> Any:
    from reconciler.platform.secrets import SecretSource

    return SecretSource(
        settings.environment, workspace.root, settings.secret_dirs, settings.secret_globs
    )


def _unresolved_secrets(
    manifests: Iterable[Manifest], registry: Registry, workspace: Workspace, settings: Settings
) -> Iterator[Finding]:
    source = None
    for manifest in manifests:
        for path, reference in secrets_in(registry[manifest.address.kind].fields, manifest.spec):
            source = source or _secret_source(workspace, settings)
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
) -> Iterator[Session]:
    """Open a run: manifests checked, clients ready, inventory read.

    Raises InvalidManifests, UsageError.
    """
    from reconciler.platform.connect import clients
    from reconciler.platform.inventory import FileInventory
    from reconciler.platform.observe import Observer, silent

    wanted = wanted or desire(settings, registry, dangling=False, needs_manifests=needs_manifests)
    wanted.checked()
    workspace = wanted.workspace
    _refuse_unavailable(workspace)
    store = FileInventory(workspace.inventory_file)
    scope = Scope(settings.only, settings.exclude)
    chosen, by_reference = select(wanted.resolved, scope) if needs_manifests else ((), set())
    platforms = platforms_of(wanted, workspace)
    with clients(workspace, settings, platforms, wire) as opened:
        yield Session(
            settings,
            wanted,
            Observer(opened, wanted.registry, progress or silent),
            store.load(),
            store,
            scope,
            tuple(chosen),
            frozenset(by_reference),
            _knowledge(chosen, wanted.registry, workspace, settings),
            wire,
        )


def platforms_of(wanted: Desire, workspace: Workspace) -> list[str]:
    """The platforms a run talks to: those that manifests name, else the default ones."""
    named = {m.address.platform for m in wanted.manifests}
    return sorted(named) or workspace.default_platforms


def _refuse_unavailable(workspace: Workspace) -> None:
    inventory = workspace.spec.get("inventory") or {}
    if "platform" in inventory or "repository" in inventory:
        raise UsageError(
            "an inventory on a platform is not available in this version",
            hint="write spec.inventory: {file: .reconciler/inventory.json}",
        )
    if workspace.spec.get("prune"):
        refuse_prune()


def refuse_prune() -> None:
    """Raises UsageError: this version has no way to delete anything."""
    raise UsageError(
        "this version deletes nothing: pruning is not available",
        hint="take out --prune and spec.prune; objects no longer declared are listed and kept",
    )


def _knowledge(
    manifests: Iterable[Manifest], registry: Registry, workspace: Workspace, settings: Settings
) -> dict[Address, SecretKnowledge]:
    """Fingerprints of the secrets, where a key is configured, and what is to be rotated."""
    from reconciler.platform.secrets import fingerprint

    source = _secret_source(workspace, settings)
    key = _fingerprint_key(workspace, settings, source)
    rotate = _rotations(settings)
    known: dict[Address, SecretKnowledge] = {}
    for manifest in manifests:
        prints: dict[str, str] = {}
        for path, reference in secrets_in(registry[manifest.address.kind].fields, manifest.spec):
            secret = source.find(reference) if key else None
            if key and secret:
                prints[".".join(map(str, path)).replace(".[", "[")] = fingerprint(key, secret)
        forced = rotate.pop(str(manifest.address), frozenset())
        if prints or forced:
            known[manifest.address] = SecretKnowledge(prints, forced)
    if rotate:
        raise UsageError(
            f"--rotate {next(iter(rotate))}: no manifest in scope has this address",
            hint="write --rotate RemoteRepository/name#spec.password",
        )
    return known


def _fingerprint_key(workspace: Workspace, settings: Settings, source: Any) -> Any:
    from reconciler.model import Secret

    reference = workspace.spec.get("fingerprintKey")
    if reference:
        return source.find(reference)
    value = settings.environment.get(KEY_VARIABLE)
    return Secret(value, f"env:{KEY_VARIABLE}") if value else None


def _rotations(settings: Settings) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for text in settings.rotate:
        address, hash_, path = text.partition("#")
        if not hash_ or not path:
            raise UsageError(
                f"--rotate '{text}' names no field",
                hint="write --rotate RemoteRepository/name#spec.password",
            )
        found.setdefault(address, set()).add(path if path.startswith("spec.") else f"spec.{path}")
    return {address: frozenset(paths) for address, paths in found.items()}


def make_plan(run: Session, *, unmanaged: bool = False, now: datetime | None = None) -> Plan:
    """Read the platforms and decide what to do. Raises UnreachableError."""
    addresses = [m.address for m in run.chosen]
    undeclared = [
        Address(m.address.kind, (gap.reference.name,), m.address.platform, m.address.qualified)
        for gap in run.desire.resolved.missing
        if (m := gap.manifest).address in set(addresses)
    ]
    observation = replace(run.observer.observe([*addresses, *undeclared]), secrets=run.secrets)
    made = plan(
        Desired(run.chosen, run.desire.resolved, run.by_reference, run.scope, run.workspace.name),
        observation,
        run.inventory,
        run.registry,
        Given(
            tool=__version__,
            created=(now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            commit=commit(run.workspace.root),
            unmanaged=tuple(unmanaged_objects(run)) if unmanaged else (),
            diagnostics=tuple(d for d in run.desire.diagnostics if d.severity != "error"),
        ),
    )
    return with_evidence(made, run.observer.measure(wants_evidence(made)))


def unmanaged_objects(run: Session) -> Iterator[Address]:
    """Live objects that no manifest declares and nobody owns, in scope, by address."""
    declared_ = {m.address for m in run.desire.manifests}
    found = {
        replace(address, qualified=run.workspace.is_plural)
        for platform in run.observer.clients
        for address, _ in run.observer.list_all(platform)
    }
    for address in sorted(found - declared_, key=lambda a: a.full):
        if in_scope(address, run.scope) and run.inventory.get(address) is None:
            yield address


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
    return exceeded(made, run.inventory, limits(run.workspace, run.settings))


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
    from reconciler.platform.apply import Applier
    from reconciler.platform.client import Clock

    blocks = run_blocks(run, made)
    if blocks:
        raise BlockedError(
            "; ".join(block.message for block in blocks),
            hint=" ".join(block.override or "" for block in blocks),
        )
    source = _secret_source(run.workspace, run.settings)
    _require_secrets(run, made, source)
    applier = Applier(
        clients=run.observer.clients,
        registry=run.registry,
        manifests={m.address: m for m in run.chosen},
        inventory=run.inventory,
        store=run.store,
        owner=run.workspace.name,
        observe=run.observer.read,
        reveal=source.resolve,
        prints=run.secrets,
        stop=stop,
        report=report,
        clock=run.wire.clock if run.wire else Clock(),
    )
    return applier.apply(made)


def _require_secrets(run: Session, made: Plan, source: Any) -> None:
    """Fail before the first write, not in the middle, when a secret has no value."""
    manifests = {m.address: m for m in run.chosen}
    for change in made.pending:
        sent = {f.path.partition("[")[0] for f in change.fields if f.secret != "unverifiable"}
        fields = run.registry[change.address.kind].fields
        for path, reference in secrets_in(fields, manifests[change.address].spec):
            if f"spec.{path[1]}" in sent:
                source.resolve(reference)


def find_drift(run: Session, *, unmanaged: bool = False) -> Drift:
    """Compare every owned object in scope with what was last applied. Raises UnreachableError."""
    qualified = run.workspace.is_plural
    tracked = [
        address
        for address in run.inventory.addresses(list(run.observer.clients), qualified=qualified)
        if in_scope(address, run.scope)
        and address.kind in run.registry
        and run.inventory.entries[address.full].owner == run.workspace.name
    ]
    run.observer.probe(run.observer.clients)
    observation = run.observer.observe(tracked)
    return drift(
        tracked,
        {m.address: m for m in run.chosen},
        observation.objects,
        run.inventory,
        run.registry,
        unmanaged_objects(run) if unmanaged else (),
    )


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an adoption recorded, what it could not, and how many objects were owned already."""

    adopted: tuple[Address, ...] = ()
    absent: tuple[Address, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    already: int = 0


def adopt(run: Session, addresses: Sequence[str] | None) -> Adopted:
    """Record declared live objects as owned; None stands for all of them. Writes no platform.

    A field that differs is not recorded as applied: the next plan shows it.
    Raises UsageError for an address no manifest declares.
    """
    wanted = _named(run, addresses)
    made = make_plan(replace(run, chosen=tuple(m for m in run.chosen if m.address in wanted)))
    entries: dict[str, Entry] = {}
    absent: list[Address] = []
    refused: list[Diagnostic] = []
    adopting = {c.address: c for c in made.changes if c.adopting}
    for change in made.changes:
        if change.blocked is not None and change.blocked.code in ("other-owner", "name-taken"):
            text = f"{change.address}: {change.blocked.message}"
            refused.append(
                Diagnostic(change.blocked.code, "error", text, address=str(change.address))
            )
        elif change.address in adopting:
            manifest = next(m for m in run.chosen if m.address == change.address)
            entries[change.address.full] = _as_found(run, manifest, change)
        elif change.action is Action.CREATE:
            absent.append(change.address)
    refused += [d for d in made.diagnostics if d.severity == "error"]
    run.store.change(entries)
    taken = tuple(a for a in adopting if a.full in entries)
    already = len(wanted) - len(taken) - len(absent) - len(refused)
    return Adopted(taken, tuple(absent), tuple(refused), already)


def _named(run: Session, addresses: Sequence[str] | None) -> set[Address]:
    declared_ = {m.address for m in run.chosen}
    if addresses is None:
        return declared_
    return {_declared_address(run, text, declared_) for text in addresses}


def _declared_address(run: Session, text: str, known: set[Address]) -> Address:
    for platform in run.observer.clients:
        try:
            address = Address.parse(text, platform)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if address in known:
            return next(a for a in known if a == address)
    raise UsageError(
        f"no manifest declares {text}", hint="adopting needs a manifest; `export` writes one"
    )


def _as_found(run: Session, manifest: Manifest, change: Change) -> Entry:
    """An entry for an object as it is: only what equals the manifest counts as applied."""
    differing = {f.path for f in change.fields}
    fields = declared(run.registry[manifest.address.kind], manifest)
    applied = {f.path: f.after for f in fields if f.secret is None and f.path not in differing}
    return Entry(run.workspace.name, applied)


def release(settings: Settings, addresses: Sequence[str]) -> list[Address]:
    """Forget owned objects; needs no platform and no valid manifests.

    Raises UsageError for an address that is not in the inventory.
    """
    from reconciler.platform.inventory import FileInventory

    workspace, faults = read_workspace(settings, builtin())
    if has_errors(faults):
        raise InvalidManifests(faults)
    _refuse_unavailable(workspace)
    store = FileInventory(workspace.inventory_file)
    inventory = store.load()
    found: list[Address] = []
    for text in addresses:
        found.append(_owned_address(text, inventory, workspace))
    store.change({address.full: None for address in found})
    return found


def _owned_address(text: str, inventory: Inventory, workspace: Workspace) -> Address:
    for platform in workspace.platform_names:
        try:
            address = Address.parse(text, platform, qualified=workspace.is_plural)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if inventory.get(address) is not None:
            return address
    near = nearest_hint(text, [Address.parse(a).unqualified for a in inventory.entries])
    raise UsageError(f"{text} is not in the inventory", hint=near)


@dataclass(frozen=True, slots=True)
class Exported:
    """Files to write, with their texts, and how many live objects needed none."""

    created: tuple[tuple[Path, str], ...] = ()
    updated: tuple[tuple[Path, str], ...] = ()
    unchanged: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()


def export(run: Session, path: Path | None, *, update: bool = False) -> Exported:
    """Manifests for everything live and in scope; writes nothing.

    Objects that are declared already are left out; with `update`, the texts of their files with
    the declared fields brought up to date. Raises UnreachableError.
    """
    from reconciler.manifests.yaml_editor import dump

    folder = _export_folder(run, path)
    declared_ = {m.address: m for m in run.desire.manifests}
    created: dict[Path, str] = {}
    edits: dict[str, list[Edit]] = {}
    unchanged = 0
    for address, raw in _live_in_scope(run):
        manifest = declared_.get(address)
        if manifest is None:
            file = folder / file_of(address)
            if not file.exists():
                created[file] = dump(_exported(run, address, raw), header=SCHEMA_HEADER)
                continue
            manifest = None
        changed_fields = _field_edits(run, manifest, raw) if manifest and update else []
        if manifest and changed_fields:
            edits.setdefault(manifest.origin.file, []).append((manifest.index, changed_fields))
        else:
            unchanged += 1
    return Exported(tuple(created.items()), tuple(_edited(run, edits)), unchanged)


Edit = tuple[int, list[tuple[tuple[str | int, ...], Any]]]
SCHEMA_HEADER = "# yaml-language-server: $schema=../../schemas/manifest.schema.json"


def _export_folder(run: Session, path: Path | None) -> Path:
    if path is not None:
        return path.absolute()
    written = run.workspace.spec.get("manifests") or ["manifests"]
    return run.workspace.root / str(written[0])


def _live_in_scope(run: Session) -> Iterator[tuple[Address, Mapping[str, Any]]]:
    for platform in run.observer.clients:
        for found, raw in sorted(run.observer.list_all(platform), key=lambda item: item[0].full):
            address = replace(found, qualified=run.workspace.is_plural)
            if in_scope(address, run.scope):
                yield address, raw


def _exported(run: Session, address: Address, raw: Mapping[str, Any]) -> dict[str, Any]:
    kind = run.registry[address.kind]
    version = run.observer.infos[address.platform].versions.get(kind.service, "")
    defaults = run.workspace.defaults_for(kind.name)
    document = manifest_of(kind, address, raw, defaults, version)
    if run.workspace.is_plural and [address.platform] != run.workspace.default_platforms:
        document["metadata"]["platforms"] = [address.platform]
    return document


def _field_edits(
    run: Session, manifest: Manifest, raw: Mapping[str, Any]
) -> list[tuple[tuple[str | int, ...], Any]]:
    """The declared fields whose live value is another one; secrets are left alone."""
    kind = run.registry[manifest.address.kind]
    found = diff(kind, manifest, kind.rest.live(raw), run.inventory.get(manifest.address))
    never_returned = {name for name, known in kind.fields.items() if known.write_only}
    return [
        (tuple(f.path.split(".")), None if f.before is UNSET else f.before)
        for f in (*found.changes, *found.stuck, *found.fixed)
        if f.secret is None
        and f.path.startswith("spec.")
        and f.path.split(".")[1] not in never_returned
    ]


def _edited(run: Session, edits: Mapping[str, list[Edit]]) -> Iterator[tuple[Path, str]]:
    from reconciler.manifests.yaml_editor import edit

    for name, changes in edits.items():
        file = run.workspace.root / name
        text = file.read_bytes().decode("utf-8")
        for index, fields in changes:
            text = edit(text, index, fields)
        yield file, text


def commit(root: Path) -> str | None:
    """The commit the workspace's folder is at, read from Git's files; None outside Git."""
    for folder in (root, *root.parents):
        head = folder / ".git" / "HEAD"
        try:
            text = head.read_text(encoding="utf-8").strip()
            if not text.startswith("ref: "):
                return text
            return (folder / ".git" / text[5:]).read_text(encoding="utf-8").strip()
        except OSError:
            if (folder / ".git").exists():
                return None
    return None

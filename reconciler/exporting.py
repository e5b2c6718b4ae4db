"""What is live in, the texts of manifest files out; the caller writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os.path import relpath
from pathlib import Path
from typing import Any

from reconciler.engine.acceptance import Refusal, derived
from reconciler.engine.diff import diff
from reconciler.engine.select import in_scope
from reconciler.errors import Diagnostic
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import without_credentials
from reconciler.manifests.export import file_of, manifest_of
from reconciler.manifests.placeholders import escaped
from reconciler.manifests.workspace import Workspace
from reconciler.model import UNSET, Address, Inventory, JsonValue, Live, Manifest
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.planning import unlistable
from reconciler.pipeline.session import Session
from reconciler.platform.unlisted import unlisted


@dataclass(frozen=True, slots=True)
class Exported:
    """Files to write, with their texts, and how many live objects needed none."""

    created: tuple[tuple[Path, str], ...] = ()
    updated: tuple[tuple[Path, str], ...] = ()
    unchanged: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where manifests go: beside those of a workspace, of objects its inventory may know."""

    desire: Desire
    inventory: Inventory = Inventory()

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.desire.workspace

    @property
    def registry(self) -> Registry:
        """The kinds."""
        return self.desire.registry


@dataclass(frozen=True, slots=True)
class Found:
    """One live object, by whatever way it is known; `version` is that of the kind's service.

    `unset` names fields that are known to be unset although no answer would show that: secrets.
    """

    address: Address
    live: Live
    version: str = ""
    unset: frozenset[str] = frozenset()


def export(
    run: Session, path: Path | None, *, update: bool = False, printed: bool = False
) -> Exported:
    """Manifests for everything live and in scope; writes nothing.

    Objects that are declared already are left out, unless the manifests are to be printed, or go
    to a folder the workspace does not read; with `update`, the texts of their files with the
    declared fields brought up to date. Raises UnreachableError.
    """
    target = Target(run.desire, run.inventory)
    listed = list(_live_in_scope(run))
    hidden, told = unlisted(
        run.observer,
        {found.address for found in listed},
        [m.address for m in run.desire.manifests if _is_expected(run, m.address)],
        [a for a in _owned(run) if _is_expected(run, a)],
    )
    whole = printed or not (update or path is None or _is_read(target, path.absolute()))
    objects = [*listed, *(_found(run, a, live) for a, live in hidden.items())]
    made = manifests_of(target, objects, path, update=update, whole=whole, printed=printed)
    told += run.observer.notes
    told += [_reduced(found.address) for found in objects if not found.live.complete]
    return replace(made, diagnostics=(*made.diagnostics, *told, *unlistable(run)))


def manifests_of(
    run: Target,
    objects: Iterable[Found],
    path: Path | None,
    *,
    update: bool = False,
    whole: bool = False,
    printed: bool = False,
) -> Exported:
    """Manifests for these objects, as `export` makes them; writes nothing.

    With `whole`, also for those that are declared; `printed` ones go to no file.
    """
    from reconciler.manifests.yaml.dump import dump

    folder = _export_folder(run, path)
    declared_ = {m.address: m for m in run.desire.manifests}
    named = {run.registry.place(address) for address in declared_}
    created: dict[Path, str] = {}
    edits: dict[str, list[Edit]] = {}
    taken: list[Diagnostic] = []
    unchanged = 0
    for found in objects:
        address = found.address
        manifest = declared_.get(address)
        if manifest is None and run.registry.place(address) in named and not whole:
            unchanged += 1  # declared as another kind, such as a site of a federation
            continue
        if manifest is None or whole:
            file = folder / _place(run, address)
            if file.exists() and not printed:
                taken.append(_taken(run, address, file, declared=manifest is not None))
            else:
                header = "" if printed else _header(run, file)
                created[file] = dump(_exported(run, found), header=header)
            continue
        changed_fields = _field_edits(run, manifest, found.live) if update else []
        if changed_fields and (refusal := derived(manifest.origin)):
            taken.append(_derived(manifest, refusal))
        elif changed_fields:
            edits.setdefault(manifest.origin.file, []).append((manifest.index, changed_fields))
        else:
            unchanged += 1
    return Exported(tuple(created.items()), tuple(_edited(run, edits)), unchanged, tuple(taken))


Edit = tuple[int, list[tuple[tuple[str | int, ...], Any]]]
SCHEMA = ".reconciler/schemas/manifest.schema.json"
"""Where `reconciler init` puts the schema, relative to the workspace."""


def _header(run: Target, file: Path) -> str:
    """The line by which editors find the schema; none where the workspace has no schemas."""
    if not (run.workspace.root / SCHEMA).is_file():
        return ""
    path = relpath(run.workspace.root / SCHEMA, file.parent)
    return f"# yaml-language-server: $schema={Path(path).as_posix()}"


def _place(run: Target, address: Address) -> str:
    """A manifest's file; what lies on another platform than the usual one gets a folder for it."""
    usual = not run.workspace.is_plural or [address.platform] == run.workspace.default_platforms
    return file_of(address) if usual else f"{address.platform}/{file_of(address)}"


def _taken(run: Target, address: Address, file: Path, *, declared: bool) -> Diagnostic:
    name = file.relative_to(run.workspace.root) if _is_inside(run, file) else file
    why = "" if declared else f" and does not declare {address}"
    return Diagnostic(
        "file-exists",
        "warning",
        f"{name.as_posix()} exists{why}; it was left as it is",
        hint="move the file away, or write into another folder",
        file=name.as_posix(),
        address=str(address),
    )


def _derived(manifest: Manifest, refusal: Refusal) -> Diagnostic:
    """That a manifest is not written out in a file, so that no writer may bring it up to date."""
    origin = manifest.origin
    return Diagnostic(
        "derived",
        "warning",
        f"{manifest.address} differs and {refusal.reason}; it was left as it is",
        hint=refusal.hint,
        file=origin.file,
        line=origin.line,
        column=origin.column,
        address=str(manifest.address),
    )


def _reduced(address: Address) -> Diagnostic:
    return Diagnostic(
        "field-unreadable",
        "warning",
        f"the manifest of {address} lacks fields",
        hint="the token sees a reduced configuration; use one that sees all of it",
        address=str(address),
    )


def _is_read(run: Target, folder: Path) -> bool:
    """Whether the workspace finds manifests that lie in this folder."""
    written = run.workspace.spec.get("manifests") or ["manifests"]
    return any(folder.is_relative_to(run.workspace.root / str(path)) for path in written)


def _is_inside(run: Target, file: Path) -> bool:
    return file.is_relative_to(run.workspace.root)


def _export_folder(run: Target, path: Path | None) -> Path:
    if path is not None:
        return path.absolute()
    written = run.workspace.spec.get("manifests") or ["manifests"]
    return run.workspace.root / str(written[0])


def _live_in_scope(run: Session) -> Iterator[Found]:
    for platform in run.observer.sources:
        for found, raw in sorted(run.observer.list_all(platform), key=lambda item: item[0].full):
            address = replace(found, qualified=run.workspace.is_plural)
            if in_scope(address, run.scope):
                yield _found(run, address, run.registry[address.kind].rest.live(raw))


def _found(run: Session, address: Address, live: Live) -> Found:
    service = run.registry[address.kind].service
    return Found(address, live, run.observer.infos[address.platform].versions.get(service, ""))


def _owned(run: Session) -> Iterator[Address]:
    """What the inventory says is this workspace's."""
    platforms = list(run.observer.sources)
    for address in run.inventory.addresses(platforms, qualified=run.workspace.is_plural):
        if run.inventory.entries[address.full].owner == run.workspace.name:
            yield address


def _is_expected(run: Session, address: Address) -> bool:
    """Whether the listing of a kind should show an object that is known."""
    is_listed = address.kind in run.registry and run.registry[address.kind].rest.listing
    is_asked = address.platform in run.observer.sources and in_scope(address, run.scope)
    return bool(is_listed) and is_asked


def _exported(run: Target, found: Found) -> dict[str, Any]:
    address, kind = found.address, run.registry[found.address.kind]
    defaults = run.workspace.defaults_for(kind.name)
    document = manifest_of(kind, address, found.live.raw, defaults, found.version)
    for name in found.unset:
        document["spec"].pop(name, None)
    if run.workspace.is_plural and [address.platform] != run.workspace.default_platforms:
        document["metadata"]["platforms"] = [address.platform]
    return document


def _field_edits(
    run: Target, manifest: Manifest, live: Live
) -> list[tuple[tuple[str | int, ...], Any]]:
    """The declared fields whose live value is another one; secrets are left alone."""
    kind = run.registry[manifest.address.kind]
    found = diff(kind, manifest, live, run.inventory.get(manifest.address))
    never_returned = {name for name, known in kind.fields.items() if known.write_only}
    return [
        (tuple(f.path.split(".")), _as_written(f.before))
        for f in (*found.changes, *found.stuck, *found.fixed)
        if f.secret is None
        and f.path.startswith("spec.")
        and f.path.split(".")[1] not in never_returned
    ]


def _as_written(live: JsonValue) -> JsonValue:
    """A live value as a manifest may hold it: an address without the credentials in it."""
    return None if live is UNSET else escaped(without_credentials(live, ""))


def _edited(run: Target, edits: Mapping[str, list[Edit]]) -> Iterator[tuple[Path, str]]:
    from reconciler.manifests.yaml.edit import edit

    for name, changes in edits.items():
        file = run.workspace.root / name
        text = file.read_bytes().decode("utf-8")
        for index, fields in changes:
            text = edit(text, index, fields)
        yield file, text

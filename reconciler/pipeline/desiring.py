"""Settings in, checked manifests out: load -> expand -> validate -> resolve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.engine import resolve as resolving
from reconciler.engine.guardrails.fault import fault_of
from reconciler.errors import (
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
from reconciler.manifests.guardrails import guardrails, is_guardrail
from reconciler.manifests.load import load
from reconciler.manifests.tombstones import is_tombstone, tombstones
from reconciler.manifests.validate import validate
from reconciler.manifests.workspace import Workspace
from reconciler.manifests.workspace_file import missing_paths, read_workspace
from reconciler.model import (
    Document,
    Finding,
    Guardrails,
    Manifest,
    Tombstone,
    reference_name,
)
from reconciler.pipeline.pruning import wants_prune
from reconciler.report.figures import listed
from reconciler.settings import Settings

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Desire:
    """What the manifests of a run want, checked; `diagnostics` hold everything found."""

    workspace: Workspace
    registry: Registry
    documents: tuple[Document, ...] = ()
    resolved: resolving.Resolved = field(default_factory=resolving.Resolved)
    diagnostics: tuple[Diagnostic, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    guardrails: Guardrails = Guardrails()
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
    objects = [d for d in expanded.documents if not (is_tombstone(d) or is_guardrail(d))]
    today = datetime.now(UTC).date()
    validated = validate(objects, workspace, registry)
    resolved = resolving.resolve(validated.manifests, registry)
    stones, unfit = tombstones(
        (d for d in expanded.documents if is_tombstone(d)),
        workspace,
        registry,
        resolving.declares(validated.manifests, registry),
        today,
    )
    rules, unruly = guardrails(
        (d for d in expanded.documents if is_guardrail(d)), registry, today, fault_of
    )
    dangling = dangling and expanded.is_sound  # a name may be one that could not be filled in
    findings = [
        *expanded.findings,
        *validated.findings,
        *unfit,
        *unruly,
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
    if needs_manifests and not (objects or others or has_errors(diagnostics)):
        rules_only = any(map(is_guardrail, expanded.documents))
        what = "rules only" if rules_only else "Tombstones only"
        what = what if expanded.documents else "nothing"
        diagnostics.append(_empty(paths, workspace.root, loaded.files, what))
    elif needs_manifests and wants_prune(settings, workspace):
        diagnostics += _hollow(paths, workspace.root, expanded.documents)
    diagnostics = without_echoes(diagnostics)
    if settings.strict:
        diagnostics = [d.promoted() for d in diagnostics]
    told = tuple(ordered(diagnostics))
    return Desire(
        workspace, registry, tuple(objects), resolved, told, tuple(stones), rules, loaded.digest
    )


def nothing_desired(settings: Settings) -> Desire:
    """The workspace alone: for what must work whatever state the manifests are in."""
    registry = builtin()
    workspace, faults = read_workspace(settings, registry)
    return Desire(workspace, registry, diagnostics=tuple(faults))


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


def _empty(paths: Iterable[Path], root: Path, files: Sequence[str], held: str) -> Diagnostic:
    where = ", ".join(f"'{shown(path, root)}'" for path in paths)
    what = f"the YAML files hold {held}" if files else "there is no *.yaml or *.yml file"
    return Diagnostic(
        "no-manifests",
        "error",
        f"no manifest in {where}, {what}: refusing an empty desired state",
        hint="is spec.manifests of the workspace right? `reconciler init` writes a first manifest",
    )


def _hollow(paths: Iterable[Path], root: Path, documents: Iterable[Document]) -> list[Diagnostic]:
    """The paths that hold no manifest: what lay there would be deleted, so it is refused."""
    files = [root / document.origin.file for document in documents]
    return [
        Diagnostic(
            "no-manifests",
            "error",
            f"there is no manifest in '{shown(path, root)}', and pruning is on",
            hint="a checkout in part looks like that; take the path out of spec.manifests if it "
            "really has nothing to declare",
        )
        for path in paths
        if path.exists() and not any(file.is_relative_to(path) for file in files)
    ]


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

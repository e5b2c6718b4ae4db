"""Settings in, the workspace out: finds the file, reads it, checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconciler.errors import Diagnostic, UsageError
from reconciler.kinds.fields import PASS_THROUGH
from reconciler.kinds.registry import Registry
from reconciler.manifests.findings import locate
from reconciler.manifests.messages import findings, nearest_hint
from reconciler.manifests.workspace import Workspace, WorkspaceFile, find
from reconciler.manifests.yaml_reader import read
from reconciler.model import Finding, Origin
from reconciler.settings import Settings


def read_workspace(settings: Settings, registry: Registry) -> tuple[Workspace, list[Diagnostic]]:
    """The workspace a run is about, and what is wrong with its file.

    Raises UsageError when the file that was named does not exist.
    """
    file = _file(settings)
    if file is None:
        return Workspace(Path.cwd(), secret_dirs=settings.secret_dirs), []
    content = file.read_bytes()
    documents, faults = read(content, file.name)
    if faults:
        return Workspace(file.parent, file=file.name), faults
    filled = [document for document in documents if document.data is not None]
    if len(filled) != 1:
        text = f"a workspace file holds one document, this one holds {len(filled)}"
        return Workspace(file.parent, file=file.name), [
            Diagnostic("workspace", "error", text, file=file.name, line=1, column=1)
        ]
    document = filled[0]
    origin = Origin(file.name, document.line, document.column)
    found = list(_check(document.data, origin, document.index, registry))
    located = locate(found, lambda name: content)
    data = document.data if isinstance(document.data, dict) else {}
    if any(d.severity == "error" for d in located):
        return Workspace(file.parent, file=file.name), located
    name = data["metadata"]["name"]
    return Workspace(file.parent, name, data["spec"], file.name, settings.secret_dirs), located


def _file(settings: Settings) -> Path | None:
    if settings.workspace is None:
        start = Path.cwd()
        if settings.paths:
            first = settings.paths[0].absolute()
            start = first if first.is_dir() else first.parent
        return find(start) or find(Path.cwd())
    named = settings.workspace.absolute()
    if named.is_dir():
        if (found := find(named)) is None:
            raise UsageError(f"there is no reconciler.yaml in {settings.workspace} or above")
        return found
    if not named.is_file():
        raise UsageError(f"there is no workspace file {settings.workspace}")
    return named


def _check(data: Any, origin: Origin, index: int, registry: Registry) -> Iterator[Finding]:
    try:
        WorkspaceFile.model_validate(data)
    except ValidationError as error:
        yield from findings(error, WorkspaceFile, {}, origin, index, ())
        return
    spec = data["spec"]
    yield from _platforms(spec, origin, index)
    for kind, defaults in (spec.get("defaults") or {}).items():
        yield from _defaults(kind, defaults, origin, index, registry)


def _platforms(spec: Mapping[str, Any], origin: Origin, index: int) -> Iterator[Finding]:
    platforms = spec.get("platforms") or {}
    chosen = spec.get("defaultPlatforms")
    if len(platforms) > 1 and not chosen:
        yield Finding(
            origin,
            index,
            ("spec", "platforms"),
            "default-platforms",
            "with several platforms, spec.defaultPlatforms must say which one a manifest means",
            f"write defaultPlatforms: [{next(iter(platforms))}]",
        )
    for position, name in enumerate(chosen or ()):
        if name not in (platforms or {"default": {}}):
            yield Finding(
                origin,
                index,
                ("spec", "defaultPlatforms", position),
                "unknown-platform",
                f"the workspace has no platform '{name}'",
                nearest_hint(name, platforms),
            )


def _defaults(
    kind: str, defaults: Mapping[str, Any], origin: Origin, index: int, registry: Registry
) -> Iterator[Finding]:
    path = ("spec", "defaults", kind)
    if kind not in registry:
        yield Finding(
            origin,
            index,
            path,
            "unknown-kind",
            f"this version knows no kind '{kind}'",
            nearest_hint(kind, registry.names()),
            at="key",
        )
        return
    fields = registry[kind].fields
    for name in defaults:
        if name not in fields and name != PASS_THROUGH:
            yield Finding(
                origin,
                index,
                (*path, name),
                "unknown-field",
                f"{kind} has no field '{name}'",
                nearest_hint(name, fields),
                at="key",
            )

"""Settings in, the workspace out: finds the file, reads it, checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconciler.errors import Diagnostic, has_errors, ordered
from reconciler.kinds.registry import Registry
from reconciler.manifests.environment_file import in_environment
from reconciler.manifests.field_rules import extra_findings, marks_findings
from reconciler.manifests.files import workspace_file
from reconciler.manifests.findings import locate, without_echoes
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.secret_rules import (
    leaves_workspace,
    reference_findings,
    secret_findings,
    service_findings,
)
from reconciler.manifests.validate import validator
from reconciler.manifests.workspace import DEFAULT_PLATFORM, Workspace, WorkspaceFile
from reconciler.manifests.yaml.nodes import ReadDocument
from reconciler.manifests.yaml.reader import read
from reconciler.model import SERVICES, Document, Finding, Origin
from reconciler.model import Path as Path_
from reconciler.settings import Settings


def read_workspace(settings: Settings, registry: Registry) -> tuple[Workspace, list[Diagnostic]]:
    """The workspace a run is about, in its environment, and what is wrong with their files.

    Raises UsageError when the file or the environment that was named does not exist.
    """
    workspace, faults = _read_file(settings, registry)
    if has_errors(faults):
        return workspace, faults
    workspace, more = in_environment(workspace, settings.chosen_environment)
    return workspace, [*faults, *more]


def _read_file(settings: Settings, registry: Registry) -> tuple[Workspace, list[Diagnostic]]:
    file = workspace_file(settings)
    if file is None:
        return Workspace(Path.cwd(), secret_dirs=settings.secret_dirs), []
    content = file.read_bytes()
    documents, faults = read(content, file.name)
    filled = [document for document in documents if document.data is not None]
    if len(filled) == 1:
        document = _document(filled[0], file.name)
        found = _check(document, Workspace(file.parent, file=file.name), registry)
        faults += locate(list(found), lambda _: content)
    elif not has_errors(faults):
        faults.append(_not_one(filled, file.name))
    told = ordered(without_echoes(faults))
    if has_errors(told):
        return Workspace(file.parent, file=file.name), told
    name, spec = document.data["metadata"]["name"], document.data["spec"]
    return Workspace(file.parent, name, spec, file.name, settings.secret_dirs), told


def _document(found: ReadDocument, file: str) -> Document:
    return Document(Origin(file, found.line, found.column), found.data, found.index)


def _not_one(filled: list[ReadDocument], file: str) -> Diagnostic:
    second = filled[1] if filled else None
    return Diagnostic(
        "workspace",
        "error",
        "the workspace file is empty" if second is None else "a workspace file holds one document",
        hint="`reconciler init` writes one in an empty folder"
        if second is None
        else "keep manifests in files of their own, below spec.manifests",
        file=file,
        line=second.line if second else 1,
        column=second.column if second else 1,
    )


def missing_paths(workspace: Workspace) -> list[Diagnostic]:
    """The paths of `spec.manifests` that lead nowhere."""
    written = workspace.spec.get("manifests")
    absent = [
        (index, path)
        for index, path in enumerate(written or ["manifests"])
        if not (workspace.root / path).exists()
    ]
    if not absent or workspace.file is None:
        return []
    hint = "paths are relative to the folder of this file"
    if not written:
        hint = "make the folder, or name another one in spec.manifests"
    file, content = workspace.file, (workspace.root / workspace.file).read_bytes()
    found = [
        Finding(
            Origin(file, 1),
            document_index(content, file),
            ("spec", "manifests", index),
            "no-such-path",
            f"there is no file or folder '{path}'",
            hint,
        )
        for index, path in absent
    ]
    return locate(found, lambda _: content)


def document_index(content: bytes, file: str) -> int:
    """Which document of the workspace file is the one that counts: the first with content."""
    return next((d.index for d in read(content, file)[0] if d.data is not None), 0)


def _check(document: Document, workspace: Workspace, registry: Registry) -> Iterator[Finding]:
    try:
        WorkspaceFile.model_validate(document.data)
    except ValidationError as error:
        yield from Checked(WorkspaceFile, document.origin, document.index).findings(error)
    spec = document.data.get("spec") if isinstance(document.data, dict) else None
    if not isinstance(spec, dict):
        return
    # Whatever has the wrong shape was told above; the rest of the file is looked at all the same.
    yield from _manifests(document, spec)
    yield from _platforms(document, _mapping(spec, "platforms"), spec.get("defaultPlatforms"))
    yield from _inventory(document, spec)
    yield from _references(document, spec, workspace)
    for kind, defaults in _mapping(spec, "defaults").items():
        if isinstance(defaults, dict):
            yield from _defaults(document, kind, defaults, registry, workspace)


def _mapping(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = spec.get(name)
    return value if isinstance(value, dict) else {}


def _tell(document: Document, path: Path_, rule: str, summary: str, hint: str = "") -> Finding:
    return Finding(document.origin, document.index, path, rule, summary, hint)


def _manifests(document: Document, spec: Mapping[str, Any]) -> Iterator[Finding]:
    written = spec.get("manifests")
    for index, path in enumerate(written if isinstance(written, list) else ()):
        if isinstance(path, str) and leaves_workspace(path):
            yield _tell(
                document,
                ("spec", "manifests", index),
                "path-outside",
                f"'{path}' leads out of the workspace",
                "paths are relative to the folder of this file, without '..'; "
                "a pull request must not make a run read other files",
            )


def _platforms(document: Document, platforms: Mapping[str, Any], chosen: Any) -> Iterator[Finding]:
    if len(platforms) > 1 and not chosen:
        yield _tell(
            document,
            ("spec", "platforms"),
            "default-platforms",
            "with several platforms, spec.defaultPlatforms must say which one a manifest means",
            f"write defaultPlatforms: [{next(iter(platforms))}]",
        )
    for name in sorted(SERVICES & set(platforms)):
        text = f"'{name}' is no platform: it is the service of spec.{name}"
        hint = "give the platform another name"
        path: Path_ = ("spec", "platforms", name)
        yield replace(_tell(document, path, "reserved-platform", text, hint), at="key")
    known = list(platforms) or [DEFAULT_PLATFORM]
    names = chosen if isinstance(chosen, list) else []
    for position, name in enumerate(names):
        path = ("spec", "defaultPlatforms", position)
        if name in names[:position]:
            text = f"the platform '{name}' is listed twice"
            yield _tell(document, path, "platform-twice", text, "remove one of them")
        elif isinstance(name, str) and name not in known:
            text = f"the workspace has no platform '{name}'"
            hint = nearest_hint(name, known) or f"spec.platforms has {', '.join(known)}"
            yield _tell(document, path, "unknown-platform", text, hint)


def _inventory(document: Document, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """One place, and all of it."""
    written = _mapping(spec, "inventory")
    remote = [name for name in ("platform", "repository") if name in written]
    path = ("spec", "inventory")
    if remote and "file" in written:
        text = f"the inventory is kept in one place, and 'file' and '{remote[0]}' name two"
        yield _tell(document, (*path, "file"), "inventory-place", text, "take out one of them")
    elif len(remote) == 1:
        other = "repository" if remote == ["platform"] else "platform"
        yield _tell(
            document,
            (*path, remote[0]),
            "inventory-place",
            f"an inventory on a platform needs '{other}' beside '{remote[0]}'",
            "write inventory: {platform: NAME, repository: KEY}",
        )
    name, known = written.get("platform"), list(_mapping(spec, "platforms")) or [DEFAULT_PLATFORM]
    if isinstance(name, str) and name not in known:
        yield _tell(
            document,
            (*path, "platform"),
            "unknown-platform",
            f"the workspace has no platform '{name}'",
            nearest_hint(name, known) or f"spec.platforms has {', '.join(known)}",
        )


def _references(
    document: Document, spec: Mapping[str, Any], workspace: Workspace
) -> Iterator[Finding]:
    """Secret references are checked here as far as a type cannot say it: one source each."""
    services: dict[Path_, Any] = {
        ("spec", "platforms", n): p
        for n, p in _mapping(spec, "platforms").items()
        if isinstance(p, dict)
    }
    services[("spec", "connect")] = _mapping(spec, "connect")
    yield from service_findings(document, services, workspace)
    key = spec.get("fingerprintKey")
    if isinstance(key, dict) and all(isinstance(part, str) for part in key.values()):
        yield from reference_findings(document, ("spec", "fingerprintKey"), key, workspace)


def _defaults(
    document: Document,
    name: str,
    defaults: dict[str, Any],
    registry: Registry,
    workspace: Workspace,
) -> Iterator[Finding]:
    path = ("spec", "defaults", name)
    if name not in registry:
        text = f"this version knows no kind '{name}'"
        hint = nearest_hint(name, registry.names()) or "`reconciler kinds` lists them"
        yield replace(_tell(document, path, "unknown-kind", text, hint), at="key")
        return
    kind = registry[name]
    try:
        validator(kind.spec).validate_python(defaults)
    except ValidationError as error:
        checked = Checked(kind.spec, document.origin, document.index, path, name)
        if found := checked.findings(error, partial=True):
            yield from found
            return
    yield from marks_findings(document, kind, defaults, None, path)
    yield from secret_findings(document, kind, defaults, workspace, path)
    yield from extra_findings(document, kind, defaults, None, path)

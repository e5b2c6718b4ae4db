"""A workspace and an environment's name in, the workspace as it is in that environment out.

An environment is a file `environments/NAME.yaml` beside the workspace file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reconciler.errors import Diagnostic, UsageError, has_errors, ordered
from reconciler.kinds.spec import unset
from reconciler.manifests.environment import PLACEHOLDER_NAME, Environment, Patch
from reconciler.manifests.files import ENVIRONMENTS, environment_files
from reconciler.manifests.findings import locate, without_echoes
from reconciler.manifests.json_patch import is_pointer
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.secret_rules import service_findings, token_variables
from reconciler.manifests.workspace import (
    Name,
    PlatformSpec,
    Workspace,
)
from reconciler.manifests.yaml.nodes import ReadDocument
from reconciler.manifests.yaml.reader import positions, read
from reconciler.model import Document, Finding, Origin
from reconciler.model import Path as Path_

ValueName = Annotated[str, StringConstraints(pattern=f"^{PLACEHOLDER_NAME}$")]
NotEmpty = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class TargetSpec(_Part):
    """Which manifests a patch changes; all that is said must be true of one."""

    kind: NotEmpty = unset()
    """Their kind."""

    name: NotEmpty = unset()
    """Their name, or a pattern such as `payments-*`."""

    labels: Annotated[dict[NotEmpty, str], Field(min_length=1)] = unset()
    """Labels they have."""


class OperationSpec(_Part):
    """One operation of a JSON Patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    """What is done."""

    path: str
    """Where, as a JSON Pointer such as `/spec/description`; `/spec/repositories/-` is the end of
    that list."""

    from_: Annotated[str, Field(alias="from")] = unset()
    """Where the value of `move` and `copy` comes from, as a JSON Pointer."""

    value: Any = unset()
    """The value of `add`, `replace` and `test`."""


class PatchSpec(_Part):
    """A change to the manifests a target selects: either `merge` or `jsonPatch`."""

    target: TargetSpec
    """Which manifests are changed."""

    merge: dict[str, Any] = unset()
    """Parts of a manifest that are laid over it: mappings are merged at every depth, everything
    else is replaced. `null` is a value and means "clear it"; `jsonPatch` removes a field."""

    jsonPatch: list[OperationSpec] = unset()  # noqa: N815 - the manifest's spelling
    """Operations of a JSON Patch (RFC 6902), carried out in order."""


class EnvironmentSpec(_Part):
    """What is different in one environment."""

    values: dict[ValueName, Any] = unset()
    """What `${value.NAME}` stands for in the manifests; of any type."""

    platforms: dict[Name, PlatformSpec] = unset()
    """Platforms, laid over those of the workspace file field by field."""

    patches: list[PatchSpec] = unset()
    """Changes to manifests, carried out in order when sets are written out and values filled in."""


class EnvironmentMetadata(_Part):
    """The environment's own name."""

    name: Name = unset()
    """The name of the file without `.yaml`."""


class EnvironmentFile(_Part):
    """One environment: values, platforms and patches for the same manifests."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["Environment"]
    """Always `Environment`."""

    metadata: EnvironmentMetadata = unset()
    """The environment's own name."""

    spec: EnvironmentSpec
    """What is different in this environment."""


def in_environment(workspace: Workspace, name: str) -> tuple[Workspace, list[Diagnostic]]:
    """The workspace as an environment changes it, and what is wrong with the environment's file.

    An empty name is no environment. Raises UsageError when there is no such environment.
    """
    files = dict(sorted(environment_files(workspace.root).items()))
    workspace = replace(
        workspace,
        environments=tuple(files),
        reserved_variables=_reserved(workspace, [f for n, f in files.items() if n != name]),
    )
    if not name:
        return workspace, []
    if name not in files:
        raise _unknown(name, list(files), workspace)
    return _read(workspace, name, files[name])


def _unknown(name: str, names: list[str], workspace: Workspace) -> UsageError:
    if workspace.file is None:
        hint = f"environments lie in '{ENVIRONMENTS}/' beside a reconciler.yaml; there is none here"
    elif not names:
        hint = f"write {ENVIRONMENTS}/NAME.yaml beside {workspace.file}"
    else:
        hint = nearest_hint(name, names) or f"there are {', '.join(names)}"
    return UsageError(f"there is no environment '{name}'", hint=hint)


def _reserved(workspace: Workspace, others: list[Path]) -> tuple[str, ...]:
    """The variables that hold tokens of the workspace file and of other environments.

    What is wrong with those files is told where they are meant.
    """
    found = set(token_variables(workspace))
    for file in others:
        try:
            documents, _ = read(file.read_bytes(), file.name)
        except OSError:
            continue
        for document in documents:
            spec = document.data.get("spec") if isinstance(document.data, dict) else None
            platforms = spec.get("platforms") if isinstance(spec, dict) else None
            for platform in platforms.values() if isinstance(platforms, dict) else ():
                token = platform.get("token") if isinstance(platform, dict) else None
                if isinstance(token, dict) and isinstance(token.get("env"), str):
                    found.add(token["env"])
    return tuple(sorted(found))


def _read(workspace: Workspace, name: str, path: Path) -> tuple[Workspace, list[Diagnostic]]:
    file = path.relative_to(workspace.root).as_posix()
    content, refused = _content(path, file, workspace.root)
    if content is None:
        return workspace, refused
    documents, faults = read(content, file)
    filled = [document for document in documents if document.data is not None]
    if len(filled) == 1:
        document = _document(filled[0], file)
        faults += locate(_check(document, name, workspace), lambda _: content)
    elif not has_errors(faults):
        faults.append(_not_one(filled, file))
    told = ordered(without_echoes(faults))
    if has_errors(told):
        return workspace, told
    spec = document.data["spec"]
    environment = Environment(
        name,
        spec.get("values") or {},
        tuple(_patches(document, spec.get("patches") or [], content)),
        document.origin,
        document.index,
    )
    platforms = _over(workspace.platforms, spec.get("platforms") or {})
    merged = {**workspace.spec, **({"platforms": platforms} if platforms else {})}
    return replace(workspace, spec=merged, environment=environment), told


def _content(path: Path, file: str, root: Path) -> tuple[bytes | None, list[Diagnostic]]:
    if not path.resolve().is_relative_to(root.resolve()):
        text = f"'{file}' is a link that leads out of the workspace"
        hint = "copy the file into the workspace"
        return None, [Diagnostic("link-outside", "error", text, hint=hint, file=file)]
    try:
        return path.read_bytes(), []
    except OSError as error:
        text = f"it cannot be read: {error.strerror or error}"
        return None, [Diagnostic("unreadable-file", "error", text, file=file)]


def _document(found: ReadDocument, file: str) -> Document:
    return Document(Origin(file, found.line, found.column), found.data, found.index)


def _not_one(filled: list[ReadDocument], file: str) -> Diagnostic:
    second = filled[1] if filled else None
    return Diagnostic(
        "environment",
        "error",
        "the file is empty" if second is None else "an environment's file holds one document",
        hint="write a document of kind Environment"
        if second is None
        else "write a file for each environment",
        file=file,
        line=second.line if second else 1,
        column=second.column if second else 1,
    )


def _over(
    below: Mapping[str, Mapping[str, Any]], above: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Platforms over platforms, field by field: a token's source replaces another as a whole."""
    return {name: {**below.get(name, {}), **above.get(name, {})} for name in {**below, **above}}


def _patches(
    document: Document, written: list[Mapping[str, Any]], content: bytes
) -> Iterator[Patch]:
    where = positions(content)[document.index] if written else None
    for number, patch in enumerate(written):
        at = ("spec", "patches", number)
        line, column = (where.value(at) if where else None) or (1, 1)
        target = patch["target"]
        yield Patch(
            Origin(document.origin.file, line, column),
            document.index,
            at,
            target.get("kind"),
            target.get("name"),
            target.get("labels") or {},
            patch.get("merge"),
            tuple(patch.get("jsonPatch") or ()),
        )


# --- what a file may say ---------------------------------------------------------------------


def _check(document: Document, name: str, workspace: Workspace) -> Iterator[Finding]:
    try:
        EnvironmentFile.model_validate(document.data)
    except ValidationError as error:
        yield from Checked(EnvironmentFile, document.origin, document.index).findings(error)
    data = document.data if isinstance(document.data, dict) else {}
    metadata, spec = data.get("metadata"), data.get("spec")
    written = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(written, str) and written != name:
        text = f"the file is called '{name}', the environment '{written}'"
        hint = "the file's name is the one --environment takes; write the same, or leave it out"
        yield _tell(document, ("metadata", "name"), "environment", text, hint)
    if not isinstance(spec, dict):
        return
    platforms = spec.get("platforms")
    if isinstance(platforms, dict):
        yield from _platforms(document, platforms, workspace)
    patches = spec.get("patches")
    for number, patch in enumerate(patches if isinstance(patches, list) else ()):
        if isinstance(patch, dict):
            yield from _patch(document, patch, ("spec", "patches", number))


def _tell(document: Document, path: Path_, rule: str, summary: str, hint: str = "") -> Finding:
    return Finding(document.origin, document.index, path, rule, summary, hint)


def _platforms(
    document: Document, platforms: Mapping[str, Any], workspace: Workspace
) -> Iterator[Finding]:
    services: dict[Path_, Mapping[str, Any]] = {
        ("spec", "platforms", name): platform
        for name, platform in platforms.items()
        if isinstance(platform, dict)
    }
    yield from service_findings(document, services, workspace)
    together = {**workspace.platforms, **platforms}
    if len(together) > 1 and not workspace.spec.get("defaultPlatforms"):
        yield _tell(
            document,
            ("spec", "platforms"),
            "default-platforms",
            "with several platforms, the workspace must say which one a manifest means",
            f"write spec.defaultPlatforms: [{next(iter(together))}] in {workspace.file}",
        )


def _patch(document: Document, patch: Mapping[str, Any], at: Path_) -> Iterator[Finding]:
    if patch.get("target") == {}:
        text, hint = (
            "the target selects nothing in particular",
            'write name: "*" to mean everything',
        )
        yield _tell(document, (*at, "target"), "patch-form", text, hint)
    if ("merge" in patch) == ("jsonPatch" in patch):
        text = "a patch has either 'merge' or 'jsonPatch'"
        hint = "write two patches" if "merge" in patch else "'merge' lays parts of a manifest over"
        yield _tell(document, at, "patch-form", text, hint)
    operations = patch.get("jsonPatch")
    for number, operation in enumerate(operations if isinstance(operations, list) else ()):
        if isinstance(operation, dict):
            yield from _operation(document, operation, (*at, "jsonPatch", number))


_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}


def _operation(document: Document, operation: Mapping[str, Any], at: Path_) -> Iterator[Finding]:
    op = operation.get("op")
    needed = _NEEDS.get(op) if isinstance(op, str) else None
    if needed is not None and needed not in operation:
        yield _tell(document, at, "patch-form", f"'{op}' needs '{needed}'")
    for name in ("path", "from"):
        pointer = operation.get(name)
        if isinstance(pointer, str) and not is_pointer(pointer):
            text, hint = f"'{pointer}' is no path", "paths begin with '/': /spec/description"
            yield _tell(document, (*at, name), "patch-form", text, hint)

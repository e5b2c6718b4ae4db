"""Secret references in, findings about them out: shape, allowed variables, paths that stay inside.

Nothing is resolved here; whether a reference has a value is asked by the shell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path as Path_
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.wire import is_secret_reference
from reconciler.manifests.messages import REFERENCE_HINT, field_name
from reconciler.manifests.workspace import Workspace
from reconciler.model import Document, Finding, Path

FORBIDDEN_VARIABLES = (
    "GITHUB_*",
    "ACTIONS_*",
    "RUNNER_*",
    "JFROG_ACCESS_TOKEN",
    "JF_ACCESS_TOKEN",
    "CONNECT_TOKEN",
    "RECONCILER_FINGERPRINT_KEY",
    "RECONCILER_ID_TOKEN",
)
"""Variables no manifest may name: a pull request could send a platform's or runner's token away."""


def secret_findings(
    document: Document,
    kind: Kind,
    spec: Mapping[str, Any],
    workspace: Workspace,
    at: Path = ("spec",),
) -> Iterator[Finding]:
    """Faults of every secret reference in one spec."""
    found = list(_values(kind.fields, spec, at))
    forbidden = (*FORBIDDEN_VARIABLES, *token_variables(workspace)) if found else ()
    for path, value in found:
        yield from reference_findings(document, path, value, workspace, forbidden)


def token_variables(workspace: Workspace) -> list[str]:
    """The environment variables that hold the platforms' tokens and the fingerprint key."""
    sources = [platform.get("token") for platform in workspace.platforms.values()]
    sources += [(workspace.spec.get("connect") or {}).get("token")]
    sources += [workspace.spec.get("fingerprintKey")]
    found = [source["env"] for source in sources if isinstance(source, dict) and "env" in source]
    return [*found, *workspace.reserved_variables]


def service_findings(
    document: Document, services: Mapping[Path, Mapping[str, Any]], workspace: Workspace
) -> Iterator[Finding]:
    """Faults of the references in platforms and the like, by their paths.

    Only what a type cannot say: that there is exactly one source.
    """
    for path, service in services.items():
        for name in ("url", "token"):
            value = service.get(name)
            if isinstance(value, dict) and all(isinstance(part, str) for part in value.values()):
                yield from reference_findings(document, (*path, name), value, workspace)


def _values(fields: FieldTable, spec: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in spec.items():
        if name in fields:
            yield from _field_values(fields[name], value, (*at, name))


def _field_values(field: Field, value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if field.shape == "secret" or (field.shape == "any" and isinstance(value, dict)):
        yield at, value
    elif field.shape == "object" and isinstance(value, dict):
        yield from _values(field.fields, value, at)
    elif field.shape == "list" and field.element and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _field_values(field.element, item, (*at, index))


def reference_findings(
    document: Document,
    path: Path,
    value: Any,
    workspace: Workspace,
    forbidden: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Faults of one secret reference."""

    def fault(rule: str, summary: str, hint: str) -> Finding:
        return Finding(document.origin, document.index, path, rule, summary, hint)

    name = field_name(document, path)
    if value is None:
        return
    if not is_secret_reference(value):
        yield fault(
            "secret-reference",
            f"'{name}' must name exactly one source of the secret",
            REFERENCE_HINT,
        )
    elif not next(iter(value.values())):
        yield fault("secret-reference", f"'{name}' names no source", REFERENCE_HINT)
    elif "env" in value and any(fnmatchcase(value["env"], pattern) for pattern in forbidden):
        yield fault(
            "secret-variable",
            f"'{name}' must not take its value from {value['env']}",
            "variables that hold tokens of a platform or of the runner are refused; use another",
        )
    elif "file" in value and leaves_workspace(value["file"], workspace.secret_dirs):
        yield fault(
            "secret-file",
            f"'{name}' names a file outside the workspace",
            "the path is relative to the workspace, without '..'; --secret-dir allows others",
        )


def leaves_workspace(path: str, allowed: Sequence[Path_] = ()) -> bool:
    """Whether a path climbs, or is absolute (on any system) and in none of the allowed folders."""
    posix, windows = PurePosixPath(path), PureWindowsPath(path)
    if ".." in posix.parts or ".." in windows.parts:
        return True
    absolute = posix.is_absolute() or windows.is_absolute() or bool(windows.drive)
    return absolute and not any(Path_(path).is_relative_to(folder) for folder in allowed)

"""Paths in, documents out: the stage that reads files.

Every `*.yaml` and `*.yml` below a folder is read, in sorted order; names that start with a dot are
skipped. A link that leads out of the workspace is an error: a pull request must not be able to
make the run read other files of the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from os import scandir
from pathlib import Path

from reconciler.errors import Diagnostic
from reconciler.manifests.workspace import API_VERSION, FILE_NAMES
from reconciler.manifests.yaml_reader import read
from reconciler.model import Document, Origin

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files hold, and what is wrong with their text."""

    documents: tuple[Document, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()


def load(paths: Iterable[Path], root: Path) -> Loaded:
    """Read every manifest below the paths; faults are collected, nothing is raised."""
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    names: list[str] = []
    for file in dict.fromkeys(_files(paths, root, diagnostics)):
        name = shown(file, root)
        names.append(name)
        content = _content(file, name, diagnostics)
        if content is not None:
            documents += _documents(content, name, diagnostics)
    return Loaded(tuple(documents), tuple(diagnostics), tuple(names))


def shown(file: Path, root: Path) -> str:
    """A file's name as it is printed: relative to the workspace, with `/`."""
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        return file.as_posix()


def _content(file: Path, name: str, diagnostics: list[Diagnostic]) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError as error:
        diagnostics.append(
            Diagnostic("unreadable-file", "error", f"{name}: {error.strerror}", file=name)
        )
        return None


def _documents(content: bytes, name: str, diagnostics: list[Diagnostic]) -> Iterator[Document]:
    documents, faults = read(content, name)
    diagnostics += faults
    for document in documents:
        origin = Origin(name, document.line, document.column)
        if document.data is None:
            continue
        if not isinstance(document.data, dict):
            diagnostics.append(
                _not_ours(origin, "a manifest is a mapping with apiVersion and kind")
            )
        elif document.data.get("apiVersion") != API_VERSION:
            diagnostics.append(_wrong_version(origin, document.data))
        else:
            yield Document(origin, document.data, document.index)


def _not_ours(origin: Origin, summary: str, hint: str = "") -> Diagnostic:
    return Diagnostic(
        "api-version",
        "error",
        summary,
        hint=hint or f"begin the document with 'apiVersion: {API_VERSION}'",
        file=origin.file,
        line=origin.line,
        column=origin.column,
    )


def _wrong_version(origin: Origin, data: dict[str, object]) -> Diagnostic:
    if "apiVersion" in data:
        return _not_ours(
            origin, f"apiVersion is {data['apiVersion']!r}, this version reads '{API_VERSION}'"
        )
    near = get_close_matches("apiVersion", [str(key) for key in data], 1, 0.7)
    hint = f"'{near[0]}' should be 'apiVersion'" if near else ""
    return _not_ours(origin, "the document has no apiVersion", hint)


def _files(paths: Iterable[Path], root: Path, diagnostics: list[Diagnostic]) -> Iterator[Path]:
    inside = root.resolve()
    for path in paths:
        if path.is_dir():
            yield from _below(path, inside, root, diagnostics)
        elif path.exists():
            if _stays_inside(path, inside, root, diagnostics):
                yield path
        else:
            name = shown(path, root)
            diagnostics.append(
                Diagnostic(
                    "no-such-path",
                    "error",
                    f"there is no file or folder '{name}'",
                    hint="paths of spec.manifests are relative to the workspace file",
                    file=name,
                )
            )


def _below(folder: Path, inside: Path, root: Path, faults: list[Diagnostic]) -> Iterator[Path]:
    try:
        entries = sorted(scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        name = shown(folder, root)
        faults.append(
            Diagnostic("unreadable-file", "error", f"{name}: {error.strerror}", file=name)
        )
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in FILE_NAMES:
            continue
        path = Path(entry.path)
        if entry.is_symlink() and not _stays_inside(path, inside, root, faults):
            continue
        if entry.is_dir():
            if not (entry.is_symlink() and path.resolve() in folder.resolve().parents):
                yield from _below(path, inside, root, faults)
        elif entry.name.endswith(SUFFIXES):
            yield path


def _stays_inside(path: Path, inside: Path, root: Path, faults: list[Diagnostic]) -> bool:
    if not path.is_symlink() or path.resolve().is_relative_to(inside):
        return True
    name = shown(path, root)
    faults.append(
        Diagnostic(
            "link-outside",
            "error",
            f"'{name}' is a link that leads out of the workspace",
            hint="copy the file into the workspace, or make the folder above both the workspace",
            file=name,
        )
    )
    return False

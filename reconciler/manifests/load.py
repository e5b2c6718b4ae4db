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
from os.path import normpath
from pathlib import Path
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.manifests.findings import locate
from reconciler.manifests.workspace import API_VERSION, FILE_NAMES
from reconciler.manifests.yaml.reader import read
from reconciler.model import Document, Finding, Origin

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
            Diagnostic(
                "unreadable-file",
                "error",
                _cannot_read(error),
                hint="does it exist, and may you read it? A link may lead nowhere",
                file=name,
            )
        )
        return None


def _documents(content: bytes, name: str, diagnostics: list[Diagnostic]) -> Iterator[Document]:
    documents, faults = read(content, name)
    diagnostics += faults
    for document in documents:
        origin = Origin(name, document.line, document.column)
        if document.data is None:
            continue
        if isinstance(document.data, dict) and document.data.get("apiVersion") == API_VERSION:
            yield Document(origin, document.data, document.index)
        else:
            not_ours = _not_ours(Document(origin, document.data, document.index))
            diagnostics += locate([not_ours], lambda _: content)


def _not_ours(document: Document) -> Finding:
    data = document.data
    path: tuple[str, ...] = ()
    hint = f"begin the document with 'apiVersion: {API_VERSION}'"
    if isinstance(data, list):
        text = "a manifest is a mapping with apiVersion and kind, not a list"
        hint = "write one document for each object, with a line '---' between them"
    elif not isinstance(data, dict):
        text = "a manifest is a mapping with apiVersion and kind"
    elif "apiVersion" in data:
        path = ("apiVersion",)
        text, hint = "this version does not read this apiVersion", f"write {API_VERSION}"
    else:
        text = "the document has no apiVersion"
        if near := get_close_matches("apiVersion", [str(key) for key in data], 1, 0.7):
            path, hint = (near[0],), "did you mean 'apiVersion'?"
        elif "kind" not in data:
            hint += "; other YAML files cannot lie below spec.manifests"
    at: Literal["key", "value"] = "value" if "apiVersion" in path else "key"
    return Finding(document.origin, document.index, path, "api-version", text, hint, at=at)


def _cannot_read(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}"


def _files(paths: Iterable[Path], root: Path, faults: list[Diagnostic]) -> Iterator[Path]:
    inside = root.resolve()
    for path in (Path(normpath(path)) for path in paths):
        # A path of the command line may lie elsewhere: whoever types it may read it.
        if path.is_relative_to(root) and not _stays_inside(path, inside, root, faults):
            continue
        if path.is_dir():
            yield from _below(path, inside, root, faults, frozenset())
        elif path.exists():
            yield path
        else:
            name = shown(path, root)
            text = f"there is no file or folder '{name}'"
            hint = "paths of the command line are relative to the current folder"
            faults.append(Diagnostic("no-such-path", "error", text, hint=hint, file=name))


def _below(
    folder: Path, inside: Path, root: Path, faults: list[Diagnostic], above: frozenset[Path]
) -> Iterator[Path]:
    """The manifests in a folder; `above` are the real folders on the way, which links repeat."""
    try:
        entries = sorted(scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        name = shown(folder, root)
        faults.append(Diagnostic("unreadable-file", "error", _cannot_read(error), file=name))
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in FILE_NAMES:
            continue
        if entry.is_symlink() and not _stays_inside(Path(entry.path), inside, root, faults):
            continue
        if entry.is_dir():
            on_the_way = above | {folder.resolve()}
            path = Path(entry.path)
            if path.resolve() not in on_the_way:
                yield from _below(path, inside, root, faults, on_the_way)
        elif entry.name.endswith(SUFFIXES):
            yield Path(entry.path)


def _stays_inside(path: Path, inside: Path, root: Path, faults: list[Diagnostic]) -> bool:
    if path.resolve().is_relative_to(inside):
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

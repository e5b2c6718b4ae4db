"""Paths in, the files of a run out: the workspace file, and the manifests below the paths.

Every `*.yaml` and `*.yml` below a folder counts, in sorted order; names that start with a dot are
skipped, and so are the workspace file and the folder of its environments. A link that leads out of
the workspace is an error: a pull request must not be able to make the run read other files of the
machine. Nothing here needs a parser or a model.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from os import scandir
from os.path import normpath
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import Diagnostic, UsageError
from reconciler.settings import Settings

FILE_NAMES = ("reconciler.yaml", "reconciler.yml")
ENVIRONMENTS = "environments"
"""The folder of the environments, beside the workspace file."""
SUFFIXES = (".yaml", ".yml")


class File(NamedTuple):
    """A file of manifests: where it is, and its name as it is printed."""

    path: str
    name: str

    def read(self) -> bytes:
        """The content. Raises OSError."""
        with open(self.path, "rb", buffering=0) as stream:  # a buffer takes as long as the read
            return stream.read()


class Digest:
    """What identifies a set of files: every name and every byte, in the order they are added."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)

    def add(self, name: str, content: bytes) -> None:
        """Add one file, or another thing of that name."""
        encoded = name.encode("utf-8", "surrogateescape")
        self._hash.update(b"%d %d\n" % (len(encoded), len(content)))
        self._hash.update(encoded)
        self._hash.update(content)

    def text(self) -> str:
        """The digest so far, in hexadecimal."""
        return self._hash.hexdigest()


def workspace_file(settings: Settings) -> Path | None:
    """The workspace file a run is about; None where there is none.

    Raises UsageError when the file that was named does not exist.
    """
    if settings.workspace is None:
        start = Path.cwd()
        if settings.paths:
            first = settings.paths[0].absolute()
            start = first if first.is_dir() else first.parent
        return _find(start) or _find(Path.cwd())
    named = settings.workspace.absolute()
    if named.is_dir():
        if (found := _find(named)) is None:
            raise UsageError(
                f"there is no reconciler.yaml in {settings.workspace} or above",
                hint="`reconciler init` writes one",
            )
        return found
    if not named.is_file():
        raise UsageError(
            f"there is no workspace file {settings.workspace}",
            hint="--workspace takes a reconciler.yaml or the folder it lies in",
        )
    return named


def _find(start: Path) -> Path | None:
    """The workspace file in `start` or the nearest folder above it."""
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
    return None


def environment_files(root: Path) -> dict[str, Path]:
    """The files of a workspace's environments by the environments' names, sorted."""
    folder = root / ENVIRONMENTS
    if not folder.is_dir() or not folder.resolve().is_relative_to(root.resolve()):
        return {}
    found = [Path(e.path) for e in scandir(folder) if not e.name.startswith(".") and e.is_file()]
    return {f.stem: f for f in sorted(found, reverse=True) if f.suffix in SUFFIXES}


def manifest_files(paths: Iterable[Path], root: Path, faults: list[Diagnostic]) -> list[File]:
    """Every file of manifests below the paths, each once; what is wrong is added to `faults`."""
    return list(dict.fromkeys(_files(paths, root, faults)))


def shown(file: Path, root: Path) -> str:
    """A file's name as it is printed: relative to the workspace, with `/`."""
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        return file.as_posix()


def cannot_read(error: OSError) -> str:
    """What is told of a file or folder that cannot be read."""
    return f"it cannot be read: {error.strerror or error}"


def _files(paths: Iterable[Path], root: Path, faults: list[Diagnostic]) -> Iterator[File]:
    inside = root.resolve()
    for path in (Path(normpath(path)) for path in paths):
        # A path of the command line may lie elsewhere: whoever types it may read it.
        if path.is_relative_to(root) and not _stays_inside(path, inside, root, faults):
            continue
        if path.is_dir():
            yield from _below(path, inside, root, faults, frozenset())
        elif path.exists() and not path.is_file():
            faults.append(_not_regular(shown(path, root)))
        elif path.exists():
            yield File(str(path), shown(path, root))
        else:
            name = shown(path, root)
            text = f"there is no file or folder '{name}'"
            hint = "paths of the command line are relative to the current folder"
            faults.append(Diagnostic("no-such-path", "error", text, hint=hint, file=name))


def _below(
    folder: Path, inside: Path, root: Path, faults: list[Diagnostic], above: frozenset[Path]
) -> Iterator[File]:
    """The manifests in a folder; `above` are the real folders on the way, which links repeat."""
    try:
        entries = sorted(scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        name = shown(folder, root)
        faults.append(Diagnostic("unreadable-file", "error", cannot_read(error), file=name))
        return
    # Names are put together from the folder's: a Path for each of ten thousand files takes long.
    here = shown(folder, root)
    prefix = "" if here == "." else here.removesuffix("/") + "/"
    for entry in entries:
        if entry.name.startswith(".") or entry.name in FILE_NAMES:
            continue
        if prefix == "" and entry.name == ENVIRONMENTS:
            continue
        if entry.is_symlink() and not _stays_inside(Path(entry.path), inside, root, faults):
            continue
        if entry.is_dir():
            on_the_way = above | {folder.resolve()}
            path = Path(entry.path)
            if path.resolve() not in on_the_way:
                yield from _below(path, inside, root, faults, on_the_way)
        elif not entry.name.endswith(SUFFIXES):
            continue
        elif not entry.is_file() and os.path.exists(entry.path):
            faults.append(_not_regular(prefix + entry.name))
        else:
            yield File(entry.path, prefix + entry.name)


def _not_regular(name: str) -> Diagnostic:
    """A pipe, a device or a socket: reading it could take for ever, and never says the same."""
    text = "it is no regular file, so it is not read"
    return Diagnostic("unreadable-file", "error", text, hint="take it away", file=name)


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

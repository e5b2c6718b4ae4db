"""Everything this process writes to files while watched, files that are gone since included."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_recorders: list[Written] = []
"""Who is watching; an audit hook can never be taken away again."""


class Written:
    """The files that were opened for writing, and what was in those that went away."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.gone: list[tuple[str, bytes]] = []

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Every content a file had: when it was removed or replaced, and now."""
        yield from self.gone
        for file in sorted(self.files):
            if os.path.isfile(file):
                yield file, Path(file).read_bytes()

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """One audit event."""
        if event == "open" and _writes(args[1], args[2]) and (file := _path(args[0])):
            self.keep(file)
            self.files.add(file)
        elif event in ("os.remove", "os.truncate") and (file := _path(args[0])):
            self.keep(file)
        elif event == "os.rename":
            source, target = _path(args[0]), _path(args[1])
            self.keep(target)
            if source in self.files:
                self.keep(source)
                self.files.add(target)

    def keep(self, file: str) -> None:
        """Keep what a written file holds, before it is gone."""
        if file in self.files and os.path.isfile(file):
            self.gone.append((file, Path(file).read_bytes()))


@contextmanager
def watched() -> Iterator[Written]:
    """Watch what is written."""
    if _hook not in _installed:
        sys.addaudithook(_hook)
        _installed.append(_hook)
    recorder = Written()
    _recorders.append(recorder)
    try:
        yield recorder
    finally:
        _recorders.remove(recorder)


_installed: list[Any] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _recorders and event in ("open", "os.remove", "os.truncate", "os.rename"):
        for recorder in list(_recorders):
            recorder.note(event, args)


def _writes(mode: str | None, flags: int) -> bool:
    if mode is not None:
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _path(path: Any) -> str:
    """The absolute path; empty for an open file, or a device."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    file = os.path.abspath(os.fsdecode(path))
    return "" if file.startswith(("/dev/", "/proc/")) else file

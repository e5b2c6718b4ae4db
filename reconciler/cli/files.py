"""Texts in, files on the disk out: whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file as a whole, so that a crash leaves the old text or the new one."""
    write_all({file: content})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Replace several files: nothing is replaced before all of them lie on the disk.

    A link stays a link, and a file keeps its rights. Raises OSError.
    """
    fresh: dict[Path, Path] = {}
    try:
        for file, content in files.items():
            target = file.resolve()
            beside = target.with_name(f".{target.name}.tmp")
            fresh[target] = beside
            try:
                beside.write_bytes(content)
            except OSError as error:  # people know the file they asked for, not the one beside it
                raise OSError(error.errno, error.strerror, str(file)) from None
            if target.exists():
                shutil.copymode(target, beside)
        for target, beside in fresh.items():
            beside.replace(target)
    finally:
        for beside in fresh.values():
            beside.unlink(missing_ok=True)

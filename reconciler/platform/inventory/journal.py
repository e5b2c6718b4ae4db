"""Changes of a file in, lines of a second file beside it out: to record one costs what it holds.

The journal belongs to one content of the base file, whose digest is its first line. So a base that
was folded, restored or fetched makes the journal void, and a crash between writing the base and
removing the journal does no harm.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = "reconciler.inventory-journal/v1"


def digest(base: bytes) -> str:
    """What a journal knows its base file by; an absent file is an empty one."""
    return hashlib.sha256(base).hexdigest()


class Journal:
    """The changes since a base file was written, one a line. Whoever writes holds the lock."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> bytes:
        """What it holds, whatever base that is for. Nothing where there is no journal."""
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return b""

    def size(self) -> int:
        """Its bytes."""
        try:
            return self.file.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, change: Mapping[str, Any], base: str) -> None:
        """Record a change of the base with this digest; it is on the disk afterwards."""
        held = self.read_head()
        fresh = not _is_of(held, base)
        with self.file.open("wb" if fresh else "r+b") as out:
            if fresh:
                out.write(_line({"format": FORMAT, "base": base}))
            else:
                _cut_torn_end(out)
            out.write(_line(change))
            out.flush()
            os.fsync(out.fileno())

    def read_head(self) -> bytes:
        """Its first line."""
        try:
            with self.file.open("rb") as held:
                return held.readline()
        except FileNotFoundError:
            return b""

    def remove(self) -> None:
        """The base holds everything now."""
        self.file.unlink(missing_ok=True)


def changes(held: bytes, base: bytes) -> list[dict[str, Any]]:
    """The changes to apply to a base; what a crash cut short was never recorded.

    Raises ValueError for a line that is no JSON.
    """
    head, _, rest = held.partition(b"\n")
    if not held or not _is_of(head, digest(base)):
        return []
    whole, _, _torn = rest.rpartition(b"\n")
    return [json.loads(line) for line in whole.split(b"\n") if line]


def _is_of(head: bytes, base: str) -> bool:
    try:
        found = json.loads(head)
    except ValueError:
        return False
    return isinstance(found, dict) and found == {"format": FORMAT, "base": base}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _cut_torn_end(out: BinaryIO) -> None:
    """Go to the end of the last whole line, and cut off what a crash left behind it."""
    end = out.seek(0, os.SEEK_END)
    out.seek(end - 1)
    if out.read(1) != b"\n":
        out.seek(0)
        end = out.read().rfind(b"\n") + 1
        out.truncate(end)
    out.seek(end)

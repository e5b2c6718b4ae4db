"""The record of owned objects: read at the start of a run, changed entry by entry.

Losing it deletes nothing: objects are then unowned, and adopted again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from reconciler.errors import UsageError
from reconciler.model import Address, Entry, Inventory

FORMAT = "reconciler.inventory/v1"
_FIELDS = tuple(field.name for field in fields(Entry))


class FileInventory:
    """An inventory in one JSON file.

    A change is merged into what the file holds at that moment, under a lock, and the file is
    replaced as a whole: two writers lose nothing, and a crash leaves the old file or the new one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Inventory:
        """What is recorded; nothing where there is no file.

        Raises UsageError for a file that is no inventory of this format.
        """
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Inventory()
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(self._file, str(error)) from None
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise _unusable(self._file, f"its format is {document['format']!r}")
            return inventory_of(document["entries"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise _unusable(self._file, f"it is damaged ({error})") from None

    def change(self, entries: Mapping[str, Entry | None]) -> Inventory:
        """Record some entries, None removes one; returns what is recorded afterwards."""
        if not entries:
            return self.load()
        with self._writing():
            merged: dict[str, Entry | None] = {**self.load().entries, **entries}
            kept = {key: entry for key, entry in merged.items() if entry is not None}
            self._replace(kept)
        return Inventory(kept)

    def require_writable(self) -> None:
        """Make sure that a change can be recorded, before what it records is done.

        Raises UsageError when it cannot.
        """
        with self._writing():
            self._fresh().touch()
            self._fresh().unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock. Raises UsageError, naming the inventory, where it cannot be written."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self._file.with_suffix(".lock")):
                yield
        except OSError as error:
            raise UsageError(
                f"the inventory {self._file} cannot be written: {error.strerror or error}",
                hint="it records what is owned; may this user write in its folder?",
            ) from None

    def _fresh(self) -> Path:
        return self._file.with_suffix(f".{os.getpid()}.tmp")

    def _replace(self, entries: Mapping[str, Entry]) -> None:
        document = {"format": FORMAT, "entries": entries_json(entries)}
        fresh = self._fresh()
        with fresh.open("w", encoding="utf-8") as out:
            json.dump(document, out, indent=1, ensure_ascii=False)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)


def entries_json(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """The entries as JSON, sorted by address."""
    return {key: _plain(entry) for key, entry in sorted(entries.items())}


_USUAL_KEY = re.compile(r"[\w.-]+:\w+(?:/[\w.-]+)+")
"""Addresses that need no closer look."""


def inventory_of(entries: Mapping[str, Any]) -> Inventory:
    """The reverse. Raises ValueError, LookupError, TypeError or AttributeError for other JSON."""
    found = {key: _entry(raw) for key, raw in entries.items()}
    for key in found:
        if not _USUAL_KEY.fullmatch(key):
            Address.parse(key)
    return Inventory(found)


def _unusable(file: Path, reason: str) -> UsageError:
    return UsageError(
        f"the inventory {file} cannot be used: {reason}",
        hint="restore it from Git or a backup; without it, objects are adopted again",
    )


def _plain(entry: Entry) -> dict[str, Any]:
    return {name: value for name in _FIELDS if (value := getattr(entry, name))}


def _entry(raw: Mapping[str, Any]) -> Entry:
    rewritten = {path: (pair[0], pair[1]) for path, pair in raw.get("rewritten", {}).items()}
    return Entry(raw["owner"], raw.get("applied", {}), raw.get("secrets", {}), rewritten)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock file; released by the system should the process die."""
    with file.open("w") as handle:
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        except ImportError:  # pragma: no cover - Windows has no advisory locks in the library
            pass
        yield

"""An inventory in one JSON file, for one machine or for a repository that tracks it."""

from __future__ import annotations

import glob
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from reconciler.errors import UsageError
from reconciler.model import Entry, Inventory
from reconciler.platform.clock import Clock
from reconciler.platform.inventory.entries import (
    NewerError,
    changes_of,
    entries_json,
    inventory_of,
    newest,
    plans_of,
    require_known,
)
from reconciler.platform.inventory.file_lease import FileLeases, locked
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.journal import Journal, changes, digest
from reconciler.platform.inventory.lease import Held, Lease, acquire, kept, no_lease
from reconciler.platform.inventory.undo import MOST_RECORDS, numbered, readable

FORMAT = "reconciler.inventory/v1"

LONG_JOURNAL = 4 * 1024 * 1024
"""Bytes of a journal from which on it is folded once it is larger than the file it belongs to."""


@dataclass
class _State:
    """Entries and used plans while changes are applied to them."""

    entries: dict[str, Entry] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)

    def apply(self, change: Mapping[str, Any]) -> None:
        """One line of a journal. Raises as `inventory_of` does."""
        require_known(change, ("entries", "usedPlans"), "its journal")
        for key, entry in changes_of(change.get("entries", {})).items():
            if entry is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = entry
        for key, when in plans_of(change.get("usedPlans", {})).items():
            self.plans.setdefault(key, when)


class FileStore:
    """An inventory in one JSON file.

    A change is a line of a journal beside the file, written under a lock, and the file is replaced
    as a whole when the journal is folded into it: two writers lose nothing, and a crash leaves what
    was recorded before it.
    """

    def __init__(
        self,
        file: Path,
        clock: Clock | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._file = file
        self._clock, self._tell = clock or Clock(), tell or _nobody
        self._journal = Journal(file.with_suffix(".journal"))
        self._threads = threading.Lock()
        self._changed = False
        self._digest: tuple[tuple[int, ...], str] = ((), "")

    @property
    def where(self) -> str:
        """The file."""
        return str(self._file)

    def load(self, wanted: Iterable[str] = ()) -> Inventory:
        """What is recorded, by whichever workspace; nothing where there is no file.

        Raises UsageError for a file that is no inventory of this format.
        """
        state = self._read()
        return Inventory(state.entries, newest(state.plans))

    def claimed(self, wanted: Iterable[str]) -> Mapping[str, Entry]:
        """Nothing: whoever shares the file shares its entries."""
        return {}

    def change(self, entries: Mapping[str, Entry | None]) -> None:
        """Record some entries, None removes one."""
        if entries:
            self._record({"entries": entries_json(entries)})

    def note_plan(self, key: str) -> None:
        """Remember that a plan was used; once it is, its time stays."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._record({"usedPlans": {key: now}})

    def require_writable(self) -> None:
        """Make sure that a change can be recorded, before what it records is done.

        Raises UsageError when it cannot.
        """
        with self._writing():
            self._tidy()
            self._fresh().touch()
            self._fresh().unlink()

    @contextmanager
    def lease(
        self,
        holder: Holder,
        part: str = "",
        wait: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[Lease]:
        """The right to write, for one run at a time, given back at the end."""
        leases = FileLeases(self._file)
        with self._telling():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            claim = acquire(
                lambda: leases.take(holder, part), self.where, wait, stop, self._clock, self._tell
            )
        with kept(claim, leases.lifetime) as lease:
            yield lease

    def unlock(self, lease_id: str) -> Held:
        """End the lease with this id; its holder writes no more."""
        if not self._file.parent.is_dir():
            raise no_lease(lease_id, [])
        with self._telling():
            return FileLeases(self._file).end(lease_id)

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep how everything was before an apply, in a folder beside the file.

        The files are numbered: a clock that jumps must not make the last apply an old one.
        """
        with self._writing():
            folder = self._file.with_suffix(".undo")
            folder.mkdir(exist_ok=True)
            files = sorted(folder.glob("*.json"))
            number = 1 + (numbered(files[-1].name) if files else 0)
            fresh = self._fresh()
            fresh.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
            fresh.replace(folder / f"{number:08}-{record['id']}.json")
            for old in files[: 1 - MOST_RECORDS]:
                old.unlink(missing_ok=True)

    def kept(self) -> list[Mapping[str, Any]]:
        """What was kept, oldest first."""
        files = sorted(self._file.with_suffix(".undo").glob("*.json"))
        with self._telling():
            return readable(file.read_bytes() for file in files)

    def held(self) -> list[Held]:
        """The leases that runs have now."""
        if not self._file.parent.is_dir():
            return []
        with self._telling():
            return FileLeases(self._file).held()

    def close(self) -> None:
        """Fold what this store recorded into the file, which then is whole by itself."""
        if self._changed:
            with self._writing():
                self._fold()
            self._changed = False

    def _record(self, change: Mapping[str, Any]) -> None:
        with self._writing():
            base = self._base_digest()
            if not self._changed:
                self._read()  # whatever is no inventory must not be added to
            self._journal.append(change, base)
            self._changed = True
            if self._journal.size() > max(LONG_JOURNAL, _size(self._file)):
                self._fold()

    def _read(self) -> _State:
        """The state now. Between the two reads, a fold may void the journal: nothing is lost."""
        held = self._journal.read()
        base = self._bytes()
        try:
            state = _state(base)
            for change in changes(held, base or b""):
                state.apply(change)
        except NewerError as error:
            raise _newer(self._file, str(error)) from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise _unusable(self._file, f"it is damaged ({error})") from None
        return state

    def _bytes(self) -> bytes | None:
        """The file's content; None where there is no file."""
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self._file, error.strerror or str(error)) from None

    def _base_digest(self) -> str:
        """The digest of the file; read again only when the file is another one."""
        try:
            stat = self._file.stat()
            known: tuple[int, ...] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            known = (0,)
        if self._digest[0] != known:
            self._digest = (known, digest(self._bytes() or b""))
        return self._digest[1]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock. Raises UsageError, naming the inventory, where it cannot be written."""
        with self._telling():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._threads, locked(self._file.with_suffix(".lock")):
                yield

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what the system says into a UsageError that names the inventory."""
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"the inventory {self._file} cannot be written: {error.strerror or error}",
                hint="it records what is owned; may this user write in its folder?",
            ) from None

    def _fresh(self) -> Path:
        return self._file.with_suffix(f".{os.getpid()}.tmp")

    def _tidy(self) -> None:
        """Take away what processes that were killed left; whoever holds the lock is alone."""
        for left in self._file.parent.glob(f"{glob.escape(self._file.stem)}.*.tmp"):
            left.unlink(missing_ok=True)

    def _fold(self) -> None:
        if not self._journal.size():
            return
        state = self._read()
        document: dict[str, Any] = {"format": FORMAT, "entries": entries_json(state.entries)}
        if state.plans:
            document["usedPlans"] = newest(state.plans)
        fresh = self._fresh()
        with fresh.open("w", encoding="utf-8") as out:
            json.dump(document, out, indent=1, ensure_ascii=False)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
        self._journal.remove()


def _state(base: bytes | None) -> _State:
    """The state a file holds. Raises ValueError, LookupError, TypeError or AttributeError."""
    if base is None:
        return _State()
    document = from_json(base)
    if document["format"] != FORMAT:
        raise NewerError(f"its format is {document['format']!r}")
    require_known(document, ("format", "entries", "usedPlans"), "it")
    inventory = inventory_of(document["entries"], document.get("usedPlans"))
    return _State(dict(inventory.entries), dict(inventory.used_plans))


def _nobody(text: str) -> None:
    """Nobody is told."""


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _unusable(file: Path, reason: str) -> UsageError:
    return UsageError(
        f"the inventory {file} cannot be used: {reason}",
        hint="restore it from Git or a backup; without it, objects are adopted again",
    )


def _newer(file: Path, reason: str) -> UsageError:
    return UsageError(
        f"the inventory {file} cannot be used: {reason}",
        hint="a newer version of reconciler wrote it: use that version",
    )

"""An inventory in a folder of a generic repository: for runs on many machines, such as CI."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from reconciler.errors import AnswerError, ReconcilerError, UsageError
from reconciler.model import Entry, Inventory
from reconciler.platform.clock import Clock
from reconciler.platform.inventory.claims import Claims
from reconciler.platform.inventory.entries import NewerError
from reconciler.platform.inventory.fold import (
    File,
    compacted,
    content_of,
    fold,
    recorded,
)
from reconciler.platform.inventory.folder import Folder, Listed
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.lease import Held, Lease, acquire, kept
from reconciler.platform.inventory.neighbours import Neighbours
from reconciler.platform.inventory.undo import MOST_RECORDS, numbered, readable

MOST_FILES = 1
"""Files that may stay; more are folded into one when a run that wrote some ends. A plan reads each,
and there are many plans to one apply."""

ATTEMPTS = 8
"""Times a listing is taken again because another run folded the files we were reading."""


class PlatformStore:
    """An inventory in a folder of a generic repository.

    Every change is a file of its own, so two writers lose nothing. At the end of a run that wrote,
    files are folded into one that names those it stands for; they are removed when it is there.
    """

    def __init__(
        self, folder: Folder, clock: Clock, tell: Callable[[str], None] | None = None
    ) -> None:
        self._folder, self._clock = folder, clock
        self._entries = folder.below("entries")
        self._claims = Claims(folder.below("leases"), clock)
        self._here = folder.platform
        self._neighbours = Neighbours(folder)
        self._tell = tell or _nobody
        self._known: dict[Listed, File] = {}
        self._number: int | None = None
        self._lock = threading.Lock()
        self._changed = self._leased = False

    @property
    def where(self) -> str:
        """The folder, with its platform and repository."""
        return self._folder.where

    def load(self, wanted: Iterable[str] = ()) -> Inventory:
        """What is recorded; nothing where nobody recorded anything yet.

        The other folders of the repository are looked at only for what is wanted and not recorded
        here.
        """
        found = fold(self._read())
        unknown = [key for key in wanted if key not in found.entries]
        if not unknown:
            return found
        elsewhere = self._neighbours.owned(unknown)
        return replace(found, entries={**found.entries, **elsewhere})

    def claimed(self, wanted: Iterable[str]) -> Mapping[str, Entry]:
        """What the other folders of the repository say of these addresses."""
        return self._neighbours.owned(wanted)

    def change(self, entries: Mapping[str, Entry | None]) -> None:
        """Record some entries, None removes one.

        What is taken over is recorded there first: whoever dies in between leaves an object that
        nobody owns, not one that two own.
        """
        if entries:
            self._neighbours.tell(entries)
            self._record(recorded(entries, here=self._here))

    def note_plan(self, key: str) -> None:
        """Remember that a plan was used; once it is, its time stays."""
        self._record(recorded({}, [key], self._here))

    def require_writable(self) -> None:
        """Make sure that a change can be recorded: with the lease, one file was written already."""
        if not self._leased:
            name = f"probe-{secrets.token_hex(6)}.json"
            probes = self._folder.below("probes")
            probes.write(name, {})
            probes.remove(name)

    @contextmanager
    def lease(
        self,
        holder: Holder,
        part: str = "",
        wait: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[Lease]:
        """The right to write, for one run at a time, given back at the end."""
        claim = acquire(
            lambda: self._claims.take(holder, part),
            self.where,
            wait,
            stop,
            self._clock,
            self._tell,
        )
        self._leased = True
        try:
            with kept(claim, self._claims.lifetime) as lease:
                yield lease
        finally:
            self._leased = False

    def unlock(self, lease_id: str) -> Held:
        """End the lease with this id; its holder writes no more."""
        return self._claims.end(lease_id)

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep how everything was before an apply, in a folder beside the entries.

        Which is older is told by the server's clock, whatever that of a machine says.
        """
        folder = self._folder.below("undo")
        folder.write(f"{record['id']}.json", record)
        for old in folder.files()[:-MOST_RECORDS]:
            folder.remove(old.name)

    def kept(self) -> list[Mapping[str, Any]]:
        """What was kept, oldest first."""
        folder = self._folder.below("undo")
        contents = (folder.read(listed.name) for listed in folder.files())
        return readable(content for content in contents if content is not None)

    def held(self) -> list[Held]:
        """The leases that runs have now."""
        return self._claims.held()

    def close(self) -> None:
        """Fold many files into one."""
        if not self._changed:
            return
        self._changed = False
        try:
            files = self._read()
            if len(files) > MOST_FILES:
                self._fold(files)
        except ReconcilerError as error:
            self._tell(f"{self.where} could not be tidied, which does no harm: {error.summary}")

    def _record(self, document: Mapping[str, Any]) -> None:
        with self._lock:
            if self._number is None:
                self._see(self._entries.files())
            name = self._name("change")
        self._entries.write(name, document)
        self._changed = True

    def _fold(self, files: Mapping[Listed, File]) -> None:
        """Write the file that stands for all, then remove them; whoever dies between leaves
        both. None is removed before the file that stands for them was read back."""
        with self._lock:
            name = self._name("state")
        self._entries.write(name, compacted(files, self._here))
        if self._entries.read(name) is None:
            raise AnswerError("the server does not have what it said it took")
        for listed in files:
            self._entries.remove(listed.name)

    def _name(self, what: str) -> str:
        """A name nobody else uses; later ones of this run, and of those who saw it, sort behind."""
        self._number = (self._number or 0) + 1
        return f"{self._number:08}-{what}-{secrets.token_hex(6)}.json"

    def _see(self, listing: Iterable[Listed]) -> None:
        """What is written from here on comes after all of this."""
        self._number = max([self._number or 0, *(numbered(listed.name) for listed in listing)])

    def _read(self) -> dict[Listed, File]:
        """All files of one listing, those another one stands for as far as they were read."""
        for _ in range(ATTEMPTS):
            listing = self._entries.files()
            files = self._contents(listing)
            if files is not None:
                with self._lock:
                    self._known = files
                    self._see(listing)
                return files
        raise AnswerError(
            f"{self.where} lists files that cannot be read",
            hint="may the token read all of the repository?",
        )

    def _contents(self, listing: list[Listed]) -> dict[Listed, File] | None:
        """The files by their place; None when one vanished: then another run folded them.

        What a file of a whole state stands for is not asked for.
        """
        found: dict[Listed, File] = {}
        replaced: set[str] = set()
        states_first = sorted(listing, key=lambda at: ("-state-" not in at.name, -at.created))
        for listed in states_first:
            if listed.name in replaced:
                found[listed] = File(())
                continue
            file = self._known.get(listed) or self._content(listed)
            if file is None:
                return None
            found[listed] = file
            replaced |= file.replaces
        return found

    def _content(self, listed: Listed) -> File | None:
        content = self._entries.read(listed.name)
        if content is None:
            return None
        file = f"{self._entries.where}/{listed.name}"
        try:
            return content_of(listed, content)
        except NewerError as error:
            raise UsageError(
                f"the inventory {file} cannot be used: {error}",
                hint="a newer version of reconciler wrote it: use that version",
            ) from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UsageError(
                f"the inventory {file} cannot be used: it is damaged ({error})",
                hint="remove the file; objects only it records are adopted again",
            ) from None


def _nobody(text: str) -> None:
    """Nobody is told."""

"""What other workspaces own, from their folders in the same repository.

Workspaces may call one platform by different names. Each file says how its workspace calls the
platform that keeps the inventory; names of other platforms are taken as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from reconciler.model import Entry
from reconciler.platform.inventory.fold import File, fold, owners_of, recorded
from reconciler.platform.inventory.folder import Folder, Listed
from reconciler.platform.inventory.undo import numbered

OWN = "entries"


class Neighbours:
    """The folders of other workspaces beside ours."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._ours = folder.path.partition("/")[0]
        self._found: dict[str, tuple[str, str]] = {}

    def owned(self, wanted: Iterable[str]) -> dict[str, Entry]:
        """The entries of those addresses that another workspace owns.

        What was folded while we looked is looked at again the next time: a plan that adopts reads
        this twice, the second time with the lease.
        """
        asked, here = set(wanted), self._folder.platform
        found: dict[str, Entry] = {}
        for path, listing in self._folder.all_named(OWN).items():
            if path.partition("/")[0] == self._ours:
                continue
            folder = self._folder.at(path)
            files = {at: _owners(folder, at) for at in listing}
            theirs = next((file.here for file in files.values() if file.here), here)
            for key, entry in fold(files).entries.items():
                ours = _renamed(key, theirs, here)
                if ours in asked and entry.owner != self._ours:
                    found[ours] = entry
                    self._found[ours] = (path, key)
        return found

    def tell(self, entries: Mapping[str, Entry | None]) -> None:
        """Record in their folders what we took over from them: they are not to write it again."""
        told: dict[str, dict[str, str]] = {}
        for ours, entry in entries.items():
            if entry is not None and ours in self._found:
                path, theirs = self._found[ours]
                told.setdefault(path, {})[ours] = theirs
        for path, taken in told.items():
            folder = self._folder.at(path)
            number = max((numbered(at.name) for at in folder.files()), default=0) + 1
            owners = {theirs: Entry(self._ours) for theirs in taken.values()}
            folder.write(f"{number:08}-change-{secrets.token_hex(6)}.json", recorded(owners))
            for ours in taken:
                del self._found[ours]


def _owners(folder: Folder, at: Listed) -> File:
    content = folder.read(at.name)
    return File(()) if content is None else owners_of(at, content)


def _renamed(key: str, theirs: str, here: str) -> str:
    """An address of theirs as we write it; one on a platform only we call so is left as theirs."""
    platform, _, rest = key.partition(":")
    if platform == theirs:
        return f"{here}:{rest}"
    return f"another {key}" if platform == here else key

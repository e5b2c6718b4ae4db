"""Files of a folder in, the inventory they come to out; and the one file that stands for many.

Each file says what was recorded at its time. For each object the latest word counts, so it does not
matter in which order files are read, or whether one is read twice. A file that stands for others
repeats what they still say, each part with its own time, and names them: whoever sees it leaves
them out. What is removed is remembered for a while, for those who have not seen it yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model import Entry, Inventory
from reconciler.platform.inventory.entries import (
    NewerError,
    changes_of,
    entries_json,
    newest,
    require_known,
)
from reconciler.platform.inventory.folder import Listed, iso, milliseconds
from reconciler.platform.inventory.undo import numbered

FORMAT = "reconciler.inventory-entry/v1"

_KNOWN = ("format", "platform", "entries", "usedPlans", "parts", "replaces")

FORGOTTEN = 30 * 24 * 60 * 60 * 1000
"""Milliseconds after which nobody can have missed that an entry was removed."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was recorded at one time, in the file of this name; None removes an entry."""

    at: Listed
    entries: Mapping[str, Entry | None] = field(default_factory=dict)
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """The content of one file: its parts, and the files it stands for."""

    parts: tuple[Part, ...]
    replaces: frozenset[str] = frozenset()
    here: str = ""
    """What whoever wrote it calls the platform that keeps the inventory."""


def content_of(listed: Listed, content: bytes) -> File:
    """A file from its bytes.

    Raises NewerError for one of a newer version, ValueError, LookupError, TypeError or
    AttributeError for anything else.
    """
    document = json.loads(content)
    if document["format"] != FORMAT:
        raise NewerError(f"its format is {document['format']!r}")
    require_known(document, _KNOWN, "it")
    parts = [_part(raw, _listed(raw)) for raw in document.get("parts", [])]
    if "entries" in document or "usedPlans" in document:
        parts.append(_part(document, listed))
    replaces = frozenset(map(str, document.get("replaces", [])))
    return File(tuple(parts), replaces, str(document.get("platform", "")))


def owners_of(listed: Listed, content: bytes) -> File:
    """A file of another workspace, of which only the owners matter: it may be of a newer version.

    What cannot be understood says nothing.
    """
    try:
        document = json.loads(content)
        parts = [(raw, _listed(raw)) for raw in document.get("parts", [])]
        found = tuple(
            Part(at, {key: raw and Entry(str(raw["owner"])) for key, raw in part.items()})
            for part, at in [
                *((raw.get("entries", {}), at) for raw, at in parts),
                (document.get("entries", {}), listed),
            ]
        )
        replaces = frozenset(map(str, document.get("replaces", [])))
        return File(found, replaces, str(document.get("platform", "")))
    except (ValueError, LookupError, TypeError, AttributeError):
        return File(())


def recorded(
    entries: Mapping[str, Entry | None], plans: Iterable[str] = (), here: str = ""
) -> dict[str, Any]:
    """The JSON of a file that records some changes."""
    changes = {"entries": entries_json(entries), "usedPlans": list(plans)}
    return {"format": FORMAT, "platform": here, **changes}


def standing(files: Mapping[Listed, File]) -> dict[Listed, File]:
    """The files that no other one stands for."""
    replaced = {name for file in files.values() for name in file.replaces}
    return {listed: file for listed, file in files.items() if listed.name not in replaced}


def fold(files: Mapping[Listed, File]) -> Inventory:
    """The inventory that the files come to."""
    entries, plans = _latest(files)
    kept = {key: entry for key, (_, entry) in sorted(entries.items()) if entry is not None}
    return Inventory(kept, newest({key: iso(at.created) for key, at in plans.items()}))


def compacted(files: Mapping[Listed, File], here: str = "") -> dict[str, Any]:
    """The JSON of one file that stands for all of these."""
    entries, plans = _latest(files)
    now = max((listed.created for listed in files), default=0)
    remembered = newest({key: iso(at.created, "milliseconds") for key, at in plans.items()})
    by_part: dict[Listed, dict[str, Entry | None]] = {}
    for key, (at, entry) in entries.items():
        if entry is not None or now - at.created < FORGOTTEN:
            by_part.setdefault(at, {})[key] = entry
    used: dict[Listed, list[str]] = {}
    for key in remembered:
        used.setdefault(plans[key], []).append(key)
    parts = [
        {
            "name": at.name,
            "created": iso(at.created, "milliseconds"),
            "entries": entries_json(by_part.get(at, {})),
            "usedPlans": used.get(at, []),
        }
        for at in sorted(by_part.keys() | used.keys())
    ]
    replaces = sorted(at.name for at in files)
    return {"format": FORMAT, "platform": here, "replaces": replaces, "parts": parts}


def _latest(
    files: Mapping[Listed, File],
) -> tuple[dict[str, tuple[Listed, Entry | None]], dict[str, Listed]]:
    """The latest word on each entry, and the first use of each plan."""
    entries: dict[str, tuple[Listed, Entry | None]] = {}
    plans: dict[str, Listed] = {}
    for file in standing(files).values():
        for part in file.parts:
            for key, entry in part.entries.items():
                known = entries.get(key)
                if known is None or _order(part.at) > _order(known[0]):
                    entries[key] = (part.at, entry)
            for key in part.plans:
                plans[key] = min(part.at, plans.get(key, part.at))
    return entries, plans


def _order(at: Listed) -> tuple[int, Listed]:
    """Whose word is later: whoever saw a file gives the next a higher number, whatever the time.

    The server's clock decides only between those who did not see each other; it may be set back.
    """
    return numbered(at.name), at


def _listed(raw: Mapping[str, Any]) -> Listed:
    return Listed(milliseconds(raw["created"]), str(raw["name"]))


def _part(raw: Mapping[str, Any], at: Listed) -> Part:
    return Part(at, changes_of(raw.get("entries", {})), tuple(map(str, raw.get("usedPlans", []))))

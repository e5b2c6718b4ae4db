"""A snapshot in, its JSON document out, and back (`schemas/documents/snapshot.v1.schema.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds.fields import PASS_THROUGH
from reconciler.kinds.rest import Content
from reconciler.model import (
    Absent,
    Address,
    Entry,
    Live,
    Observed,
    PlatformInfo,
    Unreadable,
)
from reconciler.platform.inventory.entries import entries_json, inventory_of
from reconciler.platform.snapshot.model import FORMAT, Listed, Recorded, Snapshot
from reconciler.platform.snapshot.sanitise import masked
from reconciler.platform.trace import SENSITIVE

Document = dict[str, Any]


def to_document(snapshot: Snapshot) -> Document:
    """The document; two snapshots of the same state differ in nothing but `created`."""
    return {
        "format": FORMAT,
        "tool": snapshot.tool,
        "created": snapshot.created,
        "workspace": snapshot.workspace,
        "commit": snapshot.commit,
        "platforms": [_platform(snapshot.platforms[name]) for name in sorted(snapshot.platforms)],
        "inventory": entries_json(
            {key: _published(entry) for key, entry in snapshot.inventory.entries.items()}
        ),
    }


def _published(entry: Entry) -> Entry:
    """Fields passed through are known to no kind: those that look like a secret are hidden."""

    def hides(path: str) -> bool:
        return path.startswith(f"spec.{PASS_THROUGH}.") and bool(SENSITIVE.search(path))

    return replace(
        entry,
        applied={p: masked(v) if hides(p) else v for p, v in entry.applied.items()},
        rewritten={p: v for p, v in entry.rewritten.items() if not hides(p)},
    )


def _platform(recorded: Recorded) -> Document:
    info = recorded.info
    return {
        "name": info.name,
        "url": info.url,
        "versions": dict(info.versions),
        "listings": [_listed(listed) for listed in recorded.listings],
        "objects": [
            {"address": address, **_observed(observed)}
            for address, observed in sorted(recorded.objects.items())
        ],
        "contents": [
            {"address": address, **_content(content)}
            for address, content in sorted(recorded.contents.items())
        ],
    }


def _listed(listed: Listed) -> Document:
    return {
        "path": listed.path,
        "kinds": list(listed.kinds),
        "complete": listed.complete,
        "objects": None
        if listed.objects is None
        else {name: listed.objects[name] for name in sorted(listed.objects)},
        "names": None if listed.names is None else sorted(listed.names),
    }


def _observed(observed: Observed) -> Document:
    if isinstance(observed, Live):
        return {"state": "live", "complete": observed.complete, "raw": observed.raw}
    if isinstance(observed, Unreadable):
        return {"state": "unreadable", "reason": observed.reason, "status": observed.status}
    return {"state": "absent"}


def _content(content: Content | None) -> Document:
    if content is None:
        return {"artifacts": None, "bytes": None, "newest": None}
    figures = {"artifacts": content.artifacts, "bytes": content.bytes, "newest": content.newest}
    return figures | ({"used": content.used} if content.used else {})


def from_document(document: Mapping[str, Any]) -> Snapshot:
    """The snapshot of a document.

    Raises ValueError, LookupError, TypeError or AttributeError where the document is damaged.
    """
    platforms = [_recorded(raw) for raw in document["platforms"]]
    return Snapshot(
        created=_text(document["created"]),
        tool=_text(document["tool"]),
        workspace=_text(document["workspace"]),
        commit=document.get("commit"),
        platforms={recorded.info.name: recorded for recorded in platforms},
        inventory=inventory_of(document["inventory"]),
    )


def _recorded(raw: Mapping[str, Any]) -> Recorded:
    versions = {_text(name): _text(version) for name, version in raw["versions"].items()}
    return Recorded(
        PlatformInfo(_text(raw["name"]), _text(raw["url"]), versions),
        tuple(_listed_of(listed) for listed in raw["listings"]),
        {_address(item): _observed_of(item) for item in raw["objects"]},
        {_address(item): _content_of(item) for item in raw["contents"]},
    )


def _listed_of(raw: Mapping[str, Any]) -> Listed:
    objects, names = raw["objects"], raw["names"]
    return Listed(
        _text(raw["path"]),
        tuple(map(_text, raw["kinds"])),
        None if objects is None else {name: _mapping(inner) for name, inner in objects.items()},
        None if names is None else tuple(map(_text, names)),
        raw["complete"] is True,
    )


def _observed_of(raw: Mapping[str, Any]) -> Observed:
    match raw["state"]:
        case "live":
            return Live(_mapping(raw["raw"]), raw["complete"] is True)
        case "unreadable":
            return Unreadable(_text(raw["reason"]), int(raw["status"]))
        case "absent":
            return Absent()
    raise ValueError(f"an object's state is {raw['state']!r}")


def _content_of(raw: Mapping[str, Any]) -> Content | None:
    if raw["artifacts"] is None:
        return None
    newest, used = _text(raw["newest"]), _text(raw.get("used", ""))
    return Content(int(raw["artifacts"]), int(raw["bytes"]), newest, used)


def _address(raw: Mapping[str, Any]) -> str:
    return Address.parse(_text(raw["address"])).full


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is no text")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r:.80} is no object")
    return value

"""What is known of a fleet: devices, what they say of themselves, deployments and their entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from reconciler.deployments.marker import Marker

Status = Literal["pending", "in_progress", "success", "failed", "aborted", "unknown"]

OPEN: frozenset[str] = frozenset({"pending", "in_progress"})
"""The statuses after which something else may come."""

_WORDS: Mapping[str, Status] = {
    "pending": "pending",
    "in_progress": "in_progress",
    "success": "success",
    "succeeded": "success",
    "failed": "failed",
    "aborted": "aborted",
}


def status_of(word: object) -> Status:
    """A server's word for a status, however it spells it; a new word is `unknown`."""
    plain = str(word).strip().lower().replace(" ", "_").replace("-", "_")
    return _WORDS.get(plain, "unknown")


def uuid_of(text: str) -> str:
    """A device's uuid with its `d-`, which some answers leave out."""
    return text if text.startswith("d-") else f"d-{text}"


def moment(text: object) -> float | None:
    """A time of any of the server's three formats as seconds, None for none of them. In UTC."""
    if not isinstance(text, str) or not text.strip():
        return None
    plain = text.strip()
    try:
        return datetime.fromisoformat(plain.replace(" ", "T")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(plain).timestamp()
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the fleet's list.

    `tags` are all of them only where `has_all_tags`: the list is cut off after a hundred.
    """

    uuid: str
    name: str = ""
    group: str = ""
    online: bool = True
    blocked: bool = False
    seen: float | None = None
    tags: frozenset[str] = frozenset()
    has_all_tags: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """One of the last five updates a device tells of itself."""

    status: Status
    marker: Marker | None = None
    comment: str = ""
    apps: Mapping[str, str] = field(default_factory=dict)
    scheduled: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """What only a device's own record tells; `updates` are newest first."""

    apps: Mapping[str, str] = field(default_factory=dict)
    updates: tuple[Update, ...] = ()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """How a deployment stands on one device; times in seconds."""

    status: Status
    started: float | None = None
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One deployment of the server. `entries` by device are filled where they were read."""

    uuid: str
    comment: str = ""
    created: float | None = None
    marker: Marker | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that was looked at.

    `details` holds None for a device whose record could not be read. `now` is the server's time.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    details: Mapping[str, Detail | None] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    now: float = 0.0
    reads: int = 0

    def tags(self, uuid: str) -> frozenset[str]:
        """The tags of a device, as far as they are known."""
        detail = self.details.get(uuid)
        return detail.tags if detail is not None else self.devices[uuid].tags

    def knows_tags(self, uuid: str) -> bool:
        """Whether a tag that is not among them is not on the device."""
        return self.details.get(uuid) is not None or self.devices[uuid].has_all_tags

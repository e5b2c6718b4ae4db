"""The parts of a snapshot: what was observed, not which requests were sent.

A snapshot may be published, so everything in it went through `sanitise.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.kinds.rest import Content
from reconciler.model import Inventory, Observed, PlatformInfo
from reconciler.platform.source import Objects

FORMAT = "reconciler.snapshot/v1"


@dataclass(frozen=True, slots=True)
class Listed:
    """What the listing at `path`, which some kinds share, answered.

    `objects` is None where it could not be used; then `names` may hold what the list of names
    said. `complete` says that it was seen to name every object of the platform: then an object it
    lacks is absent.
    """

    path: str
    kinds: tuple[str, ...]
    objects: Objects | None = None
    names: tuple[str, ...] | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of one platform; objects and contents by full address.

    A content of None is one that could not be measured, or that there is none.
    """

    info: PlatformInfo
    listings: tuple[Listed, ...] = ()
    objects: Mapping[str, Observed] = field(default_factory=dict)
    contents: Mapping[str, Content | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The platforms of a workspace, and its inventory, as they were at `created` (UTC, ISO)."""

    created: str
    tool: str = ""
    workspace: str = ""
    commit: str | None = None
    platforms: Mapping[str, Recorded] = field(default_factory=dict)
    inventory: Inventory = Inventory()

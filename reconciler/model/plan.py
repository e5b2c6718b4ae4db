"""Everything an apply would do, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.model.address import Address
from reconciler.model.change import Block, Change, FieldChange
from reconciler.model.origin import JsonValue
from reconciler.model.undo import Image


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """What was learned of one platform at the start of a run."""

    name: str
    url: str
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def artifactory_version(self) -> str:
        """Artifactory's version, or the empty text where the probe did not tell."""
        return self.versions.get("artifactory", "")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of a workspace's objects, counted from 1."""

    index: int
    total: int

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


@dataclass(frozen=True, slots=True)
class Scope:
    """What `--only`, `--exclude` and `--shard` left of the workspace; empty means all of it."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    shard: Shard | None = None

    def __bool__(self) -> bool:
        return bool(self.only or self.exclude or self.shard)

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form; without a shard there is no such key."""
        shown: dict[str, JsonValue] = {"only": list(self.only), "exclude": list(self.exclude)}
        return shown | ({"shard": str(self.shard)} if self.shard else {})


ACTION_COUNTS = ("create", "update", "replace", "convert", "delete", "adopt", "deploy", "release")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply would do, as a value: saved, compared, shown, tested.

    `changes` are in the order in which they will be carried out. `partial` says that some object
    or field could not be read, so the plan may lack changes. `guards` are the rules of the
    workspace that it breaks: they block it as a whole.
    """

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    platforms: tuple[PlatformInfo, ...] = ()
    scope: Scope = Scope()
    unmanaged: tuple[Address, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    tool: str = ""
    created: str = ""
    commit: str | None = None
    workspace: str = ""
    partial: bool = False
    by_reference: tuple[Address, ...] = ()
    guards: tuple[Block, ...] = ()
    images: tuple[Image, ...] = field(default=(), repr=False, compare=False)
    """Its objects before it is carried out; no part of what is shown or saved."""

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that write to a platform and are not blocked."""
        return tuple(c for c in self.changes if c.action.writes and not c.is_blocked)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """The changes that are shown but not carried out."""
        return tuple(c for c in self.changes if c.is_blocked)

    @property
    def is_empty(self) -> bool:
        """No create, update, replace, convert, delete or deploy."""
        return not self.pending and not self.blocked

    def summary(self) -> dict[str, int]:
        """How many changes of each action; blocked ones count in `blocked` only."""
        counts = dict.fromkeys(ACTION_COUNTS, 0)
        for change in self.changes:
            if not change.is_blocked:
                counts[change.action.value] += 1
        return counts | {"unchanged": self.unchanged, "blocked": len(self.blocked)}

    def with_digest(self, digest: str) -> Plan:
        """The same plan, carrying its digest."""
        return replace(self, digest=digest)


Result = Literal["done", "failed", "blocked", "not-attempted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `fields` names what the server did not keep as it was written; `status` is the HTTP status of
    the answer that made it fail, 0 where there was none.
    """

    change: Change
    result: Result
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    wrote: bool = False
    status: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15."""
        return {
            "address": str(self.change.address),
            "action": self.change.action.value,
            "result": self.result,
            "reason": self.reason,
            "fields": [f.as_json() for f in self.fields],
        }

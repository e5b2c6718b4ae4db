"""Kinds whose objects are steered, not compared: what was looked at in, the next step out.

A deployment to devices is no object that could be read and written: what it is to reach is known,
and each run takes the one step that comes next. Such a kind brings a `Steering`; the engine asks it
for the next step, shows it, and has it taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.errors import AnswerError, Severity
from reconciler.kinds.rest import Bulk, Flow, Listing, Shape, Write
from reconciler.kinds.wire import Reveal
from reconciler.model import (
    Action,
    Address,
    Block,
    FieldChange,
    JsonValue,
    Manifest,
    PlannedRequest,
    Risk,
)

BUDGET = 2000
"""Requests that looking at one object may take, unless the run allows more."""


@dataclass(frozen=True, slots=True)
class Note:
    """A finding of one look, told with the place of the manifest."""

    rule: str
    severity: Severity
    summary: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a steering is asked about.

    `declared` finds all manifests of a kind. `memory` is shared by all looks of one run, for what
    several objects are read from; it is empty again before a step is taken. `budget` bounds the
    requests of one look.
    """

    manifest: Manifest
    declared: Callable[[str], Sequence[Manifest]]
    memory: dict[Any, Any] = field(default_factory=dict)
    budget: int = BUDGET
    read_yaml: Callable[[str], Any] = lambda text: None
    """Reads a YAML text; raises ValueError for one that is none."""
    clock: Callable[[], float] = lambda: 0.0
    """The time of day here, in seconds, for a server that does not tell its own."""
    strict: bool = False
    """Whether what cannot be told for certain stops an object."""
    hidden: Callable[[str], str] = lambda text: text
    """A text of a server without the secrets of the manifest, as far as they have a value here."""
    budget_from: str = ""
    """Where the budget was set, for the message of a look that would need more."""

    @property
    def address(self) -> Address:
        """The object's own."""
        return self.manifest.address

    @property
    def spec(self) -> Mapping[str, Any]:
        """What the manifest says."""
        return self.manifest.spec


@dataclass(frozen=True, slots=True)
class Stance:
    """How an object stands, and the step that comes next, if there is one.

    `status` is a word for people. `action` is None where nothing is to be done now; `fields` are
    what an approval of the step is about. `is_open` says that more will follow by itself.
    """

    status: str
    action: Action | None = None
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    risk: Risk = "notable"
    blocked: Block | None = None
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    requests: tuple[PlannedRequest, ...] = ()
    notes: tuple[Note, ...] = ()
    is_open: bool = False
    is_degraded: bool = False
    words: str = ""
    """How it stands, as a sentence."""
    state: Any = None
    """What the steering itself needs to take the step."""


class Steering(Protocol):
    """How the objects of one kind are steered."""

    @property
    def runs(self) -> bool:
        """Whether its objects run by themselves, so that `reconciler status` tells of them."""

    def look(self, wanted: Wanted) -> Flow:
        """Returns the object's `Stance`; reads only. Raises AnswerError where nothing can be
        concluded."""

    def take(self, wanted: Wanted, stance: Stance, reveal: Reveal) -> Flow:
        """Take the step a look has just found; returns what is to be told of it, or the empty
        text. Raises AnswerError."""


class Steered(Shape):
    """The shape of kinds that are steered: nothing of them is read or written by itself."""

    constants: Mapping[str, Any] = {}
    listing: Listing | None = None
    bulk: Bulk | None = None

    def read(self, address: Address) -> Flow:
        """Raises AnswerError: only a look at the whole tells anything."""
        raise AnswerError(f"{address} is no object that could be read by itself")
        yield

    def create(self, write: Write) -> Flow:
        """See `Steering.take`."""
        return self.read(write.address)

    def update(self, write: Write) -> Flow:
        """See `Steering.take`."""
        return self.read(write.address)

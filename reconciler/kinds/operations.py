"""What can be done with an object beside keeping it as declared, and how it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.kinds.rest import Flow
from reconciler.model import Address, JsonValue

Remembered = Mapping[str, JsonValue]
"""What the inventory remembers of the run of an object that was started from here last."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Objects of a kind on one platform: their raw answers, what is remembered, and the time."""

    live: Mapping[Address, Mapping[str, Any]]
    now: datetime
    runs: Mapping[Address, Remembered] = field(default_factory=dict)


Survey = Callable[[Surveyed], Flow]
"""Asks how objects are doing: returns a mapping from address to `Health`. Objects it has nothing to
say of are left out."""


@dataclass(frozen=True, slots=True)
class Input:
    """Something an operation is told: `--set NAME=VALUE`."""

    name: str
    title: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """What the server said when an operation began, and the mark by which it knows this one.

    `record` is what is to be remembered of it, where it is to be found again later.
    """

    said: str
    mark: str = ""
    record: Remembered = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as somebody asked for it; `mark` is known once it began.

    `last` is what is remembered of the object's last run.
    """

    address: Address
    given: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    last: Remembered = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The object's own name."""
        return self.address.name


@dataclass(frozen=True)
class Operation:
    """One order beside the desired state, such as a full synchronisation.

    `start` gives it and returns what the server said, as text or as `Begun`. `follow` returns the
    `Standing`; without it nobody can tell when the operation is over. `report` returns what it
    leaves behind, as bytes. With `asks`, somebody must agree first: the text says to what.
    """

    name: str
    title: str
    start: Callable[[Asked], Flow]
    follow: Callable[[Asked], Flow] | None = None
    report: Callable[[Asked], Flow] | None = None
    asks: str = ""
    since: str = ""
    """The first version of the kind's service that knows it."""
    inputs: tuple[Input, ...] = ()
    of_platform: bool = False
    """Whether it is about the whole platform and no single object."""
    of_past: bool = False
    """Whether it is about what was started before: its report is there, or there is none."""

"""What can be done with an object beside keeping it as declared, and how it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.kinds.rest import Flow
from reconciler.model import Address

Survey = Callable[[Sequence[Address], Mapping[Address, Mapping[str, Any]], datetime], Flow]
"""Asks how objects of a kind on one platform are doing: their addresses, raw answers and the time
in, a mapping from address to `Health` out. Objects it has nothing to say of are left out."""


@dataclass(frozen=True, slots=True)
class Input:
    """Something an operation is told: `--set NAME=VALUE`."""

    name: str
    title: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """What the server said when an operation began, and the mark by which it knows this one."""

    said: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as somebody asked for it; `mark` is known once it began."""

    address: Address
    given: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""

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

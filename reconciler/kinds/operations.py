"""What can be done with an object beside keeping it as declared, and how it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.kinds.rest import Flow
from reconciler.model import Address

Survey = Callable[[Sequence[Address], Mapping[Address, Mapping[str, Any]]], Flow]
"""Asks how objects of a kind on one platform are doing: their addresses and raw answers in, a
mapping from address to `Health` out. Objects it has nothing to say of are left out."""


@dataclass(frozen=True)
class Operation:
    """One order beside the desired state, such as a full synchronisation.

    `start` gives it and returns what the server said, as text. `follow` returns the `Standing`;
    without it nobody can tell when the operation is over. With `asks`, somebody must agree first:
    the text says to what.
    """

    name: str
    title: str
    start: Callable[[Address], Flow]
    follow: Callable[[Address], Flow] | None = None
    asks: str = ""
    since: str = ""
    """The first version of the kind's service that knows it."""

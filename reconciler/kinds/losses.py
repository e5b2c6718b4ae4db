"""How a kind tells what a change of an object takes away: from its members, from what it holds.

The guard against locking oneself out asks it; it knows no kind's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from reconciler.model import Action, Loss


class Turn(NamedTuple):
    """An object as it is and as a change leaves it: fields by their names in a manifest.

    `after` is None where the object goes. What the platform did not answer is in neither.
    """

    name: str
    action: Action
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    parents: tuple[str, ...] = ()


TakesAway = Callable[[Turn], Iterable[Loss]]


def takes_nothing(_turn: Turn) -> tuple[Loss, ...]:
    """For kinds whose objects give nobody rights and hold nothing a run lives on."""
    return ()

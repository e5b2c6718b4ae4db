"""Places that hold one thing together, and what goes on between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reconciler.model.origin import JsonValue

Planned = Literal["kept", "added", "removed", "disabled"]


@dataclass(frozen=True, slots=True)
class Place:
    """One member: a platform of the workspace, or an address elsewhere.

    `change` is the action the plan has for it, empty for none; `reachable` whether it answered.
    """

    label: str
    note: str = ""
    ours: bool = True
    change: str = ""
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Tie:
    """Two members that exchange content: their indexes, the worse state of both directions.

    `lag` is how many seconds the oldest news has been waiting, in the later direction.
    """

    one: int
    other: int
    state: str = ""
    planned: Planned = "kept"
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Topology:
    """One federation: its members and the ties between them."""

    name: str
    places: tuple[Place, ...] = ()
    ties: tuple[Tie, ...] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """The form it has as evidence of a change."""
        return asdict(self)

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Topology:
        """The reverse. Raises KeyError or TypeError for other JSON."""
        return cls(
            raw["name"],
            tuple(Place(**place) for place in raw["places"]),
            tuple(Tie(**tie) for tie in raw["ties"]),
        )

"""How something that runs by itself is doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.address import Address
from reconciler.model.origin import JsonValue
from reconciler.model.plan import PlatformInfo

HealthState = Literal["healthy", "degraded", "unknown"]


@dataclass(frozen=True, slots=True)
class Health:
    """How one object is doing: `words` for people, `details` for programs."""

    state: HealthState
    words: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a platform answers; `reason` says why it does not."""

    platform: PlatformInfo
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How the objects of a workspace are doing, and whether its platforms answer."""

    platforms: tuple[Reach, ...] = ()
    objects: tuple[tuple[Address, Health], ...] = ()

    @property
    def is_reached(self) -> bool:
        """Whether every platform answers."""
        return not any(reach.reason for reach in self.platforms)

    def summary(self) -> dict[str, int]:
        """How many objects are in which state."""
        states = [health.state for _, health in self.objects]
        return {state: states.count(state) for state in ("healthy", "degraded", "unknown")}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an operation is that was started and goes on by itself."""

    words: str
    is_over: bool = False
    has_failed: bool = False
    details: Mapping[str, JsonValue] = field(default_factory=dict)

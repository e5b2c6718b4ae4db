"""What a check of the surroundings found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer; `platform` is empty where it is about the workspace."""

    name: str
    state: CheckState
    told: str
    hint: str = ""
    platform: str = ""

    def as_json(self) -> dict[str, str]:
        """The JSON form."""
        return {
            "name": self.name,
            "platform": self.platform,
            "state": self.state,
            "told": self.told,
            "hint": self.hint,
        }

"""A topology in, the words and looks its parts have in every picture out."""

from __future__ import annotations

from typing import Literal

from reconciler.model import Place, Tie

Look = Literal["good", "late", "bad", "off", "plain", "new", "gone"]

_LOOKS: dict[str, Look] = {
    "HEALTHY": "good",
    "DELAYED": "late",
    "PENDING_FS": "late",
    "FULL_SYNC_RUNNING": "late",
    "ERROR": "bad",
    "NOT_AVAILABLE": "bad",
    "DISABLED": "off",
}
_WORDS = {
    "HEALTHY": "healthy",
    "DELAYED": "late",
    "PENDING_FS": "waits for a full sync",
    "FULL_SYNC_RUNNING": "full sync",
    "ERROR": "error",
    "NOT_AVAILABLE": "not available",
    "DISABLED": "disabled",
}


LOOK_WORDS: dict[Look, str] = {
    "good": "healthy",
    "late": "late",
    "bad": "broken",
    "off": "disabled",
    "new": "added",
    "gone": "taken out",
    "plain": "not known",
}
"""What each look of a line means."""


def look_of(tie: Tie) -> Look:
    """How a tie is drawn: what is planned counts more than how it is doing."""
    if tie.planned == "added":
        return "new"
    if tie.planned == "removed":
        return "gone"
    if tie.planned == "disabled":
        return "off"
    return _LOOKS.get(tie.state, "plain")


def tie_words(tie: Tie) -> str:
    """`healthy`, `late`, `will be added`."""
    if tie.planned == "added":
        return "will be added"
    state = _WORDS.get(tie.state, tie.state.lower().replace("_", " "))
    state += f", {tie.lag:,} s behind" if state and tie.lag else ""
    if tie.planned == "removed":
        return f"{state}, will be taken out" if state else "will be taken out"
    if tie.planned == "disabled" and tie.state != "DISABLED":
        return "will be disabled"
    return state


def place_words(place: Place) -> list[str]:
    """The lines below a member's name."""
    lines = [place.note] if place.note else []
    if not place.ours:
        lines.append("looked after elsewhere")
    if not place.reachable:
        lines.append("does not answer")
    if place.change:
        lines.append(place.change)
    return lines

"""The marker in a deployment's comment: the one thing that is ours and can be read back.

`#r1:<owner>:<payload>:w<wave>[.<slice>]:a<attempt>#`, after some words for people.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_COMMENT = 80
"""Characters of a comment, marker and all; how many a server keeps is written nowhere."""

_MARKER = re.compile(
    r"#r1:([0-9a-f]{6}):([0-9a-f]{12}):w([1-9]\d{0,3})(?:\.([1-9]\d{0,4}))?:a([1-9]\d{0,3})#"
)

PREFIX = "rec-"
"""How the tags begin that are ours."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Which part of which rollout a deployment is; waves, slices and attempts count from 1."""

    owner: str
    payload: str
    wave: int
    slice: int = 1
    attempt: int = 1

    def __str__(self) -> str:
        part = f".{self.slice}" if self.slice > 1 else ""
        return f"#r1:{self.owner}:{self.payload}:w{self.wave}{part}:a{self.attempt}#"

    @property
    def tag(self) -> str:
        """The reserved tag of the devices this deployment is for."""
        return f"{wave_tag(self.owner, self.payload, self.wave)}-s{self.slice}"

    def comment(self, name: str, version: str) -> str:
        """The whole comment: words for people, then the marker."""
        words = " ".join(f"{name} {version}".encode("ascii", "replace").decode().split())
        room = LONGEST_COMMENT - len(str(self)) - 1
        return f"{words[:room].replace('#', '_').rstrip()} {self}".strip()


def parse(comment: str) -> Marker | None:
    """The marker of a comment, if it has one; the last one, as words stand before it."""
    found = _MARKER.findall(comment)
    if not found:
        return None
    owner, payload, wave, part, attempt = found[-1]
    return Marker(owner, payload, int(wave), int(part or 1), int(attempt))


def is_cut(comment: str, whole: str) -> bool:
    """Whether a comment is the beginning of one of ours, its end cut off by the server."""
    marked = whole.find("#r1:")
    return parse(comment) is None and "#r1:" in comment and comment[: marked + 11] in whole


def wave_tag(owner: str, payload: str, wave: int) -> str:
    """The reserved tag of a wave's members."""
    return f"{PREFIX}{owner}-{payload}-w{wave}"


def owner_of(fleet: str, name: str) -> str:
    """The identity of an intent: the same as long as its manifest has the same name."""
    return hashlib.sha256(f"{fleet}/{name}".encode()).hexdigest()[:6]


def rollback_owner_of(fleet: str, name: str) -> str:
    """The identity under which an intent's rollbacks go out, apart from the intent's own."""
    return owner_of(fleet, f"{name}\nrollback")


def payload_of(content: Mapping[str, Any]) -> str:
    """The identity of what devices get; what decides who gets it when is no part of it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]

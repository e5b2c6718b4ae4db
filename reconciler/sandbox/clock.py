"""Seconds in, timestamps out: the one clock every time in the sandbox comes from.

It runs with the wall clock plus whatever was advanced, so a lease expires while nobody looks and a
test can still jump a week ahead. `freeze` stops it for tests that compare whole answers.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """The platform's time."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.frozen: float | None = None

    def now(self) -> float:
        """The current time in seconds since 1970."""
        start = time.time() if self.frozen is None else self.frozen
        return start + self.offset

    def advance(self, seconds: float) -> None:
        """Seconds in; the time is that much later from here on."""
        self.offset += seconds

    def freeze(self, at: float | None) -> None:
        """A moment in; time stands there, moved only by `advance`. None lets it run again."""
        self.frozen = at
        self.offset = 0.0

    def stamp(self) -> str:
        """The current time as Artifactory writes it."""
        return iso(self.now())

    def http_date(self) -> str:
        """The current time as the Date header writes it."""
        return format_datetime(datetime.fromtimestamp(self.now(), UTC), usegmt=True)


def iso(moment: float) -> str:
    """Seconds since 1970 in, `2026-01-02T03:04:05.678Z` out."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

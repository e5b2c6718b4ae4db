"""A caller and a moment in, whether it asked too often out."""

from __future__ import annotations

from collections import defaultdict, deque
from email.utils import format_datetime
from math import ceil

from reconciler.sandbox.connect.times import moment_of

MINUTE = 60.0
PER_DEVICE = 3
"""Calls of v1 a device may make per minute."""


class Limits:
    """Who asked when, in the last minute."""

    def __init__(self) -> None:
        self.asked: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, who: str, most: int, now: float) -> float | None:
        """A caller and what it may ask per minute in, the seconds it must wait out, or None."""
        times = self.asked[who]
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= most:
            return times[0] + MINUTE - now
        times.append(now)
        return None


def retry_after(habit: str, seconds: float, now: float) -> dict[str, str]:
    """The way to say it and the seconds to wait in, the header out."""
    if habit == "absent":
        return {}
    whole = max(ceil(seconds), 1)
    date = format_datetime(moment_of(now + whole), usegmt=True)
    return {"Retry-After": date if habit == "date" else str(whole)}

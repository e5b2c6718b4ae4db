"""Time as a run sees it: it measures how long something took, never what time of day it is."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Seconds that go on, and a way to wait; tests pass one that does not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default_factory=lambda: random.Random().random)  # noqa: S311

    def rest(self, seconds: float, stop: threading.Event) -> None:
        """Wait; with the real clock no longer than until `stop` is set."""
        if self.sleep is time.sleep:
            stop.wait(seconds)
        else:
            self.sleep(seconds)

"""One apply at a time: a claim in, the right to write out, as long as nobody ends it (M31).

How long ago something was is measured, never read from a clock on the wall: whether a lease of
another run has expired is told by the clock of the place it is kept in.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from reconciler.errors import LeaseHeldError, LeaseLostError, ReconcilerError, UsageError
from reconciler.platform.clock import Clock
from reconciler.platform.inventory.holder import Holder
from reconciler.report.sanitise import visible

LIFETIME = 600.0
"""Seconds a lease lasts after it was taken or renewed: so long a crashed run keeps others out."""

BEAT = 60.0
"""Seconds between two looks at our own lease during a long apply."""

POLL = 5.0
"""Seconds between two attempts to get a lease that another run has."""

SPENT = 0.9
"""The share of its lifetime after which a lease that could not be renewed counts as lost."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that somebody has: since when and until when by the clock of the place it is in.

    Both times are ISO 8601 in UTC.
    """

    id: str
    holder: Holder
    since: str
    until: str


class Claim(Protocol):
    """What a place gives us when it gives us the lease."""

    @property
    def id(self) -> str: ...

    def is_there(self) -> bool:
        """Whether we still have it, as far as that can be told without asking far away."""

    def look(self) -> None:
        """Raises LeaseLostError when it is ours no more."""

    def renew(self) -> None:
        """Have it for another lifetime. Raises LeaseLostError when it is ours no more."""

    def release(self) -> None:
        """Give it back; others may take it at once."""


def awake() -> float:
    """Seconds that went by, those in which the machine slept included."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Lease:
    """The right to write. `check` is asked right before each write."""

    def __init__(self, claim: Claim, lifetime: float, now: Callable[[], float] = awake) -> None:
        self._claim, self._lifetime, self._now = claim, lifetime, now
        self._confirmed = now()
        self._lost = ""

    @property
    def id(self) -> str:
        """What `unlock` ends it by."""
        return self._claim.id

    def check(self) -> None:
        """Raises LeaseLostError when another run may be writing now."""
        if not self._lost and not self._claim.is_there():
            self._lost = "somebody ended it"
        gone = self._now() - self._confirmed
        if not self._lost and gone > SPENT * self._lifetime:
            self._lost = f"it could not be renewed for {gone:.0f} seconds"
        if self._lost:
            raise LeaseLostError(
                f"the lease {self.id} of this run is lost: {self._lost}; nothing more is written",
                hint="see whether another run is applying, then apply again: what is done is "
                "found done",
            )

    def beat(self) -> None:
        """Look at it, and renew it when a third is over; what may pass is left to the next time."""
        began = self._now()
        try:
            if began - self._confirmed > self._lifetime / 3:
                self._claim.renew()
                self._confirmed = began
            else:
                self._claim.look()
        except LeaseLostError as error:
            self._lost = self._lost or error.summary
        except ReconcilerError:
            return


def in_the_way(one: str, other: str) -> bool:
    """Whether two runs may not write at the same time: only shards of one division may.

    A part is `2/4`; the empty one is everything.
    """
    total, other_total = one.partition("/")[2], other.partition("/")[2]
    return not one or one == other or total != other_total


@contextmanager
def kept(claim: Claim, lifetime: float, every: float = BEAT) -> Iterator[Lease]:
    """The lease of a claim, renewed in the background and given back at the end."""
    lease = Lease(claim, lifetime)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(every):
            lease.beat()

    heart = threading.Thread(target=beat, name="lease", daemon=True)
    heart.start()
    try:
        yield lease
    finally:
        done.set()
        heart.join(every)  # a renewal on its way must not land after the release
        claim.release()


def acquire(
    take: Callable[[], Claim | Held],
    where: str,
    wait: float,
    stop: threading.Event | None,
    clock: Clock,
    tell: Callable[[str], None],
) -> Claim:
    """Take a lease, waiting for the run that has it. Raises LeaseHeldError when it keeps it."""
    until = clock.now() + wait
    told = False
    while isinstance(got := take(), Held):
        left = until - clock.now()
        if left <= 0 or (stop is not None and stop.is_set()):
            raise held_error(got, where, wait)
        if not told:
            told = True
            tell(f"waiting for {got.holder}, which is applying since {got.since} (--lock-timeout)")
        clock.sleep(min(POLL, left))
    return got


def no_lease(lease_id: str, others: Sequence[Held]) -> UsageError:
    """What is told when a lease is to be ended that nobody has."""
    hint = "; ".join(f"{held.holder} has lease {held.id} since {held.since}" for held in others)
    return UsageError(
        f"there is no lease {lease_id}", hint=hint or "nobody has one: the next apply can begin"
    )


def held_error(held: Held, where: str, wait: float) -> LeaseHeldError:
    """What is told of a lease that another run has."""
    waited = f" after {wait:.0f} seconds of waiting" if wait else ""
    until = f"; it ends at {held.until} unless it is renewed" if held.until else ""
    return LeaseHeldError(
        f"{held.holder} is applying with the inventory {visible(where)} since {held.since}"
        f"{waited}{until} (lease {held.id})",
        hint="wait for it with --lock-timeout 10m; if that run is gone: reconciler unlock "
        f"{held.id}",
    )

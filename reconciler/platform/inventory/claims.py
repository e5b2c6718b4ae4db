"""The leases of a platform inventory: claim files; the oldest that has not expired has the lease.

A file's name tells its lease's id, how long it lasts, the part of the workspace, and its number.
The first file claims the lease, the second one says that it was granted, each further one renews
it. Times are only those of the server, when each file was created: whoever claims learns from the
own claim what time it is there. What was granted comes before any claim, so it does not matter
should the clocks of two nodes of the server differ.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from reconciler.errors import AnswerError, LeaseLostError, ReconcilerError
from reconciler.platform.clock import Clock
from reconciler.platform.inventory.folder import Folder, Listed, iso
from reconciler.platform.inventory.holder import UNKNOWN, Holder
from reconciler.platform.inventory.lease import LIFETIME, Held, in_the_way, no_lease

FORMAT = "reconciler.lease/v1"

SETTLE = 1.0
"""Seconds between our claim and the look at who else claims: theirs are listed by then."""

LOOKS = 5
"""Listings in which our own claim may be missing before we give up."""

_NAME = re.compile(r"([0-9a-f]+)\.(\d+)\.(all|\d+-of-\d+)\.(\d+)\.json")


@dataclass(frozen=True, slots=True)
class Run:
    """One lease as its files tell it, the first one first."""

    id: str
    lifetime: int
    part: str
    files: tuple[Listed, ...]

    @property
    def order(self) -> tuple[bool, int, str]:
        """Who is first: what was granted, then by the server's time of the claim, then by name."""
        return len(self.files) == 1, self.files[0].created, self.id

    def is_whole(self) -> bool:
        """Whether it has its first file and was always renewed in time; else it is over."""
        times = [file.created for file in self.files]
        in_time = all(after - before < self.lifetime for before, after in pairwise(times))
        return self.files[0].name.endswith(".0000.json") and in_time

    def until(self) -> int:
        """When it expires, in milliseconds of the server."""
        return self.files[-1].created + self.lifetime

    def is_alive(self, now: int) -> bool:
        """Whether it counts at a moment of the server's time."""
        return self.is_whole() and now < self.until()


def runs_of(files: Iterable[Listed]) -> dict[str, Run]:
    """The leases by id; files of other names are none of ours."""
    found: dict[str, list[tuple[int, Listed, re.Match[str]]]] = {}
    for file in files:
        if (match := _NAME.fullmatch(file.name)) is not None:
            found.setdefault(match[1], []).append((int(match[4]), file, match))
    made: dict[str, Run] = {}
    for lease_id, numbered in found.items():
        numbered.sort(key=lambda item: item[0])
        match = numbered[0][2]
        part = "" if match[3] == "all" else match[3].replace("-of-", "/")
        made[lease_id] = Run(lease_id, int(match[2]), part, tuple(f for _, f, _ in numbered))
    return made


class Claims:
    """The claim files of one inventory. Raises as its folder does."""

    def __init__(
        self, folder: Folder, clock: Clock, lifetime: float = LIFETIME, settle: float = SETTLE
    ) -> None:
        self.folder, self.clock = folder, clock
        self.lifetime, self.settle = lifetime, settle

    def take(self, holder: Holder, part: str) -> PlatformClaim | Held:
        """Claim the lease; keep the claim if it is the first one, else tell whose is."""
        shown = part.replace("/", "-of-") or "all"
        lease_id = secrets.token_hex(6)
        claim = PlatformClaim(lease_id, f"{lease_id}.{self.lifetime * 1000:.0f}.{shown}", self)
        try:
            self.folder.write(claim.next_name(), {"format": FORMAT, "holder": holder.as_json()})
            self.clock.sleep(self.settle)
            runs, mine = self._mine(claim)
            first = self._first(runs, mine)
            if first.id == lease_id:
                self.folder.write(claim.next_name(), {"format": FORMAT})
                self._tidy(runs, mine.files[0].created)
                return claim
            found = self._held(first)
        except BaseException:
            claim.release()
            raise
        claim.release()
        return found

    def end(self, lease_id: str) -> Held:
        """Remove the lease with this id. Raises UsageError when there is no such lease."""
        runs = runs_of(self.folder.files())
        run = runs.get(lease_id)
        if run is None:
            raise no_lease(lease_id, [self._held(r) for r in runs.values() if r.is_whole()])
        found = self._held(run)
        for file in run.files:
            self.folder.remove(file.name)
        return found

    def held(self) -> list[Held]:
        """Every lease that has not expired."""
        runs = runs_of(self.folder.files())
        return [self._held(run) for run in runs.values() if run.is_whole()]

    def confirm(self, claim: PlatformClaim) -> None:
        """Raises LeaseLostError when a claim is not the one that counts."""
        runs = runs_of(self.folder.files())
        mine = runs.get(claim.id)
        if mine is None or not mine.files[0].name.endswith(".0000.json"):
            raise LeaseLostError("somebody ended it")
        if not mine.is_whole():
            raise LeaseLostError("it was renewed too late")
        first = self._first(runs, mine)
        if first.id != claim.id:
            raise LeaseLostError(f"{self._holder(first)} has it")

    def _mine(self, claim: PlatformClaim) -> tuple[dict[str, Run], Run]:
        """All leases, and ours, which the server may be slow to list."""
        for look in range(LOOKS):
            runs = runs_of(self.folder.files())
            if claim.id in runs:
                return runs, runs[claim.id]
            self.clock.sleep(self.settle * 2.0**look)
        raise AnswerError(
            f"{self.folder.where} does not list the claim that was just written there",
            hint="may the token read all of the repository?",
        )

    def _first(self, runs: dict[str, Run], mine: Run) -> Run:
        """The oldest lease that is in our way and counts now, which ours is the newest proof of."""
        now = mine.files[-1].created
        rivals = (r for r in runs.values() if in_the_way(r.part, mine.part) and r.is_alive(now))
        return min((*rivals, mine), key=lambda run: run.order)

    def _tidy(self, runs: dict[str, Run], now: int) -> None:
        """Remove what is left of leases that are over; not to be able to does no harm."""
        with suppress(ReconcilerError):
            for run in runs.values():
                if not run.is_alive(now):
                    for file in run.files:
                        self.folder.remove(file.name)

    def _held(self, run: Run) -> Held:
        return Held(run.id, self._holder(run), iso(run.files[0].created), iso(run.until()))

    def _holder(self, run: Run) -> Holder:
        content = self.folder.read(run.files[0].name)
        try:
            return Holder.of_json(json.loads(content or b"")["holder"])
        except (ValueError, LookupError, TypeError):
            return UNKNOWN


@dataclass(slots=True)
class PlatformClaim:
    """A claim of ours; its files are numbered."""

    id: str
    stem: str
    claims: Claims
    written: int = 0

    def next_name(self) -> str:
        """The name of the next file, which renews the lease."""
        self.written += 1
        return self._name(self.written - 1)

    def is_there(self) -> bool:
        """Only the server knows; it is asked now and then."""
        return True

    def look(self) -> None:
        """Raises LeaseLostError when it is ours no more."""
        self.claims.confirm(self)

    def renew(self) -> None:
        """Have it for another lifetime. Raises LeaseLostError when it is ours no more."""
        self.look()
        self.claims.folder.write(self.next_name(), {"format": FORMAT})
        self.look()

    def release(self) -> None:
        """Remove its files, the first one first: without it the others count for nothing."""
        with suppress(ReconcilerError):  # then it expires
            for number in range(self.written):
                self.claims.folder.remove(self._name(number))

    def _name(self, number: int) -> str:
        return f"{self.stem}.{number:04}.json"

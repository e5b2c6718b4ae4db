"""One trouble at one request of the mixed apply, the apply after it, what is wrong with both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.model import Action, Inventory, Plan
from tests.reliability.judge import differences, doubled, unannounced
from tests.reliability.mixed import Mixed, ground
from tests.reliability.trouble import OF_READS, OF_WRITES, TROUBLES, Point
from tests.support.estate import Applied

LONGEST = 1200.0
"""Seconds of the run's own clock that no run may exceed, whatever goes wrong."""


LEASE = 3600.0
"""Seconds after which the lease of a run that is gone has ended, by the server's clock."""


@dataclass(frozen=True)
class Calm:
    """The undisturbed apply: its requests, what both platforms hold after it, what is recorded."""

    points: tuple[Point, ...]
    approved: Plan
    state: dict[str, Any]
    inventory: Inventory


@cache
def calm(version: str) -> Calm:
    """The mixed apply as it goes when nothing goes wrong."""
    with tempfile.TemporaryDirectory() as folder:
        estate = ground(version).fresh(Path(folder))
        estate.wire.spoil(None, None)
        applied = estate.apply()
        assert set(applied.results().values()) == {"done"}, applied.results()
        assert not list(unannounced(applied.plan, estate.wire.sent))
        assert not list(doubled(estate.wire.sent))
        points = tuple(dict.fromkeys(estate.wire.points))
        assert estate.plan().changes == ()
        state = estate.state()
        return Calm(points, applied.plan, state, estate.inventory())


@dataclass(frozen=True)
class Case:
    """One request of the mixed apply on a server of some version, and what goes wrong with it."""

    version: str
    point: Point
    trouble: str

    def __str__(self) -> str:
        return f"{self.trouble} at {self.point} on {self.version}"


@dataclass(frozen=True)
class Verdict:
    """What became of a case: how its runs ended, and what is wrong with that, if anything."""

    case: str
    ended: str
    faults: tuple[str, ...]
    runs: int


def attempt(estate: Mixed) -> tuple[Applied | None, str, int]:
    """One apply; its plan and outcomes where it got that far, how it ended, its exit code."""
    try:
        applied, code = estate.applied()
    except ReconcilerError as error:
        return None, f"{type(error).__name__}: {error.summary}", int(error.exit_code)
    results = sorted(set(applied.results().values()))
    return applied, ", ".join(results), code


def disturb(case: Case) -> Verdict:
    """Play a case."""
    with tempfile.TemporaryDirectory() as folder:
        estate = ground(case.version).fresh(Path(folder))
        approved = calm(case.version).approved
        estate.wire.spoil(case.point, TROUBLES[case.trouble])
        applied, ended, code = attempt(estate)
        first = list(estate.wire.sent)
        faults = []
        if not estate.wire.hit:
            faults.append("the request was never sent")
        if estate.time.seconds > LONGEST:
            faults.append(f"the run took {estate.time.seconds:.0f} s")
        faults += unannounced(approved, first)
        faults += _claims(case, estate, applied, code)
        runs = 1
        estate.wire.spoil(None, None)
        estate.made.clock.advance(LEASE)  # a run that could not give its lease back holds it on
        if code != 0:
            again, how, code = attempt(estate)
            runs, ended = 2, f"{ended}; then {how}"
            if code != 0 or again is None:
                faults.append(f"the second run ended {code}: {how}")
            faults += unannounced(approved, estate.wire.sent)
        faults += doubled([*first, *estate.wire.sent])
        faults += end_of(case.version, estate)
    return Verdict(str(case), ended, tuple(faults), runs)


def _claims(case: Case, estate: Mixed, applied: Applied | None, code: int) -> Iterator[str]:
    """Whatever the first run told must be true."""
    after = calm(case.version)
    if code == 0:
        yield from differences(estate.state(), after.state)
    elif case.trouble in (OF_READS if case.point.is_read else OF_WRITES):
        yield f"the first run ended {code}, and should have got over it"
    if (
        applied is None
        and not case.point.is_read
        and any(s.landed and not s.is_record for s in estate.wire.writes)
    ):
        yield "it ended as if nothing had been written"
    recorded = estate.inventory().entries
    for outcome in applied.outcomes if applied else ():
        change = outcome.change
        is_kept = change.action not in (Action.DELETE, Action.RELEASE)
        if code == 0 and (change.address.full in recorded) != is_kept:
            yield f"{change.address} is told to be done, and not recorded as such"


def end_of(version: str, estate: Mixed) -> Iterator[str]:
    """How the end is not that of the undisturbed run."""
    after = calm(version)
    yield from differences(estate.state(), after.state)
    found, expected = estate.inventory().entries, after.inventory.entries
    if set(found) != set(expected):
        yield f"the inventory differs: {sorted(set(found) ^ set(expected))}"
    for key in set(found) & set(expected):
        if found[key] != expected[key]:
            yield f"the inventory's entry of {key} is {found[key]} instead of {expected[key]}"
    plan = estate.plan()
    if plan.changes or plan.partial:
        yield f"the plan afterwards has {[str(c.address) for c in plan.changes]}"

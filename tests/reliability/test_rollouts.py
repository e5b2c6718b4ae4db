"""A rollout in three waves, killed anywhere: no device twice, the same end, gates where they are.

A slice of it runs with every test. `make fuzz` takes 500 devices, of which 10 % fail and 5 % are
offline, and every request that could matter: all of them but the reads of devices' own records,
which leave nothing behind, so that only the first and the last of each block of them count.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ReconcilerError
from tests.connect.support import Fleet, Killed

IS_WHOLE = "RECONCILER_FUZZ" in os.environ
DEVICES = 500 if IS_WHOLE else 40
SLICE = 10
"""Places of the slice that every test run takes."""

End = dict[str, dict[str, str]]
"""The status of each device, by deployment."""

WAVES: list[dict[str, Any]] = [
    {"name": "canary", "take": {"count": 5}, "gate": {"minSuccess": "50%", "soak": "5m"}},
    {"name": "early", "take": {"percent": 20}, "gate": {"minSuccess": "60%"}},
]


def fleet_of(root: Path, *, fails: int = 10) -> Fleet:
    """The fleet: one device of so many fails always, one of twenty is offline."""
    fleet = Fleet(root)
    fleet.add(DEVICES)
    broken = {"select": {"every": fails}, "set": {"fails": None}}
    fleet.api.control("PATCH", "connect/devices", broken)
    away = {"select": {"skip": 1, "every": 20}, "set": {"online": False}}
    fleet.api.control("PATCH", "connect/devices", away)
    fleet.deploy(waves=WAVES, onFailure={"maxAttemptsPerDevice": 1})
    return fleet


def rolled(fleet: Fleet) -> str:
    """Apply until nothing moves any more, whatever dies on the way; why it ended."""
    for _ in range(40):
        try:
            done = fleet.apply()
        except Killed:
            fleet.revive()
            continue
        blocked = next((c.blocked for c in done.plan.changes if c.blocked), None)
        if blocked is not None:
            return blocked.code
        if not done.plan.pending and not fleet.is_moving(done.plan):
            return "done"
        fleet.later(120)
    raise AssertionError("it never ends")


def end_of(fleet: Fleet) -> End:
    """What became of everything that was sent."""
    return {
        one["comment"]: {uuid: entry["status"] for uuid, entry in one["entries"].items()}
        for one in fleet.sent()
    }


def places(fleet: Fleet) -> list[int]:
    """The requests at which a death could matter."""
    kinds = ["/deployments" not in path and method == "GET" for method, path, _ in sent(fleet)]
    edges = [
        n
        for n, is_read in enumerate(kinds)
        if not is_read or n == 0 or n + 1 == len(kinds) or not (kinds[n - 1] and kinds[n + 1])
    ]
    if IS_WHOLE:
        return edges
    posts = [n for n, (method, _, _) in enumerate(sent(fleet)) if method == "POST"]
    return sorted({*posts, *edges[:: max(1, len(edges) // SLICE)]})


def sent(fleet: Fleet) -> list[tuple[str, str, bytes]]:
    """Every request of a run."""
    return fleet.transport.bodies


@pytest.mark.timeout(36_000 if IS_WHOLE else 300)
@pytest.mark.parametrize("landed", [False, True], ids=["before", "landed"])
def test_convergence_of_a_rollout_that_is_killed(tmp_path: Path, landed: bool) -> None:
    """Every device gets the payload once, and the end is that of a rollout nobody disturbed."""
    calm = fleet_of(tmp_path / "calm")
    assert rolled(calm) == "done"
    expected = end_of(calm)
    assert set(calm.received().values()) == {1}
    assert len(expected) == 3

    for number in places(calm):
        fleet = fleet_of(tmp_path / str(number))
        fleet.kill(number, landed=landed)
        assert rolled(fleet) == "done", number
        assert end_of(fleet) == expected, number
        assert set(fleet.received().values()) == {1}, number
        assert len(fleet.sent()) == 3, number


@pytest.mark.timeout(36_000 if IS_WHOLE else 300)
def test_convergence_of_a_rollout_that_fails(tmp_path: Path) -> None:
    """Where half of the devices fail, the gate stops it at the same wave, wherever a run dies."""
    calm = fleet_of(tmp_path / "calm", fails=2)
    assert rolled(calm) == "halted"
    expected = end_of(calm)
    reached = len(expected)
    assert reached < 3

    for number in places(calm)[:: 1 if IS_WHOLE else 3]:
        fleet = fleet_of(tmp_path / str(number), fails=2)
        fleet.kill(number, landed=True)
        assert rolled(fleet) == "halted", number
        assert end_of(fleet) == expected, number


def overtaken(fleet: Fleet, other: Fleet, number: int) -> Callable[[int, str, str], None]:
    """A hook that lets the other run go all its way right before one request of the first."""

    def overtake(at: int, _method: str, _path: str) -> None:
        if at == number:
            fleet.transport.before = None
            with suppress(ReconcilerError):
                other.apply()

    return overtake


def test_two_runs_at_once(tmp_path: Path) -> None:
    """Edge case 19: a second run, with an inventory of its own, goes all its way before any of the
    requests of the first. Of two deployments with one marker both keep the same, and no device gets
    the payload twice."""
    calm = fleet_of(tmp_path / "calm")
    assert rolled(calm) == "done"
    for number in places(calm):
        fleet = fleet_of(tmp_path / str(number))
        other = Fleet(tmp_path / f"{number}-other", fleet)
        other.write({"all.yaml": (fleet.root / "manifests/all.yaml").read_text()})

        fleet.transport.before = overtaken(fleet, other, number)
        for _ in range(20):
            with suppress(ReconcilerError):
                if fleet.transport.before is None:
                    break
                fleet.apply()
            fleet.later(0 if fleet.transport.before is None else 120)
        assert rolled(fleet) == "done", number
        assert set(fleet.received().values()) == {1}, number
        found = Counter(one["comment"] for one in fleet.sent())
        assert len(found) == 3, number
        assert max(found.values()) <= 2, number

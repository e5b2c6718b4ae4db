"""A rollout in three waves that dies anywhere: no device twice, the same end, gates where they are.

A slice of it runs with every test. `make reliability PART=rollouts` takes 500 devices and every
moment of the rollout.
"""

from __future__ import annotations

import pytest

from tests.reliability.rolled import Deaths, Judge, Races, halted, whole

DEVICES = 40


def slice_of(number: int, method: str) -> bool:
    """Every seventh case, and those around a deployment or an abort."""
    return number % 7 == 0 or method == "POST"


@pytest.mark.timeout(120)
def test_convergence_of_a_rollout_that_dies() -> None:
    """Every device gets the payload once, no wave begins before the gate of the one before it, and
    the end is that of a rollout nobody disturbed."""
    found = Deaths(whole(DEVICES), slice_of).play()

    assert found.played >= 15
    assert not found.faults, "\n".join(map(str, found.faults))
    assert len(Judge(whole(DEVICES)).calm[0]) == 3


@pytest.mark.timeout(120)
def test_convergence_of_a_rollout_that_a_gate_stops() -> None:
    """Where one device of four fails, the second gate stops it wherever a run dies: the last wave
    gets nothing."""
    found = Deaths(halted(DEVICES), slice_of).play()

    assert found.played >= 5
    assert not found.faults, "\n".join(map(str, found.faults))
    assert len(Judge(halted(DEVICES)).calm[0]) == 2


@pytest.mark.timeout(120)
def test_19_two_runs_at_once() -> None:
    """Edge case 19: another run takes a step between any two requests of the first. Of two
    deployments with one marker both keep the same, and no device gets the payload twice."""
    found = Races(whole(DEVICES), lambda n, method: n % 40 == 0 or method == "POST").play()

    assert found.played >= 15
    assert not found.faults, "\n".join(map(str, found.faults))

"""Gates: bases, thresholds on the right side, time."""

from __future__ import annotations

import pytest

from reconciler.deployments.gates import Tally, judge, words
from reconciler.deployments.intent import Gate, Share

P = lambda value: Share(value, True)  # noqa: E731


@pytest.mark.parametrize(
    ("gate", "tally", "state"),
    [
        (Gate(P(95)), Tally(100, 95, 5), "passed"),
        (Gate(P(95)), Tally(100, 94, 6), "failed"),
        (Gate(P(29)), Tally(100, 29, 71), "passed"),
        (Gate(P(29)), Tally(100, 28, 72), "failed"),
        (Gate(P(29)), Tally(100, 28, 71), "running"),
        (Gate(P(90), P(3), 20), Tally(100, 97, 3), "passed"),
        (Gate(P(90), P(3), 20), Tally(100, 90, 3), "failed"),
        (Gate(P(90), P(3), 20), Tally(100, 18, 1), "running"),
        (Gate(P(50), P(3)), Tally(200, 97, 3), "running"),
        (Gate(P(50), P(3)), Tally(200, 96, 4), "failed"),
        (Gate(P(50), Share(0)), Tally(3, 0, 1), "failed"),
        (Gate(P(50), Share(1)), Tally(4, 0, 1), "running"),
        (Gate(P(10), P(10), 20), Tally(100, 5, 5), "running"),
        (Gate(Share(2)), Tally(5, 2, 0), "passed"),
        (Gate(Share(9)), Tally(5, 5, 0), "passed"),
        (Gate(P(100)), Tally(3, 2, 0, aborted=1), "failed"),
        (Gate(P(100)), Tally(0), "passed"),
    ],
)
def test_thresholds(gate: Gate, tally: Tally, state: str) -> None:
    """Edge case 32: successes of all members at >=, failures of the finished at >, no floats."""
    assert judge(gate, tally, 0.0).state == state


def test_soak_begins_with_the_last_finish() -> None:
    """It waits, looks again, and waits on while a member is gone."""
    gate = Gate(P(100), soak=600, deadline=3600)
    tally = Tally(3, 3, started=0.0, last_finish=100.0)

    assert judge(gate, tally, 699.0).state == "soaking"
    assert judge(gate, tally, 700.0).state == "passed"
    lost = Tally(3, 3, lost=1, started=0.0, last_finish=100.0)
    assert judge(gate, lost, 700.0).state == "running"
    assert judge(gate, lost, 3600.0).state == "inconclusive"


def test_a_deadline_makes_silence_inconclusive() -> None:
    """Edge case 31: neither passed nor failed."""
    assert judge(Gate(deadline=60), Tally(3), 59.0).state == "running"
    assert judge(Gate(deadline=60), Tally(3), 60.0).state == "inconclusive"


def test_bases_are_told() -> None:
    """Whoever reads a plan sees of what a percentage is taken."""
    gate = Gate(P(95), P(3), 20, 7200, 86400, manual=True)

    assert words(gate, 38) == (
        "success >= 95 % of 38 members, failed <= 3 % of the finished, soak 2h, within 1d, "
        "then an approval"
    )

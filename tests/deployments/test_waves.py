"""Waves: who is in which, always the same for the same payload."""

from __future__ import annotations

import pytest

from reconciler.deployments.facts import Device
from reconciler.deployments.intent import REST, Share, Wave
from reconciler.deployments.waves import assigned, in_order


def sizes(count: int, *waves: Wave, offline: int = 0) -> list[int]:
    """How many devices each wave takes, the last one included."""
    devices = {f"d-{n}": Device(f"d-{n}", online=n >= offline) for n in range(count)}
    tags = dict.fromkeys(devices, frozenset[str]())
    found = assigned((*waves, REST), "p", devices, tags)
    return [list(found.values()).count(n + 1) for n in range(len(waves) + 1)]


def percent(value: int) -> Wave:
    """A wave of so many percent."""
    return Wave(f"p{value}", take=Share(value, True))


@pytest.mark.parametrize(
    ("count", "waves", "expected"),
    [
        (0, [percent(10)], [0, 0]),
        (1, [percent(10)], [1, 0]),
        (3, [percent(10)], [1, 2]),
        (3, [percent(34)], [2, 1]),
        (100, [percent(10), percent(25)], [10, 25, 65]),
        (10, [percent(60), percent(60)], [6, 4, 0]),
        (3, [Wave("all", take=Share(50))], [3, 0]),
    ],
)
def test_percentages(count: int, waves: list[Wave], expected: list[int]) -> None:
    """Edge case 28: rounded up, at least one, never more than there are."""
    assert sizes(count, *waves) == expected


def test_a_silent_canary_proves_nothing() -> None:
    """Devices that are offline are not picked by a number, and are where they are named."""
    assert sizes(10, Wave("canary", take=Share(3)), offline=9) == [1, 9]
    assert sizes(10, Wave("canary", devices=("d-0", "d-1")), offline=9) == [2, 8]


def test_the_same_payload_gives_the_same_canaries() -> None:
    """Another one gives others."""
    uuids = [f"d-{n}" for n in range(50)]

    assert in_order("p", uuids) == in_order("p", reversed(uuids))
    assert in_order("p", uuids) != in_order("q", uuids)


def test_tag_and_take_combine() -> None:
    """So many of those with the tag."""
    devices = {f"d-{n}": Device(f"d-{n}") for n in range(10)}
    tags = {u: frozenset({"canary"} if int(u[2:]) < 5 else ()) for u in devices}
    found = assigned((Wave("c", tag="canary", take=Share(2)), REST), "p", devices, tags)
    first = [uuid for uuid, number in found.items() if number == 1]

    assert len(first) == 2
    assert all("canary" in tags[uuid] for uuid in first)

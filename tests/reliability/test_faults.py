"""A fault of each kind somewhere in the mixed apply; `make reliability` has them everywhere.

What every case must come to is in `judge.py` and `disturbed.py`.
"""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest

from reconciler.model import Action
from tests.reliability.disturbed import Case, calm, disturb
from tests.reliability.mixed import ALONE, REMOTE, TOGETHER, ground
from tests.reliability.trouble import KEPT, TROUBLES, Point

VERSIONS = {"one by one": ALONE, "in batches": TOGETHER}
each_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)


@each_version
def test_the_mix_is_mixed(version: str, tmp_path: Path) -> None:
    """More than forty changes, of many actions and kinds, on both platforms."""
    estate = ground(version).fresh(tmp_path)
    changes = estate.plan().changes
    actions = Counter(change.action for change in changes)

    assert len(changes) >= 40
    several = {*Action} - {Action.DEPLOY, Action.RELEASE}
    assert several <= set(actions)
    assert len({c.address.kind for c in changes}) >= 8
    assert {c.address.platform for c in changes} == {"east", "west"}
    assert any(c.adopting and c.action is Action.UPDATE for c in changes)
    assert any(c.previous is not None for c in changes)
    assert any("batch" in point.path for point in calm(version).points) == (version == TOGETHER)


def spread(version: str, trouble: str) -> list[Point]:
    """Some requests for a trouble, other ones for each: together they see all parts of a run."""
    points = calm(version).points
    start = list(TROUBLES).index(trouble) * 7
    steps = (0, len(points) // 2) if version == TOGETHER else (len(points) // 3,)
    return [points[(start + step) % len(points)] for step in steps]


@each_version
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_fault_somewhere(trouble: str, version: str) -> None:
    """One request fails in this way: the run gets over it, or the next one ends converged."""
    for point in spread(version, trouble):
        verdict = disturb(Case(version, point, trouble))

        assert verdict.faults == (), verdict


def test_a_fault_at_every_write() -> None:
    """Where it hurts most: the write was lost, or its answer was, or a portal took it."""
    writes = [point for point in calm(TOGETHER).points if not point.is_read]
    for point, trouble in zip(writes, cycle(WHERE_IT_HURTS), strict=False):
        verdict = disturb(Case(TOGETHER, point, trouble))

        assert verdict.faults == (), verdict


WHERE_IT_HURTS = ("reset after", "hang before", "page 200")


@pytest.mark.parametrize("trouble", ["reset after", "500", "null 200"])
def test_a_fault_at_the_inventory_on_a_platform(trouble: str) -> None:
    """What is done is recorded or told as unrecorded; nothing that is recorded is lost."""
    records = [point for point in calm(REMOTE).points if KEPT in point.path]
    assert len(records) > 30
    for point in records[2::9]:
        verdict = disturb(Case(REMOTE, point, trouble))

        assert verdict.faults == (), verdict


# --- what was found, and must not come back ---------------------------------------------------


@pytest.mark.parametrize("trouble", ["500", "401", "null 200"])
def test_a_rename_that_was_not_recorded(trouble: str) -> None:
    """Renamed, and then nothing could be read: the next run forgets the old name."""
    reads = [
        point
        for point in calm(TOGETHER).points
        if (point.site, point.method) == ("east", "GET") and point.path.endswith(ENVIRONMENTS)
    ]
    for point in reads[3:8]:  # around the rename
        verdict = disturb(Case(TOGETHER, point, trouble))

        assert verdict.faults == (), verdict


ENVIRONMENTS = "/access/api/v1/environments"


def test_an_empty_list_of_environments_is_no_answer() -> None:
    """A platform always has some: what answers `[]` would have a rename become a create."""
    point = next(p for p in calm(TOGETHER).points if p.path.endswith(ENVIRONMENTS))
    verdict = disturb(Case(TOGETHER, point, "list 200"))

    assert verdict.faults == (), verdict


def test_a_portal_that_takes_the_folded_inventory() -> None:
    """It answers 200 in the server's place: what it took is not there, so nothing is removed."""
    puts = [p for p in calm(REMOTE).points if p.method == "PUT" and "/entries/" in p.path]
    verdict = disturb(Case(REMOTE, puts[-1], "null 200"))

    assert verdict.faults == (), verdict

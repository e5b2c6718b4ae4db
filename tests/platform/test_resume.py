"""Whatever stops an apply, its approved plan finishes it with --shrink-only, and no more (X1)."""

from __future__ import annotations

import errno
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.shrink import excess
from reconciler.model import Entry, Plan
from reconciler.platform.inventory.file import FileStore
from tests.platform.test_faults import ALONE, FAULTS, TOGETHER, WANTED, attempt, prepare, state
from tests.support.estate import Estate, local

NAMES = ("500", "reset-after", "reset-before", "empty-500", "html-404")


@pytest.fixture(scope="module", params=[ALONE, TOGETHER])
def calm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """The apply without any fault, after its plan was made once for approval."""
    estate = prepare(tmp_path_factory.mktemp("calm"), request.param)
    estate.plan()
    assert set(estate.apply().results().values()) == {"done"}
    return estate


def assert_resumed(estate: Estate, approved: Plan, calm: Estate) -> None:
    """What is left is a part of the approved plan, and ends where the calm one does."""
    fresh = estate.plan()
    assert excess(approved, fresh, resumed=True) == []
    assert set(estate.apply().results().values()) <= {"done"}
    assert state(estate) == state(calm)
    assert estate.plan().changes == ()


def test_a_fault_at_every_request(calm: Estate, tmp_path: Path) -> None:
    """A refusal, a lost answer or a gateway's page at any request of the apply."""
    first = len(calm.requests()) // 4
    for number in range(first, len(calm.requests())):
        estate = prepare(tmp_path / str(number), calm.platform.version)
        approved = estate.plan()
        fault = FAULTS[NAMES[number % len(NAMES)]]
        estate.sandbox.add_fault({**fault, "skip": number - len(estate.requests())})
        attempt(estate)
        estate.sandbox.clear_faults()
        assert_resumed(estate, approved, calm)


def test_an_interrupt_at_every_request(calm: Estate, tmp_path: Path) -> None:
    """Stopped at any moment."""
    for number in range(4, len(calm.requests())):
        estate, stop = prepare(tmp_path / str(number), calm.platform.version), threading.Event()
        approved = estate.plan()

        def before(count: int, method: str, path: str, *, at: int = number) -> None:
            if count == at:
                stop.set()  # noqa: B023 - called within this turn

        estate.transport.before = before
        estate.apply(stop=stop)
        estate.transport.before = None
        assert_resumed(estate, approved, calm)


@pytest.mark.parametrize("after", range(4))
def test_what_was_not_recorded(
    calm: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The inventory is lost behind some write: what is live is only recorded."""
    estate = prepare(tmp_path, calm.platform.version)
    approved = estate.plan()
    change, count = FileStore.change, [0]

    def full(self: FileStore, entries: Mapping[str, Entry | None]) -> None:
        count[0] += 1
        if count[0] > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        change(self, entries)

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "change", full)
        patch.setattr("reconciler.platform.ledger.SAVE_EVERY", 0.0)
        attempt(estate)
    assert_resumed(estate, approved, calm)


def wanted(name: str, **more: str) -> list[dict[str, Any]]:
    """The manifests, one of them changed."""
    return [
        {**m, "spec": {**m["spec"], **more}} if m["metadata"]["name"] == name else m
        for m in WANTED.values()
    ]


CHANGES: dict[str, Any] = {
    "a new object": lambda e: e.declare(*WANTED.values(), local("intruder")),
    "a new field": lambda e: e.declare(*wanted("old-e", notes="intruder")),
    "another value": lambda e: e.declare(*wanted("old-e", description="intruder")),
    "a live change": lambda e: e.post("old-f", rclass="local", description="intruder"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_nothing_new_slips_in(calm: Estate, tmp_path: Path, change: Any) -> None:
    """After a failure at the first write, whatever was not in the plan is named."""
    estate = prepare(tmp_path, calm.platform.version)
    approved = estate.plan()
    estate.fault("status", status=500, method="P*", path="*", times=3)
    attempt(estate)
    estate.sandbox.clear_faults()
    change(estate)
    found = excess(approved, estate.plan(), resumed=True)

    assert found
    assert len({d.subject for d in found}) == 1

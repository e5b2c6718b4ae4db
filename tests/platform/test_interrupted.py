"""A signal while something is waited for: what is in flight ends soon, and honestly."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from reconciler.platform import clock as clocks
from tests.support.estate import Estate, local

MANY = [f"r{i}" for i in range(6)]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the run waited, without waiting."""
    waited: list[float] = []

    def rest(self: clocks.Clock, seconds: float, stop: threading.Event) -> None:
        if not stop.is_set():
            waited.append(seconds)
        self.sleep(0)

    monkeypatch.setattr(clocks.Clock, "rest", rest)
    return waited


def when(estate: Estate, matches: Callable[[str, str], bool], stop: threading.Event) -> None:
    """Have the signal come while a certain request is on its way."""

    def before(number: int, method: str, path: str) -> None:
        if matches(method, path):
            stop.set()

    estate.transport.before = before


def is_put(method: str, path: str) -> bool:
    """A create."""
    return method == "PUT"


@pytest.mark.parametrize("action", ["empty", "html", "conflict", "429", "reset-after"])
@pytest.mark.parametrize("together", [False, True], ids=["alone", "batch"])
def test_while_waiting_for_a_retry(
    estate: Estate, slept: list[float], action: str, together: bool
) -> None:
    """No attempt follows: a write that may have landed is told so, the rest as not begun.

    One that is seen to have landed is done.
    """
    stop = threading.Event()
    if not together:
        estate.fault("status", status=404, path="*/v2/repositories/batch", times=None)
    estate.declare(*map(local, MANY))
    path = "*/batch" if together else "*/repositories/r?"
    details = {"status": 429 if action == "429" else 503}
    name = "status" if action == "429" else action
    estate.fault(name, method="PUT", path=path, times=None, **details)
    when(estate, lambda m, p: is_put(m, p) and ("batch" in p) is together, stop)
    applied = estate.apply(stop=stop)
    results = Counter(applied.results().values())
    estate.sandbox.clear_faults()
    estate.transport.before = None
    attempts = [w for w in estate.writes() if w.startswith("PUT") and ("batch" in w) is together]

    begun = MANY if together else MANY[:1]
    assert len(attempts) == 1
    assert sum(slept) < 10
    assert results["failed" if together or action != "reset-after" else "done"] == len(begun)
    assert results["not-attempted"] == len(MANY) - len(begun)
    assert set(estate.apply().results().values()) == {"done"}
    assert estate.plan().changes == ()


def test_while_a_batch_is_written(estate: Estate) -> None:
    """The batch is finished, read back and recorded; nothing else is begun."""
    stop = threading.Event()
    estate.declare(*map(local, MANY), local("late", description="x"))
    when(estate, is_put, stop)
    applied = estate.apply(stop=stop)
    done = {o.change.address.full for o in applied.outcomes if o.result == "done"}

    assert len(done) >= 6
    assert set(estate.inventory().entries) == done


def test_while_a_write_is_read_back(estate: Estate) -> None:
    """What was written is verified and recorded."""
    stop = threading.Event()
    estate.fault("status", status=404, path="*/v2/repositories/batch", times=None)
    estate.declare(*map(local, MANY))
    written: list[str] = []

    def before(number: int, method: str, path: str) -> None:
        if method == "PUT" and "batch" not in path:
            written.append(path)
        elif written and method == "GET":
            stop.set()

    estate.transport.before = before
    applied = estate.apply(stop=stop)

    assert Counter(applied.results().values()) == {"done": 1, "not-attempted": 5}
    assert len(estate.inventory().entries) == 1


def test_while_the_server_shows_late(estate: Estate, slept: list[float]) -> None:
    """A field that is known to come late is not waited for; it is told as not kept."""
    stop = threading.Event()
    estate.project("pay")
    estate.declare(local("pay-a", projectKey="pay"))
    estate.apply()
    estate.quirks(reorder_sets=True)
    estate.declare(local("pay-a", projectKey="pay", description="new"))
    when(estate, lambda m, p: m == "POST", stop)
    applied = estate.apply(stop=stop)

    assert set(applied.results().values()) == {"done"}
    assert sum(slept) < 10


def test_before_the_first_write(estate: Estate) -> None:
    """Nothing is written, nothing recorded, and all of it can be done later."""
    stop = threading.Event()
    stop.set()
    estate.declare(*map(local, MANY))
    applied = estate.apply(stop=stop)

    assert set(applied.results().values()) == {"not-attempted"}
    assert estate.writes() == []
    assert set(estate.apply().results().values()) == {"done"}

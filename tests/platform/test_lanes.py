"""Steps and what they need: order, one lane one at a time, lanes side by side, stop (M17, M18)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.platform.lanes import Step, run_in_lanes


def steps(*rows: tuple[str, str, Iterable[str]]) -> list[Step[str]]:
    return [Step(key, lane, frozenset(needs)) for key, lane, needs in rows]


def run(
    todo: list[Step[str]],
    do: Callable[[str], Any] = lambda key: True,
    stop: threading.Event | None = None,
    workers: int = 4,
) -> dict[str, Any]:
    def job(keys: Sequence[str], emit: Callable[[str, Any], None]) -> None:
        for key in keys:
            emit(key, do(key))

    return dict(run_in_lanes(todo, job, bool, stop or threading.Event(), workers))


class Watch:
    """Records order and how many run at once."""

    def __init__(self, lane: dict[str, str], failing: frozenset[str] = frozenset()) -> None:
        self.lane, self.failing = lane, failing
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, key: str) -> bool:
        lane = self.lane[key]
        with self._lock:
            self.begun.append(key)
            self._now[lane] += 1
            self.most[lane] = max(self.most[lane], self._now[lane])
        threading.Event().wait(0.001)
        with self._lock:
            self._now[lane] -= 1
            self.ended.append(key)
        return key not in self.failing


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Step[str]], frozenset[str]]:
    """Steps without cycles in random lanes and order, and which of them fail."""
    keys = [f"s{n}" for n in range(draw(st.integers(1, 9)))]
    todo = []
    for number, key in enumerate(keys):
        lane = draw(st.sampled_from(["", "a", "b"]))
        needs = draw(st.sets(st.sampled_from(keys[:number]))) if number else set()
        todo.append(Step(key, lane, frozenset(needs)))
    return draw(st.permutations(todo)), frozenset(draw(st.sets(st.sampled_from(keys), max_size=2)))


@given(graphs())
def test_any_graph(drawn: tuple[list[Step[str]], frozenset[str]]) -> None:
    """Needs come first, a lane is serial, and exactly the dependants of failures are left out."""
    todo, failing = drawn
    watch = Watch({s.key: s.lane for s in todo}, failing)
    results = run(todo, watch)
    by_key = {s.key: s for s in todo}
    for key in watch.begun:
        for need in by_key[key].needs:
            assert need not in failing
            assert watch.ended.index(need) < watch.ended.index(key)
    assert all(count == 1 for lane, count in watch.most.items() if lane)

    def runs(key: str) -> bool:
        return all(runs(need) and need not in failing for need in by_key[key].needs)

    assert set(results) == {key for key in by_key if runs(key)}
    assert results == {key: key not in failing for key in results}


def test_lanes_run_side_by_side() -> None:
    """Two lanes meet at a barrier that a serial run would never pass."""
    meeting = threading.Barrier(2, timeout=5)

    def meet(key: str) -> bool:
        meeting.wait()
        return True

    assert run(steps(("a", "one", ()), ("b", "two", ())), meet) == {"a": True, "b": True}


def test_steps_without_a_lane_run_side_by_side() -> None:
    """No lane, no waiting."""
    meeting = threading.Barrier(3, timeout=5)

    def meet(key: str) -> bool:
        meeting.wait()
        return True

    assert len(run(steps(*((key, "", ()) for key in "abc")), meet)) == 3


def test_one_lane_keeps_the_order_of_the_plan() -> None:
    """The same plan is carried out in the same order every time."""
    keys = [f"s{n}" for n in range(20)]
    watch = Watch(dict.fromkeys(keys, "one"))
    run([Step(key, "one", frozenset()) for key in keys], watch)
    assert watch.begun == keys


def test_a_stop_finishes_what_is_in_flight_and_begins_nothing() -> None:
    """The result of the running step is delivered; the waiting ones are not attempted."""
    stop = threading.Event()

    def do(key: str) -> bool:
        stop.set()
        return True

    todo = steps(("a", "one", ()), ("b", "one", ()), ("c", "two", ("a",)))
    assert run(todo, do, stop) == {"a": True}


def test_a_stop_before_the_start_runs_nothing() -> None:
    """Nothing is begun."""
    stop = threading.Event()
    stop.set()
    assert run(steps(("a", "", ())), stop=stop) == {}


def test_a_need_outside_of_the_run_counts_as_met() -> None:
    """An object that is unchanged needs no step."""
    assert run(steps(("a", "", ("elsewhere",)))) == {"a": True}


def test_a_failure_in_a_lane_does_not_stop_the_lane() -> None:
    """Only dependants are affected."""
    watch = Watch({"a": "one", "b": "one", "c": "one"}, frozenset({"a"}))
    todo = steps(("a", "one", ()), ("b", "one", ()), ("c", "one", ("a",)))
    assert run(todo, watch) == {"a": False, "b": True}

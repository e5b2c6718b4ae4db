"""Steps with what they need in, their results out, in an order that respects both.

A step starts when everything it needs has succeeded. Steps of one lane run one after the other,
because they write to the same optimistically locked document; other lanes run beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Step(Generic[Key]):
    """One thing to do: its key, the lane it runs in (empty: none), the keys it needs."""

    key: Key
    lane: str
    needs: frozenset[Key]


def run_in_lanes(
    steps: Sequence[Step[Key]],
    do: Callable[[Key], T],
    succeeded: Callable[[T], bool],
    stop: threading.Event,
    workers: int,
) -> Iterator[tuple[Key, T]]:
    """Yield each step's result as it comes.

    Steps whose needs failed, or that were not begun when `stop` was set, are not yielded: they
    were not attempted. What is in flight when `stop` is set is finished.
    """
    waiting = {step.key: step for step in steps}
    done: dict[Key, bool] = {}
    running: dict[Future[T], Step[Key]] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        while True:
            if not stop.is_set():
                for step in _ready(waiting, done, running):
                    del waiting[step.key]
                    running[pool.submit(do, step.key)] = step
            if not running:
                return
            finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                step = running.pop(future)
                result = future.result()
                done[step.key] = succeeded(result)
                yield step.key, result


def _ready(
    waiting: Mapping[Key, Step[Key]],
    done: Mapping[Key, bool],
    running: Mapping[Future[T], Step[Key]],
) -> list[Step[Key]]:
    busy = {step.lane for step in running.values() if step.lane}
    pending = {*waiting, *(step.key for step in running.values())}
    ready: list[Step[Key]] = []
    for step in waiting.values():
        if step.lane in busy and step.lane:
            continue
        if any(need in pending or done.get(need) is False for need in step.needs):
            continue
        ready.append(step)
        if step.lane:
            busy.add(step.lane)
    return ready

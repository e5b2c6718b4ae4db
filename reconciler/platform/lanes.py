"""Steps with what they need in, their results out, in an order that respects both.

A step starts when everything it needs has succeeded. Steps of one lane run one after the other,
because they write to the same optimistically locked document; other lanes run beside it. Steps of
one lane with the same batch, ready at the same time, are done as one job.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Queue
from typing import Generic, TypeVar

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Step(Generic[Key]):
    """One thing to do: its key, the lane it runs in (empty: none), the keys it needs.

    Steps with an equal `batch` may be done together; None is done alone.
    """

    key: Key
    lane: str
    needs: frozenset[Key]
    batch: Hashable = None


Emit = Callable[[Key, T], None]
Job = Callable[[Sequence[Key], Emit[Key, T]], None]
"""Does some steps and emits the result of each as it is there; one without was not attempted."""


def run_in_lanes(
    steps: Sequence[Step[Key]],
    do: Job[Key, T],
    succeeded: Callable[[T], bool],
    stop: threading.Event,
    workers: int,
) -> Iterator[tuple[Key, T]]:
    """Yield each step's result as it comes.

    Steps whose needs failed, or that were not begun when `stop` was set, are not yielded: they
    were not attempted. What is in flight when `stop` is set is finished.
    """
    waiting = _Waiting(steps)
    news: Queue[tuple[Key, T] | Future[None]] = Queue()
    running: dict[Future[None], str] = {}
    busy: set[str] = set()

    def begin(keys: Sequence[Key]) -> None:
        if not stop.is_set():
            do(keys, lambda key, result: news.put((key, result)))

    with ThreadPoolExecutor(max_workers=workers) as pool:
        while True:
            if not stop.is_set():
                for lane, keys in waiting.jobs(busy):
                    future = pool.submit(begin, keys)
                    running[future] = lane
                    busy.add(lane)
                    future.add_done_callback(news.put)
            if not running:
                return
            arrived = news.get()
            if isinstance(arrived, Future):
                busy.discard(running.pop(arrived))
                arrived.result()
            else:
                key, result = arrived
                if succeeded(result):
                    waiting.succeeded(key)
                yield key, result


@dataclass
class _Waiting(Generic[Key]):
    """The steps not begun yet, and which of them are ready, by lane in their first order."""

    steps: Sequence[Step[Key]]
    _left: dict[Key, int] = field(default_factory=dict)
    _next: dict[Key, list[Step[Key]]] = field(default_factory=lambda: defaultdict(list))
    _ready: dict[str, list[Step[Key]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._place = {step.key: number for number, step in enumerate(self.steps)}
        for step in self.steps:
            needs = [need for need in step.needs if need in self._place]
            self._left[step.key] = len(needs)
            for need in needs:
                self._next[need].append(step)
            if not needs:
                self._ready[step.lane].append(step)

    def succeeded(self, key: Key) -> None:
        """What only waited for this step is ready now."""
        for step in self._next.pop(key, ()):
            self._left[step.key] -= 1
            if not self._left[step.key]:
                self._ready[step.lane].append(step)

    def jobs(self, busy: set[str]) -> Iterator[tuple[str, list[Key]]]:
        """The jobs that can begin: every ready step without a lane, one for each free lane."""
        for lane in list(self._ready):
            if lane and lane in busy:
                continue
            steps = sorted(self._ready.pop(lane), key=lambda step: self._place[step.key])
            if not lane:
                yield from (("", [step.key]) for step in steps)
                continue
            first = steps[0]
            together = [s for s in steps if s.batch == first.batch] if first.batch else [first]
            taken = {step.key for step in together}
            if rest := [step for step in steps if step.key not in taken]:
                self._ready[lane] = rest
            yield lane, [step.key for step in together]

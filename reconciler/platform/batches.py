"""Many changes in few requests, where the server has one that does them all or none.

The reference says that a failed batch changes nothing; nothing is repeated before that was looked
at. A batch that is refused is halved until the culprit stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.errors import (
    AnswerError,
    LeaseLostError,
    OutcomeUnknownError,
    ReconcilerError,
    StalePlanError,
    UnreachableError,
)
from reconciler.kinds.rest import Flow
from reconciler.model import Action, Address, Change, Live, Observed, Outcome
from reconciler.platform.carrying import Carrying, Intent
from reconciler.platform.lanes import Emit
from reconciler.platform.ledger import Ledger
from reconciler.platform.means import Course, Means

FRESH = 60.0
"""Seconds for which a bulk read counts as the look before the write (spec 15)."""

_FORBIDDEN = (401, 403)
_NO_SUCH_REQUEST = (404, 405, 501)

Ready = tuple[Carrying, Intent]


class Batch:
    """Changes of one platform that are carried out together; gone when the outcomes are there."""

    def __init__(
        self,
        means: Means,
        ledger: Ledger,
        course: Course,
        changes: Sequence[Change],
        emit: Emit[Address, Outcome],
    ) -> None:
        self.means, self.ledger, self.course, self.emit = means, ledger, course, emit
        self.all = {change.address: Carrying(means, course, change) for change in changes}
        first = next(iter(self.all.values()))
        bulk = first.kind.rest.bulk
        if bulk is None:
            raise ValueError(f"{first.kind.name} has no bulk requests")
        self.bulk, self.client = bulk, first.client
        self.creating = first.change.action is Action.CREATE
        self._request = (first.change.address.platform, self.creating)
        self.written: list[Carrying] = []
        self.unknowns = 0
        self.waited = 0.0

    def carry_out(self) -> None:
        """Emit the outcome of every change that was attempted."""
        waiting = list(self.all.values())
        try:
            seen = self.means.fresh(list(self.all), newest=self._newest())
        except ReconcilerError as error:
            self._failed(waiting, error)
            return
        ready = self._ready(waiting, seen)
        for start in range(0, len(ready), self.bulk.most):
            if self.course.stop.is_set():
                break
            self._attempt(ready[start : start + self.bulk.most])
        self._verify()

    def _newest(self) -> float:
        """A create needs no closer look: the server refuses one of an object that is there."""
        return FRESH if self.creating else 0.0

    def _ready(
        self,
        members: Sequence[Carrying],
        seen: Mapping[Address, Observed],
        *,
        again: bool = False,
    ) -> list[Ready]:
        """What each change sends, seeing its object as it is now; the rest is told or done."""
        ready: list[Ready] = []
        for carrying in members:
            found = seen[carrying.change.address]
            if again and isinstance(found, Live) and not carrying.left(found):
                self.written.append(carrying)
                continue
            try:
                intent = carrying.intent(found)
            except Exception as error:  # noqa: BLE001 - one object must not end the others
                self._failed([carrying], error)
                if isinstance(error, (StalePlanError, UnreachableError)) and self._is_over():
                    break
                continue
            if intent is None:
                self.written.append(carrying)
            else:
                ready.append((carrying, intent))
        return [] if self._is_over() else ready

    def _is_over(self) -> bool:
        return self.course.stop.is_set()

    def _attempt(self, members: list[Ready]) -> None:
        """Send some together; those the request does not fit are sent alone."""
        items: dict[Carrying, Mapping[str, Any]] = {}
        for carrying, intent in members:
            if intent.creating != self.creating:
                continue  # an attempt landed in part
            item = carrying.kind.rest.bulk_item(intent.write, creating=self.creating)
            if item is not None:
                items[carrying] = item
        if self._request in self.course.without_bulk:
            self._one_by_one(carrying for carrying, _ in members)
            return
        if len(items) > 1:
            self._send(
                items,
                (self.bulk.create if self.creating else self.bulk.update)(list(items.values())),
            )
        for carrying, _ in members:
            if (carrying not in items or len(items) == 1) and not self._is_over():
                self._alone(carrying)

    def _send(self, items: Iterable[Carrying], flow: Flow) -> None:
        """One request for all; when it fails, look what became of it before anything else."""
        members = list(items)
        try:
            self.client.run(flow)
        except (UnreachableError, LeaseLostError) as error:
            self._failed(members, error)
        except OutcomeUnknownError as error:
            for carrying in members:
                carrying.unsure()
            self._again(members, error)
        except ReconcilerError as error:
            self._again(members, error)
        else:
            self.course.wrote()
            for carrying in members:
                carrying.wrote = True
            self.written += members
            outcomes = [carrying.outcome() for carrying in members]
            self.ledger.note(outcomes)
            self.ledger.save()
            self.course.tell(outcomes)

    def _again(self, members: list[Carrying], error: ReconcilerError) -> None:
        """What did not land is tried again: after a pause, or in halves if it was refused.

        Only a refusal of what the batch holds has a culprit: a caller without the right, or a
        server without the request, refuses every half as well.
        """
        status = error.status if isinstance(error, AnswerError) else 0
        if status in _FORBIDDEN:
            self._failed(members, error)
            return
        is_unknown = isinstance(error, OutcomeUnknownError)
        if self._is_over():
            if is_unknown:  # it may have landed, so it was attempted
                self._failed(members, error)
            return
        if status in _NO_SUCH_REQUEST:
            self.course.without_bulk.add(self._request)
            self._one_by_one(members)
            return
        if is_unknown and not self._pause():
            self._failed(members, error)
            return
        try:
            seen = self.means.fresh([c.change.address for c in members])
        except ReconcilerError as other:
            self._failed(members, other)
            return
        ready = self._ready(members, seen, again=True)
        middle = len(ready) if is_unknown else (len(ready) + 1) // 2
        for part in (ready[:middle], ready[middle:]):
            if part and not self._is_over():
                self._attempt(part)

    def _one_by_one(self, members: Iterable[Carrying]) -> None:
        for carrying in members:
            if not self._is_over():
                self._alone(carrying)

    def _pause(self) -> bool:
        """Wait a little longer than the last time; False when the patience is at its end."""
        pause = min(8.0, 0.25 * 2.0 ** min(self.unknowns, 8))
        self.unknowns += 1
        self.waited += pause
        if self.waited > self.means.patience:
            return False
        self.means.clock.rest(pause, self.course.stop)
        return not self._is_over()

    def _alone(self, carrying: Carrying) -> None:
        try:
            outcome = carrying.carry_out()
        except Exception as error:  # noqa: BLE001 - one object must not end the others
            outcome = self.course.failed(carrying.change, error)
        self.emit(carrying.change.address, outcome)

    def _failed(self, members: Sequence[Carrying], error: Exception) -> None:
        for carrying in members:
            change = carrying.change
            self.emit(change.address, self.course.failed(change, error))

    def _verify(self) -> None:
        """Read everything back at once; what is not as written is looked at by itself."""
        if not self.written:
            return
        try:
            seen = self.means.fresh([c.change.address for c in self.written])
        except ReconcilerError:
            seen = {}
        for carrying in self.written:
            found = seen.get(carrying.change.address)
            if isinstance(found, Live) and not carrying.left(found):
                self.emit(carrying.change.address, carrying.outcome())
            else:
                self._verify_alone(carrying)

    def _verify_alone(self, carrying: Carrying) -> None:
        try:
            outcome = carrying.verified()
        except Exception as error:  # noqa: BLE001 - one object must not end the others
            outcome = self.course.failed(carrying.change, error)
        self.emit(carrying.change.address, outcome)

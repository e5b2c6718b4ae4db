"""A plan in, outcomes out: the only stage that changes a platform.

For each change the object is read again, written, and read back: one by one (`carrying.py`), or
many together where the server can (`batches.py`). Deletes have steps of their own (`deleting.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model import Action, Address, Change, Outcome, Plan
from reconciler.platform.batches import Batch
from reconciler.platform.carrying import Carrying, bulk_for
from reconciler.platform.deleting import Deleting
from reconciler.platform.lanes import Emit, Step, run_in_lanes
from reconciler.platform.ledger import Ledger
from reconciler.platform.means import Course, Means
from reconciler.platform.stepping import step

WORKERS = 8
"""Objects that are written at the same time, at most one of each lane."""


def apply(
    plan: Plan,
    means: Means,
    ledger: Ledger,
    stop: threading.Event,
    report: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Carry out the plan's changes; outcomes are in the plan's order.

    Raises StalePlanError, or UnreachableError, when the run ends before anything was written.
    """
    runnable = {change.address: change for change in plan.changes if not change.is_blocked}
    run = _Run(means, ledger, Course(stop, report, len(runnable)), runnable)
    return run.outcomes(plan)


@dataclass
class _Run:
    """One plan on its way; gone when the outcomes are there."""

    means: Means
    ledger: Ledger
    course: Course
    runnable: Mapping[Address, Change]

    def outcomes(self, plan: Plan) -> list[Outcome]:
        """What became of each change."""
        results: dict[Address, Outcome] = {}
        steps = [self._step(change) for change in self.runnable.values()]
        try:
            for address, outcome in run_in_lanes(
                steps, self._do, _is_done, self.course.stop, WORKERS
            ):
                results[address] = outcome
                if _is_done(outcome):
                    self.ledger.note([outcome])
                if self.ledger.failure:  # what cannot be recorded is not begun
                    self.course.stop.set()
                self.course.tell([outcome])
        finally:
            self.ledger.save()
        self._tell_unrecorded(results)
        for error in self.course.crashes:
            self.means.crashed(error)
        if self.course.fatal is not None and self.course.is_untouched:
            raise self.course.fatal
        return [results.get(c.address) or self._not_done(c, results) for c in plan.changes]

    def _tell_unrecorded(self, results: dict[Address, Outcome]) -> None:
        """What is done and could not be recorded has failed: the next run adopts it."""
        for address, outcome in results.items():
            moved = outcome.change.previous
            names = {address.full, *([moved.full] if moved else [])}
            if _is_done(outcome) and names & self.ledger.unsaved:
                reason = f"it is done, and could not be recorded: {self.ledger.failure}"
                results[address] = replace(outcome, result="failed", reason=reason)

    def _step(self, change: Change) -> Step[Address]:
        needs = frozenset(address for address in change.requires if address in self.runnable)
        return Step(change.address, self._lane(change), needs, self._batch(change))

    def _lane(self, change: Change) -> str:
        lane = self.means.registry[change.address.kind].lane
        return f"{change.address.platform}/{lane}" if lane and change.action.writes else ""

    def _batch(self, change: Change) -> Hashable:
        """What changes must have in common to be carried out together; None for those alone."""
        version = self.means.versions.get(change.address.platform, "")
        bulk = bulk_for(self.means.registry[change.address.kind], change, version)
        return (change.action, bulk) if bulk is not None else None

    def _do(self, addresses: Sequence[Address], emit: Emit[Address, Outcome]) -> None:
        changes = [self.runnable[address] for address in addresses]
        if len(changes) == 1:
            emit(addresses[0], self._alone(changes[0]))
        else:
            self._together(changes, emit)

    def _together(self, changes: Sequence[Change], emit: Emit[Address, Outcome]) -> None:
        told: set[Address] = set()

        def emit_once(address: Address, outcome: Outcome) -> None:
            told.add(address)
            emit(address, outcome)

        try:
            Batch(self.means, self.ledger, self.course, changes, emit_once).carry_out()
        except Exception as error:  # noqa: BLE001 - nobody knows which of them it was
            for change in changes:
                if change.address not in told:
                    emit(change.address, self.course.failed(change, error))

    def _alone(self, change: Change) -> Outcome:
        if not change.action.writes:
            return Outcome(change, "done")
        try:
            if self.means.registry[change.address.kind].steering is not None:
                return step(self.means, self.course, change)
            if change.action is Action.DELETE:
                return Deleting(self.means, self.course, self.ledger, change).carry_out()
            if change.action is Action.REPLACE:
                return self._anew(change)
            return Carrying(self.means, self.course, change).carry_out()
        except Exception as error:  # noqa: BLE001 - one object must not end the others
            return self.course.failed(change, error)

    def _anew(self, change: Change) -> Outcome:
        """Delete the object, wait until that shows, and create it."""
        making = Carrying(self.means, self.course, change)
        making.require_unchanged()
        old = replace(change, address=change.previous or change.address)
        Deleting(self.means, self.course, self.ledger, old).carry_out()
        making.tried = making.wrote = True  # what is there from now on is our own work
        return making.carry_out()

    def _not_done(self, change: Change, results: Mapping[Address, Outcome]) -> Outcome:
        if change.blocked is not None:
            return Outcome(change, "blocked", change.blocked.message)
        failed = [str(a) for a in change.requires if a in results and results[a].result != "done"]
        skipped = [str(a) for a in change.requires if a not in results]
        if failed or (skipped and not self.course.stop.is_set()):
            other = (failed + skipped)[0]
            reason = f"it names {other}, which was not done"
            if change.action is Action.DELETE:
                reason = f"{other} names it, and was not done"
        elif self.ledger.failure:
            reason = f"the run ended early: {self.ledger.failure}"
        elif self.course.fatal is not None:
            reason = f"the run ended early: {self.course.fatal.summary}"
        else:
            reason = "the run was interrupted"
        return Outcome(change, "not-attempted", reason)


def _is_done(outcome: Outcome) -> bool:
    return outcome.result == "done"

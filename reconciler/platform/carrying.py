"""One change on its way: its object read again, written, read back.

A write nobody can tell the outcome of is never repeated blindly: the object is read first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.engine.diff import Difference, SecretKnowledge, declared, diff
from reconciler.engine.preview import top_level
from reconciler.engine.sending import sendable
from reconciler.errors import AnswerError, OutcomeUnknownError, StalePlanError
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.rest import Bulk, Flow, Write
from reconciler.kinds.wire import create_body, update_body
from reconciler.model import (
    UNSET,
    Absent,
    Action,
    Change,
    Entry,
    FieldChange,
    Live,
    Observed,
    Outcome,
)
from reconciler.platform.means import Course, Means

READ_BACK_PAUSES = (0.1, 0.3, 0.6)
"""Seconds to wait before reading once more, while the server shows not yet what was written."""

SLOWEST_PAUSE = 8.0
"""Seconds between two looks at what the server is known to show late."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What one change sends now: a create or an update."""

    write: Write
    creating: bool


class Carrying:
    """One change on its way; gone when its outcome is there."""

    def __init__(self, means: Means, course: Course, change: Change) -> None:
        self.means, self.course = means, course
        self.change = change
        self.manifest = means.manifests[change.address]
        self.kind = means.registry[change.address.kind]
        self.client = means.clients[change.address.platform]
        self.until = means.clock.now() + means.patience
        self.wrote = False
        self.tried = False

    def require_unchanged(self) -> None:
        """Raises StalePlanError where a planned field changed since the plan."""
        observed = self.means.observe(self.change.address)
        if isinstance(observed, Live):
            self._refuse_stale(self._diff(observed))

    def carry_out(self) -> Outcome:
        """Do what the change says. Raises ReconcilerError when it fails."""
        attempt = 0
        while True:
            try:
                return self._write_once()
            except OutcomeUnknownError:
                self.unsure()
                pause = min(8.0, 0.25 * 2.0 ** min(attempt, 8))
                attempt += 1
                if self.means.clock.now() + pause > self.until or self.course.stop.is_set():
                    raise
                self.means.clock.rest(pause, self.course.stop)

    def unsure(self) -> None:
        """An attempt may have landed: from now on what is found may be our own work."""
        self.tried = True
        self.wrote = True
        self.course.wrote()

    def _write_once(self) -> Outcome:
        observed = self.means.observe(self.change.address)
        observed = self._moved(observed)
        intent = self.intent(observed)
        if intent is not None:
            try:
                self.send(self._flow(intent))
            except AnswerError:
                if not (intent.creating and self._met()):
                    raise
        return self.verified()

    def _met(self) -> bool:
        """Whether a refused create has its object all the same.

        Somebody else made just what this change was to create; or a create on another platform made
        it too, and what differs is written now.
        """
        observed = self.means.observe(self.change.address)
        if not isinstance(observed, Live):
            return False
        if self._is_mirror(observed):
            intent = self._update(observed)
            if intent is not None:
                self.send(self._flow(intent))
            return True
        return not self.left(observed)

    def _is_mirror(self, live: Live) -> bool:
        """Whether a create on another platform made what this change was to create."""
        creating = self.change.action is Action.CREATE and not self.tried
        return creating and self.kind.rest.is_mirror(live.raw)

    def _flow(self, intent: Intent) -> Flow:
        rest = self.kind.rest
        return rest.create(intent.write) if intent.creating else rest.update(intent.write)

    def _moved(self, observed: Observed) -> Observed:
        """What is at the address once the object was renamed or converted, if the plan says so."""
        if self.change.action is Action.CONVERT and isinstance(observed, Live):
            return self._converted(observed)
        old = self.change.previous
        stays = self.change.action in (Action.CONVERT, Action.REPLACE)
        if stays or old is None or isinstance(observed, Live):
            return observed
        before = self.means.observe(old)
        flow = self.kind.rest.rename(old, self.change.address)
        if not isinstance(before, Live) or flow is None:
            raise StalePlanError(f"{old} existed when the plan was made, and is gone")
        self.send(flow)
        self.tried = True
        return self.means.observe(self.change.address)

    def _converted(self, live: Live) -> Observed:
        found = self._diff(live)
        if found.conversion is None:
            return live
        if not self.tried:
            self._refuse_stale(found)
        if found.conversion.obstacle:
            raise AnswerError(found.conversion.obstacle)
        self.send(found.conversion.flow(self.change.address))
        self.tried = True
        return self.means.observe(self.change.address)

    def intent(self, observed: Observed) -> Intent | None:
        """What is left to send, seeing the object as it is now; None when nothing is.

        Raises StalePlanError where the object is not as the plan saw it, AnswerError where it
        cannot be read.
        """
        if isinstance(observed, Absent):
            return self._create()
        if isinstance(observed, Live):
            return self._update(observed)
        raise AnswerError(f"it could not be read before the write: {observed.reason}")

    def _create(self) -> Intent:
        if self.change.action not in (Action.CREATE, Action.REPLACE):
            raise StalePlanError(
                f"{self.change.address} existed when the plan was made, and is gone"
            )
        body = create_body(self.kind, sendable(self.kind, self.manifest), self.means.reveal)
        return Intent(Write(self.change.address, body, self.change.fields), creating=True)

    def _update(self, live: Live) -> Intent | None:
        """Write what still differs; None when nothing does, because an attempt landed."""
        found = self._diff(live)
        if self._is_mirror(live) and not found.fixed:
            return self._to_write(live, self.left(live))
        if not self.tried:
            self._refuse_stale(found)
        elif found.fixed:
            raise AnswerError(f"another object took the name {self.change.address.name}")
        return self._to_write(live, found.changes)

    def _to_write(self, live: Live, changes: tuple[FieldChange, ...]) -> Intent | None:
        if not changes:
            return None
        body = update_body(
            self.kind,
            sendable(self.kind, self.manifest, live.raw),
            top_level(changes),
            live.raw,
            self.means.reveal,
        )
        return Intent(Write(self.change.address, body, changes, live.raw), creating=False)

    def _refuse_stale(self, found: Difference) -> None:
        """A planned field that changed since the plan stops the change.

        One that became just what is declared does not: a rename lets those who name it follow.
        """
        if self.change.action is Action.CREATE:
            raise StalePlanError(f"{self.change.address} did not exist when the plan was made")
        planned = {f.path: f for f in self.change.fields if f.secret != "unverifiable"}
        now = {f.path: f for f in (*found.changes, *found.fixed)}
        moved = [path for path in planned if path in now and now[path] != planned[path]]
        moved += [path for path in now if path not in planned]
        moved = [path for path in moved if path not in self.change.follows]
        if moved:
            told = "; ".join(_then_now(path, planned.get(path), now.get(path)) for path in moved)
            raise StalePlanError(f"{self.change.address} changed since the plan: {told}")

    def send(self, flow: Any) -> None:
        """Drive a write; from the first write on the run can no longer end as untouched."""
        self.client.may_write()
        self.course.wrote()
        self.wrote = True
        self.client.run(flow)

    def _diff(self, live: Live, entry: Entry | None = None) -> Difference:
        known = self.means.known_secrets(self.change.address)
        before = entry or self.means.inventory.get(self.change.address)
        return diff(self.kind, self.manifest, live, before, known)

    def verified(self) -> Outcome:
        """Read back; what did not stick is written once more before it is told.

        A write can get lost behind a gateway that answers in the server's place, and an
        assignment to a project takes a while to show.
        """
        live, left = self._read_back()
        if left and (again := self._to_write(live, self._unkept(live))) is not None:
            self.send(self._flow(again))
            live, left = self._read_back()
        return self.outcome(left)

    def outcome(self, left: tuple[FieldChange, ...] = ()) -> Outcome:
        """The change is done, but for what is left of it."""
        if not left:
            return Outcome(self.change, "done", wrote=self.wrote)
        named = ", ".join(f.path for f in left)
        return Outcome(self.change, "done", f"server rewrote it: {named}", left, self.wrote)

    def _read_back(self) -> tuple[Live, tuple[FieldChange, ...]]:
        """Look until the object is as declared; the last look and what is left of the change."""
        seen: Live | None = None
        left: tuple[FieldChange, ...] = ()
        pauses = [0.0, *READ_BACK_PAUSES]
        while pauses:
            self.means.clock.sleep(pauses.pop(0))
            observed = self.means.observe(self.change.address)
            if isinstance(observed, Live):
                seen, left = observed, self.left(observed)
                if not left:
                    break
            if not pauses and self._is_late(left):
                pauses.append(min(SLOWEST_PAUSE, self._waited() or 1.0))
        if seen is None:
            raise OutcomeUnknownError("it was written, and could not be read back")
        return seen, left

    def _waited(self) -> float:
        return self.means.clock.now() - (self.until - self.means.patience)

    def _is_late(self, left: tuple[FieldChange, ...]) -> bool:
        """Whether something is missing that is known to show late, and there is time to wait."""
        is_slow = any(self._is_slow(name) for name in top_level(left))
        if self.course.stop.is_set():
            return False
        return is_slow and self._waited() < self.means.patience / 2

    def _is_slow(self, name: str) -> bool:
        known = self.kind.fields.get(name)
        return known is not None and known.slow

    def _unkept(self, live: Live) -> tuple[FieldChange, ...]:
        """The changes to write once more; none where a field is fixed from creation on."""
        found = self._diff(live)
        return () if found.fixed else found.changes

    def left(self, live: Live) -> tuple[FieldChange, ...]:
        """What of an object still differs from what was written.

        Exempt are fields that are never returned, and those that were told before as rewritten.
        """
        fields = declared(self.kind, self.manifest)
        before = self.means.inventory.get(self.change.address)
        planned = {f.path for f in self.change.fields}
        told = before.rewritten if before else {}
        written = Entry(
            self.means.owner,
            {f.path: f.after for f in fields if f.secret is None},
            {f.path: "" for f in fields if f.secret is not None},
            {path: pair for path, pair in told.items() if path not in planned},
        )
        found = diff(self.kind, self.manifest, live, written, SecretKnowledge())
        return (*found.changes, *found.fixed, *found.stuck)


def _then_now(path: str, then: FieldChange | None, now: FieldChange | None) -> str:
    return f"{path} was {_shown(then)}, is {_shown(now)}"


def _shown(change: FieldChange | None) -> str:
    if change is None:
        return "as declared"
    if change.secret is not None:
        return "a secret"
    return "unset" if change.before is UNSET else repr(change.before)


def bulk_for(kind: Kind, change: Change, version: str) -> Bulk | None:
    """The bulk requests by which a change can be carried out together with others, if any."""
    bulk = kind.rest.bulk
    if bulk is None or change.previous is not None:
        return None
    since = {Action.CREATE: bulk.create_since, Action.UPDATE: bulk.update_since}.get(change.action)
    return bulk if since is not None and at_least(version, since) else None

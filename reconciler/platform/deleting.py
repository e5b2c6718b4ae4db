"""One delete on its way: the object looked at again, taken out of service, measured, deleted.

Content cannot come back, so it is measured when nothing can be added to it any more; if it turns
out to be more than what was approved, the object is put back into service and stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.engine.prune import as_applied, is_same, over_limit, withdrawal
from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    StalePlanError,
    UnreachableError,
)
from reconciler.kinds.rest import Write
from reconciler.kinds.values import same, without_implied
from reconciler.model import UNSET, Absent, Change, Entry, JsonValue, Live, Observed, Outcome
from reconciler.platform.ledger import Ledger
from reconciler.platform.means import Course, Means

LOOKS = (0.0, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0)
"""Seconds to wait before each look whether a deleted object is gone; the last one goes on."""


class Deleting:
    """One object to be deleted; gone when its outcome is there.

    Used for `delete`, and for the first half of a replacement.
    """

    def __init__(self, means: Means, course: Course, ledger: Ledger, change: Change) -> None:
        self.means, self.course, self.ledger = means, course, ledger
        self.change, self.address = change, change.address
        self.kind = means.registry[change.address.kind]
        self.client = means.clients[change.address.platform]
        self.entry = means.inventory.get(change.address) or Entry(means.owner)
        self.withdrawn: Mapping[str, JsonValue] = self.entry.withdrawn
        self.until = means.clock.now() + means.patience
        self.wrote = False

    def carry_out(self) -> Outcome:
        """Delete the object. Raises ReconcilerError when it is still there, or may be."""
        attempt = 0
        while True:
            try:
                return self._delete_once()
            except OutcomeUnknownError as error:
                self._sent()
                pause = min(8.0, 0.25 * 2.0 ** min(attempt, 8))
                attempt += 1
                if self.means.clock.now() + pause > self.until:
                    raise self._put_back(error) from None
                self.means.clock.sleep(pause)
            except ReconcilerError as error:
                raise self._put_back(error) from None

    def _delete_once(self) -> Outcome:
        live = self._seen(self.means.observe(self.address))
        if live is None:
            return self._done("" if self.wrote else "it was gone already")
        self._require_same(live)
        self._require_permission()
        if self._withdraw(live):
            self._require_permission()
        flow = self.kind.rest.delete(self.address)
        if flow is None:
            raise AnswerError(f"there is no request that deletes a {self.kind.name}")
        self._sent()
        try:
            self.client.run(flow)
        except OutcomeUnknownError:
            raise
        except AnswerError:
            if self._seen(self.means.observe(self.address)) is not None:
                raise
        return self._gone()

    def _seen(self, observed: Observed) -> Live | None:
        """The live object, None for one that is gone. Raises AnswerError for one not readable."""
        if isinstance(observed, Absent):
            return None
        if isinstance(observed, Live):
            return observed
        raise AnswerError(f"it could not be read before the delete: {observed.reason}")

    def _require_same(self, live: Live) -> None:
        if not is_same(self.kind, as_applied(self.address, self.entry), live):
            raise StalePlanError(f"{self.address} is another object than when the plan was made")
        if not live.complete:
            raise AnswerError("the token sees a reduced form of it, so it stays")
        if reason := self.kind.rest.undeletable(self.address, live.raw):
            raise StalePlanError(f"{self.address} changed since the plan: {reason}")

    def _require_permission(self) -> None:
        """Measure, and stop where there is more than may be lost."""
        if not self.kind.rest.holds_content:
            return
        content = self.means.measure(self.address)
        block = over_limit(content, self.means.tombstones.get(self.address))
        if block is not None and content is None:
            raise AnswerError(f"{block.message}, so it stays")
        if block is not None:
            raise StalePlanError(f"{self.address} changed since the plan: {block.message}")

    def _withdraw(self, live: Live) -> bool:
        """Take the object out of service, if its kind can be; whether it is now.

        What is changed is remembered first, so that a later run knows what to put back.
        """
        values = withdrawal(self.kind, live)
        if not values:
            return bool(self.kind.rest.out_of_service)
        before = {name: self._usual(name, old) for name, (old, _) in values.items()}
        self.withdrawn = {**before, **self.entry.withdrawn}
        self.ledger.withdraw(self.address, self.withdrawn)
        self._write(live, {name: new for name, (_, new) in values.items()})
        seen = self._seen(self.means.observe(self.address))
        if seen is not None and withdrawal(self.kind, seen):
            raise AnswerError("the server did not take it out of service, so it stays")
        return True

    def _write(self, live: Live, values: Mapping[str, JsonValue]) -> None:
        self._sent()
        body = {self.kind.written_fields[name].wire: value for name, value in values.items()}
        self.client.run(self.kind.rest.update(Write(self.address, body, live=live.raw)))

    def _sent(self) -> None:
        self.wrote = True
        self.course.wrote()

    def _gone(self) -> Outcome:
        """Wait until everybody can see that the object is gone. Raises OutcomeUnknownError."""
        pauses = list(LOOKS)
        while True:
            self.means.clock.sleep(pauses[0])
            if isinstance(self.means.observe(self.address), Absent):
                return self._done()
            pauses = pauses[1:] or pauses
            is_late = self.means.clock.now() + pauses[0] > self.until
            if is_late or self.course.stop.is_set():
                raise OutcomeUnknownError("the server deleted it, and still shows it")

    def _put_back(self, error: ReconcilerError) -> ReconcilerError:
        """The error, once what was taken out of service is as before, as far as that can be."""
        if not self.withdrawn:
            return error
        try:
            if isinstance(error, UnreachableError):
                raise error
            live = self._seen(self.means.observe(self.address))
            if live is None:
                return error
            if not self._is_as_before(live):
                self._write(live, self.withdrawn)
                live = self._seen(self.means.observe(self.address)) or live
            if not self._is_as_before(live):
                raise AnswerError("the server kept it out of service")
            self.ledger.withdraw(self.address, {})
        except ReconcilerError:
            names = ", ".join(f"spec.{name}" for name in self.withdrawn)
            error.summary += (
                f"; it is still out of service ({names}): the next run goes on with the delete, or "
                "puts it back where the object is declared again"
            )
        return error

    def _usual(self, name: str, value: JsonValue) -> JsonValue:
        """A value to return to; what was unset has the server's default."""
        default = self.kind.written_fields[name].default
        return default.value if value is UNSET and default is not None else value

    def _is_as_before(self, live: Live) -> bool:
        fields = self.kind.written_fields
        return all(
            same(
                fields[name],
                value,
                without_implied(fields[name], value, fields[name].live_value(live.raw, UNSET)),
            )
            for name, value in self.withdrawn.items()
        )

    def _done(self, reason: str = "") -> Outcome:
        return Outcome(self.change, "done", reason, wrote=self.wrote)

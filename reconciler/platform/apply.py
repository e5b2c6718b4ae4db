"""A plan in, outcomes out: the only stage that changes a platform.

For each change the object is read again, written, and read back. A write nobody can tell the
outcome of is never repeated blindly: the object is read first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.engine.diff import Difference, SecretKnowledge, declared, diff, sendable
from reconciler.engine.plan import top_level
from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    StalePlanError,
    UnreachableError,
)
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Write
from reconciler.kinds.wire import Reveal, create_body, secrets_in, update_body
from reconciler.model import (
    UNSET,
    Absent,
    Action,
    Address,
    Change,
    Entry,
    FieldChange,
    Inventory,
    Live,
    Manifest,
    Observed,
    Outcome,
    Plan,
)
from reconciler.platform.client import Client, Clock
from reconciler.platform.inventory import FileInventory
from reconciler.platform.lanes import Step, run_in_lanes

READ_BACK_PAUSES = (0.1, 0.3, 0.6)
"""Seconds to wait before reading once more, while the server shows not yet what was written."""

SAVE_EVERY = 1.0
"""Seconds between two writes of the inventory; a crash in between costs an adoption, no object."""


@dataclass
class Applier:
    """Carries out one plan; gone when the outcomes are there.

    `observe` reads one object again, `reveal` resolves a secret reference, `prints` holds the
    fingerprints of each manifest's secrets where a key is configured.
    """

    clients: Mapping[str, Client]
    registry: Registry
    manifests: Mapping[Address, Manifest]
    inventory: Inventory
    store: FileInventory
    owner: str
    observe: Callable[[Address], Observed]
    reveal: Reveal
    prints: Mapping[Address, SecretKnowledge] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    report: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None
    clock: Clock = field(default_factory=Clock)
    patience: float = 120.0
    """Seconds for one change, retries included."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._unsaved: dict[str, Entry | None] = {}
        self._saved = self.clock.now()
        self._wrote = False
        self._fatal: ReconcilerError | None = None

    def apply(self, plan: Plan) -> list[Outcome]:
        """Carry out the plan's changes; outcomes are in the plan's order.

        Raises StalePlanError, or UnreachableError, when the run ends before anything was written.
        """
        results: dict[Address, Outcome] = {}
        steps = self._steps(plan)
        by_address = {change.address: change for change in plan.changes}
        try:
            for address, outcome in run_in_lanes(
                steps,
                lambda address: self._outcome(by_address[address]),
                lambda outcome: outcome.result == "done",
                self.stop,
                workers=4,
            ):
                results[address] = outcome
                self._record(outcome)
                self.report(outcome, len(results), len(steps))
        finally:
            self._save()
        if self._fatal is not None and not self._wrote:
            raise self._fatal
        return [results.get(c.address) or self._not_done(c, results) for c in plan.changes]

    def refresh(self, plan: Plan) -> None:
        """Record what is declared now of the owned objects that needed no change.

        A field declared with the value it has anyway is managed from now on; one that is no longer
        declared is released, and told once.
        """
        busy = {change.address for change in plan.changes}
        doubtful = {d.address for d in plan.diagnostics if "unreadable" in d.rule}
        fresh: dict[str, Entry | None] = {}
        for address, manifest in self.manifests.items():
            entry = self.inventory.get(address)
            if entry is None or entry.owner != self.owner or manifest.lifecycle.manage != "full":
                continue
            if address not in busy and str(address) not in doubtful:
                now = self.entry(manifest, entry)
                if now != entry:
                    fresh[address.full] = now
        if fresh:
            self.store.change(fresh)

    def _steps(self, plan: Plan) -> list[Step[Address]]:
        runnable = {change.address for change in plan.changes if not change.is_blocked}
        return [
            Step(
                change.address,
                self._lane(change),
                frozenset(address for address in change.requires if address in runnable),
            )
            for change in plan.changes
            if not change.is_blocked
        ]

    def _lane(self, change: Change) -> str:
        lane = self.registry[change.address.kind].lane
        return f"{change.address.platform}/{lane}" if lane and change.action.writes else ""

    def _not_done(self, change: Change, results: Mapping[Address, Outcome]) -> Outcome:
        if change.blocked is not None:
            return Outcome(change, "blocked", change.blocked.message)
        failed = [str(a) for a in change.requires if a in results and results[a].result != "done"]
        skipped = [str(a) for a in change.requires if a not in results]
        if failed or (skipped and not self.stop.is_set()):
            reason = f"it names {(failed + skipped)[0]}, which was not done"
        elif self._fatal is not None:
            reason = f"the run ended early: {self._fatal.summary}"
        else:
            reason = "the run was interrupted"
        return Outcome(change, "not-attempted", reason)

    def _outcome(self, change: Change) -> Outcome:
        """What becomes of one change; an error becomes a failed outcome."""
        try:
            return _Carrying(self, change).carry_out()
        except (UnreachableError, StalePlanError) as error:
            self._end(error)
            return Outcome(change, "failed", error.summary)
        except ReconcilerError as error:
            unknown = isinstance(error, OutcomeUnknownError)
            self._wrote = self._wrote or unknown
            status = error.status if isinstance(error, AnswerError) else 0
            return Outcome(change, "failed", error.summary, wrote=unknown, status=status)

    def _end(self, error: ReconcilerError) -> None:
        """A platform that is gone ends the run; so does a stale plan, while nothing is written."""
        if isinstance(error, UnreachableError) or not self._wrote:
            self._fatal = self._fatal or error
            self.stop.set()

    def wrote(self) -> None:
        """Remember that something was sent: from now on the run cannot end as if nothing was."""
        self._wrote = True

    def _record(self, outcome: Outcome) -> None:
        if outcome.result != "done":
            return
        address = outcome.change.address
        with self._lock:
            self._unsaved[address.full] = self._entry(outcome)
        if self.clock.now() - self._saved > SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        with self._lock:
            unsaved, self._unsaved = self._unsaved, {}
        if unsaved:
            self.store.change(unsaved)
        self._saved = self.clock.now()

    def _entry(self, outcome: Outcome) -> Entry | None:
        change = outcome.change
        if change.action is Action.RELEASE:
            return None
        before = self.inventory.get(change.address)
        return self.entry(self.manifests[change.address], before, outcome)

    def entry(
        self, manifest: Manifest, before: Entry | None, outcome: Outcome | None = None
    ) -> Entry:
        """What the inventory is to remember of an object that now is as its manifest says."""
        kind = self.registry[manifest.address.kind]
        fields = declared(kind, manifest)
        return Entry(
            self.owner,
            {f.path: f.after for f in fields if f.secret is None},
            self._secret_prints(kind, manifest, before, outcome),
            _rewritten(before, outcome, {f.path for f in fields}),
        )

    def _secret_prints(
        self, kind: Kind, manifest: Manifest, before: Entry | None, outcome: Outcome | None
    ) -> dict[str, str]:
        """A fingerprint is new where the secret was written now; else the old one is kept.

        Where there is none yet (after an adoption, or before there was a key) today's value is the
        baseline from which a change is noticed.
        """
        known = self.prints.get(manifest.address, SecretKnowledge()).prints
        old = before.secrets if before else {}
        written = _written_secrets(outcome)
        created = outcome is not None and outcome.change.action is Action.CREATE
        prints: dict[str, str] = {}
        for path in (path_text(path) for path, _ in secrets_in(kind.fields, manifest.spec)):
            sent = created or any(path == w or path.startswith(f"{w}[") for w in written)
            kept = "" if sent else old.get(path, "")
            prints[path] = kept or known.get(path, "")
        return prints


def path_text(path: Iterable[str | int]) -> str:
    """A path as it is printed: `spec.members[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _written_secrets(outcome: Outcome | None) -> set[str]:
    if outcome is None:
        return set()
    return {f.path for f in outcome.change.fields if f.secret != "unverifiable"}


def _rewritten(
    before: Entry | None, outcome: Outcome | None, declared_paths: set[str]
) -> dict[str, tuple[Any, Any]]:
    kept = dict(before.rewritten) if before else {}
    for changed in outcome.change.fields if outcome else ():
        kept.pop(changed.path, None)
    for changed in outcome.fields if outcome else ():
        got = None if changed.before is UNSET else changed.before
        kept[changed.path] = (changed.after, got)
    return {path: pair for path, pair in kept.items() if path in declared_paths}


class _Carrying:
    """One change on its way: read again, write, read back."""

    def __init__(self, applier: Applier, change: Change) -> None:
        self.applier = applier
        self.change = change
        self.manifest = applier.manifests[change.address]
        self.kind = applier.registry[change.address.kind]
        self.client = applier.clients[change.address.platform]
        self.until = applier.clock.now() + applier.patience
        self.wrote = False
        self.tried = False

    def carry_out(self) -> Outcome:
        """Do what the change says. Raises ReconcilerError when it fails."""
        if not self.change.action.writes:
            return Outcome(self.change, "done")
        attempt = 0
        while True:
            try:
                return self._write_once()
            except OutcomeUnknownError as error:
                self.tried = True
                self.applier.wrote()
                pause = min(8.0, 0.25 * 2.0 ** min(attempt, 8))
                attempt += 1
                if self.applier.clock.now() + pause > self.until:
                    raise
                _ = error
                self.applier.clock.sleep(pause)

    def _write_once(self) -> Outcome:
        observed = self.applier.observe(self.change.address)
        if isinstance(observed, Absent):
            self._create()
        elif isinstance(observed, Live):
            if not self._update(observed):
                return self._verified()
        else:
            raise AnswerError(f"it could not be read before the write: {observed.reason}")
        return self._verified()

    def _create(self) -> None:
        if self.change.action is not Action.CREATE:
            raise StalePlanError(
                f"{self.change.address} existed when the plan was made, and is gone"
            )
        body = create_body(self.kind, sendable(self.kind, self.manifest), self.applier.reveal)
        self._send(self.kind.rest.create(Write(self.change.address, body, self.change.fields)))

    def _update(self, live: Live) -> bool:
        """Write what still differs; False when nothing does, because an attempt landed."""
        found = self._diff(live)
        if not self.tried:
            self._refuse_stale(found)
        elif found.fixed:
            raise AnswerError(f"another object took the name {self.change.address.name}")
        return self._write(live, found.changes)

    def _write(self, live: Live, changes: tuple[FieldChange, ...]) -> bool:
        if not changes:
            return False
        body = update_body(
            self.kind,
            sendable(self.kind, self.manifest),
            top_level(changes),
            live.raw,
            self.applier.reveal,
        )
        self._send(self.kind.rest.update(Write(self.change.address, body, changes)))
        return True

    def _refuse_stale(self, found: Difference) -> None:
        """A planned field that changed since the plan stops the change."""
        if self.change.action is Action.CREATE:
            raise StalePlanError(f"{self.change.address} did not exist when the plan was made")
        planned = {f.path: f for f in self.change.fields if f.secret != "unverifiable"}
        now = {f.path: f for f in (*found.changes, *found.fixed)}
        moved = [path for path in planned if now.get(path) != planned[path]]
        moved += [path for path in now if path not in planned]
        if moved:
            told = "; ".join(_then_now(path, planned.get(path), now.get(path)) for path in moved)
            raise StalePlanError(f"{self.change.address} changed since the plan: {told}")

    def _send(self, flow: Any) -> None:
        """Drive a write; from the first write on the run can no longer end as untouched."""
        self.applier.wrote()
        self.wrote = True
        self.client.run(flow)

    def _diff(self, live: Live, entry: Entry | None = None) -> Difference:
        known = self.applier.prints.get(self.change.address, SecretKnowledge())
        before = entry or self.applier.inventory.get(self.change.address)
        return diff(self.kind, self.manifest, live, before, known)

    def _verified(self) -> Outcome:
        """Read back; what did not stick is written once more before it is told.

        A write can get lost behind a gateway that answers in the server's place, and an
        assignment to a project takes a while to show.
        """
        live, left = self._read_back()
        if left and self._write(live, self._unkept(live)):
            live, left = self._read_back()
        if not left:
            return Outcome(self.change, "done", wrote=self.wrote)
        named = ", ".join(f.path for f in left)
        return Outcome(self.change, "done", f"server rewrote it: {named}", left, self.wrote)

    def _read_back(self) -> tuple[Live, tuple[FieldChange, ...]]:
        """Look until the object is as declared; the last look and what is left of the change."""
        seen: Live | None = None
        left: tuple[FieldChange, ...] = ()
        for pause in (0.0, *READ_BACK_PAUSES):
            self.applier.clock.sleep(pause)
            observed = self.applier.observe(self.change.address)
            if isinstance(observed, Live):
                seen, left = observed, self._left(observed)
                if not left:
                    break
        if seen is None:
            raise OutcomeUnknownError("it was written, and could not be read back")
        return seen, left

    def _unkept(self, live: Live) -> tuple[FieldChange, ...]:
        """The changes to write once more; none where a field is fixed from creation on."""
        found = self._diff(live)
        return () if found.fixed else found.changes

    def _left(self, live: Live) -> tuple[FieldChange, ...]:
        """What differs from what was written.

        Exempt are fields that are never returned, and those that were told before as rewritten.
        """
        fields = declared(self.kind, self.manifest)
        before = self.applier.inventory.get(self.change.address)
        planned = {f.path for f in self.change.fields}
        told = before.rewritten if before else {}
        written = Entry(
            self.applier.owner,
            {f.path: f.after for f in fields if f.secret is None},
            {f.path: "" for f in fields if f.secret is not None},
            {path: pair for path, pair in told.items() if path not in planned},
        )
        found = diff(self.kind, replace(self.manifest), live, written, SecretKnowledge())
        return (*found.changes, *found.fixed, *found.stuck)


def _then_now(path: str, then: FieldChange | None, now: FieldChange | None) -> str:
    return f"{path} was {_shown(then)}, is {_shown(now)}"


def _shown(change: FieldChange | None) -> str:
    if change is None:
        return "as declared"
    if change.secret is not None:
        return "a secret"
    return "unset" if change.before is UNSET else repr(change.before)

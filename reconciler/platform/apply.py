"""A plan in, outcomes out: the only stage that changes a platform.

For each change the object is read again, written, and read back: one by one (`carrying.py`), or
many together where the server can (`batches.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.diff import SecretKnowledge, declared
from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    StalePlanError,
    UnreachableError,
)
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.wire import Reveal, secrets_in
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Change,
    Entry,
    Inventory,
    Manifest,
    Observed,
    Outcome,
    Plan,
)
from reconciler.platform.batches import Batch
from reconciler.platform.carrying import Carrying, bulk_for
from reconciler.platform.client import Client, Clock
from reconciler.platform.inventory import FileInventory
from reconciler.platform.lanes import Emit, Step, run_in_lanes

WORKERS = 8
"""Objects that are written at the same time, at most one of each lane."""

SAVE_EVERY = 1.0
"""Seconds between two writes of the inventory; a crash in between costs an adoption, no object."""


@dataclass
class Applier:
    """Carries out one plan; gone when the outcomes are there.

    `observe` reads one object again, `fresh` many at once; `versions` are those of Artifactory.
    `reveal` resolves a secret reference, `prints` holds the fingerprints of each manifest's secrets
    where a key is configured.
    """

    clients: Mapping[str, Client]
    registry: Registry
    manifests: Mapping[Address, Manifest]
    inventory: Inventory
    store: FileInventory
    owner: str
    observe: Callable[[Address], Observed]
    reveal: Reveal
    fresh: Callable[..., dict[Address, Observed]] = dict
    versions: Mapping[str, str] = field(default_factory=dict)
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
        self._told: set[Address] = set()
        self._total = 0

    def apply(self, plan: Plan) -> list[Outcome]:
        """Carry out the plan's changes; outcomes are in the plan's order.

        Raises StalePlanError, or UnreachableError, when the run ends before anything was written.
        """
        results: dict[Address, Outcome] = {}
        steps = self._steps(plan)
        self._total = len(steps)
        by_address = {change.address: change for change in plan.changes}
        try:
            for address, outcome in run_in_lanes(
                steps,
                lambda addresses, emit: self._do([by_address[a] for a in addresses], emit),
                _is_done,
                self.stop,
                WORKERS,
            ):
                results[address] = outcome
                self._record(outcome)
                self.tell([outcome])
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
                self._batch(change),
            )
            for change in plan.changes
            if not change.is_blocked
        ]

    def _lane(self, change: Change) -> str:
        lane = self.registry[change.address.kind].lane
        return f"{change.address.platform}/{lane}" if lane and change.action.writes else ""

    def _batch(self, change: Change) -> Hashable:
        """What changes must have in common to be carried out together; None for those alone."""
        if not change.action.writes:
            return None
        bulk = bulk_for(Carrying(self, change), self.versions.get(change.address.platform, ""))
        return (change.action, bulk) if bulk is not None else None

    def _do(self, changes: Sequence[Change], emit: Emit[Address, Outcome]) -> None:
        if len(changes) == 1:
            emit(changes[0].address, self.outcome(changes[0]))
        else:
            Batch(self, changes, emit).carry_out()

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

    def outcome(self, change: Change) -> Outcome:
        """What becomes of one change by itself."""
        try:
            return Carrying(self, change).carry_out()
        except ReconcilerError as error:
            return self.failed(change, error)

    def failed(self, change: Change, error: ReconcilerError) -> Outcome:
        """The outcome of a change that ran into an error; some errors end the whole run."""
        if isinstance(error, (UnreachableError, StalePlanError)):
            self._end(error)
            return Outcome(change, "failed", error.summary)
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
        self.remember([outcome])
        if self.clock.now() - self._saved > SAVE_EVERY:
            self._save()

    def remember(self, outcomes: Iterable[Outcome]) -> None:
        """Note what is done, to be saved soon."""
        with self._lock:
            for outcome in outcomes:
                change = outcome.change
                if change.previous is not None:
                    self._unsaved[change.previous.full] = None
                self._unsaved[change.address.full] = self._entry(outcome)

    def tell(self, outcomes: Iterable[Outcome]) -> None:
        """Report how far the run is; what is told again counts once."""
        for outcome in outcomes:
            with self._lock:
                self._told.add(outcome.change.address)
                done = len(self._told)
            self.report(outcome, done, self._total)

    def save(self) -> None:
        """Write what was noted to the inventory."""
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
        before = self.inventory.get(change.previous or change.address)
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


def _is_done(outcome: Outcome) -> bool:
    return outcome.result == "done"


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

"""Outcomes in, what the inventory is to remember out, and written in time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.engine.codes import UNFINISHED_DELETE
from reconciler.engine.diff import declared
from reconciler.engine.ownership import namesakes
from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.kinds.wire import secrets_in
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Change,
    Entry,
    JsonValue,
    Manifest,
    Outcome,
    Plan,
)
from reconciler.platform.inventory.store import Store
from reconciler.platform.means import Means

SAVE_EVERY = 1.0
"""Seconds between two writes of the inventory; a crash in between costs an adoption, no object."""


class Ledger:
    """Notes what is done, from any thread, and writes it to the inventory."""

    def __init__(self, means: Means, store: Store) -> None:
        self.means, self.store = means, store
        self._lock = threading.Lock()
        self._unsaved: dict[str, Entry | None] = {}
        self._save_after = means.clock.now() + SAVE_EVERY
        self.failure = ""
        """Why the inventory could not be written, as long as it cannot."""

    @property
    def unsaved(self) -> frozenset[str]:
        """The full addresses of what was noted and is not written yet."""
        return frozenset(self._unsaved)

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what is done; it is saved when the last time was a while ago."""
        with self._lock:
            for outcome in outcomes:
                change = outcome.change
                if self.means.registry[change.address.kind].steering is not None:
                    continue  # the server is asked each time: no record of ours could tell more
                for known in self._known_as(change):
                    self._unsaved[known.full] = None
                self._unsaved[change.address.full] = self._entry_after(outcome)
        if self.means.clock.now() > self._save_after:
            self.save()

    def save(self) -> None:
        """Write what was noted; when that fails, `failure` says why, and nothing is forgotten."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, {}
        began = self.means.clock.now()
        if unsaved:
            try:
                self.store.change(unsaved)
                self.failure = ""
            except (ReconcilerError, OSError) as error:
                self.failure = str(error)
                with self._lock:
                    self._unsaved = {**unsaved, **self._unsaved}
        ended = self.means.clock.now()
        # A large inventory takes long to write: most of the time is to go into the run.
        self._save_after = ended + max(SAVE_EVERY, 10 * (ended - began))

    def refresh(self, plan: Plan) -> None:
        """Record what is declared now of the owned objects that needed no change.

        A field declared with the value it has anyway is managed from now on; one that is no longer
        declared is released, and told once. The lifecycle is remembered of all of them.
        """
        busy = {change.address for change in plan.changes}
        doubtful = {d.address for d in plan.diagnostics if "unreadable" in d.rule}
        silent = {info.name for info in plan.platforms if not info.versions}
        fresh: dict[str, Entry | None] = {}
        recorded = self.store.load() if busy else self.means.inventory
        undone = {c.address for c in plan.changes if c.reason == UNFINISHED_DELETE}
        for address, manifest in self.means.manifests.items():
            entry = recorded.get(address)
            if entry is None or entry.owner != self.means.owner or address in undone:
                continue
            is_read = str(address) not in doubtful and address.platform not in silent
            is_settled = address not in busy and is_read
            if is_settled and manifest.lifecycle.manage == "full":
                now = self._entry(manifest, entry)
            else:
                now = entry.under(manifest.lifecycle)
            if now != entry:
                fresh[address.full] = now
        if fresh:
            self.store.change(fresh)

    def _known_as(self, change: Change) -> Iterator[Address]:
        """What else the inventory knows an object as: another name, or its class before.

        Where a run ended between deleting the one and creating the other, only the record tells.
        """
        if change.previous is not None:
            yield change.previous
        if change.action not in (Action.RELEASE, Action.DELETE):
            yield from namesakes(self.means.inventory, self.means.registry, change.address)

    def _entry_after(self, outcome: Outcome) -> Entry | None:
        change = outcome.change
        if change.action in (Action.RELEASE, Action.DELETE):
            return None
        before = self.means.inventory.get(change.previous or change.address)
        if change.reason == UNFINISHED_DELETE and before is not None:
            return replace(before, withdrawn={})
        return self._entry(self.means.manifests[change.address], before, outcome)

    def _entry(
        self, manifest: Manifest, before: Entry | None, outcome: Outcome | None = None
    ) -> Entry:
        """What is to be remembered of an object that now is as its manifest says."""
        kind = self.means.registry[manifest.address.kind]
        fields = declared(kind, manifest)
        put_back = {f"spec.{name}" for name in before.withdrawn} if before else set()
        return Entry(
            self.means.owner,
            {f.path: f.after for f in fields if f.secret is None and f.path not in put_back},
            self._secret_prints(kind, manifest, before, outcome),
            _rewritten(before, outcome, {f.path for f in fields}),
            run=before.run if before and not _is_new(outcome) else {},
        ).under(manifest.lifecycle)

    def withdraw(self, address: Address, values: Mapping[str, JsonValue]) -> None:
        """Remember, before it is done, what a delete changes first; nothing, when that is undone.

        `values` are those from before. After a crash they are put back, or the delete goes on.
        """
        with self._lock:
            entry = self.store.load().get(address)
            if entry is not None and entry.withdrawn != values:
                self.store.change({address.full: replace(entry, withdrawn=values)})

    def _secret_prints(
        self, kind: Kind, manifest: Manifest, before: Entry | None, outcome: Outcome | None
    ) -> dict[str, str]:
        """A fingerprint is new where the secret was written now; else the old one is kept.

        Where there is none yet (after an adoption, or before there was a key) today's value is the
        baseline from which a change is noticed.
        """
        known = self.means.known_secrets(manifest.address).prints
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


def _is_new(outcome: Outcome | None) -> bool:
    """Whether the object is another one than that of which something is remembered."""
    return outcome is not None and outcome.change.action in (Action.CREATE, Action.REPLACE)


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

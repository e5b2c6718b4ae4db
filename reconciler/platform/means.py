"""What an apply is given, and how it is going: the two things every change on its way needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.engine.diff import NOTHING_KNOWN, SecretKnowledge
from reconciler.errors import (
    AnswerError,
    LeaseLostError,
    OutcomeUnknownError,
    ReconcilerError,
    StalePlanError,
    UnreachableError,
)
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content
from reconciler.kinds.steering import Wanted
from reconciler.kinds.wire import Reveal
from reconciler.model import Address, Change, Inventory, Manifest, Observed, Outcome, Tombstone
from reconciler.platform.client import Client, Clock


@dataclass(frozen=True)
class Means:
    """What changes are carried out with.

    `observe` reads one object again, `fresh` many at once, `measure` tells what one holds, None
    where that cannot be told; `versions` are those of Artifactory.
    `reveal` resolves a secret reference, `prints` holds the fingerprints of each manifest's secrets
    where a key is configured.
    """

    clients: Mapping[str, Client]
    registry: Registry
    manifests: Mapping[Address, Manifest]
    inventory: Inventory
    owner: str
    observe: Callable[[Address], Observed]
    fresh: Callable[..., dict[Address, Observed]]
    reveal: Reveal
    measure: Callable[[Address], Content | None] = lambda address: None
    tombstones: Mapping[Address, Tombstone] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    prints: Mapping[Address, SecretKnowledge] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    crashed: Callable[[Exception], None] = lambda error: None
    """Told of faults of ours that made a change fail."""
    wanted: Callable[[Manifest], Wanted] | None = None
    """What a steering is asked about an object."""
    patience: float = 120.0
    """Seconds for one change, retries included."""

    def known_secrets(self, address: Address) -> SecretKnowledge:
        """What is known of one object's secrets."""
        return self.prints.get(address, NOTHING_KNOWN)


class Course:
    """How a run is going: what was told, whether anything was written, what ended it."""

    def __init__(
        self,
        stop: threading.Event,
        report: Callable[[Outcome, int, int], None],
        total: int,
    ) -> None:
        self.stop, self.report, self.total = stop, report, total
        self.is_untouched = True
        self.fatal: ReconcilerError | None = None
        self.without_bulk: set[tuple[str, bool]] = set()
        """Platforms that turned out to have no bulk create (True) or update (False)."""
        self.crashes: list[Exception] = []
        """Faults of ours, for whoever is to mend them."""
        self._told: set[Address] = set()
        self._lock = threading.Lock()

    def wrote(self) -> None:
        """Remember that something was sent: from now on the run cannot end as if nothing was."""
        self.is_untouched = False

    def tell(self, outcomes: Iterable[Outcome]) -> None:
        """Report how far the run is; what is told again counts once."""
        for outcome in outcomes:
            with self._lock:
                self._told.add(outcome.change.address)
                done = len(self._told)
            self.report(outcome, done, self.total)

    def failed(self, change: Change, error: Exception) -> Outcome:
        """The outcome of a change that ran into an error; some errors end the whole run.

        A fault of ours is one of this change, too: what it did nobody knows.
        """
        if not isinstance(error, ReconcilerError):
            return self._crashed(change, error)
        if isinstance(error, (UnreachableError, StalePlanError, LeaseLostError)):
            self._end(error)
            return Outcome(change, "failed", error.summary)
        unknown = isinstance(error, OutcomeUnknownError)
        if unknown:
            self.wrote()
        status = error.status if isinstance(error, AnswerError) else 0
        return Outcome(change, "failed", error.summary, wrote=unknown, status=status)

    def _crashed(self, change: Change, error: Exception) -> Outcome:
        self.wrote()
        self.crashes.append(error)
        reason = f"this should not have happened: {type(error).__name__}: {error}"
        return Outcome(change, "failed", reason, wrote=True)

    def _end(self, error: ReconcilerError) -> None:
        """What ends the run: a platform or a lease that is gone, a stale plan before any write."""
        if isinstance(error, (UnreachableError, LeaseLostError)) or self.is_untouched:
            self.fatal = self.fatal or error
            self.stop.set()

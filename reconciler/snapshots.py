"""An open run in, a snapshot of everything its plan reads out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.engine.select import in_scope
from reconciler.errors import AnswerError, Diagnostic
from reconciler.pipeline.git import commit
from reconciler.pipeline.planning import make_plan, timestamp
from reconciler.pipeline.session import Session
from reconciler.platform.observe import Observer
from reconciler.platform.snapshot.model import Snapshot
from reconciler.platform.snapshot.record import Recorder


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot, and what it is known to lack: the kinds whose listing was not complete."""

    snapshot: Snapshot
    incomplete: tuple[str, ...] = ()

    @property
    def findings(self) -> list[Diagnostic]:
        """A warning for each kind whose listing may not be whole."""
        return [
            Diagnostic(
                "snapshot-incomplete",
                "warning",
                f"{kind}: the platform was not seen to list every object",
                hint="planned from this snapshot, an object it lacks is unreadable and not absent; "
                "take it with a token that sees complete configurations",
            )
            for kind in self.incomplete
        ]


def take(run: Session, now: datetime | None = None) -> Taken:
    """Record what a plan of the workspace reads, and everything that can be listed.

    A plan is made and thrown away: what it asks for is what the snapshot holds. Objects of the
    inventory are asked for too, declared or not. Raises UnreachableError.
    """
    recorders = {name: Recorder(source) for name, source in run.observer.sources.items()}
    observer = Observer(recorders, run.registry, run.observer.progress)
    observer.probe(recorders)
    manifests = run.desire.manifests
    recording = replace(
        run,
        observer=observer,
        prunes=True,  # what would go must be known, whoever asks for it
        chosen=tuple(m for m in manifests if m.address.platform in recorders),
    )
    make_plan(recording)
    observer.observe(
        address
        for address in run.inventory.addresses(list(recorders), qualified=False)
        if address.kind in run.registry and in_scope(address, run.scope)
    )
    for name in recorders:
        _list(observer, name)
    recorded = {name: recorder.recorded(run.registry) for name, recorder in recorders.items()}
    snapshot = Snapshot(
        timestamp(now or datetime.now(UTC)),
        __version__,
        run.workspace.name,
        commit(run.workspace.root),
        recorded,
        run.inventory,
    )
    incomplete = {
        kind
        for platform in recorded.values()
        for listed in platform.listings
        for kind in listed.kinds
        if not listed.complete
    }
    return Taken(snapshot, tuple(sorted(incomplete)))


def _list(observer: Observer, platform: str) -> None:
    """Ask for everything that can be listed; what cannot is left to the objects' own reads."""
    try:
        for _ in observer.list_all(platform):
            pass
    except AnswerError:
        return

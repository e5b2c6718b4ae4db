"""An intent and a world in, what became of its payload so far out.

Deployments with the same marker happen when a request was repeated whose first answer got lost:
the oldest counts, the others are surplus. What an earlier rollout of the same payload did counts
no more once another payload went out after it (a revert is a rollout of its own).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.deployments.facts import OPEN, Run, Status, Update, World, moment
from reconciler.deployments.intent import Intent
from reconciler.deployments.marker import Marker, is_cut


@dataclass(frozen=True, slots=True)
class Try:
    """One time a payload went to a device; `via` is the deployment, empty where only the device
    told of it."""

    marker: Marker
    status: Status
    finished: float | None = None
    via: str = ""


@dataclass(frozen=True)
class History:
    """What became of one intent's payload, and of its earlier ones."""

    intent: Intent
    world: World

    @cached_property
    def ours(self) -> tuple[Run, ...]:
        """Every deployment of this manifest, the oldest first."""
        own = [r for r in self.world.runs if r.marker and r.marker.owner == self.intent.owner]
        return tuple(sorted(own, key=lambda r: (r.created or 0.0, r.uuid)))

    @cached_property
    def turned(self) -> float:
        """When another payload last went out; what this one did before counts no more."""
        others = [r.created or 0.0 for r in self.ours if not self._is_ours(r.marker)]
        return max(others, default=float("-inf"))

    def _is_ours(self, marker: Marker | None) -> bool:
        return marker is not None and (marker.owner, marker.payload) == self._key

    @cached_property
    def _key(self) -> tuple[str, str]:
        return self.intent.owner, self.intent.payload

    @cached_property
    def current(self) -> tuple[Run, ...]:
        """The deployments of this rollout, one for each marker."""
        found: dict[Marker, Run] = {}
        for run in self._candidates():
            assert run.marker is not None
            found.setdefault(run.marker, run)
        return tuple(found.values())

    @cached_property
    def surplus(self) -> tuple[Run, ...]:
        """Deployments whose marker an older one has."""
        kept = {run.uuid for run in self.current}
        return tuple(run for run in self._candidates() if run.uuid not in kept)

    def _candidates(self) -> Iterator[Run]:
        for run in self.ours:
            if self._is_ours(run.marker) and (run.created or 0.0) >= self.turned:
                yield run

    @cached_property
    def stale(self) -> tuple[Run, ...]:
        """Deployments of other payloads, and of this one before another one went out."""
        counted = {run.uuid for run in (*self.current, *self.surplus)}
        return tuple(run for run in self.ours if run.uuid not in counted)

    @cached_property
    def rollbacks(self) -> tuple[Run, ...]:
        """Every rollback of this manifest."""
        owners = self.intent.owners - {self.intent.owner}
        return tuple(r for r in self.world.runs if r.marker and r.marker.owner in owners)

    @cached_property
    def cut(self) -> tuple[Run, ...]:
        """Deployments whose comment looks like ours with its end cut off."""
        whole = Marker(self.intent.owner, self.intent.payload, 1).comment(
            self.intent.name, self.intent.version
        )
        return tuple(run for run in self.world.runs if is_cut(run.comment, whole))

    @cached_property
    def attempts_before(self) -> int:
        """The highest attempt of earlier rollouts of the same payload."""
        past = (run.marker for run in self.stale if run.marker is not None)
        return max((m.attempt for m in past if self._is_ours(m)), default=0)

    @cached_property
    def _entries(self) -> Mapping[str, list[Try]]:
        """What the deployments tell, by device."""
        found: dict[str, list[Try]] = {}
        for run in self.current:
            assert run.marker is not None
            for uuid, entry in run.entries.items():
                one = Try(run.marker, entry.status, entry.finished, run.uuid)
                found.setdefault(uuid, []).append(one)
        return found

    def tries(self, uuid: str) -> tuple[Try, ...]:
        """Every time this payload went to a device in this rollout.

        The device is the second witness: it tells of deployments that this caller cannot see.
        """
        told = self._entries.get(uuid, [])
        known = {one.marker for one in told}
        more = [
            Try(update.marker, update.status)
            for update in self._updates(uuid)
            if update.marker is not None
            and self._is_ours(update.marker)
            and update.marker not in known
            and not self._is_past(update)
        ]
        return (*told, *more)

    def _updates(self, uuid: str) -> tuple[Update, ...]:
        detail = self.world.details.get(uuid)
        return detail.updates if detail is not None else ()

    def _is_past(self, update: Update) -> bool:
        at = moment(update.scheduled)
        if at is not None:
            return at < self.turned
        assert update.marker is not None
        return update.marker.attempt <= self.attempts_before

    def markers(self) -> frozenset[Marker]:
        """Every marker of this payload that anything tells of, devices too."""
        told = {run.marker for run in self.ours if self._is_ours(run.marker)}
        for uuid in self.world.details:
            told |= {u.marker for u in self._updates(uuid) if self._is_ours(u.marker)}
        return frozenset(marker for marker in told if marker is not None)

    def open_markers(self, uuid: str) -> frozenset[Marker]:
        """The markers of this manifest that still wait or run on a device, whoever told of them."""
        told = (r.marker for r in self.ours if uuid in r.entries and r.entries[uuid].status in OPEN)
        more = (u.marker for u in self._updates(uuid) if u.status in OPEN)
        return frozenset(
            m for m in (*told, *more) if m is not None and m.owner == self.intent.owner
        )

    def proves(self, uuid: str) -> bool:
        """Whether the device's own record shows that this payload succeeded on it."""
        return any(
            self._is_ours(update.marker) and update.status == "success"
            for update in self._updates(uuid)
        )

    def other_payload(self, uuid: str) -> str:
        """The payload the device last got from this manifest, if it is another one."""
        for update in self._updates(uuid):
            is_own = update.marker is not None and update.marker.owner == self.intent.owner
            if is_own and update.marker is not None and update.status in ("success", "failed"):
                return "" if self._is_ours(update.marker) else update.marker.payload
        return ""

    def rolled_back(self, uuid: str) -> bool:
        """Whether the last thing of this manifest that succeeded on a device was a rollback."""
        for update in () if self.intent.is_rollback else self._updates(uuid):
            owner = update.marker.owner if update.marker is not None else ""
            if update.status == "success" and owner in self.intent.owners:
                return owner != self.intent.owner
        return False

    def brought(self, uuid: str, app: str, version: str) -> Update | None:
        """The last update of others by which a device got a version, if it tells of one."""
        for update in self._updates(uuid):
            owner = update.marker.owner if update.marker is not None else ""
            done = update.status == "success" and update.apps.get(app) == version
            if done and owner not in self.intent.owners:
                return update
        return None

    def waiting(self, uuid: str) -> bool:
        """Whether an older deployment of ours still waits or runs on the device."""
        told = any(run.entries[uuid].status in OPEN for run in self.stale if uuid in run.entries)
        return told or any(
            update.marker is not None
            and update.marker.owner == self.intent.owner
            and not self._is_ours(update.marker)
            and update.status in OPEN
            for update in self._updates(uuid)
        )

    def foreign(self, uuid: str, known_owners: Iterable[str]) -> int:
        """How many updates of others wait on the device; those of our own manifests not."""
        ours = {*known_owners, *self.intent.owners}
        return sum(
            update.status in OPEN and (update.marker is None or update.marker.owner not in ours)
            for update in self._updates(uuid)
        )


@dataclass(frozen=True, slots=True)
class Abort:
    """An update to stop: on one device, or on all of a deployment where `device` is empty."""

    run: str
    device: str = ""
    reason: str = ""
    devices: tuple[str, ...] = field(default=(), compare=False)
    """The devices it concerns."""

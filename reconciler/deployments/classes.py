"""An intent and a world in, every device with its class and the reason out.

The classes in the order they are tried; the first that fits is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reconciler.deployments.facts import OPEN, Device, World, uuid_of
from reconciler.deployments.filters import Seen, all_hold, has_tag
from reconciler.deployments.history import History
from reconciler.deployments.intent import Intent

CLASSES: Mapping[str, str] = {
    "unknown": "a fact that is needed could not be read; left alone",
    "excluded": "the manifest leaves it out",
    "conflict": "another manifest wants another version of the app there, with equal priority",
    "outranked": "another manifest wants another version there, with a higher priority",
    "in-flight": "it waits for this payload, or runs it",
    "compliant-at-risk": "it has the version, and an older update of this manifest still waits",
    "compliant": "it has the version, and its record shows that this payload brought it",
    "compliant-unproven": "it has the version, and nothing shows that this payload brought it",
    "quarantined": "this payload failed there too often, or was aborted there",
    "foreign-pending": "somebody else's update waits there (foreignPending: hold)",
    "blocked": "its update trigger is set: it takes no updates",
    "offline": "it is offline",
    "to-update": "it is next",
}
"""The classes with their meaning."""

DEBT = ("offline", "blocked", "quarantined", "foreign-pending")
"""Devices that should have the version and do not get it now."""

LABEL_DELAY = 120.0
"""Seconds after a success in which the version may not show yet."""

REPEATS, WITHIN = 3, 7 * 86400.0
"""Successes of one payload on one device, in so many seconds, after which it gets no more."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another Deployment of the same fleet, and where it is written."""

    intent: Intent
    address: str
    origin: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One device of a plan; `was` is the version it has, empty for none."""

    device: Device
    kind: str
    was: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    needs: bool = False
    """Whether this payload has to go there, now or as soon as it is possible."""
    failed_in: str = ""
    """The deployment in which this payload failed there last, unless it succeeded since."""


def matches(intent: Intent, device: Device, world: World, reading: str = "A") -> bool | None:
    """Whether a device is selected, exclusions left aside; None where that cannot be told."""
    if not intent.all_groups and device.group not in intent.groups:
        return False
    if intent.devices and device.uuid not in map(uuid_of, intent.devices):
        return False
    runs = {run.uuid: run for run in world.runs}
    return all_hold(intent.filters, Seen(device, world.details.get(device.uuid), runs), reading)


@dataclass(frozen=True)
class Classes:
    """The devices of one intent, judged."""

    history: History
    rivals: Sequence[Rival] = ()

    @property
    def intent(self) -> Intent:
        """The intent."""
        return self.history.intent

    @property
    def world(self) -> World:
        """The world."""
        return self.history.world

    @cached_property
    def matched(self) -> Mapping[str, bool | None]:
        """The devices that match now, or may; None where it cannot be told."""
        return dict(self._matching())

    def _matching(self) -> Iterator[tuple[str, bool | None]]:
        runs = {run.uuid: run for run in self.world.runs}
        wanted = frozenset(map(uuid_of, self.intent.devices))
        groups = frozenset(self.intent.groups)
        for device in self.world.devices.values():
            if not self.intent.all_groups and device.group not in groups:
                continue
            if wanted and device.uuid not in wanted:
                continue
            seen = Seen(device, self.world.details.get(device.uuid), runs)
            if (found := all_hold(self.intent.filters, seen)) is not False:
                yield device.uuid, found

    @cached_property
    def population(self) -> tuple[str, ...]:
        """The devices that match, and those that got this payload in this rollout already: a
        selector may consume itself."""
        got = {
            uuid
            for run in self.history.current
            for uuid in run.entries
            if uuid in self.world.devices
        }
        if self.intent.once and self.history.current:
            return tuple(sorted(got))  # who came later is no part of it
        if not self.intent.once:
            told = (u for u in self.world.details if self.history.tries(u))
            got |= {uuid for uuid in told if uuid in self.world.devices}
        return tuple(dict.fromkeys([*self.matched, *sorted(got - self.matched.keys())]))

    @cached_property
    def judged(self) -> Mapping[str, Judged]:
        """Every device of the population."""
        return {uuid: self._judge(self.world.devices[uuid]) for uuid in self.population}

    def _judge(self, device: Device) -> Judged:
        uuid, detail = device.uuid, self.world.details.get(device.uuid)
        if detail is None:
            return Judged(device, "unknown", reason="its record could not be read")
        was = detail.apps.get(self.intent.app, "") if self.intent.app else ""
        if self.matched.get(uuid, True) is None:
            why = (
                "whether it matches cannot be told: a status is in words this version does not know"
            )
            return Judged(device, "unknown", was, why)
        tries = self.history.tries(uuid)
        if any(one.status == "unknown" for one in tries):
            return Judged(device, "unknown", was, "its status is a word this version does not know")
        failed_in = tries[-1].via if tries and tries[-1].status == "failed" else ""
        for kind, reason, evidence in self._tried(device, was):
            needs = kind in ("to-update", "offline", "blocked", "foreign-pending")
            return Judged(device, kind, was, reason, evidence, needs, failed_in)
        reason = self._why(device, was)
        return Judged(device, "to-update", was, reason, needs=True, failed_in=failed_in)

    def _tried(self, device: Device, was: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """The classes that fit, in their order, with reason and evidence."""
        uuid, intent, history = device.uuid, self.intent, self.history
        if why := self._excluded(device):
            yield "excluded", why, ()
        yield from self._contested(device)
        tries = history.tries(uuid)
        for one in tries:
            if one.status in OPEN:
                word = one.status.replace("_", " ")
                where = f"{word} in {one.via}" if one.via else f"{word}, its own record says"
                yield "in-flight", where, (str(one.marker),)
        has_version = bool(intent.app) and was == intent.version
        succeeded = [one for one in tries if one.status == "success"]
        if not intent.app and succeeded:
            yield "compliant", f"updated by {succeeded[-1].via or 'this payload'}", ()
        if has_version and history.waiting(uuid):
            yield "compliant-at-risk", "an older update of this manifest still waits there", ()
        if has_version and history.proves(uuid):
            yield "compliant", "its record shows this payload", ()
        if has_version and not self._again(uuid, bool(succeeded)):
            other = history.other_payload(uuid)
            told = f"this manifest's payload {other} brought it" if other else self._by_others(uuid)
            yield "compliant-unproven", told, (other,) if other else ()
        recent = [
            one for one in succeeded if one.finished and self.world.now - one.finished < LABEL_DELAY
        ]
        is_back = history.rolled_back(uuid)
        if recent and not has_version and not is_back:
            yield "in-flight", "it finished just now; the version does not show yet", ()
        failed = [one for one in tries if one.status == "failed"]
        if any(one.status == "aborted" for one in tries):
            yield "quarantined", "the update was aborted there", ("aborted",)
        if intent.quarantine and len(failed) >= intent.max_attempts:
            state = f"label {was}, state uncertain" if was else "state uncertain"
            state = f"rolled back to {was} since" if is_back else state
            yield "quarantined", f"failed {_times(len(failed))} with this payload; {state}", ()
        if len([o for o in succeeded if self.world.now - (o.finished or 0) < WITHIN]) >= REPEATS:
            yield "quarantined", "it succeeds, and the version never stays", ()
        if intent.foreign == "hold" and history.foreign(uuid, self._owners):
            yield "foreign-pending", "somebody else's update waits there", ()
        if device.blocked:
            yield "blocked", "its update trigger is set", ()
        if not device.online:
            yield "offline", self._silence(device), ()

    def _by_others(self, uuid: str) -> str:
        """Who brought the version, if the device tells of it."""
        update = self.history.brought(uuid, self.intent.app, self.intent.version)
        if update is None:
            return "set by others"
        words = " ".join(update.comment.split())[:60]
        said = f"'{words}'" if words else "an update without a comment"
        at = f" of {update.scheduled}" if update.scheduled else ""
        return f"brought by others: {said}{at}"

    def _again(self, uuid: str, succeeded: bool) -> bool:
        """Whether a device with the version is to get the payload all the same."""
        intent = self.intent
        is_approved = ("redeploy", intent.payload) in intent.approvals
        wanted = intent.redeploy == "always" or (intent.redeploy == "ask" and is_approved)
        return wanted and not succeeded

    def _why(self, device: Device, was: str) -> str:
        tries = self.history.tries(device.uuid)
        done = [one for one in tries if one.status == "success"]
        if self.history.rolled_back(device.uuid):
            return f"rolled back to {was} since"
        if done:
            by = done[-1].via or "this payload"
            return f"was {self.intent.version} by {by}, now {was or 'none'}"
        if tries:
            return f"failed {_times(len(tries))} with this payload; once more"
        return ""

    def _silence(self, device: Device) -> str:
        if device.seen is None:
            return "never heard of"
        days = int((self.world.now - device.seen) // 86400)
        return f"silent for {days} days" if days > 1 else "offline"

    def _excluded(self, device: Device) -> str:
        if device.uuid in {uuid_of(u) for u in self.intent.excluded_devices}:
            return "by name"
        detail = self.world.details.get(device.uuid)
        for tag in sorted(self.intent.excluded_tags):
            if has_tag(tag, device, detail):
                return f"by tag {tag}"
        return ""

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(owner for rival in self.rivals for owner in rival.intent.owners)

    def _contested(self, device: Device) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        ours = self.intent
        for rival in self.rivals:
            other = rival.intent
            if not ours.app or (other.app, other.fleet) != (ours.app, ours.fleet):
                continue
            if other.version == ours.version or other.priority < ours.priority:
                continue
            if matches(other, device, self.world) and not _leaves_out(other, device, self.world):
                where = (rival.address, rival.origin)
                if other.priority > ours.priority:
                    yield "outranked", f"{rival.address} wants {other.version}", where
                else:
                    yield "conflict", f"{rival.address} wants {other.version}", where


def _leaves_out(intent: Intent, device: Device, world: World) -> bool:
    if device.uuid in {uuid_of(u) for u in intent.excluded_devices}:
        return True
    detail = world.details.get(device.uuid)
    return any(has_tag(tag, device, detail) for tag in intent.excluded_tags)


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"

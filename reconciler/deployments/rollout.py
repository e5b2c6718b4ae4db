"""Judged devices in, how the waves stand and which part of them is sent next out.

A wave is frozen once its first deployment exists: its members are the devices that have its
reserved tag or that its deployments list. Everything is computed anew from what the server tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.deployments.classes import Classes, Judged
from reconciler.deployments.facts import OPEN, Entry, Run
from reconciler.deployments.gates import Tally, Verdict, judge
from reconciler.deployments.history import History
from reconciler.deployments.intent import Intent, Wave
from reconciler.deployments.marker import Marker, wave_tag
from reconciler.deployments.waves import assigned, in_order


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave as it stands; `state` is a word, `left` are the members still to be sent to."""

    number: int
    wave: Wave
    state: str
    members: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    slots: int = 0
    """How many devices the wave takes, compliant ones too."""
    tally: Tally = Tally(0)
    words: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """One deployment to start: its marker, the devices it is for, and the tags that need writing.

    `add` and `remove` are reserved tags by device.
    """

    marker: Marker
    wave: Wave
    devices: tuple[str, ...]
    add: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rollout:
    """The waves of one intent."""

    classes: Classes

    @property
    def intent(self) -> Intent:
        """The intent."""
        return self.classes.intent

    @property
    def history(self) -> History:
        """What became of its payload so far."""
        return self.classes.history

    @cached_property
    def by_wave(self) -> Mapping[int, list[Run]]:
        """The deployments of this rollout by wave."""
        found: dict[int, list[Run]] = {}
        for run in self.history.current:
            assert run.marker is not None
            found.setdefault(min(run.marker.wave, self.last), []).append(run)
        return found

    @property
    def last(self) -> int:
        """The number of the last wave."""
        return len(self.intent.waves)

    @cached_property
    def judged(self) -> Mapping[str, Judged]:
        """The devices."""
        return self.classes.judged

    @cached_property
    def assignment(self) -> Mapping[str, int]:
        """The wave of each device, frozen waves as they are."""
        world = self.classes.world
        base = {u: j.device for u, j in self.judged.items() if j.kind != "excluded"}
        tags = {uuid: world.tags(uuid) for uuid in base}
        found = assigned(self.intent.waves, self.intent.payload, base, tags)
        frozen = {u: n for n in sorted(self.by_wave) for u in self._frozen(n)}
        for uuid, number in found.items():
            if uuid in frozen:
                found[uuid] = frozen[uuid]
            elif number in self.by_wave:
                found[uuid] = self.last  # it came too late for its wave
        return found

    def _frozen(self, number: int) -> set[str]:
        """The members of a wave that has begun."""
        world = self.classes.world
        listed = {uuid for run in self.by_wave[number] for uuid in run.entries}
        tag = wave_tag(self.intent.owner, self.intent.payload, number)
        tagged = {uuid for uuid in world.devices if tag in world.tags(uuid)}
        return {uuid for uuid in listed | tagged if uuid in world.devices}

    def gone(self, number: int) -> list[str]:
        """Devices a wave was sent to that are in the fleet no more."""
        devices = self.classes.world.devices
        listed = (run.entries for run in self.by_wave.get(number, ()))
        return sorted({uuid for entries in listed for uuid in entries if uuid not in devices})

    @cached_property
    def _slots(self) -> Mapping[int, list[str]]:
        found: dict[int, list[str]] = {n: [] for n in range(1, self.last + 1)}
        for uuid in in_order(self.intent.payload, self.assignment):
            found[self.assignment[uuid]].append(uuid)
        return found

    @cached_property
    def views(self) -> tuple[WaveView, ...]:
        """The waves in order; after the first that is not over, the others wait."""
        found: list[WaveView] = []
        is_open = True
        for number, wave in enumerate(self.intent.waves, 1):
            view = self._view(number, wave, is_open)
            is_open = is_open and view.state in ("passed", "empty", "gone-on")
            found.append(view)
        return tuple(found)

    def _view(self, number: int, wave: Wave, is_open: bool) -> WaveView:
        slots = self._slots[number]
        left = tuple(u for u in slots if self._is_sendable(u, number))
        if number not in self.by_wave:
            state = "waiting" if not is_open else "next" if left else "empty"
            return WaveView(number, wave, state, left, left, len(slots))
        members = tuple(self._base(number, slots))
        tally = self._tally(number, members)
        begun_after = any(later > number for later in self.by_wave)
        verdict, state = None, "passed"
        if wave.gate is not None and not begun_after:
            verdict = judge(wave.gate, tally, self.classes.world.now)
            state = self._state(wave, verdict)
        elif number == self.last:
            state = "running" if self._is_running(number) else "passed"
        if state in ("running", "soaking", "passed") and left and not begun_after:
            state = "next"
        return WaveView(
            number,
            wave,
            state,
            members,
            left if not begun_after else (),
            len(slots),
            tally,
            verdict.words if verdict else "",
            verdict.until if verdict else None,
        )

    def _state(self, wave: Wave, verdict: Verdict) -> str:
        assert wave.gate is not None
        if verdict.state == "failed":
            return "failed" if self.intent.stop else "gone-on"
        if verdict.state == "inconclusive":
            after = {"pass": "gone-on", "fail": "failed"}
            return after.get(wave.gate.inconclusive, "inconclusive")
        if verdict.state == "passed" and wave.gate.manual:
            is_approved = (wave.name, self.intent.payload) in self.intent.approvals
            return "passed" if is_approved else "approval"
        return verdict.state

    def _is_sendable(self, uuid: str, number: int) -> bool:
        """Whether a device of a wave is to be sent to now, if it is the wave's turn."""
        one = self.judged[uuid]
        if one.kind == "offline":
            is_first = not self.history.tries(uuid) or number == self.last
            return self.intent.offline == "queue" and is_first
        if one.kind != "to-update":
            return False
        return number == self.last or not self.history.tries(uuid)

    def _base(self, number: int, slots: Iterable[str]) -> Iterator[str]:
        """The members a gate counts: those that had to be updated."""
        listed = {uuid for run in self.by_wave[number] for uuid in run.entries}
        for uuid in slots:
            kind = self.judged[uuid].kind
            held = kind == "offline" and self.intent.offline != "skip"
            if uuid in listed or kind in ("to-update", "in-flight") or held:
                yield uuid

    def _entry(self, number: int, uuid: str) -> Entry | None:
        """How the wave's newest deployment stands on a device."""
        found = [run.entries[uuid] for run in self.by_wave[number] if uuid in run.entries]
        return found[-1] if found else None

    def _tally(self, number: int, members: tuple[str, ...]) -> Tally:
        entries = {uuid: self._entry(number, uuid) for uuid in members}
        known = [entry for entry in entries.values() if entry is not None]
        count = {
            word: sum(e.status == word for e in known) for word in ("success", "failed", "aborted")
        }
        return Tally(
            len(members),
            count["success"],
            count["failed"],
            count["aborted"],
            sum(self._is_lost(u) for u, e in entries.items() if e and e.status == "success"),
            min((run.created or 0.0 for run in self.by_wave[number]), default=0.0),
            max((e.finished or 0.0 for e in known), default=0.0),
        )

    def _is_lost(self, uuid: str) -> bool:
        one = self.judged[uuid]
        return not one.device.online or bool(self.intent.app and one.was != self.intent.version)

    def _is_running(self, number: int) -> bool:
        """Whether anything of a wave moves by itself: what waits for devices that are away not."""
        devices = self.classes.world.devices
        return any(
            entry.status == "in_progress" or (entry.status == "pending" and devices[uuid].online)
            for run in self.by_wave[number]
            for uuid, entry in run.entries.items()
            if uuid in devices and not devices[uuid].blocked
        )

    # --- what is sent next

    @property
    def turn(self) -> WaveView | None:
        """The wave whose turn it is, if something of it is to be sent."""
        return next((view for view in self.views if view.state == "next"), None)

    def start(self) -> Start | None:
        """The next deployment; None where nothing is to be sent, or all places are taken."""
        view = self.turn
        if view is None:
            return None
        devices = self._slice(view)
        if not devices:
            return None
        marker = self._marker(view.number, devices)
        add, remove = self._tags(view, marker, devices)
        return Start(marker, view.wave, devices, add, remove)

    def _slice(self, view: WaveView) -> tuple[str, ...]:
        """As many devices as there are places, all for the same time; those that are away last."""
        online = [u for u in view.left if self.judged[u].device.online]
        first = [u for u in online if not self.history.tries(u)]
        if online:
            picked = first or online
            most = self.intent.max_in_flight
            if most is not None:
                picked = picked[: max(0, most - self._in_flight())]
                return tuple(picked)
            if first:
                away = [u for u in view.left if u not in online and not self.history.tries(u)]
                return tuple(u for u in view.left if u in {*first, *away})
            return tuple(picked)
        return tuple(view.left)

    def _in_flight(self) -> int:
        """The places that are taken. A failed or vanished device keeps its own until it is seen
        again or the wave's deadline passes."""
        world, taken = self.classes.world, 0
        for number, runs in self.by_wave.items():
            gate = self.intent.waves[number - 1].gate
            deadline = gate.deadline if gate is not None else 86400
            for run in runs:
                is_late = world.now >= (run.created or 0.0) + deadline
                for uuid, entry in run.entries.items():
                    device = world.devices.get(uuid)
                    if device is None:
                        continue
                    waits = entry.status in OPEN and (device.online or entry.status != "pending")
                    is_gone = entry.status == "failed" and not device.online
                    taken += (waits and (device.online or not is_late)) or (is_gone and not is_late)
        return taken

    def _marker(self, number: int, devices: tuple[str, ...]) -> Marker:
        owner, payload = self.intent.owner, self.intent.payload
        attempt = self.history.attempts_before + 1
        attempt += max(len(self.history.tries(uuid)) for uuid in devices)
        used = {m for m in self.history.markers() if m.wave == number}
        parts = [m.slice for m in used if m.attempt > self.history.attempts_before]
        return Marker(owner, payload, number, max(parts, default=0) + 1, attempt)

    def _tags(
        self, view: WaveView, marker: Marker, devices: tuple[str, ...]
    ) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """The reserved tags to add and to take off, so that exactly the slice has its tag."""
        world = self.classes.world
        whole = wave_tag(marker.owner, marker.payload, marker.wave)
        wanted: dict[str, set[str]] = {uuid: {whole} for uuid in view.left}
        for uuid in devices:
            wanted.setdefault(uuid, set()).add(marker.tag)
        managed = {marker.tag} if marker.wave in self.by_wave else {marker.tag, whole}
        add: dict[str, tuple[str, ...]] = {}
        remove: dict[str, tuple[str, ...]] = {}
        for uuid in world.devices:
            have, want = world.tags(uuid), wanted.get(uuid, set())
            if missing := want - have:
                add[uuid] = tuple(sorted(missing))
            if extra := (managed & have) - want:
                remove[uuid] = tuple(sorted(extra))
        return add, remove

    def leftovers(self) -> dict[str, tuple[str, ...]]:
        """Reserved tags of this manifest that no device needs any more."""
        world, prefix = self.classes.world, f"rec-{self.intent.owner}-"
        found: dict[str, tuple[str, ...]] = {}
        for uuid in world.devices:
            ours = {tag for tag in world.tags(uuid) if tag.startswith(prefix)}
            if spare := ours - self._needed(uuid):
                found[uuid] = tuple(sorted(spare))
        return found

    def _needed(self, uuid: str) -> set[str]:
        """The tags of deployments that are still open on a device."""
        needed: set[str] = set()
        for marker in self.history.open_markers(uuid):
            needed |= {marker.tag, wave_tag(marker.owner, marker.payload, marker.wave)}
        return needed

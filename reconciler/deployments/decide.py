"""An intent and everything that was looked at in, the next step of its rollout out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.deployments.classes import CLASSES, DEBT, Classes, Judged, Rival
from reconciler.deployments.facts import OPEN, Device, Run, World
from reconciler.deployments.filters import READINGS, Seen, all_hold
from reconciler.deployments.history import Abort, History
from reconciler.deployments.intent import Intent
from reconciler.deployments.rollout import Rollout, Start, WaveView
from reconciler.model import Block

ANEW = "another version, other parameters or another redeploy.nonce begin it anew"
"""How a rollout goes on that was stopped."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reviewer should know; `rule` is an id of the published list."""

    rule: str
    severity: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Decision:
    """How a rollout stands and its next step: updates to stop, a deployment to start, tags to take
    off. `status` is a word."""

    intent: Intent
    status: str
    judged: Mapping[str, Judged] = field(default_factory=dict)
    waves: tuple[WaveView, ...] = ()
    aborts: tuple[Abort, ...] = ()
    start: Start | None = None
    leftovers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: Block | None = None
    remarks: tuple[Remark, ...] = ()
    assumptions: tuple[str, ...] = ()
    degraded: bool = False
    matched: int = 0
    fleet: int = 0

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many devices are in each class."""
        found = dict.fromkeys(CLASSES, 0)
        for one in self.judged.values():
            found[one.kind] += 1
        return found

    @property
    def has_step(self) -> bool:
        """Whether anything is to be sent now."""
        return bool(self.aborts or self.start or self.leftovers)


def group_problem(intent: Intent, devices: Mapping[str, Device]) -> str:
    """Why the groups of a selector cannot be meant; empty if they can."""
    known = {device.group for device in devices.values()}
    for group in intent.groups:
        if group not in known:
            near = [name for name in sorted(known) if name.casefold() == group.casefold()]
            told = f"; did you mean '{near[0]}'?" if near else ""
            return (
                f"no device of the fleet '{intent.fleet}' is in the group '{group}'{told} "
                f"(groups with devices: {', '.join(sorted(known)) or 'none'})"
            )
    return ""


def decide(
    intent: Intent, world: World, rivals: Sequence[Rival] = (), unresolved: str = ""
) -> Decision:
    """The next step. `unresolved` says why the flow cannot be used; then nothing is sent."""
    return _Decider(intent, world, tuple(rivals), unresolved).decide()


@dataclass(frozen=True)
class _Decider:
    """One decision on its way."""

    intent: Intent
    world: World
    rivals: tuple[Rival, ...]
    unresolved: str

    @cached_property
    def history(self) -> History:
        return History(self.intent, self.world)

    @cached_property
    def classes(self) -> Classes:
        return Classes(self.history, self.rivals)

    @cached_property
    def rollout(self) -> Rollout:
        return Rollout(self.classes)

    def decide(self) -> Decision:
        """Guards first, then what must stop, then what may start."""
        blocked = self._guard()
        if blocked is not None:
            return self._decision("Blocked", blocked=blocked)
        halted = self._halted()
        aborts = (*self._repairs(), *self._stale(), *self._of_failed_waves(halted))
        if self._is_degraded:
            return self._decision("Degraded", aborts=aborts, blocked=self._degraded(aborts))
        if halted:
            block = None if aborts else Block("halted", halted)
            return self._decision("Halted", aborts=aborts, blocked=block)
        start = None if self.intent.paused else self.rollout.start()
        status = self._status(start)
        is_over = status.startswith("Converged")
        leftovers = self.rollout.leftovers() if is_over and not aborts else {}
        return self._decision(status, aborts=aborts, start=start, leftovers=leftovers)

    def _decision(
        self,
        status: str,
        *,
        aborts: tuple[Abort, ...] = (),
        start: Start | None = None,
        leftovers: Mapping[str, tuple[str, ...]] | None = None,
        blocked: Block | None = None,
    ) -> Decision:
        return Decision(
            self.intent,
            status,
            self.classes.judged,
            self.rollout.views if not self._nothing else (),
            aborts,
            start,
            leftovers or {},
            blocked,
            tuple(self._remarks()),
            tuple(self._assumptions()),
            self._is_degraded,
            len(self.classes.matched),
            len(self.world.devices),
        )

    # --- what keeps everything from being sent

    @property
    def _nothing(self) -> bool:
        return not self.classes.population

    def _guard(self) -> Block | None:
        if why := group_problem(self.intent, self.world.devices):
            return Block("selects-nothing", why)
        if self._nothing:
            return Block("selects-nothing", self._why_nothing())
        if why := self._out_of_bounds():
            return Block("bounds", why)
        if self.unresolved:
            return Block("unresolved", self.unresolved)
        return self._conflict() or self._same_version()

    def _why_nothing(self) -> str:
        filters = " and ".join(map(str, self.intent.filters)) or "no filter"
        where = "the whole fleet" if self.intent.all_groups else f"{list(self.intent.groups)}"
        told = self._elsewhere()
        return f"no device of {len(self.world.devices)} matches {where} with {filters}{told}"

    def _elsewhere(self) -> str:
        """A device that is named, and is in a group that is not."""
        named = [
            f.value for f in self.intent.filters if (f.type, f.operand) == ("specific_device", "is")
        ]
        for uuid in (*named, *self.intent.devices):
            device = self.world.devices.get(uuid)
            if device is None:
                return f"; {uuid} is not in the fleet"
            if not self.intent.all_groups and device.group not in self.intent.groups:
                return f"; {uuid} is in the group '{device.group}'"
        return ""

    def _out_of_bounds(self) -> str:
        expected, count = self.intent.expected, len(self.classes.population)
        fleet = len(self.world.devices)
        if count < expected.at_least:
            return f"{count} devices match, at least {expected.at_least} are expected"
        if expected.at_most is not None and count > expected.at_most:
            return f"{count} devices match, at most {expected.at_most} are expected"
        percent = expected.percent_of_fleet
        if percent is not None and 100 * count > percent * fleet:
            return (
                f"{count} of {fleet} devices match, at most {percent} % of the fleet are expected"
            )
        return ""

    def _conflict(self) -> Block | None:
        found = [j for j in self.classes.judged.values() if j.kind == "conflict"]
        if not found:
            return None
        names = sorted({f"{j.evidence[0]} ({j.evidence[1]})" for j in found})
        some = ", ".join(j.device.uuid for j in found[:5]) + (", ..." if len(found) > 5 else "")
        return Block(
            "conflict",
            f"{', '.join(names)} wants another version of {self.intent.app} than "
            f"{self.intent.version} on {len(found)} of the same devices: {some}",
        )

    def _same_version(self) -> Block | None:
        if self.intent.redeploy == "always" or not self.intent.app:
            return None
        if (
            self.intent.redeploy == "ask"
            and ("redeploy", self.intent.payload) in self.intent.approvals
        ):
            return None
        found = {j.evidence[0] for j in self._unproven if j.evidence}
        if not found:
            return None
        return Block(
            "same-version",
            f"devices have {self.intent.app} {self.intent.version} from payload "
            f"{', '.join(sorted(found))}, and flow, parameters or nonce make it "
            f"{self.intent.payload} now: the version does not say that anything changed; give it "
            "another version, or let redeploy.sameVersionNewPayload allow it (ask, always)",
        )

    @property
    def _unproven(self) -> list[Judged]:
        return [j for j in self.classes.judged.values() if j.kind == "compliant-unproven"]

    # --- what went wrong

    @cached_property
    def _extras(self) -> tuple[tuple[Run, str], ...]:
        """Devices that an open deployment of ours has and that lack its reserved tag."""
        return tuple(self._untagged()) if not self.intent.live else ()

    def _untagged(self) -> Iterator[tuple[Run, str]]:
        for run in self.history.current:
            assert run.marker is not None
            for uuid, entry in run.entries.items():
                if entry.status in OPEN and uuid in self.world.devices:
                    tagged = run.marker.tag in self.world.tags(uuid)
                    if not tagged and self.world.knows_tags(uuid):
                        yield run, uuid

    @cached_property
    def _open_surplus(self) -> tuple[Run, ...]:
        return tuple(
            run
            for run in self.history.surplus
            if any(entry.status in OPEN for entry in run.entries.values())
        )

    @property
    def _is_degraded(self) -> bool:
        return bool(self._extras or self._open_surplus or self.history.cut)

    def _degraded(self, aborts: Sequence[Abort]) -> Block | None:
        if aborts:
            return None
        runs = ", ".join(run.uuid for run in self.history.cut)
        return Block(
            "degraded",
            f"the server cut off the comment of {runs}, and with it the marker by which a "
            "deployment is found again",
        )

    def _halted(self) -> str:
        """Why nothing more is sent; empty if nothing keeps the rollout from going on."""
        aborted = [
            j.device.uuid
            for j in self.classes.judged.values()
            if j.kind == "quarantined" and "aborted" in j.evidence
        ]
        if aborted:
            return (
                f"the update was aborted on {len(aborted)} devices ({', '.join(aborted[:5])}); "
                f"exclude them; {ANEW}"
            )
        for view in self.rollout.views:
            if view.state == "failed":
                return f"wave {view.wave.name} failed: {view.words}; {ANEW}"
        return ""

    # --- what must stop

    def _repairs(self) -> Iterator[Abort]:
        for run in self._open_surplus:
            open_ = tuple(u for u, e in run.entries.items() if e.status in OPEN)
            yield Abort(run.uuid, "", f"its marker {run.marker} is that of an older one", open_)
        for run, uuid in self._extras:
            yield Abort(run.uuid, uuid, f"{uuid} was not planned for it", (uuid,))

    def _stale(self) -> Iterator[Abort]:
        if self.intent.supersede:
            for run in self.history.stale:
                payload = run.marker.payload if run.marker else ""
                yield from _pending(run, f"payload {payload} is superseded")

    def _of_failed_waves(self, halted: str) -> Iterator[Abort]:
        if not halted or not self.intent.abort_pending:
            return
        for view in self.rollout.views:
            if view.state == "failed":
                for run in self.rollout.by_wave[view.number]:
                    yield from _pending(run, f"wave {view.wave.name} failed")

    # --- how it stands

    def _status(self, start: Start | None) -> str:
        views = self.rollout.views
        if self.intent.paused and self._has_more():
            return "Paused"
        if start is not None:
            return "Progressing"
        if any(view.state == "approval" for view in views):
            return "WaitingApproval"
        if any(view.state == "inconclusive" for view in views):
            return "Inconclusive"
        if any(view.state in ("running", "soaking", "next") for view in views):
            return "Progressing"
        waits = any(j.kind == "in-flight" for j in self.classes.judged.values())
        if waits and self._moves():
            return "Progressing"
        has_debt = waits or any(j.kind in DEBT for j in self.classes.judged.values())
        if any(j.kind == "unknown" for j in self.classes.judged.values()):
            return "Degraded"
        return "ConvergedWithDebt" if has_debt else "Converged"

    def _has_more(self) -> bool:
        return any(view.left for view in self.rollout.views)

    def _moves(self) -> bool:
        """Whether a device that is there still waits or runs."""
        return any(
            j.kind == "in-flight" and j.device.online and not j.device.blocked
            for j in self.classes.judged.values()
        )

    # --- what a reviewer should know

    def _remarks(self) -> Iterator[Remark]:
        yield from self._loud()
        unknown = [j for j in self.classes.judged.values() if j.kind == "unknown"]
        if unknown:
            text = f"{_devices(unknown)} left alone: {unknown[0].reason}"
            yield Remark("deployment-unknown", "warning", text)
        if self._unproven:
            what = f"{self.intent.app} {self.intent.version}"
            text = (
                f"{what} is on {_devices(self._unproven)} already, and nothing shows that this "
                "payload brought it"
            )
            yield Remark("deployment-unproven", "info", text)
        if self._ambiguous:
            text = (
                "the reference does not say what app is_not with a version means, and its readings "
                "select different devices; ours is everything but the app at that version"
            )
            yield Remark("deployment-ambiguous", "warning", text)
        yield from self._of_debt()
        yield from self._of_waves()
        foreign = sum(
            bool(self.history.foreign(u, {r.intent.owner for r in self.rivals}))
            for u, j in self.classes.judged.items()
            if j.needs
        )
        if foreign and self.intent.foreign == "warn":
            text = f"on {foreign} of the devices to update, somebody else's update waits too"
            hint = "it may run after this one; foreignPending: hold leaves such devices alone"
            yield Remark("deployment-note", "info", text, hint)
        for uuid in sorted(self.intent.excluded_devices - self.world.devices.keys()):
            text = f"select.exclude.devices names {uuid}, which is not in the fleet"
            yield Remark("deployment-note", "info", text)

    def _of_debt(self) -> Iterator[Remark]:
        """Devices that are left when nothing moves any more: debt, not success."""
        left = [j for j in self.classes.judged.values() if j.kind in (*DEBT, "in-flight")]
        if left and not self._nothing and self._status(None) == "ConvergedWithDebt":
            kinds = Counter(j.kind for j in left)
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            yield Remark("deployment-debt", "warning", f"left behind: {told}")

    def _loud(self) -> Iterator[Remark]:
        for run in self._open_surplus:
            text = (
                f"{run.uuid} has the marker of an older deployment: an answer got lost, or two "
                "runs sent at once"
            )
            yield Remark("deployment-degraded", "warning", text)
        for run, uuid in self._extras:
            text = f"{run.uuid} goes to {uuid}, which was not planned for it"
            yield Remark("deployment-degraded", "warning", text)

    def _of_waves(self) -> Iterator[Remark]:
        if self._nothing:
            return
        for view in self.rollout.views:
            gate = view.wave.gate
            if gate and view.members and gate.min_finished > len(view.members):
                text = (
                    f"wave {view.wave.name}: minFinished {gate.min_finished} can never be reached "
                    f"with {len(view.members)} members, so failures in percent are not judged"
                )
                yield Remark("deployment-useless", "warning", text)

    def _assumptions(self) -> Iterator[str]:
        if self.intent.all_groups:
            yield "empty-groups"
        if self.intent.once and self.intent.filters:
            yield "estimate"
        if self._ambiguous:
            yield "app-isnot-version"

    @cached_property
    def _ambiguous(self) -> bool:
        """Whether the readings of `app is_not` with a version select different devices."""
        unclear = [
            f
            for f in self.intent.filters
            if (f.type, f.operand) == ("app", "is_not") and f.app_version
        ]
        if not unclear:
            return False
        runs = {run.uuid: run for run in self.world.runs}
        for device in self.world.devices.values():
            if not self.intent.all_groups and device.group not in self.intent.groups:
                continue
            seen = Seen(device, self.world.details.get(device.uuid), runs)
            if len({all_hold(self.intent.filters, seen, r) for r in READINGS}) > 1:
                return True
        return False


def _pending(run: Run, reason: str) -> Iterator[Abort]:
    """Stop what waits in a deployment: all of it in one request, if nothing runs."""
    waiting = tuple(u for u, e in run.entries.items() if e.status == "pending")
    runs = any(e.status == "in_progress" for e in run.entries.values())
    if waiting and not runs:
        yield Abort(run.uuid, "", reason, waiting)
    elif waiting:
        yield from (Abort(run.uuid, uuid, reason, (uuid,)) for uuid in waiting)


def _devices(found: Sequence[Judged]) -> str:
    return f"{len(found)} device{'s' if len(found) != 1 else ''}"

"""An intent and everything that was looked at in, the next step of its rollout out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.deployments.classes import CLASSES, Judged, Rival
from reconciler.deployments.facts import OPEN, Device, Run, World
from reconciler.deployments.history import Abort, Try
from reconciler.deployments.intent import Intent
from reconciler.deployments.remarks import AMBIGUOUS, Remark, assumptions, remarks
from reconciler.deployments.rollout import Start, WaveView
from reconciler.deployments.situation import Situation, devices_of
from reconciler.model import Block

ANEW = "another version, other parameters or another redeploy.nonce begin it anew"
"""How a rollout goes on that was stopped."""


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
    ended: Mapping[str, str] = field(default_factory=dict)
    """How the payload's newest attempt stands on the devices that have one."""

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


def taken_back(made: Decision) -> tuple[str, ...]:
    """The devices that are to get the rollback: those of the wave whose gate failed that got the
    payload, whatever came of it; those on which it still waits or runs not yet."""
    if made.status != "Halted" or made.aborts or made.intent.rollback is None:
        return ()
    failed = next((view for view in made.waves if view.state == "failed"), None)
    ended = ("success", "failed")
    return tuple(uuid for uuid in failed.members if made.ended.get(uuid) in ended) if failed else ()


def decide(
    intent: Intent,
    world: World,
    rivals: Sequence[Rival] = (),
    unresolved: str = "",
    *,
    strict: bool = False,
) -> Decision:
    """The next step. `unresolved` says why the flow cannot be used; then nothing is sent. Nor is it
    with `strict` where anything cannot be told for certain."""
    return _Decider(intent, world, tuple(rivals), unresolved, strict).decide()


@dataclass(frozen=True)
class _Decider(Situation):
    """One decision on its way."""

    unresolved: str = ""
    strict: bool = False

    def decide(self) -> Decision:
        """Guards first, then what must stop, then what may start."""
        blocked = self._guard()
        if blocked is not None:
            return self._decision("Blocked", blocked=blocked)
        halted = self._halted()
        stale = self._stale(is_halted=bool(halted))
        aborts = (*self._repairs(), *stale, *self._of_failed_waves(halted))
        if self.is_degraded:
            return self._decision("Degraded", aborts=aborts, blocked=self._degraded(aborts))
        if halted:
            block = None if aborts else Block("halted", halted)
            return self._decision("Halted", aborts=aborts, blocked=block)
        start = None if self.intent.paused else self.rollout.start()
        status = self.status(start)
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
            self.rollout.views if not self.nothing else (),
            aborts,
            start,
            leftovers or {},
            blocked,
            tuple(remarks(self)),
            tuple(assumptions(self)),
            self.is_degraded,
            len(self.classes.matched),
            len(self.world.devices),
            {u: tries[-1].status for u in self.classes.population if (tries := self._tries(u))},
        )

    def _tries(self, uuid: str) -> tuple[Try, ...]:
        return self.history.tries(uuid)

    # --- what keeps everything from being sent

    def _guard(self) -> Block | None:
        if why := group_problem(self.intent, self.world.devices):
            return Block("selects-nothing", why)
        if self.nothing:
            return Block("selects-nothing", self._why_nothing())
        if why := self._out_of_bounds():
            return Block("bounds", why)
        if self.unresolved:
            return Block("unresolved", self.unresolved)
        return self._conflict() or self._same_version() or self._unsure()

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
        found = {j.evidence[0] for j in self.unproven if j.evidence}
        if not found:
            return None
        return Block(
            "same-version",
            f"devices have {self.intent.app} {self.intent.version} from payload "
            f"{', '.join(sorted(found))}, and flow, parameters or nonce make it "
            f"{self.intent.payload} now: the version does not say that anything changed; give it "
            "another version, or let redeploy.sameVersionNewPayload allow it (ask, always)",
        )

    def _unsure(self) -> Block | None:
        """What stops a strict run: devices it would have to leave alone, or might mistake."""
        unknown = [j for j in self.classes.judged.values() if j.kind == "unknown"]
        if self.strict and unknown:
            some = ", ".join(j.device.uuid for j in unknown[:5])
            return Block("unsure", f"{devices_of(unknown)} ({some}): {unknown[0].reason}")
        if self.strict and self.ambiguous:
            return Block("unsure", AMBIGUOUS)
        return None

    # --- what went wrong

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
        for run in self.open_surplus:
            open_ = tuple(u for u, e in run.entries.items() if e.status in OPEN)
            yield Abort(run.uuid, "", f"its marker {run.marker} is that of an older one", open_)
        for run, uuid in self.extras:
            yield Abort(run.uuid, uuid, f"{uuid} was not planned for it", (uuid,))

    def _stale(self, *, is_halted: bool) -> Iterator[Abort]:
        if not self.intent.supersede:
            return
        for run in self.history.stale:
            payload = run.marker.payload if run.marker else ""
            yield from _pending(run, f"payload {payload} is superseded")
        back = self.intent.rollback.payload if self.intent.rollback and is_halted else ""
        for run in () if self.intent.is_rollback else self.history.rollbacks:
            if run.marker and run.marker.payload != back:
                yield from _pending(run, "what it was to take back is no longer halted")

    def _of_failed_waves(self, halted: str) -> Iterator[Abort]:
        if not halted or not self.intent.abort_pending:
            return
        for view in self.rollout.views:
            if view.state == "failed":
                for run in self.rollout.by_wave[view.number]:
                    yield from _pending(run, f"wave {view.wave.name} failed")


def _pending(run: Run, reason: str) -> Iterator[Abort]:
    """Stop what waits in a deployment: all of it in one request, if nothing runs."""
    waiting = tuple(u for u, e in run.entries.items() if e.status == "pending")
    runs = any(e.status == "in_progress" for e in run.entries.values())
    if waiting and not runs:
        yield Abort(run.uuid, "", reason, waiting)
    elif waiting:
        yield from (Abort(run.uuid, uuid, reason, (uuid,)) for uuid in waiting)

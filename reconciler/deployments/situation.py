"""An intent and a world in, how its rollout stands out: the ground for deciding and for telling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from reconciler.deployments.classes import DEBT, Classes, Judged, Rival
from reconciler.deployments.facts import OPEN, Run, World
from reconciler.deployments.filters import READINGS, Seen, all_hold
from reconciler.deployments.history import History
from reconciler.deployments.intent import Intent
from reconciler.deployments.rollout import Rollout, Start


@dataclass(frozen=True)
class Situation:
    """How one intent stands."""

    intent: Intent
    world: World
    rivals: tuple[Rival, ...] = ()

    @cached_property
    def history(self) -> History:
        """What became of its payload."""
        return History(self.intent, self.world)

    @cached_property
    def classes(self) -> Classes:
        """Every device with its class."""
        return Classes(self.history, self.rivals)

    @cached_property
    def rollout(self) -> Rollout:
        """Its waves."""
        return Rollout(self.classes)

    @property
    def nothing(self) -> bool:
        """Whether it selects nobody."""
        return not self.classes.population

    @property
    def unproven(self) -> list[Judged]:
        """Devices that have the version, and nothing shows from where."""
        return [j for j in self.classes.judged.values() if j.kind == "compliant-unproven"]

    @cached_property
    def extras(self) -> tuple[tuple[Run, str], ...]:
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
    def open_surplus(self) -> tuple[Run, ...]:
        """Deployments that wait or run, with the marker of an older one."""
        return tuple(
            run
            for run in self.history.surplus
            if any(entry.status in OPEN for entry in run.entries.values())
        )

    @property
    def is_degraded(self) -> bool:
        """Whether something was sent that should not have been."""
        return bool(self.extras or self.open_surplus or self.history.cut)

    @cached_property
    def ambiguous(self) -> bool:
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

    def status(self, start: Start | None) -> str:
        """The word for it, if this is sent next."""
        views = self.rollout.views
        if self.intent.paused and self.has_more():
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
        if waits and self.moves():
            return "Progressing"
        has_debt = waits or any(j.kind in DEBT for j in self.classes.judged.values())
        if any(j.kind == "unknown" for j in self.classes.judged.values()):
            return "Degraded"
        return "ConvergedWithDebt" if has_debt else "Converged"

    def has_more(self) -> bool:
        """Whether any wave has devices left."""
        return any(view.left for view in self.rollout.views)

    def moves(self) -> bool:
        """Whether a device that is there still waits or runs."""
        return any(
            j.kind == "in-flight" and j.device.online and not j.device.blocked
            for j in self.classes.judged.values()
        )


def devices_of(found: Sequence[Judged]) -> str:
    """`1 device`, `3 devices`."""
    return f"{len(found)} device{'s' if len(found) != 1 else ''}"

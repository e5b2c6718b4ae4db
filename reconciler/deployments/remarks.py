"""How a rollout stands in, what a reviewer of its plan should know out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.deployments.classes import DEBT
from reconciler.deployments.situation import Situation, devices_of

AMBIGUOUS = (
    "the reference does not say what app is_not with a version means, and its readings select "
    "different devices; ours is everything but the app at that version"
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reviewer should know; `rule` is an id of the published list."""

    rule: str
    severity: str
    text: str
    hint: str = ""


def remarks(situation: Situation) -> Iterator[Remark]:
    """Everything worth a line beside the plan."""
    return _Remarks(situation).all()


def assumptions(situation: Situation) -> Iterator[str]:
    """What was read in one of several ways."""
    return _Remarks(situation).assumptions()


@dataclass(frozen=True)
class _Remarks:
    """What is to be told of one rollout."""

    at: Situation

    def all(self) -> Iterator[Remark]:
        yield from self._loud()
        unknown = [j for j in self.at.classes.judged.values() if j.kind == "unknown"]
        if unknown:
            text = f"{devices_of(unknown)} left alone: {unknown[0].reason}"
            yield Remark("deployment-unknown", "warning", text)
        if self.at.unproven:
            what = f"{self.at.intent.app} {self.at.intent.version}"
            text = (
                f"{what} is on {devices_of(self.at.unproven)} already, and nothing shows that this "
                "payload brought it"
            )
            yield Remark("deployment-unproven", "info", text)
        if self.at.ambiguous:
            yield Remark("deployment-ambiguous", "warning", AMBIGUOUS)
        yield from self._of_debt()
        yield from self._of_waves()
        foreign = sum(
            bool(self.at.history.foreign(u, {o for r in self.at.rivals for o in r.intent.owners}))
            for u, j in self.at.classes.judged.items()
            if j.needs
        )
        if foreign and self.at.intent.foreign == "warn":
            text = f"on {foreign} of the devices to update, somebody else's update waits too"
            hint = "it may run after this one; foreignPending: hold leaves such devices alone"
            yield Remark("deployment-note", "info", text, hint)
        for uuid in sorted(self.at.intent.excluded_devices - self.at.world.devices.keys()):
            text = f"select.exclude.devices names {uuid}, which is not in the fleet"
            yield Remark("deployment-note", "info", text)

    def _of_debt(self) -> Iterator[Remark]:
        """Devices that are left when nothing moves any more: debt, not success."""
        left = [j for j in self.at.classes.judged.values() if j.kind in (*DEBT, "in-flight")]
        if left and not self.at.nothing and self.at.status(None) == "ConvergedWithDebt":
            kinds = Counter(j.kind for j in left)
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            yield Remark("deployment-debt", "warning", f"left behind: {told}")

    def _loud(self) -> Iterator[Remark]:
        for run in self.at.open_surplus:
            text = (
                f"{run.uuid} has the marker of an older deployment: an answer got lost, or two "
                "runs sent at once"
            )
            yield Remark("deployment-degraded", "warning", text)
        for run, uuid in self.at.extras:
            text = f"{run.uuid} goes to {uuid}, which was not planned for it"
            yield Remark("deployment-degraded", "warning", text)

    def _of_waves(self) -> Iterator[Remark]:
        if self.at.nothing:
            return
        for view in self.at.rollout.views:
            gone = self.at.rollout.gone(view.number)
            if gone and view.state not in ("passed", "gone-on"):
                text = (
                    f"wave {view.wave.name}: {len(gone)} of its devices left the fleet "
                    f"({', '.join(gone[:5])}) and do not count any more"
                )
                yield Remark("deployment-note", "info", text)
            gate = view.wave.gate
            if gate and view.members and gate.min_finished > len(view.members):
                text = (
                    f"wave {view.wave.name}: minFinished {gate.min_finished} can never be reached "
                    f"with {len(view.members)} members, so failures in percent are not judged"
                )
                yield Remark("deployment-useless", "warning", text)

    def assumptions(self) -> Iterator[str]:
        if self.at.intent.all_groups:
            yield "empty-groups"
        if self.at.intent.once and self.at.intent.filters:
            yield "estimate"
        if self.at.ambiguous:
            yield "app-isnot-version"

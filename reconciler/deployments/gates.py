"""A gate and what became of a wave's members in, the verdict out. Whole numbers only.

members   the devices of the wave this payload had to update; not those already compliant,
          skipped or blocked
success   successes / all members, good at `>=`
failures  failures / finished members, bad at `>`; a number of devices is judged at once, a
          percentage only when `minFinished` members are finished
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.deployments.intent import Gate, Share

State = Literal["running", "soaking", "passed", "failed", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a wave's members; times in seconds, of the server.

    `lost` are those that succeeded and are offline now, or have the version no more.
    """

    members: int
    success: int = 0
    failed: int = 0
    aborted: int = 0
    lost: int = 0
    started: float = 0.0
    last_finish: float = 0.0

    @property
    def finished(self) -> int:
        """Members with a result."""
        return self.success + self.failed


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a gate stands, in a word and in words; `until` is when time alone changes it."""

    state: State
    words: str
    until: float | None = None


def judge(gate: Gate, tally: Tally, now: float) -> Verdict:
    """The verdict on a wave, now."""
    if why := _too_many_failed(gate, tally) or _out_of_reach(gate, tally):
        return Verdict("failed", why)
    if _reached(gate.min_success, tally.success, tally.members):
        ends = tally.last_finish + gate.soak
        if gate.soak and now < ends:
            return Verdict("soaking", f"{_successes(gate, tally)}; soaks", ends)
        if not (gate.soak and tally.lost):
            return Verdict("passed", _successes(gate, tally))
    ends = tally.started + gate.deadline
    lost = f"; {tally.lost} of them offline or changed since" if tally.lost and gate.soak else ""
    words = f"{_successes(gate, tally)}{lost}"
    if now >= ends:
        return Verdict("inconclusive", f"{words} when its deadline passed")
    return Verdict("running", f"{words} so far", ends)


def _successes(gate: Gate, tally: Tally) -> str:
    return f"{tally.success} of {tally.members} succeeded, {gate.min_success} wanted"


def _reached(share: Share, count: int, base: int) -> bool:
    """Whether a count is at least its share of a base."""
    if share.is_percent:
        return 100 * count >= share.value * base
    return count >= min(share.value, base)


def _exceeded(share: Share, count: int, base: int) -> bool:
    """Whether a count is more than its share of a base."""
    return 100 * count > share.value * base if share.is_percent else count > share.value


def _too_many_failed(gate: Gate, tally: Tally) -> str:
    most = gate.max_failed
    if most is None:
        return ""
    if most.is_percent and (not tally.finished or tally.finished < gate.min_finished):
        return ""
    if not _exceeded(most, tally.failed, tally.finished):
        return ""
    base = f" of {tally.finished} finished" if most.is_percent else ""
    return f"{tally.failed}{base} failed, {most} allowed"


def _out_of_reach(gate: Gate, tally: Tally) -> str:
    best = tally.members - tally.failed - tally.aborted
    if _reached(gate.min_success, best, tally.members):
        return ""
    return (
        f"{gate.min_success} of {tally.members} members cannot succeed any more: "
        f"{tally.failed} failed" + (f", {tally.aborted} were aborted" if tally.aborted else "")
    )


def words(gate: Gate | None, members: int) -> str:
    """A gate as people read it, with its bases."""
    if gate is None:
        return "no gate"
    told = [f"success >= {gate.min_success} of {members} members"]
    if gate.max_failed is not None:
        base = " of the finished" if gate.max_failed.is_percent else ""
        told.append(f"failed <= {gate.max_failed}{base}")
    if gate.soak:
        told.append(f"soak {_duration(gate.soak)}")
    told.append(f"within {_duration(gate.deadline)}")
    if gate.manual:
        told.append("then an approval")
    return ", ".join(told)


def _duration(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"

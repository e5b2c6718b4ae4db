"""The text of `--shard` and the environment in, the shard out.

Only `auto` looks at the environment: a CI system sets its variables in every job, and a run that
silently did a part would look like a run that did everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import UsageError
from reconciler.model import Shard

MOST = 10_000

_HINT = "write --shard 2/4, --shard auto, or --shard auto/4 where only the index is known"


@dataclass(frozen=True, slots=True)
class System:
    """Where a CI system says which of several jobs this is; `first` is its first index."""

    name: str
    index: str
    total: str
    first: int


SYSTEMS = (
    System("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    System("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    System("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    System("Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),
    System("Kubernetes Indexed Job", "JOB_COMPLETION_INDEX", "", 0),
)


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard | None:
    """`I/N`, `auto` or `auto/N` as a shard; None for one shard of one. Raises UsageError."""
    index, _, total = text.strip().partition("/")
    if index == "auto":
        shard = _from_environment(_number(total, text) if total else None, environment)
    else:
        shard = Shard(_number(index, text), _number(total, text))
    if not 1 <= shard.index <= shard.total <= MOST:
        raise UsageError(
            f"--shard {text}: there is no shard {shard.index} of {shard.total}",
            hint=f"shards are counted from 1 to N, at most {MOST}",
        )
    return shard if shard.total > 1 else None


def _from_environment(total: int | None, environment: Mapping[str, str]) -> Shard:
    found = {
        system: shard
        for system in SYSTEMS
        if (shard := _of_system(system, total, environment)) is not None
    }
    if not found:
        names = ", ".join(system.index for system in SYSTEMS)
        raise UsageError(
            f"--shard auto: no variable tells the index of this job ({names})",
            hint="is the job parallel at all? Else write --shard I/N",
        )
    if len(set(found.values())) > 1:
        told = ", ".join(f"{system.name} says {shard}" for system, shard in found.items())
        raise UsageError(f"--shard auto: {told}", hint="write --shard I/N")
    return next(iter(found.values()))


def _of_system(system: System, total: int | None, environment: Mapping[str, str]) -> Shard | None:
    index, told = environment.get(system.index, ""), environment.get(system.total, "")
    if not index:
        # GitLab always tells the total, and an index only where a job is parallel.
        return Shard(1, 1) if told == "1" and total in (None, 1) else None
    here = _number(index, f"auto: {system.index}={index}") + 1 - system.first
    known = _number(told, f"auto: {system.total}={told}") if told else None
    if total is None and known is None:
        raise UsageError(
            f"--shard auto: {system.index} is set, but nothing tells the number of shards",
            hint="write --shard auto/N, N as spec.completions of the Job",
        )
    if total is not None and known is not None and total != known:
        raise UsageError(
            f"--shard auto/{total}: {system.total} says {known}", hint="write --shard auto"
        )
    return Shard(here, known or total or 1)


def _number(text: str, shown: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise UsageError(f"--shard {shown} is no shard", hint=_HINT)
    return int(text)

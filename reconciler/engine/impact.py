"""What policies of a plan would hit in, the blocks for the whole run out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.model import Block, Change, JsonValue, Plan

IMPACT = "impact"
"""Under this name a change carries what the object would hit once it runs."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ImpactLimit:
    """How much one changed object may hit: percent of a repository, artifacts in all.

    None is no limit. `allowed` are one run's exact exceptions, by address: a number of artifacts,
    or None for what could not be measured.
    """

    percent: int | None = None
    artifacts: int | None = None
    origin: str = ""
    allowed: Mapping[str, int | None] = field(default_factory=dict)


def too_far(made: Plan, limit: ImpactLimit) -> list[Block]:
    """A block for each change whose object would hit more than it may, or nobody knows how much."""
    if limit.percent is None and limit.artifacts is None:
        return []
    return [
        block
        for change in made.pending
        if isinstance(found := change.evidence.get(IMPACT), Mapping)
        for block in _checked(change, found, limit)
    ]


def _checked(change: Change, found: Mapping[str, JsonValue], limit: ImpactLimit) -> Iterator[Block]:
    count, percent = _count(found), found.get("percentOfRepository")
    reasons = list(_reasons(count, percent, found, limit))
    address = str(change.address)
    if not reasons or _is_allowed(count, limit.allowed.get(address, -1)):
        return
    yield Block(
        "policy-limit",
        f"{address} would go too far: {' and '.join(reasons)} (set by {limit.origin})",
        f"--allow-policy {address}={UNKNOWN if count is None else count}",
    )


def _count(found: Mapping[str, JsonValue]) -> int | None:
    """The number of files, or of candidates where nobody tells how many files they are."""
    figures = (found.get("artifacts"), found.get("candidates"))
    return next((figure for figure in figures if isinstance(figure, int)), None)


def _is_allowed(count: int | None, allowed: int | None) -> bool:
    return allowed is None if count is None else allowed is not None and count <= allowed


def _reasons(
    count: int | None, percent: JsonValue, found: Mapping[str, JsonValue], limit: ImpactLimit
) -> Iterator[str]:
    if limit.artifacts is not None:
        if count is None:
            yield "how many artifacts it would hit could not be measured"
        elif count > limit.artifacts:
            yield f"{count:,} artifacts are more than {limit.artifacts:,}"
    if limit.percent is not None and percent is not None:
        if not isinstance(percent, int | float):
            yield "how much of each repository it would hit could not be measured"
        elif percent > limit.percent:
            yield f"{_worst(found)}{percent:g} % of a repository is more than {limit.percent} %"


def _worst(found: Mapping[str, JsonValue]) -> str:
    listed = found.get("repositories")
    first = listed[0] if isinstance(listed, list) and listed else None
    return f"{first['repository']}: " if isinstance(first, dict) else ""

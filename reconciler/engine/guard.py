"""A plan and its limits in, the blocks for the whole run out (spec 15, "Limits")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from reconciler.model import Action, Address, Block, Inventory, Plan

PERCENT_APPLIES_FROM = 10
"""Owned objects of a kind from which on a percentage says something."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `percent` of the owned objects and at most `count` objects; None is no limit.

    `origin` says where it was set, for the message; `usual` are the parts that were not.
    """

    percent: int | None = None
    count: int | None = None
    origin: str = "the built-in default"
    usual: frozenset[str] = frozenset()

    def laid_over(self, percent: int | None, count: int | None, origin: str) -> Limit:
        """This limit with what an origin sets of it."""
        unset = {"percent": percent is None, "count": count is None}
        return Limit(
            self.percent if percent is None else percent,
            self.count if count is None else count,
            origin,
            frozenset(name for name, is_unset in unset.items() if is_unset),
        )

    def word(self, part: str) -> str:
        """What a message says before the number of a part."""
        return "more than the usual" if part in self.usual else "more than"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may change of each kind; `allowed_*` are one run's exact exceptions."""

    deletes: Limit = Limit(percent=20, count=10)
    updates: Limit = Limit(percent=30)
    allowed_deletes: Mapping[str, int] = field(default_factory=dict)
    allowed_updates: Mapping[str, int] = field(default_factory=dict)


_DELETES = (Action.DELETE, Action.REPLACE)
_UPDATES = (Action.UPDATE, Action.CONVERT)


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the owned objects a run is about, one of `total` shards.

    All shards together may change about what one run may: a percentage is one of the part's own
    objects, a count is divided, and each may change one object at least.
    """

    holds: Callable[[Address], bool]
    total: int


WHOLE = Part(lambda _: True, 1)


def exceeded(plan: Plan, inventory: Inventory, limits: Limits, part: Part = WHOLE) -> list[Block]:
    """A block for each kind and platform whose changes exceed a limit."""
    if not plan.changes:
        return []
    recorded = [Address.parse(text) for text in inventory.entries]
    owned = Counter(map(_group, recorded))
    here = Counter(_group(address) for address in recorded if part.holds(address))
    blocks: list[Block] = []
    for word, actions, limit, allowed in (
        ("deletes", _DELETES, limits.deletes, limits.allowed_deletes),
        ("updates", _UPDATES, limits.updates, limits.allowed_updates),
    ):
        counts = Counter(
            _group(c.previous or c.address)  # what is converted counts as what it is owned as
            for c in plan.pending
            if c.action in actions and not c.adopting
        )
        for group, count in sorted(counts.items()):
            if count > allowed.get(group[1], -1):
                enough = owned[group] >= PERCENT_APPLIES_FROM
                base = here[group] if enough else 0
                blocks += _check(
                    word, group, count, base, _shared(limit, part.total), min_share=part.total > 1
                )
    return blocks


def _shared(limit: Limit, total: int) -> Limit:
    if total == 1 or limit.count is None:
        return limit
    origin = f"{limit.origin}, for one of {total} shards"
    count = max(limit.count // total, min(limit.count, 1))
    return Limit(limit.percent, count, origin, limit.usual)


def _group(address: Address) -> tuple[str, str]:
    return address.platform, address.kind


def _check(
    word: str, group: tuple[str, str], count: int, owned: int, limit: Limit, *, min_share: bool
) -> Iterator[Block]:
    platform, kind = group
    reasons = []
    if limit.count is not None and count > limit.count:
        reasons.append(f"{limit.word('count')} {limit.count}")
    if limit.percent is not None and owned:
        one = min_share and count == 1 and limit.percent > 0
        if 100 * count > limit.percent * owned and not one:
            percent = ceil(1000 * count / owned) / 10  # never shown as no more than the limit
            reasons.append(
                f"{percent:g} % of the {owned} owned ones, {limit.word('percent')} "
                f"{limit.percent} %"
            )
    if reasons:
        yield Block(
            "limit",
            f"{count} {kind} {word} on {platform} exceed the limit: {' and '.join(reasons)} "
            f"(set by {limit.origin})",
            f"--allow-{word} {kind}={count}",
        )

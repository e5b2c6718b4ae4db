"""Shards: together exactly the whole, apart from each other, even, stable."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.engine.resolve import Resolved
from reconciler.engine.shard import SLACK, assigned, groups, holds, members, uneven
from reconciler.model import Address, Shard

Requires = dict[Address, tuple[Address, ...]]


def at(number: int, platform: str = "default") -> Address:
    """An address."""
    return Address("LocalRepository", (f"repo-{number:04}",), platform)


def estate(pairs: Iterable[tuple[int, int]], count: int) -> Requires:
    """Objects by number, and who names whom."""
    named: dict[int, list[int]] = {}
    for source, target in pairs:
        named.setdefault(source, []).append(target)
    return {at(i): tuple(at(t) for t in named.get(i, ()) if t < count) for i in range(count)}


@st.composite
def estates(draw: st.DrawFn) -> Requires:
    """Any references between up to forty objects, circles included."""
    count = draw(st.integers(0, 40))
    numbers = st.integers(0, max(0, count - 1))
    pairs = draw(st.lists(st.tuples(numbers, numbers), max_size=60)) if count else []
    return estate(pairs, count)


@given(estates(), st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_shards_are_the_whole_and_disjoint(requires: Requires, total: int) -> None:
    """Every object is on exactly one shard, together with all it names."""
    resolved = Resolved(requires=requires)
    parts = [members(resolved, Shard(i, total)) for i in range(1, total + 1)]

    assert Counter(a for part in parts for a in part) == Counter(list(requires))
    for part in parts:
        assert all(target in part for address in part for target in requires[address])


@given(estates(), st.integers(1, 9), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_files_does_not_matter(
    requires: Requires, total: int, chance: random.Random
) -> None:
    """The same objects are on the same shards, whatever was read first."""
    items = list(requires.items())
    chance.shuffle(items)

    for index in range(1, total + 1):
        shard = Shard(index, total)
        assert members(Resolved(requires=requires), shard) == members(
            Resolved(requires=dict(items)), shard
        )


@given(st.integers(0, 2**32), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_undeclared_objects_are_on_one_shard(number: int, total: int) -> None:
    """An object that no manifest declares belongs to exactly one shard."""
    assert sum(holds(at(number), Shard(i, total)) for i in range(1, total + 1)) == 1


def loads(requires: Requires, total: int) -> list[int]:
    """How many objects each shard has."""
    found = Counter[int]()
    for group, index in assigned(requires, total):
        found[index] += len(group)
    return [found[i] for i in range(1, total + 1)]


def test_parts_are_even() -> None:
    """No shard has much more than its part, be the groups of one object or of some."""
    alone = estate([], 1000)
    threes = estate([(i, i + 1 + j) for i in range(0, 999, 3) for j in range(2)], 999)

    for requires in (alone, threes):
        for total in (2, 3, 4, 7, 16):
            assert max(loads(requires, total)) <= SLACK * len(requires) / total + 3


def test_a_new_object_moves_few_others() -> None:
    """Of 400 objects on four shards, a new one moves a handful at most."""
    before = estate([], 400)
    where = {g[0]: i for g, i in assigned(before, 4)}

    for number in (1000, 2000, 3000, 4000, 5000):
        after = {g[0]: i for g, i in assigned({at(number): (), **before}, 4)}
        assert sum(after[a] != i for a, i in where.items()) <= 4


def test_a_new_member_leaves_most_groups_where_they_are() -> None:
    """A group keeps its favourite unless the new member's own number is the smallest."""
    before = estate([(i, i + 1) for i in range(0, 400, 2)], 400)
    moved = 0
    where = {frozenset(g): i for g, i in assigned(before, 4)}
    for number in range(0, 40, 2):
        fresh = {**before, at(5000 + number): (at(number),)}
        after = {frozenset(a for a in g if a in before): i for g, i in assigned(fresh, 4)}
        moved += sum(after[g] != i for g, i in where.items())

    assert moved / 20 <= 6


def test_groups_follow_references_both_ways() -> None:
    """Two that name the same third one hang together; platforms do not, unless somebody says so."""
    requires: Requires = {
        at(1): (at(3),),
        at(2): (at(3),),
        at(3): (),
        at(1, "west"): (),
    }

    assert sorted(map(len, groups(requires))) == [1, 3]


def test_one_large_group_is_told() -> None:
    """Where one group holds the most, more shards do not help, and the plan says so."""
    large = Resolved(requires=estate([(i, 0) for i in range(1, 30)], 40))
    told = uneven(large, Shard(1, 4))

    assert told is not None
    assert told.summary.startswith("30 of the 40 objects name each other")
    assert uneven(Resolved(requires=estate([], 40)), Shard(1, 4)) is None

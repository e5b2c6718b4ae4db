"""Resolved manifests and a number of shards in, who works on which object out.

Objects that name each other, directly or through others, stay together: a shard never waits for
another one. Whole groups are shared out by rendezvous hashing with bounded loads: every group has
a favourite shard, which depends on nothing but the group, and takes the next one only where the
favourite is full. So loads differ little, and a new object moves few others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from reconciler.engine.resolve import Resolved
from reconciler.errors import Diagnostic
from reconciler.model import Address, Shard

SLACK = 1.1
"""How much more than its equal part a shard may be given."""


def members(resolved: Resolved, shard: Shard) -> frozenset[Address]:
    """The declared objects of one shard; all shards together hold every object once."""
    return frozenset(
        address
        for group, index in assigned(resolved.requires, shard.total)
        if index == shard.index
        for address in group
    )


def holds(address: Address, shard: Shard) -> bool:
    """Whether an object that no manifest declares belongs to a shard: judged by itself."""
    return _favourites(_number(address.full), shard.total)[0] == shard.index


def assigned(
    requires: Mapping[Address, Iterable[Address]], total: int
) -> list[tuple[list[Address], int]]:
    """The groups of objects that name each other, each with the number of its shard, from 1.

    The largest groups choose first; a group larger than a shard's part has a shard of its own as
    far as possible.
    """
    found = [(min(map(_number, (a.full for a in group))), group) for group in groups(requires)]
    found.sort(key=lambda item: (-len(item[1]), item[0]))
    objects = sum(len(group) for _, group in found)
    room = max(SLACK * objects / total, len(found[0][1]) if found else 0)
    loads = dict.fromkeys(range(1, total + 1), 0)
    made: list[tuple[list[Address], int]] = []
    for key, group in found:
        ranking = _favourites(key, total)
        fitting = (index for index in ranking if loads[index] + len(group) <= room)
        index = next(fitting, None) or min(ranking, key=lambda i: loads[i])
        loads[index] += len(group)
        made.append((group, index))
    return made


def groups(requires: Mapping[Address, Iterable[Address]]) -> list[list[Address]]:
    """The objects that hang together by references, whichever way these lead."""
    parent = {address: address for address in requires}

    def root(address: Address) -> Address:
        while parent[address] != address:
            parent[address] = parent[parent[address]]
            address = parent[address]
        return address

    for address, targets in requires.items():
        for target in targets:
            parent[root(target)] = root(address)
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in requires:
        found[root(address)].append(address)
    return list(found.values())


def uneven(resolved: Resolved, shard: Shard) -> Diagnostic | None:
    """What is to be told where one group is so large that more shards do not help."""
    largest = max(map(len, groups(resolved.requires)), default=0)
    objects = len(resolved.requires)
    if shard.total < 2 or largest < 10 or largest * shard.total < 2 * objects:
        return None
    return Diagnostic(
        "shard-uneven",
        "info",
        f"{largest} of the {objects} objects name each other and stay on one of the "
        f"{shard.total} shards",
        hint="more shards make nothing faster; `reconciler graph` shows what holds them together",
    )


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _favourites(key: int, total: int) -> list[int]:
    """The shards in the order in which a group would like them."""
    return sorted(range(1, total + 1), key=lambda index: _number(f"{key}/{index}"), reverse=True)

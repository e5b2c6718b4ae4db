"""Boxes with sizes and arrows in, a layered layout out: who names others stands left of them.

The classic steps of layered drawing (Sugiyama): ranks, an order within each rank that crosses few
arrows, places that keep arrows short. Pure, deterministic, and linear enough for a few thousand.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Size = tuple[float, float]
Point = tuple[float, float]

GAP_X, MOST_GAP_X, GAP_Y = 70.0, 200.0, 12.0
CROWD = 2.0
"""How much wider a gap becomes with every arrow that crosses it."""
BEND = 10.0
"""The height kept free where an arrow passes between the boxes of a rank."""
SWEEPS = 12


@dataclass(slots=True)
class Layout:
    """Top left corners by box, and for each arrow the points it passes, in its direction."""

    places: dict[int, Point] = field(default_factory=dict)
    routes: dict[tuple[int, int], list[Point]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def layered(sizes: Mapping[int, Size], arrows: Sequence[tuple[int, int]]) -> Layout:
    """Lay out one connected component; `sizes` are widths and heights by box."""
    forward = _without_circles(sizes, arrows)
    ranks = _ranks(sizes, forward)
    chains, levels = _with_bends(ranks, forward)
    heights = defaultdict(lambda: BEND, {box: size[1] for box, size in sizes.items()})
    pairs = [pair for chain in chains.values() for pair in itertools.pairwise(chain)]
    _untangle(levels, pairs)
    centres = _centres(levels, pairs, heights)
    return _placed(sizes, arrows, ranks, chains, levels, centres)


def _without_circles(
    sizes: Mapping[int, Size], arrows: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The arrows with those turned round that close a circle."""
    targets: dict[int, list[int]] = defaultdict(list)
    for source, target in arrows:
        targets[source].append(target)
    open_: set[int] = set()
    done: set[int] = set()
    found: dict[tuple[int, int], None] = {}
    for start in sizes:
        todo = [(start, False)]
        while todo:
            box, leaving = todo.pop()
            if leaving:
                open_.discard(box)
                done.add(box)
            elif box not in done and box not in open_:
                open_.add(box)
                todo.append((box, True))
                for target in targets[box]:
                    found[(target, box) if target in open_ else (box, target)] = None
                    todo.append((target, False))
    return list(found)


def _ranks(sizes: Mapping[int, Size], arrows: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Columns: as far right as what a box names allows, then back towards those who name it."""
    sources: dict[int, list[int]] = defaultdict(list)
    targets: dict[int, list[int]] = defaultdict(list)
    for source, target in arrows:
        sources[target].append(source)
        targets[source].append(target)
    waiting = {box: len(targets[box]) for box in sizes}
    ready = [box for box in sizes if not waiting[box]]
    right = dict.fromkeys(sizes, 0)
    for box in ready:  # grows while it is read
        for source in sources[box]:
            right[source] = max(right[source], right[box] + 1)
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    most = max(right.values(), default=0)
    ranks = {box: most - right[box] for box in sizes}
    for box in reversed(ready):
        if len(sources[box]) > len(targets[box]):
            ranks[box] = max(ranks[source] for source in sources[box]) + 1
    return ranks


def _with_bends(
    ranks: Mapping[int, int], arrows: Iterable[tuple[int, int]]
) -> tuple[dict[tuple[int, int], list[int]], list[list[int]]]:
    """Each arrow as the chain of what it passes, a bend in every rank it crosses."""
    levels: list[list[int]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for box, rank in ranks.items():
        levels[rank].append(box)
    chains: dict[tuple[int, int], list[int]] = {}
    bend = -1
    for source, target in arrows:
        chain = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            levels[rank].append(bend)
            chain.append(bend)
            bend -= 1
        chains[source, target] = [*chain, target]
    return chains, levels


def _untangle(levels: list[list[int]], pairs: Sequence[tuple[int, int]]) -> None:
    """Order every rank by the middle of its neighbours; of several tries the best is kept."""
    left, right = _neighbours(pairs)
    best = [list(level) for level in levels]
    fewest = _crossings(levels, right)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for level in levels[1:] if down else reversed(levels[:-1]):
            _by_middle(level, levels, left if down else right)
        crossings = _crossings(levels, right)
        if crossings < fewest:
            best, fewest = [list(level) for level in levels], crossings
    levels[:] = best


def _neighbours(
    pairs: Iterable[tuple[int, int]],
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    left: dict[int, list[int]] = defaultdict(list)
    right: dict[int, list[int]] = defaultdict(list)
    for source, target in pairs:
        right[source].append(target)
        left[target].append(source)
    return left, right


def _by_middle(
    level: list[int], levels: list[list[int]], neighbours: Mapping[int, list[int]]
) -> None:
    place = {item: i for other in levels for i, item in enumerate(other)}

    def middle(item: int) -> float:
        near = neighbours.get(item)
        return sum(place[n] for n in near) / len(near) if near else place[item]

    level.sort(key=middle)


def _crossings(levels: Sequence[Sequence[int]], right: Mapping[int, list[int]]) -> int:
    total = 0
    for here, there in itertools.pairwise(levels):
        place = {item: i for i, item in enumerate(there)}
        seen: list[int] = []
        for item in here:
            ends = sorted(place[n] for n in right.get(item, ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _centres(
    levels: Sequence[Sequence[int]],
    pairs: Iterable[tuple[int, int]],
    heights: Mapping[int, float],
) -> dict[int, float]:
    """The vertical middle of everything: near its neighbours, in order, never overlapping."""
    left, right = _neighbours(pairs)
    centres: dict[int, float] = {}
    for level in levels:
        y = 0.0
        for item in level:
            centres[item] = y + heights[item] / 2
            y += heights[item] + GAP_Y
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = left if down else right
        for level in levels if down else reversed(levels):
            wishes = [
                sum(centres[n] for n in near[i]) / len(near[i]) if near.get(i) else centres[i]
                for i in level
            ]
            centres |= zip(level, _spread(wishes, [heights[i] for i in level]), strict=True)
    top = min((centres[i] - heights[i] / 2 for i in centres), default=0.0)
    return {item: y - top for item, y in centres.items()}


def _spread(wishes: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The places nearest to the wishes, by least squares, that keep order and distance.

    Neighbours that would overlap are merged into blocks, each at the mean of what its members
    wish (pool adjacent violators).
    """
    offsets = [0.0]
    for above, below in itertools.pairwise(heights):
        offsets.append(offsets[-1] + (above + below) / 2 + GAP_Y)
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=False):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, members = blocks.pop()
            mean = (mean * count + other * members) / (count + members)
            count += members
        blocks.append((mean, count))
    starts = [mean for mean, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=False)]


def _placed(
    sizes: Mapping[int, Size],
    arrows: Iterable[tuple[int, int]],
    ranks: Mapping[int, int],
    chains: Mapping[tuple[int, int], list[int]],
    levels: Sequence[Sequence[int]],
    centres: Mapping[int, float],
) -> Layout:
    widths = [max((sizes[i][0] for i in level if i >= 0), default=0.0) for level in levels]
    gaps = [GAP_X] * len(levels)
    for chain in chains.values():
        for rank in range(ranks[chain[0]], ranks[chain[-1]]):
            gaps[rank] = min(gaps[rank] + CROWD, MOST_GAP_X)
    columns = [0.0]
    for width, gap in zip(widths, gaps, strict=True):
        columns.append(columns[-1] + width + gap)
    made = Layout(width=columns[-1] - gaps[-1])
    for box, (_, height) in sizes.items():
        made.places[box] = (columns[ranks[box]], centres[box] - height / 2)
        made.height = max(made.height, centres[box] + height / 2)
    for arrow in arrows:
        turned = arrow not in chains
        source, *bends, target = chains[arrow[::-1] if turned else arrow]
        points = [(columns[ranks[source]] + sizes[source][0], centres[source])]
        for rank, bend in enumerate(bends, ranks[source] + 1):
            made.height = max(made.height, centres[bend] + BEND / 2)
            points += [
                (columns[rank], centres[bend]),
                (columns[rank] + widths[rank], centres[bend]),
            ]
        points.append((columns[ranks[target]], centres[target]))
        made.routes[arrow] = points[::-1] if turned else points
    return made

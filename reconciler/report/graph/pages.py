"""A drawing in, every box at its place on one page out: components packed, platforms apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt

from reconciler.report.graph.boxes import Box, Drawing
from reconciler.report.graph.layers import Layout, Point, Size, layered
from reconciler.report.sanitise import cells, shorten, visible

CELL = 7.25
"""Width of one character of the names."""
LINE = 19.0
ROW = 28.0
"""Height of a box with one object."""
HEAD = 24.0
CHIP = 34.0
"""Width of the coloured square with a kind's letters."""
MOST_LETTERS = 44
GAP = 34.0
HEADING = 40.0
ASPECT = 1.5


@dataclass(frozen=True, slots=True)
class Shape:
    """How a box is drawn: its names in columns, and the size that takes."""

    names: tuple[str, ...]
    columns: int
    rows: int
    cell: float
    width: float
    height: float


@dataclass(slots=True)
class Page:
    """Everything with its place: boxes by index, routes by arrow, headings of platforms."""

    shapes: dict[int, Shape] = field(default_factory=dict)
    places: dict[int, Point] = field(default_factory=dict)
    routes: dict[tuple[int, int], list[Point]] = field(default_factory=dict)
    headings: list[tuple[str, float]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def page(drawing: Drawing, *, headings: bool) -> Page:
    """Lay out everything; with `headings`, each platform gets a part of its own."""
    made = Page()
    arrows = [(arrow.source, arrow.target) for arrow in drawing.arrows]
    linked = {end for arrow in arrows for end in arrow}
    for index, box in enumerate(drawing.boxes):
        made.shapes[index] = shape(box, wide=index not in linked)
    by_platform: dict[str, list[list[int]]] = defaultdict(list)
    for component in components(len(drawing.boxes), arrows):
        by_platform[drawing.boxes[component[0]].platform].append(component)
    parts = {
        platform: [_laid_out(component, made.shapes, arrows) for component in found]
        for platform, found in sorted(by_platform.items())
    }
    room = _room([layout for layouts in parts.values() for layout in layouts])
    for platform, layouts in parts.items():
        if headings:
            made.headings.append((platform, made.height))
            made.height += HEADING
        _pack(layouts, room, made)
        made.height += GAP
    made.height = max(0.0, made.height - GAP)
    return made


def shape(box: Box, *, wide: bool) -> Shape:
    """The size of a box; a list that stands alone may grow in width too."""
    names = tuple(shorten(visible("/".join(n.address.parts)), MOST_LETTERS) for n in box.nodes)
    longest = max(map(cells, names)) * CELL
    if len(names) == 1:
        return Shape(names, 1, 1, longest, CHIP + 9 + longest + 12, ROW)
    cell = longest + 22
    square = ceil(sqrt(len(names) * LINE / cell * (2.2 if wide else 0.4)))
    columns = max(1, min(square, ceil(len(names) / 3)))
    rows = ceil(len(names) / columns)
    heading = CHIP + 9 + cells(visible(box.title)) * CELL + 12
    return Shape(
        names, columns, rows, cell, max(columns * cell + 6, heading), HEAD + rows * LINE + 10
    )


def components(count: int, arrows: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The boxes that hang together, each part and the parts in order of their boxes."""
    parent = list(range(count))

    def root(box: int) -> int:
        while parent[box] != box:
            parent[box] = parent[parent[box]]
            box = parent[box]
        return box

    for source, target in arrows:
        one, other = sorted((root(source), root(target)))
        parent[other] = one
    found: dict[int, list[int]] = defaultdict(list)
    for box in range(count):
        found[root(box)].append(box)
    return list(found.values())


def _laid_out(
    component: Sequence[int],
    shapes: Mapping[int, Shape],
    arrows: Sequence[tuple[int, int]],
) -> Layout:
    members = set(component)
    sizes: dict[int, Size] = {box: (shapes[box].width, shapes[box].height) for box in component}
    return layered(sizes, [arrow for arrow in arrows if arrow[0] in members])


def _room(layouts: Sequence[Layout]) -> float:
    """The width that gives the page about the form of a screen."""
    area = sum((layout.width + GAP) * (layout.height + GAP) for layout in layouts)
    return max([sqrt(area * ASPECT), 560.0, *(layout.width for layout in layouts)])


def _pack(layouts: Sequence[Layout], room: float, made: Page) -> None:
    """Put parts into rows of at most `room`, the highest first."""
    x, y, high = 0.0, made.height, 0.0
    for layout in sorted(layouts, key=lambda layout: -layout.height):
        if x and x + layout.width > room:
            x, y, high = 0.0, y + high + GAP, 0.0
        made.places |= {box: (x + left, y + top) for box, (left, top) in layout.places.items()}
        made.routes |= {
            arrow: [(x + left, y + top) for left, top in points]
            for arrow, points in layout.routes.items()
        }
        made.width = max(made.width, x + layout.width)
        x, high = x + layout.width + GAP, max(high, layout.height)
    made.height = y + high

"""A graph in, boxes and the arrows between them out: objects that are linked alike share a box.

A virtual repository over sixty locals is one arrow to one list of sixty names, not sixty arrows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import Address, Graph, GraphNode

ALIKE = 3
"""From so many objects on, those linked alike are drawn as one list."""


@dataclass(frozen=True, slots=True)
class Box:
    """One object, or several of one kind that are named by the same and name the same."""

    nodes: tuple[GraphNode, ...]

    @property
    def kind(self) -> str:
        """The kind of all its objects."""
        return self.nodes[0].address.kind

    @property
    def title(self) -> str:
        """The kind, counted where there are several objects."""
        return self.kind if len(self.nodes) == 1 else f"{len(self.nodes)} {self.kind}"

    @property
    def platform(self) -> str:
        """The platform of all its objects."""
        return self.nodes[0].address.platform

    @property
    def declared(self) -> bool:
        """Whether manifests declare its objects."""
        return self.nodes[0].origin is not None


@dataclass(frozen=True, slots=True)
class Arrow:
    """From box to box, by index; `fields` are the paths at which the names stand."""

    source: int
    target: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn: boxes by their first address, arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing(graph: Graph, alike: int = ALIKE) -> Drawing:
    """The graph with objects that are linked alike put together."""
    neighbours: dict[Address, tuple[set[Address], set[Address]]] = {
        node.address: (set(), set()) for node in graph.nodes
    }
    for edge in graph.edges:
        neighbours[edge.source][0].add(edge.target)
        neighbours[edge.target][1].add(edge.source)
    groups: dict[tuple[object, ...], list[GraphNode]] = defaultdict(list)
    for node in graph.nodes:
        names, named_by = map(frozenset, neighbours[node.address])
        groups[_likeness(node), names, named_by].append(node)
    boxes = sorted(_boxes(groups.values(), alike), key=lambda box: box.nodes[0].address.full)
    return Drawing(tuple(boxes), _arrows(graph, boxes))


def _likeness(node: GraphNode) -> tuple[object, ...]:
    address = node.address
    return address.kind, address.platform, node.origin is None, node.by_reference


def _boxes(groups: Iterable[list[GraphNode]], alike: int) -> Iterable[Box]:
    for group in groups:
        if len(group) >= alike:
            yield Box(tuple(group))
        else:
            yield from (Box((node,)) for node in group)


def _arrows(graph: Graph, boxes: Iterable[Box]) -> tuple[Arrow, ...]:
    place = {node.address: i for i, box in enumerate(boxes) for node in box.nodes}
    fields: dict[tuple[int, int], dict[str, None]] = defaultdict(dict)
    for edge in graph.edges:
        ends = (place[edge.source], place[edge.target])
        fields[ends] |= dict.fromkeys(edge.fields)
    return tuple(Arrow(*ends, tuple(names)) for ends, names in sorted(fields.items()))

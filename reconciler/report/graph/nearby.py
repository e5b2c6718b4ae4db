"""A graph and some of its objects in, the part of it around them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import Address, Graph


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a graph; `left` counts the objects that belong to it and did not fit."""

    graph: Graph
    left: int = 0


def nearby(graph: Graph, middle: Iterable[Address], most: int) -> Part:
    """These objects and those they name or are named by, at most so many, the first ones first.

    An object that nothing links is left out.
    """
    linked: dict[Address, dict[Address, None]] = defaultdict(dict)
    for edge in graph.edges:
        linked[edge.source][edge.target] = None
        linked[edge.target][edge.source] = None
    wanted: dict[Address, None] = {}
    for address in middle:
        if address in linked:
            wanted |= {address: None} | linked[address]
    kept = set(list(wanted)[:most])
    edges = [edge for edge in graph.edges if edge.source in kept and edge.target in kept]
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [node for node in graph.nodes if node.address in ends]
    return Part(Graph(tuple(nodes), tuple(edges)), len(wanted) - len(kept))

"""Who names whom."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.origin import Origin


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One object of a graph; without an origin it is named, but nobody declares it."""

    address: Address
    origin: Origin | None = None
    by_reference: bool = False


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One object names another; `fields` are the paths at which it does."""

    source: Address
    target: Address
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Who names whom: nodes and edges by address, each once."""

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()

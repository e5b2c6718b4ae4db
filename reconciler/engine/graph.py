"""Resolved manifests in, the graph of their references out, for people to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from reconciler.engine.resolve import (
    Reference,
    Resolved,
    matching,
    meant,
    names_of,
    references,
    target,
)
from reconciler.kinds.registry import Registry
from reconciler.model import Address, Graph, GraphEdge, GraphNode, Manifest


class Link(NamedTuple):
    """One reference with its two ends; `declared` says whether a manifest answers it."""

    source: Manifest
    reference: Reference
    target: Address
    declared: bool

    @property
    def field(self) -> str:
        """The field that holds the name, such as `spec.repositories`."""
        return ".".join(step for step in self.reference.path if isinstance(step, str))


def graph(
    resolved: Resolved,
    registry: Registry,
    chosen: Iterable[Manifest],
    by_reference: Collection[Address] = (),
) -> Graph:
    """The chosen objects, what they name, and the fields they name it in.

    Names that are closed references and answered by no manifest become nodes without an origin.
    Open references to undeclared objects are left out: they mean what servers ship with.
    """
    shown = list(chosen)
    nodes = {m.address: GraphNode(m.address, m.origin, m.address in by_reference) for m in shown}
    fields: dict[tuple[Address, Address], dict[str, None]] = {}
    for link in links(resolved, registry, shown):
        if link.declared and link.target not in nodes:
            continue  # taken out by --exclude
        if not link.declared:
            nodes.setdefault(link.target, GraphNode(link.target))
        ends = (link.source.address, link.target)
        fields.setdefault(ends, {})[link.field] = None
    edges = (GraphEdge(*ends, tuple(names)) for ends, names in fields.items())
    return Graph(
        tuple(sorted(nodes.values(), key=lambda node: node.address.full)),
        tuple(sorted(edges, key=lambda edge: (edge.source.full, edge.target.full))),
    )


def links(resolved: Resolved, registry: Registry, manifests: Iterable[Manifest]) -> Iterator[Link]:
    """Every reference of these manifests to another object.

    An object's reference to itself is none, nor is an open one that no manifest answers; a pattern
    is one to each declared object it matches.
    """
    names = names_of((m.address for m in resolved.manifests), registry)
    for manifest in manifests:
        for reference in references(registry, manifest):
            if reference.check == "pattern":
                for hit in matching(reference, manifest.address, names, registry):
                    yield Link(manifest, reference, hit, declared=True)
                continue
            named = target(reference, manifest, names)
            if named is None and reference.check != "server":
                kind = next((k for k in reference.kinds if k in registry), reference.kinds[0])
                named = meant(reference, manifest, kind, registry)
                yield Link(manifest, reference, named, declared=False)
            elif named is not None and named != manifest.address:
                yield Link(manifest, reference, named, declared=True)

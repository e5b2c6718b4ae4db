"""The graph of references: who names whom, in which field, and what nobody declares."""

from __future__ import annotations

from typing import Any

from reconciler.engine.graph import graph
from reconciler.engine.resolve import resolve
from reconciler.engine.select import select
from reconciler.kinds.registry import builtin
from reconciler.model import Address, Graph, Manifest, Origin, Scope


def manifest(kind: str, name: str, **spec: Any) -> Manifest:
    """A manifest on the default platform."""
    return Manifest(Address(kind, (name,)), spec, Origin("a.yaml", 1))


def drawn(*manifests: Manifest, scope: Scope | None = None) -> Graph:
    """The graph of some manifests."""
    resolved = resolve(manifests, builtin())
    chosen, by_reference = select(resolved, scope or Scope())
    return graph(resolved, builtin(), chosen, by_reference)


def told(found: Graph) -> list[str]:
    """The edges, readable."""
    return [f"{e.source.name} > {e.target.name}: {', '.join(e.fields)}" for e in found.edges]


A = manifest("LocalRepository", "a", packageType="npm", repoLayoutRef="npm-default")
V = manifest(
    "VirtualRepository",
    "v",
    packageType="npm",
    repositories=["a", "gone"],
    defaultDeploymentRepo="a",
)


def test_edges_name_their_fields() -> None:
    """One edge for two objects, with every field that names; open references are none."""
    assert told(drawn(A, V)) == [
        "v > a: spec.repositories, spec.defaultDeploymentRepo",
        "v > gone: spec.repositories",
    ]


def test_undeclared_names_have_no_origin() -> None:
    """What nobody declares is in the graph as what it most likely is."""
    nodes = {n.address.name: n for n in drawn(A, V).nodes}

    assert nodes["gone"].origin is None
    assert nodes["gone"].address.kind == "LocalRepository"
    assert nodes["a"].origin == Origin("a.yaml", 1)


def test_scope_marks_and_leaves_out() -> None:
    """What comes in by reference is marked; what is excluded is not drawn."""
    only = drawn(A, V, scope=Scope(only=("*/v",)))
    without = drawn(A, V, scope=Scope(exclude=("*/a",)))

    assert [n.address.name for n in only.nodes if n.by_reference] == ["a"]
    assert told(without) == ["v > gone: spec.repositories"]


def test_the_order_of_manifests_does_not_matter() -> None:
    """The graph is the same whatever file came first."""
    assert drawn(A, V) == drawn(V, A)

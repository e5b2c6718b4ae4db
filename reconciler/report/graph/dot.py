"""A graph in, the DOT language out: every object and every reference, for Graphviz and scripts."""

from __future__ import annotations

from reconciler.model import Address, Graph, GraphNode
from reconciler.report.graph.palette import palette
from reconciler.report.sanitise import visible


def graph_dot(graph: Graph) -> str:
    """The graph as a digraph; a node's id is its address, platforms are clusters."""
    styles = palette(node.address.kind for node in graph.nodes)
    platforms = sorted({node.address.platform for node in graph.nodes})
    lines = [
        "digraph reconciler {",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="monospace", fontcolor=white];',
        '  edge [color="#6e7781", arrowsize=0.7];',
    ]
    for number, platform in enumerate(platforms):
        inside = [
            _node(node, styles[node.address.kind].colour)
            for node in graph.nodes
            if node.address.platform == platform
        ]
        if len(platforms) > 1:
            inside = [
                f"  subgraph cluster_{number} {{",
                f"    label={quoted(platform)};",
                *(f"  {line}" for line in inside),
                "  }",
            ]
        lines += inside
    for edge in graph.edges:
        fields = quoted(", ".join(edge.fields))
        lines.append(f"  {_id(edge.source)} -> {_id(edge.target)} [tooltip={fields}];")
    return "\n".join([*lines, "}", ""])


def _node(node: GraphNode, colour: str) -> str:
    name = "/".join(map(visible, node.address.parts))
    label = quoted(f"{visible(node.address.kind)}\n{name}")
    look = f'fillcolor="{colour}"' if node.origin else 'style="rounded,dashed", fontcolor=black'
    return f"  {_id(node.address)} [label={label}, {look}];"


def _id(address: Address) -> str:
    return quoted(str(address))


def quoted(text: str) -> str:
    """A quoted string whose backslashes, quotes and ampersands mean themselves.

    Graphviz reads a label's backslashes and HTML entities; a line break of ours becomes its `\\n`.
    """
    lines = (
        visible(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in text.split("\n")
    )
    return '"' + "\\n".join(lines) + '"'

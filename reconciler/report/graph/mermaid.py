"""A graph in, a Mermaid flowchart out: GitHub, GitLab and many wikis draw it where it stands.

Objects linked alike are one node, because sites that draw Mermaid set it limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.model import Graph
from reconciler.report.graph.boxes import Box, drawing
from reconciler.report.graph.palette import palette
from reconciler.report.sanitise import shorten, visible

MOST_ARROWS, MOST_CHARACTERS = 500, 50_000
"""What Mermaid draws unless its settings say otherwise."""
MOST_NAMES = 12
"""Names written out in one node; more are counted."""

_TO_ENCODE = re.compile(r"[^\w ./:,…-]")


def graph_mermaid(graph: Graph) -> str:
    """The graph as `flowchart LR`."""
    drawn = drawing(graph)
    styles = palette(box.kind for box in drawn.boxes)
    classes = {kind: f"k{number}" for number, kind in enumerate(styles)}
    several = len({box.platform for box in drawn.boxes}) > 1
    lines = ["flowchart LR"]
    for index, box in enumerate(drawn.boxes):
        lines.append(f'  n{index}["{"<br/>".join(map(encoded, _label(box, several)))}"]')
        lines.append(f"  class n{index} {classes[box.kind] if box.declared else 'undeclared'}")
    lines += [f"  n{arrow.source} --> n{arrow.target}" for arrow in drawn.arrows]
    lines += [
        f"  classDef {classes[kind]} fill:{style.colour},stroke:{style.colour},color:#ffffff"
        for kind, style in styles.items()
    ]
    if not all(box.declared for box in drawn.boxes):
        lines.append("  classDef undeclared fill:none,stroke:#6e7781,stroke-dasharray:4 3")
    return "\n".join(lines) + "\n"


def _label(box: Box, several: bool) -> Iterator[str]:
    yield f"{box.platform}: {box.title}" if several else box.title
    for node in box.nodes[:MOST_NAMES]:
        yield shorten(visible("/".join(node.address.parts)), 60)
    if len(box.nodes) > MOST_NAMES:
        yield f"… and {len(box.nodes) - MOST_NAMES} more"


def encoded(text: str) -> str:
    """A text inside a quoted label: whatever might be syntax, HTML or Markdown as `#35;`."""
    return _TO_ENCODE.sub(lambda match: f"#{ord(match[0])};", visible(text))

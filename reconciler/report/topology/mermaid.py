"""A topology in, a Mermaid flowchart out: drawn where a comment or a wiki page stands."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import Topology
from reconciler.report.graph.mermaid import encoded
from reconciler.report.sanitise import shorten
from reconciler.report.topology.words import Look, look_of, place_words, tie_words

_LINES: dict[Look, str] = {
    "good": "stroke:#1a7f37,stroke-width:2px",
    "late": "stroke:#9a6700,stroke-width:2px",
    "bad": "stroke:#cf222e,stroke-width:2px",
    "off": "stroke:#6e7781,stroke-dasharray:4 3",
    "new": "stroke:#1f6feb,stroke-width:2px,stroke-dasharray:6 3",
    "gone": "stroke:#cf222e,stroke-dasharray:2 4",
    "plain": "stroke:#6e7781",
}


def topology_mermaid(found: Iterable[Topology]) -> str:
    """All federations in one flowchart, each in a box of its own."""
    lines = ["flowchart LR"]
    styles: list[str] = []
    classes: list[str] = []
    ties = 0
    for number, topology in enumerate(found):
        lines.append(f'  subgraph f{number}["{encoded(shorten(topology.name, 60))}"]')
        for index, place in enumerate(topology.places):
            words = [f"{place.label}", *place_words(place)]
            label = "<br/>".join(encoded(shorten(word, 60)) for word in words)
            lines.append(f'    f{number}n{index}["{label}"]')
            if not place.ours or not place.reachable:
                classes.append(f"  class f{number}n{index} elsewhere")
            elif place.change:
                classes.append(f"  class f{number}n{index} changed")
        lines.append("  end")
        for tie in topology.ties:
            words_ = tie_words(tie)
            label = f'|"{encoded(words_)}"|' if words_ else ""
            lines.append(f"  f{number}n{tie.one} <-->{label} f{number}n{tie.other}")
            styles.append(f"  linkStyle {ties} {_LINES[look_of(tie)]}")
            ties += 1
    defined = [
        "  classDef elsewhere fill:none,stroke:#6e7781,stroke-dasharray:4 3",
        "  classDef changed stroke:#1f6feb,stroke-width:2px",
    ]
    return "\n".join([*lines, *classes, *defined, *styles]) + "\n"

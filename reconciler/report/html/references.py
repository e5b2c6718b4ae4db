"""Who names whom and the objects of a page in, a picture of these and their neighbours out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model import Graph
from reconciler.report.graph.nearby import nearby
from reconciler.report.graph.picture import Mark, Marks, graph_figure
from reconciler.report.html.entries import Group, anchor
from reconciler.report.html.markup import Html, element, lines
from reconciler.report.html.parts import Section

MOST = 120
"""Objects of one picture: more of them show nothing any more."""


def marks(groups: Iterable[Group]) -> Marks:
    """The objects of a page as a picture shows them: with their sign and look, as links."""
    entries = [entry for group in groups for entry in group.entries]
    return {
        entry.address: Mark(f"#{anchor(number)}", entry.look, entry.sign)
        for number, entry in enumerate(entries, start=1)
    }


def reference_section(graph: Graph, marked: Marks) -> Iterator[Section]:
    """The marked objects that name others or are named, with these others; nothing without any."""
    near = nearby(graph, marked, MOST)
    if not near.graph.edges:
        return
    # The picture escapes its texts itself, like any SVG of ours.
    figure = Html(graph_figure(near.graph, "References of these objects", marked))
    box = element(
        "div", figure, class_="graph", tabindex="0", role="region", aria_label="Picture of them"
    )
    words = "Who names another object stands left of it. Objects of this page are links."
    if near.left:
        words += f" {near.left:,} more are not drawn here; `reconciler graph` draws them all."
    yield Section("references", "References", lines([element("p", words, class_="dim"), box]))

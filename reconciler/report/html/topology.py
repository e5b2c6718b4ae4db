"""Federations of a plan in, a section with a picture of their members out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Topology
from reconciler.report.html.markup import Html, element, lines
from reconciler.report.html.parts import Section
from reconciler.report.topology.picture import topology_figure

MOST = 40
"""Federations of one picture; more of them nobody looks at one by one."""


def topology_section(found: Sequence[Topology]) -> Iterator[Section]:
    """The members of each federation, how they do, what is planned; nothing without any."""
    if not found:
        return
    # The picture escapes its texts itself, like any SVG of ours.
    figure = Html(topology_figure(found[:MOST], "Members of these federations"))
    box = element(
        "div", figure, class_="topology", tabindex="0", role="region", aria_label="Picture of them"
    )
    words = "Members framed in blue are changed; a dashed frame is looked after elsewhere or away."
    if len(found) > MOST:
        words += f" {len(found) - MOST:,} more are not drawn here."
    yield Section("federations", "Federations", lines([element("p", words, class_="dim"), box]))

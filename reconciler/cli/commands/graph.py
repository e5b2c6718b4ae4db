"""`reconciler graph`: manifests in, a picture of who names whom out; offline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE, select_options, settings, strict_option, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.engine.graph import graph
from reconciler.engine.select import check_scope, select
from reconciler.errors import UsageError
from reconciler.model import Graph, Manifest, Scope
from reconciler.pipeline.desiring import Desire, desire

SUFFIXES = {
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
}


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@click.option(
    "--format",
    "form",
    type=click.Choice(("svg", "mermaid", "dot")),
    help="Form of the graph; without it, what the ending of --out says, else svg.",
)
@click.option("--out", type=FILE, help="Write the graph to this file.")
@click.option(
    "--federations", is_flag=True, help="Draw the members of each federation instead (no DOT)."
)
@select_options
@strict_option
@workspace_options
def command(
    paths: tuple[Path, ...], form: str | None, out: Path | None, federations: bool, **flags: Any
) -> int:
    """Draw the references between the declared objects.

    Needs no network and no credentials. Names that no manifest declares are drawn dashed.
    """
    given = settings(paths=paths, **flags)
    wanted = desire(given, dangling=False).checked()
    diagnostics_to_stderr(
        wanted.diagnostics,
        color=wants_color(given.color),
        source=source_line(wanted.workspace.root),
    )
    scope = Scope(given.only, given.exclude)
    check_scope(scope, wanted.registry.names(), wanted.workspace.platform_names)
    chosen, by_reference = select(wanted.resolved, scope)
    form = form or (SUFFIXES.get(out.suffix.lower(), "svg") if out else "svg")
    if federations:
        text, words = _federations(wanted, chosen, form)
    else:
        found = graph(wanted.resolved, wanted.registry, chosen, by_reference)
        text = _drawn(found, form, wanted.workspace.name)
        words = f"{len(found.nodes)} objects, {len(found.edges)} references"
    if form == "mermaid":
        _warn_of_limits(text)
    if out is None:
        result(text)
    else:
        out.write_text(text, encoding="utf-8", newline="\n")
        note(f"wrote {out}: {words}")
    return 0


def _federations(wanted: Desire, chosen: Iterable[Manifest], form: str) -> tuple[str, str]:
    """The members of each federation as declared, and what was drawn in words."""
    from reconciler.pipeline.topologies import declared_topologies

    if form == "dot":
        raise UsageError("--federations draws SVG and Mermaid", hint="--format svg")
    found = declared_topologies(wanted, chosen)
    if not found:
        raise UsageError("no manifest in scope declares a Federation")
    words = f"{len(found)} federation{'' if len(found) == 1 else 's'}"
    if form == "mermaid":
        from reconciler.report.topology.mermaid import topology_mermaid

        return topology_mermaid(found), words
    from reconciler.report.topology.picture import topology_svg

    return topology_svg(found, wanted.workspace.name), words


def _warn_of_limits(text: str) -> None:
    from reconciler.report.graph.mermaid import MOST_ARROWS, MOST_CHARACTERS

    if text.count(" --> ") > MOST_ARROWS or len(text) > MOST_CHARACTERS:
        note(
            f"note: many sites draw at most {MOST_ARROWS} arrows and {MOST_CHARACTERS} characters "
            "of Mermaid; --only makes the graph smaller, --format svg has no limit"
        )


def _drawn(found: Graph, form: str, name: str) -> str:
    if form == "mermaid":
        from reconciler.report.graph.mermaid import graph_mermaid

        return graph_mermaid(found)
    if form == "dot":
        from reconciler.report.graph.dot import graph_dot

        return graph_dot(found)
    from reconciler.report.graph.picture import graph_svg

    return graph_svg(found, name)

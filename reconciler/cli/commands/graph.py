"""`reconciler graph`: manifests in, a picture of who names whom out; offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE, select_options, settings, strict_option, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.engine.graph import graph
from reconciler.engine.select import check_scope, select
from reconciler.model import Graph, Scope
from reconciler.pipeline.desiring import desire

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
@select_options
@strict_option
@workspace_options
def command(paths: tuple[Path, ...], form: str | None, out: Path | None, **flags: Any) -> int:
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
    found = graph(wanted.resolved, wanted.registry, chosen, by_reference)
    form = form or (SUFFIXES.get(out.suffix.lower(), "svg") if out else "svg")
    text = _drawn(found, form, wanted.workspace.name)
    if form == "mermaid":
        _warn_of_limits(text)
    if out is None:
        result(text)
    else:
        out.write_text(text, encoding="utf-8", newline="\n")
        note(f"wrote {out}: {len(found.nodes)} objects, {len(found.edges)} references")
    return 0


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

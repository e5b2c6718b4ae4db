"""`reconciler compare`: two environments or platforms in, how their declared objects differ out."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import output_option, settings, strict_option, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, result, wants_color
from reconciler.comparing import compare
from reconciler.errors import Exit


@click.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@output_option("text", "json", "markdown")
@strict_option
@workspace_options
def command(left: str, right: str, output: str, **flags: Any) -> int:
    """Compare what is declared for two environments, or for two platforms of the workspace.

    Offline. The final documents are compared, as `render` prints them. Exit codes: 0 both sides
    declare the same, 2 they differ.
    """
    given = settings(output=output, **flags)
    found, diagnostics = compare(given, left, right)
    code = int(Exit.DONE if found.is_equal else Exit.PENDING)
    if output == "json":
        from reconciler.report.comparison import comparison_json
        from reconciler.report.machine import dumps

        result(dumps(comparison_json(found, code, diagnostics)))
        return code
    from reconciler.report.comparison import comparison_markdown, comparison_text

    diagnostics_to_stderr(diagnostics, color=wants_color(given.color))
    if output == "markdown":
        result(comparison_markdown(found))
    else:
        result(comparison_text(found, color=wants_color(given.color, stderr=False)))
    return code

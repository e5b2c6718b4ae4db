"""`reconciler validate`: manifests in, findings out; offline unless asked otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    FILE,
    output_option,
    settings,
    strict_option,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.errors import Exit, has_errors
from reconciler.pipeline import Desire, desire, place_in_repository


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@click.option("--online", is_flag=True, help="Also ask the platforms, with reads only.")
@output_option("text", "json", "github")
@strict_option
@workspace_options
@wire_options
def command(paths: tuple[Path, ...], online: bool, output: str, **flags: Any) -> int:
    """Check manifests: syntax, schema, references, duplicates, rules across fields.

    Needs no network and no credentials. PATHs are files or folders; without any, the workspace
    says where the manifests are.
    """
    given = settings(paths=paths, output=output, **flags)
    wanted = desire(given, dangling=not online)
    found = list(wanted.diagnostics)
    if online and not has_errors(found):
        found += _ask(given, wanted)
    code = Exit.INVALID if has_errors(found) else Exit.DONE
    if output == "json":
        from reconciler.report.diagnostics import Counts
        from reconciler.report.machine import dumps, validation_json

        counts = Counts.of(wanted.manifests, len(wanted.documents))
        result(dumps(validation_json(found, int(code), counts)))
    elif output == "github":
        from reconciler.report.github import annotations

        result(annotations(found, root=place_in_repository(wanted.workspace.root)))
    else:
        color = wants_color(given.color)
        diagnostics_to_stderr(found, color=color, source=source_line(wanted.workspace.root))
        if code is Exit.DONE:
            result(f"{_counted(wanted)} valid.")
    return int(code)


def _counted(wanted: Desire) -> str:
    count = len(wanted.documents)
    return "1 manifest is" if count == 1 else f"{count} manifests are"


def _ask(given: Any, wanted: Desire) -> list[Any]:
    """What only the platforms know: names that exist there, versions, rules against live."""
    from reconciler.errors import Diagnostic
    from reconciler.pipeline import make_plan, session

    with session(given, wanted=wanted) as run:
        made = make_plan(run)
    note(f"asked {', '.join(p.name for p in made.platforms)}")
    blocked = [
        Diagnostic(
            change.blocked.code,
            "error",
            f"{change.address}: {change.blocked.message}",
            file=change.origin.file if change.origin else None,
            line=change.origin.line if change.origin else None,
            address=str(change.address),
        )
        for change in made.blocked
        if change.blocked is not None
    ]
    return [*blocked, *(d for d in made.diagnostics if d.severity == "error")]

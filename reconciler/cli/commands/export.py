"""`reconciler export`: what is live in, manifests out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_atomically
from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, note, result, wants_color
from reconciler.cli.planning import open_session
from reconciler.errors import Exit, UsageError, has_errors
from reconciler.exporting import Exported, export


@click.command()
@click.argument("path", required=False, type=FILE)
@output_option("text", "json")
@click.option("--update", is_flag=True, help="Edit existing manifests in place, comments kept.")
@select_options
@workspace_options
@wire_options
def command(path: Path | None, output: str, update: bool, **flags: Any) -> int:
    """Write a manifest for every live object, without what the server fills in by itself.

    Files go below PATH (by default the workspace's first manifests folder) as KIND/NAME.yaml.
    Objects that are declared already are left out there; elsewhere, and with `-`, which prints,
    every object has its manifest. Existing files stay as they are, unless --update brings their
    declared fields up to date. Secrets become references. Exported and planned, nothing differs.

    Exit codes: 0 exported, 1 something known to exist could not be seen or read, 6 a platform
    cannot be reached.
    """
    to_stdout = path is not None and str(path) == "-"
    if to_stdout and output == "json":
        raise UsageError(
            "`-` prints manifests, which are YAML: there is no JSON document beside them",
            hint="leave out --output json, or export into a folder",
        )
    if to_stdout and update:
        raise UsageError(
            "`-` prints manifests and --update edits files: they exclude each other",
            hint="leave out one of them",
        )
    given = settings(output=output, **flags)
    with open_session(given, needs_manifests=False) as run:
        found = export(run, None if to_stdout else path, update=update, printed=to_stdout)
    code = Exit.INVALID if has_errors(found.diagnostics) else Exit.DONE
    if to_stdout:
        result("---\n".join(text for _, text in found.created))
        diagnostics_to_stderr(found.diagnostics, color=wants_color(given.color))
        return int(code)
    for file, text in (*found.created, *found.updated):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text.encode())
    _tell(found, output, code, run.workspace.root, color=wants_color(given.color))
    return int(code)


def _tell(found: Exported, output: str, code: Exit, root: Path, *, color: bool) -> None:
    def shown(file: Path) -> str:
        return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()

    created = [shown(file) for file, _ in found.created]
    updated = [shown(file) for file, _ in found.updated]
    if output == "json":
        from reconciler.report.machine import dumps

        document = {
            "format": "reconciler.export/v1",
            "exitCode": int(code),
            "diagnostics": [d.as_json() for d in found.diagnostics],
            "created": created,
            "updated": updated,
            "unchanged": found.unchanged,
        }
        result(dumps(document))
        return
    for name in created:
        result(f"created {name}")
    for name in updated:
        result(f"updated {name}")
    diagnostics_to_stderr(found.diagnostics, color=color)
    note(f"{len(created)} created, {len(updated)} updated, {found.unchanged} already declared")
    if updated:
        note("`drift` compares with the last apply: the next one records what was taken over")

"""`reconciler drift`: what was last applied and what is live in, the differences out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.accepting import Acceptance, accept, remaining
from reconciler.cli.files import write_all
from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    shard_option,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, note, result, wants_color
from reconciler.cli.planning import open_session, surroundings
from reconciler.errors import Exit, UsageError
from reconciler.model import Drift
from reconciler.pipeline.drifting import find_drift
from reconciler.pipeline.session import Session
from reconciler.report.figures import counted
from reconciler.report.verdict import drift_exit


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json", "html")
@click.option("--unmanaged", is_flag=True, help="List live objects no manifest declares.")
@click.option(
    "--accept",
    "accepting",
    is_flag=True,
    help="Rewrite the manifests to say what is live, comments kept, and record it as applied.",
)
@click.option("--dry-run", is_flag=True, help="With --accept: show the rewriting, write nothing.")
@select_options
@shard_option
@workspace_options
@wire_options
def command(
    paths: tuple[Path, ...],
    output: str,
    unmanaged: bool,
    accepting: bool,
    dry_run: bool,
    **flags: Any,
) -> int:
    """Show what changed on the platforms since the last apply, whatever the manifests say now.

    With --accept, the drifted fields become what the manifests say: only these fields change in
    the files, and neither drift nor plan mentions them again. Nothing on a platform is written.

    Exit codes: 0 nothing drifted (with --accept: nothing is left), 2 something did, 1 something
    could not be read, 6 a platform cannot be reached: an outage is never drift.
    """
    if dry_run and not accepting:
        raise UsageError("--dry-run goes with --accept", hint="`drift` alone writes nothing")
    if accepting and output == "html":
        raise UsageError("--accept has no page", hint="choose --output text or json")
    given = settings(paths=paths, output=output, **flags)
    with open_session(given, whole=unmanaged) as run:
        found = find_drift(run, unmanaged=unmanaged)
        around = surroundings(run) if output == "html" else None
        if accepting:
            return _accept(run, found, dry_run=dry_run)
    code = drift_exit(found)
    if output == "json":
        from reconciler.report.machine import drift_json, dumps

        result(dumps(drift_json(found, code)))
    elif around is not None:
        from reconciler.report.html.drift import drift_html

        result(drift_html(found, surroundings=around))
    else:
        from reconciler.report.terminal import drift_text

        result(drift_text(found, color=wants_color(given.color, stderr=False)))
    return code


def _accept(run: Session, found: Drift, *, dry_run: bool) -> int:
    """Write the files, then the inventory: a crash in between leaves drift that says the same."""
    acceptance = accept(run, found)
    if not dry_run:
        root = run.workspace.root
        write_all({root / f.file: f.after.encode() for f in acceptance.files})
        run.store.change(acceptance.entries)
    left = found.drifted if dry_run else list(remaining(found, acceptance))
    code = Exit.INVALID if found.is_incomplete else Exit.PENDING if left else Exit.DONE
    _tell(run, found, acceptance, int(code), dry_run=dry_run)
    return int(code)


def _tell(run: Session, found: Drift, acceptance: Acceptance, code: int, *, dry_run: bool) -> None:
    files = [f.file for f in acceptance.files]
    if run.settings.output == "json":
        from reconciler.report.machine import acceptance_json, dumps

        given = (acceptance.fields, files, acceptance.refused, code)
        result(dumps(acceptance_json(found, *given)))
        return
    from reconciler.report.difference import unified

    color = wants_color(run.settings.color, stderr=False)
    result("".join(unified(f.file, f.before, f.after, color=color) for f in acceptance.files))
    diagnostics_to_stderr(acceptance.refused, color=wants_color(run.settings.color))
    fields = sum(map(len, acceptance.fields.values()))
    word = "would be accepted" if dry_run else "accepted"
    note(
        f"{len(found.drifted)} drifted; {counted(fields, 'field')} of "
        f"{len(acceptance.fields)} {word}, {counted(len(files), 'file')} "
        f"{'to rewrite' if dry_run else 'rewritten'}"
    )

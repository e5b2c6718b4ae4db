"""`reconciler plan`: manifests and platforms in, the plan out. Only reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_atomically
from reconciler.cli.options import (
    FILE,
    FINDINGS,
    output_option,
    select_options,
    settings,
    shard_option,
    snapshot_option,
    strict_option,
    wire_options,
    workspace_options,
    write_options,
)
from reconciler.cli.output import result, source_line, wants_color
from reconciler.cli.planning import (
    findings,
    findings_text,
    open_session,
    rendered,
    surroundings,
)
from reconciler.errors import Exit, has_errors
from reconciler.pipeline.desiring import desire
from reconciler.pipeline.git import place_in_repository
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.report.verdict import plan_exit


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json", "markdown", "html", *FINDINGS)
@click.option("--out", type=FILE, help="Save the plan, for `apply --plan`.")
@snapshot_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending.")
@click.option("--unmanaged", is_flag=True, help="List live objects no manifest declares.")
@select_options
@shard_option
@strict_option
@workspace_options
@wire_options
@write_options
def command(
    paths: tuple[Path, ...],
    output: str,
    out: Path | None,
    detailed_exitcode: bool,
    unmanaged: bool,
    **flags: Any,
) -> int:
    """Show what an apply would change, field by field. Writes nothing anywhere.

    Exit codes: 0 no block (with --detailed-exitcode: nothing pending), 2 changes pending,
    3 something is blocked, 6 a platform cannot be reached.
    """
    given = settings(paths=paths, output=output, **flags)
    wanted = desire(given, dangling=False)
    top = place_in_repository(wanted.workspace.root) if output in FINDINGS else ""
    if output in FINDINGS and has_errors(wanted.diagnostics):
        result(findings_text(output, wanted.diagnostics, top, Exit.INVALID))
        return int(Exit.INVALID)
    with open_session(given, wanted=wanted, whole=unmanaged) as run:
        made = make_plan(run, unmanaged=unmanaged)
        blocks = run_blocks(run, made)
        around = surroundings(run) if output == "html" else None
    code = plan_exit(made, blocks, detailed=detailed_exitcode)
    if out is not None:
        from reconciler.report.machine import plan_json

        _save(out, plan_json(made, code, blocks=blocks))
    if output in FINDINGS:
        result(findings_text(output, findings(made, blocks), top, code))
        return code
    color = wants_color(given.color, stderr=False)
    source = source_line(wanted.workspace.root)
    result(
        rendered(
            made,
            output,
            code,
            color=color,
            verbose=given.verbose,
            blocks=blocks,
            source=source,
            around=around,
        )
    )
    return code


def _save(file: Path, document: dict[str, Any]) -> None:
    from reconciler.report.machine import dumps

    content = dumps(document).encode()
    if file.exists() and not file.is_file():  # a pipe, a device
        file.write_bytes(content)
    else:
        write_atomically(file, content)

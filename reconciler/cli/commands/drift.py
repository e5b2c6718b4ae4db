"""`reconciler drift`: what was last applied and what is live in, the differences out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import result, wants_color
from reconciler.cli.planning import open_session
from reconciler.errors import Exit
from reconciler.model import Drift
from reconciler.pipeline import find_drift


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json")
@click.option("--unmanaged", is_flag=True, help="List live objects no manifest declares.")
@select_options
@workspace_options
@wire_options
def command(paths: tuple[Path, ...], output: str, unmanaged: bool, **flags: Any) -> int:
    """Show what changed on the platforms since the last apply, whatever the manifests say now.

    Exit codes: 0 nothing drifted, 2 something did, 1 something could not be read, 6 a platform
    cannot be reached: an outage is never drift.
    """
    given = settings(paths=paths, output=output, **flags)
    with open_session(given) as run:
        found = find_drift(run, unmanaged=unmanaged)
    code = int(_exit(found))
    if output == "json":
        from reconciler.report.machine import drift_json, dumps

        result(dumps(drift_json(found, code)))
    else:
        from reconciler.report.terminal import drift_text

        result(drift_text(found, color=wants_color(given.color, stderr=False)))
    return code


def _exit(found: Drift) -> Exit:
    if found.is_incomplete:
        return Exit.INVALID
    return Exit.PENDING if found.drifted else Exit.DONE

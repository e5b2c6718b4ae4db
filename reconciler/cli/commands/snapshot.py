"""`reconciler snapshot`: the platforms in, a file without secrets out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE, output_option, settings, wire_options, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, wants_color
from reconciler.cli.planning import open_session
from reconciler.errors import Exit
from reconciler.report.figures import counted


@click.command()
@click.option("--out", type=FILE, required=True, help="File to write; packed if it ends in .gz.")
@output_option("text", "json")
@workspace_options
@wire_options
def command(out: Path, output: str, **flags: Any) -> int:
    """Record everything a plan reads of the workspace's platforms, and the inventory.

    `plan --snapshot FILE` then plans offline, without network or credentials. Secrets are not in
    the file; names, addresses and settings are. Writes nothing on the platforms.
    """
    from reconciler.platform.snapshot.file import write_snapshot
    from reconciler.snapshots import Taken, take

    given = settings(output=output, **flags)
    with open_session(given, needs_manifests=False) as run:
        taken: Taken = take(run)
    write_snapshot(out, taken.snapshot)
    found = taken.findings
    platforms = taken.snapshot.platforms
    objects = sum(
        len({*p.objects, *(name for listed in p.listings for name in listed.objects or ())})
        for p in platforms.values()
    )
    if output == "json":
        from reconciler.report.machine import dumps

        document = {
            "format": "reconciler.snapshot-taken/v1",
            "exitCode": int(Exit.DONE),
            "diagnostics": [d.as_json() for d in found],
            "file": out.as_posix(),
            "platforms": sorted(platforms),
            "objects": objects,
        }
        result(dumps(document))
        return int(Exit.DONE)
    diagnostics_to_stderr(found, color=wants_color(given.color))
    named = ", ".join(sorted(platforms))
    note(f"{out}: {counted(objects, 'object')} of {named}")
    return int(Exit.DONE)

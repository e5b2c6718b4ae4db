"""`reconciler unlock`: the id of a lease in, the lease ended; its holder writes no more."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import output_option, settings, wire_options, workspace_options
from reconciler.cli.output import note, result
from reconciler.ownership import unlock


@click.command()
@click.argument("lease_id", metavar="LEASE-ID")
@output_option("text", "json")
@workspace_options
@wire_options
def command(lease_id: str, output: str, **flags: Any) -> int:
    """End the lease of a run that is gone, so that the next apply can begin.

    The id is the one the refused apply named: a lease that another run has taken meanwhile is not
    ended by mistake. A lease ends by itself ten minutes after its run died.
    """
    ended = unlock(settings(output=output, **flags), lease_id)
    if output == "json":
        from reconciler.report.machine import dumps

        head = {"format": "reconciler.unlock/v1", "exitCode": 0, "diagnostics": []}
        result(dumps({**head, "lease": ended.id, "holder": ended.holder.name}))
        return 0
    result(f"ended lease {ended.id}")
    note(f"{ended.holder} had it since {ended.since}; should it still run, it writes no more")
    return 0

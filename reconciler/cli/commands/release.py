"""`reconciler release`: addresses in, ownership forgotten; nothing on the platform is touched."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import output_option, settings, wire_options, workspace_options
from reconciler.cli.output import note, result
from reconciler.ownership import release


@click.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@output_option("text", "json")
@workspace_options
@wire_options
def command(addresses: tuple[str, ...], output: str, **flags: Any) -> int:
    """Take objects out of the inventory, without touching them.

    A manifest that still declares the object adopts it again at the next apply; set
    metadata.lifecycle.release: true, or take the manifest out.
    """
    released = release(settings(output=output, **flags), addresses)
    if output == "json":
        from reconciler.report.machine import dumps

        names = [str(address) for address in released]
        document = {"format": "reconciler.release/v1", "exitCode": 0, "diagnostics": []}
        result(dumps({**document, "released": names}))
        return 0
    for address in released:
        result(f"released {address}")
    note(f"{len(released)} released; the objects stay as they are")
    return 0

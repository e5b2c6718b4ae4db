"""`reconciler adopt`: addresses in, ownership recorded; nothing on the platform is touched."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import output_option, settings, wire_options, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, wants_color
from reconciler.cli.planning import open_session
from reconciler.errors import Exit, UsageError
from reconciler.ownership import adopt


@click.command()
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option("--all", "all_", is_flag=True, help="Every declared object that is live.")
@output_option("text", "json")
@workspace_options
@wire_options
def command(addresses: tuple[str, ...], all_: bool, output: str, **flags: Any) -> int:
    """Take declared objects that are live into ownership, without touching them.

    An apply does the same on its way; this rebuilds a lost inventory without writing anything
    else.
    """
    if bool(addresses) == all_:
        raise UsageError("name the objects, or say --all", hint="an address is Kind/name")
    given = settings(output=output, **flags)
    with open_session(given) as run:
        found = adopt(run, None if all_ else addresses)
    code = Exit.BLOCKED if found.refused else Exit.DONE
    if output == "json":
        from reconciler.report.machine import dumps

        document = {
            "format": "reconciler.adopt/v1",
            "exitCode": int(code),
            "diagnostics": [d.as_json() for d in found.refused],
            "adopted": list(map(str, found.adopted)),
            "absent": list(map(str, found.absent)),
            "alreadyOwned": found.already,
        }
        result(dumps(document))
        return int(code)
    for address in found.adopted:
        result(f"adopted {address}")
    for address in found.absent:
        note(f"{address} does not exist on the platform; an apply would create it")
    diagnostics_to_stderr(found.refused, color=wants_color(given.color))
    note(f"{len(found.adopted)} adopted, {found.already} already owned")
    return int(code)

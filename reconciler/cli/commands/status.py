"""`reconciler status`: how federations, policies and other things that run by themselves do."""

from __future__ import annotations

import time
from typing import Any

import click

from reconciler.cli.options import (
    output_option,
    select_options,
    settings,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import result, wants_color
from reconciler.cli.planning import open_session
from reconciler.errors import UsageError
from reconciler.model import Status
from reconciler.operating import status
from reconciler.report.status import status_exit, status_json, status_text
from reconciler.settings import Settings


@click.command()
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@output_option("text", "json")
@click.option("--watch", is_flag=True, help="Look again and again, until interrupted.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: seconds between two looks.",
)
@select_options
@workspace_options
@wire_options
def command(
    addresses: tuple[str, ...], output: str, watch: bool, every: float, **flags: Any
) -> int:
    """Show how declared objects that run by themselves are doing, or those named by ADDRESS.

    Federations: whether members are in step, how late they are, whose settings differ. Policies:
    whether they are on, their last run and what it freed where the platform tells, the next run.
    Only reads.

    Exit codes, for monitoring: 0 healthy, 2 something is degraded or cannot be told, 6 a platform
    cannot be reached.
    """
    given = settings(output=output, **flags)
    if watch and output == "json":
        raise UsageError(
            "--watch does not go with --output json: one document is one look",
            hint="call it again and again",
        )
    while True:
        found = _look(given, addresses)
        code = int(status_exit(found))
        if output == "json":
            from reconciler.report.machine import dumps

            result(dumps(status_json(found, code)))
        else:
            result(status_text(found, color=wants_color(given.color, stderr=False)))
        if not watch:
            return code
        try:
            time.sleep(every)
        except KeyboardInterrupt:
            return code


def _look(given: Settings, addresses: tuple[str, ...]) -> Status:
    with open_session(given) as run:
        found = status(run, addresses)
        run.observer.progress("", 0, 0)
    return found

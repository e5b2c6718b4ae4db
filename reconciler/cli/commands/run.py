"""`reconciler run`: an order beside the desired state, such as a full synchronisation."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_atomically
from reconciler.cli.options import (
    FILE,
    output_option,
    settings,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import note, result
from reconciler.cli.planning import open_session
from reconciler.errors import Exit, UsageError
from reconciler.model import Standing
from reconciler.operating import Operated, Order, is_of_platform, operate, order
from reconciler.pipeline.desiring import nothing_desired
from reconciler.report.sanitise import visible
from reconciler.report.status import operation_json

LONGEST = 86400.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command()
@click.argument("address", metavar="ADDRESS|KIND")
@click.argument("operation")
@output_option("text", "json")
@click.option("--wait", is_flag=True, help="Follow it until it is over.")
@click.option(
    "--wait-timeout",
    default="1h",
    show_default=True,
    metavar="DURATION",
    help="With --wait: how long at most, such as 90s, 30m or 2h.",
)
@click.option(
    "--set",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the operation must be told, such as run=7; `explain KIND` lists it.",
)
@click.option(
    "--out", type=FILE, help="Write its report to this file; waits until what it starts is over."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@workspace_options
@wire_options
def command(
    address: str,
    operation: str,
    output: str,
    wait: bool,
    wait_timeout: str,
    inputs: tuple[str, ...],
    out: Path | None,
    yes: bool,
    **flags: Any,
) -> int:
    """Have a platform do OPERATION with the declared object at ADDRESS.

    Operations of a whole platform, such as `stop-all`, take a KIND, with PLATFORM: before it where
    there are several; they need no manifest.

    The desired state is not touched, and nothing is planned. Of an object the workspace owns, the
    inventory remembers the last run, where its kind needs that to find it again.
    `reconciler explain KIND` lists the operations of a kind.

    Exit codes: 0 started (with --wait: over), 5 it failed or nobody can tell, 1 there is no such
    object or operation.
    """
    given = settings(output=output, **flags)
    seconds = _seconds(wait_timeout)
    is_whole = is_of_platform(address)  # an emergency does not wait for manifests to be mended
    wanted_state = nothing_desired(given) if is_whole else None
    with open_session(given, needs_manifests=not is_whole, wanted=wanted_state) as run:
        wanted = order(run, address, operation, _inputs(inputs))
        _agree(wanted, yes=yes, asks=output == "text")

        def tell(standing: Standing) -> None:
            run.observer.progress(standing.words, 0, 0)

        waits = wait or (out is not None and not wanted.operation.of_past)
        patience = seconds if waits else 0.0
        done = operate(run, wanted, wait=patience, wants_report=out is not None, tell=tell)
        run.observer.progress("", 0, 0)
    if out is not None and done.report is not None:
        write_atomically(out, done.report)
    if done.forgotten:
        note(f"the inventory cannot remember this: {visible(done.forgotten)}")
    failed = done.standing is not None and done.standing.has_failed
    code = int(Exit.PARTIAL if failed else Exit.DONE)
    _tell(done, code, output)
    return code


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]+)([smhd])", text)
    if found is None or not 0 < int(found[1]) * _UNITS[found[2]] <= LONGEST:
        raise UsageError(
            f"--wait-timeout '{text}' is no duration", hint="such as 90s, 30m or 2h; a day at most"
        )
    return float(int(found[1]) * _UNITS[found[2]])


def _inputs(texts: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or name in found:
            raise UsageError(f"--set '{text}' is no NAME=VALUE, or the second of this name")
        found[name] = value
    return found


def _agree(wanted: Order, *, yes: bool, asks: bool) -> None:
    """Raises UsageError when somebody must agree, and nobody did."""
    if yes or not wanted.operation.asks:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty() and asks):
        raise UsageError(
            f"{wanted.operation.name} of {wanted.address}: {wanted.operation.asks}",
            hint="say --yes if that is meant",
        )
    note(f"{wanted.address}: {wanted.operation.asks}")
    if not click.confirm("Go on?", default=False, err=True):
        raise UsageError("nothing was started")


def _tell(done: Operated, code: int, output: str) -> None:
    address, operation = done.order.address, done.order.operation
    if output == "json":
        from reconciler.report.machine import dumps

        result(dumps(operation_json(str(address), operation.name, done.said, done.standing, code)))
        return
    if done.standing is not None:
        word = "failed" if done.standing.has_failed else "is over"
        result(f"{operation.name} of {address} {word}: {visible(done.standing.words)}")
    elif operation.follow is not None and not operation.of_past:
        said = f": {visible(done.said)}" if done.said else ""
        result(f"started {operation.name} of {address}{said}")
    else:
        result(f"{operation.name} of {address}: {visible(done.said) or 'done'}")

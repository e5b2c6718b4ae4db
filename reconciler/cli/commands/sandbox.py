"""`reconciler sandbox`: serves the embedded platform on loopback."""

from __future__ import annotations

import errno
import json
import re
import sys
from pathlib import Path

import click

from reconciler.cli.options import FILE
from reconciler.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 takes a free one.")
@click.option("--platforms", default="default", metavar="A,B", help="Names of the platforms.")
@click.option("--version", "version", default="7.146.17", help="Version the platforms report.")
@click.option("--state", type=FILE, help="File the state is read from and written to.")
@click.option("--connect", is_flag=True, help="Serve JFrog Connect too, with a fleet of devices.")
def command(port: int, platforms: str, version: str, state: Path | None, connect: bool) -> int:
    """Serve JFrog Platforms in memory, for trying manifests out and testing them.

    Prints one JSON line with the URLs and tokens when ready; ends on Ctrl-C.
    """
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.server import serve

    names = [name.strip() for name in platforms.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise UsageError(
            "--platforms needs different names, separated by commas", hint="--platforms east,west"
        )
    if connect and "connect" in names:
        raise UsageError(
            "with --connect no platform can be called 'connect'", hint="choose another name"
        )
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise UsageError(f"'{version}' is no version", hint="--version 7.111.4")
    made = Sandbox(names, version=version, connect=connect)
    _require_state(state)
    try:
        serve(made, port, state, sys.stdout)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES) or error.filename:
            raise
        raise UsageError(
            f"port {port} cannot be listened at: {error.strerror}",
            hint="leave out --port to take a free one",
        ) from None
    return 0


def _require_state(state: Path | None) -> None:
    """Raises UsageError for a state file that cannot be read."""
    if state is None or not state.exists():
        return
    try:
        json.loads(state.read_text("utf-8"))["platforms"].keys()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the state {state} cannot be used: it is damaged ({error})",
            hint="take it away to start with an empty platform",
        ) from None

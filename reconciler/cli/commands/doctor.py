"""`reconciler doctor`: what a run needs in, whether it is there out. Only reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE, output_option, settings, wire_options, workspace_options
from reconciler.cli.output import note, result, wants_color


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json")
@click.option("--bundle", type=FILE, metavar="FILE", help="Also write a zip for whoever helps.")
@workspace_options
@wire_options
def command(paths: tuple[Path, ...], output: str, bundle: Path | None, **flags: Any) -> int:
    """Check what a run needs: manifests, connection, sign-in, clock, versions, licence, rights,
    inventory and lease.

    The bundle holds what was found, versions and counts: no manifest, no secret.

    Exit codes: 0 nothing failed, 1 something failed, 6 a platform cannot be reached or refuses
    the token.
    """
    from reconciler.checking.bundle import write_bundle
    from reconciler.checking.checkup import checkup
    from reconciler.pipeline.desiring import desire
    from reconciler.report.checkup import checkup_exit, checkup_json, checkup_text

    given = settings(paths=paths, output=output, **flags)
    wanted = desire(given, dangling=False, needs_manifests=False)
    checks = list(checkup(given, wanted))
    code = int(checkup_exit(checks))
    if bundle is not None:
        write_bundle(bundle, checks, given, wanted)
        note(f"wrote {bundle}; look at it before you send it")
    if output == "json":
        from reconciler.report.machine import dumps

        result(dumps(checkup_json(checks, code)))
    else:
        result(checkup_text(checks, color=wants_color(given.color, stderr=False)))
    return code

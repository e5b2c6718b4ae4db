"""`reconciler import`: another tool's record of the platform in, manifests out. Offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_all
from reconciler.cli.options import FILE, output_option, settings, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, wants_color
from reconciler.errors import Exit
from reconciler.pipeline.desiring import desire
from reconciler.report.figures import counted
from reconciler.terraform.importing import Imported, import_state


@click.command(name="import")
@click.argument("tool", type=click.Choice(["terraform"]))
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, help="Folder to write into; the first manifests folder if unset.")
@click.option("--update", is_flag=True, help="Edit existing manifests in place, comments kept.")
@output_option("text", "json")
@workspace_options
def command(
    tool: str,  # noqa: ARG001 - there is one so far
    file: Path,
    out: Path | None,
    update: bool,
    output: str,
    **flags: Any,
) -> int:
    """Write manifests for what Terraform manages, from its state; `-` reads standard input.

    FILE is what `terraform show -json` prints of a state or a saved plan, or a state file itself.
    Planned, the manifests only adopt: values equal to the server's defaults are left out, and
    secrets become references. What cannot be taken over is listed on stderr, by its Terraform
    address. Existing files stay as they are without --update.
    """
    given = settings(output=output, **flags)
    wanted = desire(given, dangling=False, needs_manifests=False).checked()
    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    imported = import_state(wanted, content, out, update=update)
    written = dict((*imported.exported.created, *imported.exported.updated))
    for name in written:
        name.parent.mkdir(parents=True, exist_ok=True)
    write_all({name: text.encode() for name, text in written.items()})
    _tell(imported, output, wanted.workspace.root, color=wants_color(given.color))
    return int(Exit.DONE)


def _tell(imported: Imported, output: str, root: Path, *, color: bool) -> None:
    def shown(file: Path) -> str:
        return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()

    exported = imported.exported
    created = [shown(file) for file, _ in exported.created]
    updated = [shown(file) for file, _ in exported.updated]
    found = [*imported.left, *exported.diagnostics]
    if output == "json":
        from reconciler.report.machine import dumps

        document = {
            "format": "reconciler.import/v1",
            "exitCode": 0,
            "diagnostics": [d.as_json() for d in found],
            "resources": imported.resources,
            "created": created,
            "updated": updated,
            "unchanged": exported.unchanged,
        }
        result(dumps(document))
        return
    for name in created:
        result(f"created {name}")
    for name in updated:
        result(f"updated {name}")
    diagnostics_to_stderr(found, color=color)
    skipped = sum(d.rule == "import-skipped" for d in imported.left)
    note(
        f"{counted(imported.resources, 'resource')}: {len(created)} created, "
        f"{len(updated)} updated, {exported.unchanged} already declared, {skipped} not imported, "
        f"{counted(len(imported.left) - skipped, 'attribute')} left out"
    )

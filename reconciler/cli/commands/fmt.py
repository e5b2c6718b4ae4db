"""`reconciler fmt`: manifests in, the same manifests in canonical form out; comments are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_atomically
from reconciler.cli.options import FILE, settings, workspace_options
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.errors import Diagnostic, Exit, InvalidManifests
from reconciler.kinds.registry import builtin
from reconciler.manifests.files import environment_files
from reconciler.manifests.load import load
from reconciler.manifests.workspace_file import read_workspace
from reconciler.pipeline.desiring import manifest_paths
from reconciler.report.figures import counted


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a file would change.")
@workspace_options
def command(paths: tuple[Path, ...], check: bool, **flags: Any) -> int:
    """Format manifests in place. What they mean does not change."""
    given = settings(paths=paths, **flags)
    workspace, faults = read_workspace(given, builtin())
    paths_ = manifest_paths(workspace, given)
    if not paths:
        paths_ += environment_files(workspace.root).values()
    loaded = load(paths_, workspace.root)
    found = [*faults, *loaded.diagnostics]
    if found:
        diagnostics_to_stderr(
            found, color=wants_color(given.color), source=source_line(workspace.root)
        )
        return int(Exit.INVALID)
    formatted = {}
    for name in loaded.files:
        text = (workspace.root / name).read_bytes().decode("utf-8")
        fresh = _formatted(text, name, workspace.root)
        if fresh != text:
            formatted[name] = fresh
    for name, fresh in formatted.items():
        result(f"{'would format' if check else 'formatted'} {name}")
        if not check:
            write_atomically(workspace.root / name, fresh.encode())
    files = counted(len(loaded.files), "file")
    note(f"{files}, {len(formatted)} {'to format' if check else 'formatted'}")
    return int(Exit.INVALID if check and formatted else Exit.DONE)


def _formatted(text: str, name: str, root: Path) -> str:
    from reconciler.manifests.yaml.format import format_text

    try:
        return format_text(text)
    except ValueError as error:
        raise InvalidManifests(
            [Diagnostic("cannot-format", "error", f"{name}: {error}", file=name)], root
        ) from None

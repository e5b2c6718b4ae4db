"""`reconciler render`: manifests in, the final documents out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    strict_option,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, result, source_line, wants_color
from reconciler.engine.select import select
from reconciler.manifests.workspace import API_VERSION
from reconciler.model import Manifest, Scope
from reconciler.pipeline import desire


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("yaml", "json")
@select_options
@strict_option
@workspace_options
def command(paths: tuple[Path, ...], output: str, **flags: Any) -> int:
    """Print the documents as they are planned: defaults merged in, with the origin of each."""
    given = settings(paths=paths, **flags)
    wanted = desire(given).checked()
    found = list(wanted.diagnostics)
    color = wants_color(given.color)
    diagnostics_to_stderr(found, color=color, source=source_line(wanted.workspace.root))
    chosen, _ = select(wanted.resolved, Scope(given.only, given.exclude))
    if output == "json":
        from reconciler.report.machine import dumps

        documents = [{**document(m), "origin": str(m.origin)} for m in chosen]
        head = {"format": "reconciler.render/v1", "exitCode": 0}
        told = [diagnostic.as_json() for diagnostic in found]
        result(dumps({**head, "diagnostics": told, "documents": documents}))
    else:
        result("---\n".join(_texts(chosen)))
    return 0


def _texts(manifests: Iterable[Manifest]) -> Iterable[str]:
    from reconciler.manifests.yaml.dump import dump

    for manifest in manifests:
        yield f"# {manifest.origin}\n{dump(document(manifest))}"


def document(manifest: Manifest) -> dict[str, Any]:
    """A manifest as a document again, on its one platform."""
    metadata: dict[str, Any] = {"name": manifest.address.name}
    if manifest.labels:
        metadata["labels"] = dict(manifest.labels)
    if manifest.address.qualified:
        metadata["platforms"] = [manifest.address.platform]
    lifecycle = _lifecycle(manifest)
    if lifecycle:
        metadata["lifecycle"] = lifecycle
    return {
        "apiVersion": API_VERSION,
        "kind": manifest.address.kind,
        "metadata": metadata,
        "spec": dict(manifest.spec),
    }


def _lifecycle(manifest: Manifest) -> dict[str, Any]:
    lifecycle = manifest.lifecycle
    written: dict[str, Any] = {
        "protect": lifecycle.protect,
        "manage": lifecycle.manage if lifecycle.manage != "full" else None,
        "ignore": list(lifecycle.ignore),
        "takeover": lifecycle.takeover,
        "replace": lifecycle.replace,
        "release": lifecycle.release,
    }
    return {name: value for name, value in written.items() if value}

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
from reconciler.engine.select import check_scope, select
from reconciler.kinds.registry import Registry
from reconciler.manifests.final import final_document, once
from reconciler.model import Manifest, Origin, Scope
from reconciler.pipeline.desiring import desire
from reconciler.report.sanitise import visible


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("yaml", "json")
@select_options
@strict_option
@workspace_options
def command(paths: tuple[Path, ...], output: str, **flags: Any) -> int:
    """Print the documents as they are planned, with the origin of each.

    Sets are written out, values filled in, the patches of the environment applied, the workspace's
    defaults merged in.
    """
    given = settings(paths=paths, **flags)
    wanted = desire(given).checked()
    found = list(wanted.diagnostics)
    color = wants_color(given.color)
    diagnostics_to_stderr(found, color=color, source=source_line(wanted.workspace.root))
    scope = Scope(given.only, given.exclude)
    check_scope(scope, wanted.registry.names(), wanted.workspace.platform_names)
    chosen, _ = select(wanted.resolved, scope)
    registry = wanted.registry
    chosen = list(once(chosen, registry))
    if output == "json":
        from reconciler.report.machine import dumps

        documents = [
            {
                **final_document(m, registry[m.address.kind]),
                "origin": str(m.origin),
                "patches": [overlay.origin.place for overlay in m.origin.overlays],
            }
            for m in chosen
        ]
        head = {
            "format": "reconciler.render/v1",
            "exitCode": 0,
            "environment": wanted.workspace.environment.name or None,
        }
        told = [diagnostic.as_json() for diagnostic in found]
        result(dumps({**head, "diagnostics": told, "documents": documents}))
    else:
        result("---\n".join(_texts(chosen, registry)))
    return 0


def _texts(manifests: Iterable[Manifest], registry: Registry) -> Iterable[str]:
    from reconciler.manifests.yaml.dump import dump

    for manifest in manifests:
        document = final_document(manifest, registry[manifest.address.kind])
        yield f"# {_origin_words(manifest.origin)}\n{dump(document)}"


def _origin_words(origin: Origin) -> str:
    """Where a document comes from, on one line: `manifests/x.yaml:12 (team=payments)`."""
    patches = ", ".join(overlay.origin.place for overlay in origin.overlays)
    return visible(f"{origin}, patched by {patches}" if patches else str(origin))

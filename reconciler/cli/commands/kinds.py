"""`reconciler kinds`: what can be managed, from the code."""

from __future__ import annotations

import click

from reconciler.cli.options import output_option
from reconciler.cli.output import result
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import builtin


@click.command()
@output_option("text", "json")
def command(output: str) -> int:
    """List the kinds: area, service, the version each one needs, what it is."""
    kinds = list(builtin())
    if output == "json":
        from reconciler.report.machine import dumps

        head = {"format": "reconciler.kinds/v1", "exitCode": 0, "diagnostics": []}
        result(dumps({**head, "kinds": list(map(_json, kinds))}))
    else:
        result("\n".join(_table(kinds)))
    return 0


def _json(kind: Kind) -> dict[str, str]:
    return {
        "name": kind.name,
        "area": kind.area,
        "service": kind.service,
        "since": kind.since,
        "summary": kind.title,
    }


def _table(kinds: list[Kind]) -> list[str]:
    rows = [("KIND", "AREA", "SINCE", "WHAT IT IS")]
    rows += [(k.name, k.area, f"{k.service} {k.since}", k.title) for k in kinds]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]

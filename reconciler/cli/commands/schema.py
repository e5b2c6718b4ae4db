"""`reconciler schema`: kinds in, JSON Schemas out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE
from reconciler.cli.output import note, result
from reconciler.errors import UsageError
from reconciler.kinds.registry import builtin
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.schema import UMBRELLA, schemas


@click.command()
@click.argument("kind", required=False)
@click.option("--write", type=FILE, metavar="DIR", help="Write all schemas into this folder.")
def command(kind: str | None, write: Path | None) -> int:
    """Print the JSON Schema of KIND, or the umbrella schema; or write them all."""
    if write is not None:
        note(f"wrote {write_schemas(write)} schemas to {write}")
        return 0
    found = dict(schemas(builtin()))
    wanted = UMBRELLA if kind is None else f"{kind}.schema.json"
    if wanted not in found:
        names = [name.partition(".")[0] for name in found]
        near = nearest_hint(str(kind), names)
        raise UsageError(f"there is no kind '{kind}'", hint=near or f"there are {', '.join(names)}")
    result(_text(found[wanted]))
    return 0


def write_schemas(folder: Path) -> int:
    """Write every schema into a folder; returns how many there are."""
    found = dict(schemas(builtin()))
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in found.items():
        (folder / name).write_text(_text(schema), encoding="utf-8")
    return len(found)


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

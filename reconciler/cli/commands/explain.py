"""`reconciler explain`: a kind or a field of one in, its documentation out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import click

from reconciler.cli.output import result
from reconciler.errors import UsageError
from reconciler.kinds.documentation import (
    default_words,
    field_docs,
    nested_model,
    notes,
    type_words,
)
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry, builtin
from reconciler.manifests.messages import nearest_hint

WIDTH = 96


@click.command()
@click.argument("target")
def command(target: str) -> int:
    """Explain TARGET: a kind (`LocalRepository`) or a field (`LocalRepository.xrayIndex`)."""
    registry = builtin()
    name, _, path = target.partition(".")
    kind = _kind(registry, name)
    if not path:
        result("\n".join(_about_kind(kind)))
        return 0
    result("\n".join(_about_field(kind, path.removeprefix("spec."))))
    return 0


def _kind(registry: Registry, name: str) -> Kind:
    if "/" in name:
        raise UsageError(
            "explaining an address is not available in this version",
            hint="`reconciler explain KIND` and `explain KIND.field` are",
        )
    if name not in registry:
        near = nearest_hint(name, registry.names())
        raise UsageError(
            f"there is no kind '{name}'", hint=near or f"there are {', '.join(registry.names())}"
        )
    return registry[name]


def _about_kind(kind: Kind) -> Iterator[str]:
    yield f"{kind.name}: {kind.title}"
    yield f"{kind.area}; {kind.service} {kind.since} or newer"
    yield ""
    docs = field_docs(kind.spec)
    for name, field in kind.fields.items():
        mark = " (required)" if field.required else ""
        yield f"  {name}  {type_words(field)}{mark}"
        first = docs.get(name, "").split(". ")[0].rstrip(".") + "."
        yield textwrap.fill(first, WIDTH, initial_indent="      ", subsequent_indent="      ")


def _about_field(kind: Kind, path: str) -> Iterator[str]:
    names = [part.partition("[")[0] for part in path.split(".")]
    model: Any = kind.spec
    table: FieldTable = kind.fields
    field: Field | None = None
    text = ""
    for name in names:
        if name not in table:
            near = nearest_hint(name, table)
            raise UsageError(
                f"{kind.name} has no field '{path}'",
                hint=near or f"`reconciler explain {kind.name}` lists its fields",
            )
        field = table[name]
        text = field_docs(model).get(name, "") if model else ""
        model = nested_model(model.model_fields[name].annotation) if model else None
        table = field.fields or (field.element.fields if field.element else {})
    if field is None:
        raise UsageError(f"{kind.name} has no field '{path}'")
    yield f"{kind.name}.{path}: {type_words(field)}"
    yield ""
    yield textwrap.fill(text, WIDTH)
    for label, value in _facts(field):
        yield ""
        yield textwrap.fill(f"{label}: {value}", WIDTH, subsequent_indent="  ")


def _facts(field: Field) -> Iterator[tuple[str, str]]:
    if field.only_for is not None:
        yield "only for", ", ".join(sorted(field.only_for))
    if words := default_words(field):
        yield "the server's default", words
    for note in notes(field):
        yield "note", note

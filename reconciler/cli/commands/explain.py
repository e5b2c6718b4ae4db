"""`reconciler explain`: a kind or a field of one in, its documentation out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import click

from reconciler.cli.output import result
from reconciler.errors import UsageError
from reconciler.kinds.documentation import field_docs
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry, builtin
from reconciler.manifests.messages import nearest_hint

WIDTH = 96


@click.command()
@click.argument("target")
def command(target: str) -> int:
    """Explain TARGET: a kind (`LocalRepository`), or a field of one (`LocalRepository.xrayIndex`)."""
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
        yield f"  {name}  {_type(field)}{mark}"
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
            raise UsageError(f"{kind.name} has no field '{path}'", hint=near)
        field = table[name]
        text = field_docs(model).get(name, "") if model else ""
        model = _model(model, name)
        table = field.fields or (field.element.fields if field.element else {})
    if field is None:
        raise UsageError(f"{kind.name} has no field '{path}'")
    yield f"{kind.name}.{path}: {_type(field)}"
    yield ""
    yield textwrap.fill(text, WIDTH)
    for label, value in _facts(field):
        yield ""
        yield textwrap.fill(f"{label}: {value}", WIDTH, subsequent_indent="  ")


def _model(model: Any, name: str) -> Any:
    from reconciler.manifests.schema import _nested_model

    return _nested_model(model.model_fields[name].annotation) if model else None


def _facts(field: Field) -> Iterator[tuple[str, str]]:
    if field.only_for is not None:
        yield "only for", ", ".join(sorted(field.only_for))
    if field.not_for:
        yield "not for", ", ".join(sorted(field.not_for))
    if field.known:
        yield "values", ", ".join(field.known)
    if field.default is not None:
        yield "the server's default", _default(field)
    if field.refs:
        yield "names a", " or ".join(field.refs)
    if field.since:
        yield "since", field.since
    if field.wire != field.name:
        yield "in the API", field.wire
    for note in field.notes:
        yield "note", note
    if not field.nullable and not field.required:
        yield "note", "cannot be cleared with null"


def _default(field: Field) -> str:
    assert field.default is not None
    text = repr(field.default.value)
    text += "".join(
        f", {value!r} for {variant}" for variant, value in field.default.by_type.items()
    )
    return text + "".join(f", {value!r} from {v}" for v, value in field.default.by_version)


def _type(field: Field) -> str:
    words = {"text": "text", "boolean": "true or false", "integer": "whole number"}
    if field.shape == "list" and field.element is not None:
        what = "set" if field.unordered else "list"
        return f"{what} of {_type(field.element)}"
    text = words.get(field.shape, field.shape)
    return f"{text} or null" if field.nullable else text

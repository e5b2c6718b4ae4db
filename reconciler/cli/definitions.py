"""A kind, a part of a manifest, a field or a code in, what there is to know of it out, in lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from reconciler.cli.codes import code_lines, meanings
from reconciler.errors import UsageError
from reconciler.kinds.documentation import (
    Model,
    default_words,
    field_docs,
    nested_model,
    notes,
    type_words,
)
from reconciler.kinds.fields import Field, FieldTable, field_table
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.manifests.envelope import MetadataSpec
from reconciler.manifests.environment_file import EnvironmentFile
from reconciler.manifests.guardrails import FILES as GUARDRAIL_FILES
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.sets import ManifestSetFile
from reconciler.manifests.tombstones import TombstoneFile
from reconciler.manifests.workspace import WorkspaceFile

WIDTH = 96

DOCUMENTS: dict[str, Model] = {
    "Workspace": WorkspaceFile,
    "Environment": EnvironmentFile,
    "ManifestSet": ManifestSetFile,
    "Tombstone": TombstoneFile,
    **GUARDRAIL_FILES,
    "metadata": MetadataSpec,
}
"""What is no kind and can be explained all the same."""


def definition(registry: Registry, target: str) -> Iterator[str]:
    """The lines about `KIND`, `KIND.field`, `Workspace.spec.limits`, `metadata.lifecycle`, a code.

    Raises UsageError where there is no such thing.
    """
    name, _, path = target.partition(".")
    if name in registry and path.partition(".")[0] == "metadata":
        name, _, path = path.partition(".")
    if name in DOCUMENTS:
        return _about_part(name, path)
    if target in meanings():
        return code_lines(target)
    if name not in registry:
        kinds = [*registry.names(), *DOCUMENTS]
        near = nearest_hint(name, kinds) or nearest_hint(name, meanings())
        raise UsageError(
            f"there is no kind or code '{name}'", hint=near or f"there are {', '.join(kinds)}"
        )
    kind, path = registry[name], path.removeprefix("spec.")
    return _about_field(kind, path) if path else _about_kind(kind)


def _about_kind(kind: Kind) -> Iterator[str]:
    yield textwrap.fill(f"{kind.name}: {kind.title}", WIDTH)
    yield f"{kind.area}; {kind.service} {kind.since} or newer"
    yield ""
    for parent, of in kind.parents.items():
        yield f"  metadata.{parent}  text (required)"
        yield _indented(f"The {of} it lives in.")
    docs = field_docs(kind.spec)
    for name, field in kind.fields.items():
        yield _indented(f"{name}  {type_words(field)}{_remarks(field)}", "  ")
        yield _indented(_first_sentence(docs.get(name, "")))
    if kind.operations:
        yield ""
        yield f"Operations: `reconciler run {kind.name}/NAME OPERATION`"
        for operation in kind.operations:
            since = f" (since {operation.since})" if operation.since else ""
            whole = f" (of the platform: `run {kind.name}`)" if operation.of_platform else ""
            yield _indented(f"{operation.name}: {operation.title}{whole}{since}", "  ")
            for one in operation.inputs:
                needed = "" if one.required else " (may be left out)"
                yield _indented(f"--set {one.name}=...  {one.title}{needed}", "      ")


def _remarks(field: Field) -> str:
    """What a reader must know before writing the field, such as ` (required, since 7.41.7)`."""
    told = [
        "required" if field.required else "",
        "fixed at creation" if field.fixed else "",
        f"since {field.since}" if field.since else "",
        f"default {words}" if (words := default_words(field)) else "",
    ]
    shown = ", ".join(filter(None, told))
    return f" ({shown})" if shown else ""


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."


def _indented(text: str, first: str = "      ") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent="      ")


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


def _about_part(name: str, path: str) -> Iterator[str]:
    """A document that is no kind's, or a part of a manifest, down to one of its fields."""
    model: Model | None = DOCUMENTS[name]
    at, words, text = name, "", " ".join((model.__doc__ or "").split()) if model else ""
    for part in filter(None, (step.partition("[")[0] for step in path.split("."))):
        fields = model.model_fields if model else {}
        if model is None or part not in fields:
            near = nearest_hint(part, fields)
            raise UsageError(
                f"{at} has no field '{part}'",
                hint=near or f"`reconciler explain {at}` tells what it is",
            )
        words, text = _words(model, part), field_docs(model).get(part, "")
        at, model = f"{at}.{part}", nested_model(fields[part].annotation)
    yield f"{at}: {words}" if words else at
    yield ""
    yield textwrap.fill(text, WIDTH)
    if model is not None:
        docs = field_docs(model)
        yield ""
        for field, info in model.model_fields.items():
            mark = " (required)" if info.is_required() else ""
            yield f"  {field}  {_words(model, field)}{mark}"
            yield _indented(_first_sentence(docs.get(field, "")))


def _words(model: Model, name: str) -> str:
    """A field's type, the values spelt out where it has only some."""
    annotation = model.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return " or ".join(map(str, get_args(annotation)))
    return type_words(field_table(model)[name])

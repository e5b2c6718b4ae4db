"""A spec class in, what its source says of each field out: in words, for people.

Read when a schema, a reference page or `explain` asks: no other command pays.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.fields import Field

Model = type[BaseModel]
"""A class whose fields have documentation."""


@cache
def field_docs(model: Model) -> dict[str, str]:
    """The documentation of a model's fields by name, base classes included, one line each."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            docs |= _own_docs(base)
    return docs


def _own_docs(model: type[BaseModel]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body: list[Any] = getattr(definition, "body", [])
    docs: dict[str, str] = {}
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = _text(following)
            if text:
                docs[statement.target.id] = " ".join(text.split())
    return docs


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value if isinstance(node.value.value, str) else ""
    return ""


def nested_model(annotation: Any) -> Model | None:
    """The model inside a field's type, such as `X` in `list[X] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := nested_model(inner)) is not None:
            return found
    return None


_WORDS = {
    "text": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "any": "text or secret reference",
    "secret": "secret reference",
}


def type_words(field: Field) -> str:
    """A field's type, such as `set of text or null`."""
    words = _WORDS.get(field.shape, field.shape)
    if field.shape == "list" and field.element is not None:
        words = f"{'set' if field.unordered else 'list'} of {type_words(field.element)}"
    return f"{words} or null" if field.nullable else words


def default_words(field: Field) -> str:
    """What the server fills in, such as `true, false from 7.94.0`; empty where nothing is known."""
    if field.default is None:
        return ""
    words = [json.dumps(field.default.value)]
    words += [f"{json.dumps(v)} for {variant}" for variant, v in field.default.by_type.items()]
    words += [f"{json.dumps(v)} from {version}" for version, v in field.default.by_version]
    return ", ".join(words)


def notes(field: Field) -> Iterator[str]:
    """What else is to be known of a field, one sentence without its full stop each."""
    if field.not_for:
        yield f"not for {', '.join(sorted(field.not_for))}"
    if field.known:
        yield f"values: {', '.join(field.known)}"
    if field.refs:
        names = "names, or patterns of names, of a" if field.ref_check == "pattern" else "names a"
        yield f"{'holds ' if field.refs_in else ''}{names} {' or '.join(field.refs)}"
    if field.since:
        yield f"since {field.since}"
    if field.wire != field.name:
        yield f"called {field.wire} in the API"
    yield from field.notes
    if not field.nullable and not field.required:
        yield "cannot be cleared with null"

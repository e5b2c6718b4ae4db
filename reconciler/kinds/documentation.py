"""A spec class in, the text under each of its fields out.

Read from the source when a schema, a reference page or `explain` asks: no other command pays.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The documentation of a model's fields by name, base classes included, one line each."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            docs |= _own_docs(base)
    return docs


def _own_docs(model: type[BaseModel]) -> dict[str, str]:
    (definition,) = ast.parse(inspect.cleandoc(inspect.getsource(model))).body
    body: list[Any] = getattr(definition, "body", [])
    docs: dict[str, str] = {}
    for statement, following in zip(body, body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = _text(following)
            if text:
                docs[statement.target.id] = " ".join(text.split())
    return docs


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value if isinstance(node.value.value, str) else ""
    return ""

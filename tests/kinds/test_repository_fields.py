"""The three repository kinds against the list of fields compiled from the sources."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from reconciler.kinds.fields import Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.repositories import _package_types as types

EXPECTED: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "repositories" / "fields.yaml").read_text("utf-8")
)
MODULES = {
    "LocalRepository": "local_repository",
    "RemoteRepository": "remote_repository",
    "VirtualRepository": "virtual_repository",
    "FederatedRepository": "federated_repository",
}
KINDS: dict[str, Kind] = {
    name: importlib.import_module(f"reconciler.kinds.repositories.{module}").KIND
    for name, module in MODULES.items()
}
KNOWN_TYPES = {*types.PACKAGE_TYPES, *types.ALIASES}
PYTHON_TYPES = {"text": str, "integer": int, "boolean": bool, "list": list}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def rows(kind: str) -> dict[str, set[str]]:
    """Package type to all of its fields."""
    common = set(EXPECTED[kind]["common"])
    special = {"common", "readOnly"}
    return {t: common | set(f) for t, f in EXPECTED[kind].items() if t not in special}


def every_field(kind: Kind) -> list[Field]:
    """All fields of a kind, those of nested objects included."""
    found, waiting = [], list(kind.fields.values())
    while waiting:
        field = waiting.pop()
        found.append(field)
        waiting += field.fields.values()
        waiting += [field.element] if field.element else []
    return found


def specs(root: type[BaseModel]) -> set[type[BaseModel]]:
    """A spec class, its bases and the classes of its parts."""
    found = {c for c in root.__mro__ if issubclass(c, BaseModel) and c is not BaseModel}
    for info in root.model_fields.values():
        found |= {n for n in _classes_in(info.annotation) if n not in found}
    return found


def _classes_in(annotation: Any) -> set[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return specs(annotation)
    return {n for a in getattr(annotation, "__args__", ()) for n in _classes_in(a)}


def undocumented(spec: type[BaseModel]) -> list[str]:
    """Fields written in this class without a text directly below."""
    (body,) = (n for n in ast.parse(inspect.getsource(spec)).body if isinstance(n, ast.ClassDef))
    missing = []
    for statement, following in zip(body.body, [*body.body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        value = following.value if isinstance(following, ast.Expr) else None
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            missing.append(statement.target.id)
    return missing


@each_kind
def test_every_field_of_the_sources_exists(kind: Kind) -> None:
    """No field of the reference or of a released client is missing for its package type."""
    missing = [
        (package_type, name)
        for package_type, names in rows(kind.name).items()
        for name in sorted(names)
        if name not in kind.fields or not kind.fields[name].applies_to(package_type)
    ]

    assert missing == []


@each_kind
def test_no_field_is_invented(kind: Kind) -> None:
    """Every field applies to exactly the package types for which a source has it."""
    extra = [
        (package_type, name)
        for package_type, names in rows(kind.name).items()
        for name, field in kind.fields.items()
        if package_type in types.CLASSES[kind.rest.constants["rclass"]]
        and field.applies_to(package_type)
        and name not in names
    ]

    assert extra == []


@each_kind
def test_what_the_server_computes_cannot_be_declared(kind: Kind) -> None:
    """The switches that answers hold for every package type are no fields."""

    assert not set(EXPECTED[kind.name]["readOnly"]) & set(kind.fields)


@each_kind
def test_package_types_of_the_class(kind: Kind) -> None:
    """Every package type of the class has a row, and `yum` has the fields of `rpm`."""
    ours = types.CLASSES[kind.rest.constants["rclass"]]

    assert set(ours) <= set(rows(kind.name))
    assert [
        f.name for f in kind.fields.values() if f.applies_to("yum") != f.applies_to("rpm")
    ] == []


@each_kind
def test_every_field_has_a_text(kind: Kind) -> None:
    """The text below a field is its documentation everywhere."""
    assert {c.__name__: undocumented(c) for c in specs(kind.spec) if undocumented(c)} == {}


@each_kind
def test_defaults_have_the_type_of_their_field(kind: Kind) -> None:
    """A default that could not be written into a manifest is a mistake."""
    wrong = []
    for field in every_field(kind):
        if field.default is None:
            continue
        later = [value for _, value in field.default.by_version]
        by_type = [v for v in field.default.by_type.values() if v is not None]
        for value in (field.default.value, *by_type, *later):
            listed = value if isinstance(value, list) else [value]
            fits = type(value) is PYTHON_TYPES[field.shape]
            if not fits or (field.known and not set(listed) <= set(field.known)):
                wrong.append((field.name, value))

    assert wrong == []


@each_kind
def test_package_types_in_marks_are_known(kind: Kind) -> None:
    """A misspelt package type would make a field disappear."""
    named = {
        t
        for field in every_field(kind)
        for t in (*(field.only_for or ()), *field.not_for, *_by_type(field))
    }

    assert named <= KNOWN_TYPES


def _by_type(field: Field) -> list[str]:
    return list(field.default.by_type) if field.default else []


CONTRADICTIONS = {
    "exists for some types and for all but some": lambda f: f.only_for and f.not_for,
    "cannot be cleared, but may be null only to be cleared": lambda f: (
        f.clear_by and f.cannot_clear
    ),
    "has a way to be cleared, but admits no null": lambda f: f.clear_by and not f.nullable,
    "is a number or a switch, but admits null": lambda f: (
        f.nullable and f.shape in ("boolean", "integer")
    ),
    "is a set, but no list": lambda f: f.unordered and f.shape != "list",
    "is replaced as a whole, but no object": lambda f: f.whole and f.shape != "object",
    "is required, but exists for some types only": lambda f: (
        f.required and (f.only_for or f.not_for)
    ),
    "is required, but has a default": lambda f: f.required and f.default,
    "is a secret that the server returns": lambda f: f.secret and not f.write_only,
}


@each_kind
@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_marks_do_not_contradict_each_other(kind: Kind, what: str) -> None:
    """No field carries two marks that cannot both be true."""
    assert [f.name for f in every_field(kind) if CONTRADICTIONS[what](f)] == []


def test_names_of_the_api() -> None:
    """Fields whose name differs on the wire are sent under one name and read under both."""
    renamed = {
        f.name: (f.wire, f.wire_also)
        for kind in KINDS.values()
        for f in kind.fields.values()
        if f.wire_also or f.wire != f.name
    }

    assert renamed == {
        "enableComposerv1Indexing": ("enableComposerv1Indexing", ("enableComposerV1Indexing",)),
        "pypiRegistryUrl": ("pyPIRegistryUrl", ("pypiRegistryUrl",)),
    }

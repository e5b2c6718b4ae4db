"""The kinds of the Access service against the list of fields compiled from the sources."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds.access.oidc_identity_mapping import TokenSpec
from reconciler.kinds.access.project import AdminPrivilegesSpec
from reconciler.kinds.documentation import field_docs
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.spec import Spec

FILE = Path(__file__).parent / "access" / "fields.yaml"
EXPECTED: Mapping[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
MODULES = {
    "Group": "group",
    "Project": "project",
    "GlobalEnvironment": "global_environment",
    "ProjectEnvironment": "project_environment",
    "OidcProvider": "oidc_provider",
    "OidcIdentityMapping": "oidc_identity_mapping",
}
PARTS: Mapping[str, tuple[type[Spec], ...]] = {
    "Project": (AdminPrivilegesSpec,),
    "OidcIdentityMapping": (TokenSpec,),
}
"""The models of objects inside a spec."""
KINDS: Mapping[str, Kind] = {
    name: importlib.import_module(f"reconciler.kinds.access.{module}").KIND
    for name, module in MODULES.items()
}
each_kind = pytest.mark.parametrize("name", EXPECTED)


def all_fields(fields: FieldTable, prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field with its path, those of nested objects included."""
    for name, field in fields.items():
        yield f"{prefix}{name}", field
        yield from all_fields(field.fields, f"{prefix}{name}.")


def facts(field: Field) -> dict[str, Any]:
    """What the list says of a field."""
    found: dict[str, Any] = {"wire": field.wire, "type": field.shape}
    switches = {
        "since": field.since,
        "nullable": field.nullable,
        "required": field.required,
        "writeOnly": field.write_only,
    }
    return found | {name: value for name, value in switches.items() if value}


@each_kind
def test_the_fields_are_those_of_the_sources(name: str) -> None:
    """None is missing, none is invented, and each has its name, its type and its version."""
    found = {path: facts(field) for path, field in all_fields(KINDS[name].fields)}
    assert found == EXPECTED[name]["fields"]


@each_kind
def test_what_the_server_decides_cannot_be_declared(name: str) -> None:
    """Neither the name, which stands in the metadata, nor what another service fills in."""
    assert not set(EXPECTED[name]["readOnly"]) & set(KINDS[name].fields)


@each_kind
def test_the_version_of_the_kind(name: str) -> None:
    """The first one with the endpoints."""
    assert KINDS[name].since == EXPECTED[name]["since"]


def test_every_kind_of_the_folder_is_listed() -> None:
    """A new kind gets its list."""
    folder = Path(importlib.import_module("reconciler.kinds.access").__file__ or "").parent
    modules = {file.stem for file in folder.glob("[a-z]*.py")}
    assert modules <= set(MODULES.values())
    assert set(EXPECTED) == set(KINDS)


@each_kind
def test_every_field_has_a_text(name: str) -> None:
    """The text below a field is its documentation everywhere."""
    for model in (KINDS[name].spec, *PARTS.get(name, ())):
        texts = field_docs(model)
        assert [field for field in model.model_fields if not texts.get(field)] == []

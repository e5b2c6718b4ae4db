"""The kinds of policies against the list of fields compiled from the sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds.documentation import field_docs, nested_model
from reconciler.kinds.fields import FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import builtin

FILE = Path(__file__).parent / "policies" / "fields.yaml"
EXPECTED: Mapping[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in builtin() if kind.area == "Policies"}
each_kind = pytest.mark.parametrize("name", KINDS)


def leaves(fields: FieldTable, at: str = "") -> Iterator[tuple[str, str]]:
    """Every field that holds no others, with its type, under the API's names."""
    for field in fields.values():
        path = f"{at}{field.wire}"
        if field.shape != "object":
            yield path, field.shape
        inner = field.element.fields if field.element else {}
        yield from leaves(inner, f"{path}[].")
        yield from leaves(field.fields, f"{path}.")


def test_every_kind_is_listed() -> None:
    """A new kind gets its list."""
    assert set(EXPECTED) == set(KINDS)


@each_kind
def test_the_fields_are_those_of_the_sources(name: str) -> None:
    """None is missing, none is invented, and each has its name and its type."""
    expected = EXPECTED[name]["fields"] | EXPECTED[name].get("fromClients", {})
    assert dict(leaves(KINDS[name].fields)) == expected


@each_kind
def test_what_the_server_decides_cannot_be_declared(name: str) -> None:
    """Neither the key, which is the name in the metadata, nor what a run leaves behind."""
    assert not set(EXPECTED[name]["readOnly"]) & set(KINDS[name].fields)


@each_kind
def test_the_version_of_the_kind(name: str) -> None:
    """The first one with the endpoints."""
    assert KINDS[name].since == EXPECTED[name]["since"]


@each_kind
def test_every_field_has_a_text(name: str) -> None:
    """The text below a field is its documentation everywhere; one inside another has one too."""
    todo = [KINDS[name].spec]
    for model in todo:
        texts = field_docs(model)
        assert [field for field in model.model_fields if not texts.get(field)] == []
        inner = (nested_model(info.annotation) for info in model.model_fields.values())
        todo += [m for m in inner if m is not None and m not in todo]  # type: ignore[misc]

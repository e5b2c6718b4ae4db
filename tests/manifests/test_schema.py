"""Kinds in, JSON Schemas out: valid themselves, complete, and of one mind with `validate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry as Schemas
from referencing import Resource

from reconciler.kinds.registry import builtin
from reconciler.manifests import workspace_file
from reconciler.manifests.schema import OTHERS, UMBRELLA, schemas
from reconciler.manifests.validate import validate
from reconciler.manifests.workspace import API_VERSION, Workspace
from reconciler.manifests.yaml.reader import read
from reconciler.model import Document, Origin
from reconciler.model import Path as Path_
from tests.manifests.mutations import BOUNDED, MANIFESTS, WORKSPACE, mutated

ROOT = Path(__file__).parents[2]
REGISTRY = builtin()
ALL = dict(schemas(REGISTRY))
STRUCTURE = {
    "api-version",
    "missing-field",
    "out-of-range",
    "secret-literal",
    "secret-reference",
    "unknown-field",
    "unknown-kind",
    "wrong-type",
    "wrong-value",
}
"""Rules of which a JSON Schema can know something, as far as they are broken by one place alone."""


def umbrella() -> Draft202012Validator:
    """The umbrella schema, with the others beside it."""
    known = Schemas().with_resources((n, Resource.from_contents(s)) for n, s in ALL.items())
    return Draft202012Validator(ALL[UMBRELLA], registry=known)


VALIDATOR = umbrella()


def refused(document: Any) -> list[str]:
    """What the umbrella schema has against a document."""
    return [error.message for error in VALIDATOR.iter_errors(document)]


def _properties(schema: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Every property of a schema, at every depth; only where a schema stands."""
    if isinstance(schema, list):
        for item in schema:
            yield from _properties(item, at)
    if not isinstance(schema, dict):
        return
    for name, inner in schema.get("properties", {}).items():
        yield f"{at}.{name}", inner
        yield from _properties(inner, f"{at}.{name}")
    for word in ("items", "anyOf", "allOf", "oneOf", "additionalProperties"):
        yield from _properties(schema.get(word), at)
    for inner in schema.get("patternProperties", {}).values():
        yield from _properties(inner, f"{at}.*")


def test_there_is_one_schema_for_each_kind() -> None:
    """One a kind, one for each other kind of document, one that chooses among them."""
    assert set(ALL) == {
        *(f"{name}.schema.json" for name in REGISTRY.names()),
        *(f"{name}.schema.json" for name in OTHERS),
        UMBRELLA,
    }


@pytest.mark.parametrize("name", ALL)
def test_schemas_are_valid(name: str) -> None:
    """Each is a JSON Schema of the 2020-12 dialect."""
    assert ALL[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    Draft202012Validator.check_schema(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_every_property_is_described(name: str) -> None:
    """An editor can say something about every field at every depth."""
    found = dict(_properties(ALL[name], name))

    assert found
    assert [place for place, schema in found.items() if not schema.get("description")] == []


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_left_open_by_accident(name: str) -> None:
    """Every object with named fields refuses others, as `validate` does."""
    if name == UMBRELLA:
        return
    for place, schema in [(name, ALL[name]), *_properties(ALL[name], name)]:
        for option in [schema, *schema.get("anyOf", [])]:
            if "properties" in option or "patternProperties" in option:
                assert option["additionalProperties"] is False, place


EXAMPLES = sorted(
    file
    for file in (ROOT / "examples").rglob("*.y*ml")
    if f"apiVersion: {API_VERSION}" in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_examples_fit(file: Path) -> None:
    """Every manifest and workspace file among the examples fits the umbrella schema."""
    documents, faults = read(file.read_bytes(), file.name)

    assert not faults
    for document in documents:
        assert refused(document.data) == []


def test_what_is_mutated_fits() -> None:
    """The properties below start from documents that both sides accept."""
    for document in (*MANIFESTS, WORKSPACE):
        assert refused(document) == []
        assert told(document) == []


def told(document: Any) -> list[str]:
    """What `validate` has against the structure of one document."""
    if document.get("apiVersion") != API_VERSION:
        return ["api-version"]  # the loader keeps it from the validator
    if document.get("kind") == "Workspace":
        return _told_of_workspace(document)
    # Rules over several fields are the validator's alone: they are asked of sound manifests only.
    found = validate([Document(Origin("a.yaml", 1), document)], _Bare(ROOT, spec=SPEC), REGISTRY)
    return [
        f"{f.rule}: {f.summary}" for f in found.findings if f.rule in STRUCTURE and not f.address
    ]


SPEC = {"platforms": {"east": {}}}


class _Bare(Workspace):
    """A workspace without defaults, so that a manifest stands for itself."""


def _told_of_workspace(document: Any) -> list[str]:
    found = workspace_file._check(
        Document(Origin("w.yaml", 1), document), Workspace(ROOT), REGISTRY
    )
    return [
        f"{f.rule}: {f.summary}"
        for f in found
        if f.rule in STRUCTURE - {"unknown-kind"} and not _is_of_default(f.path)
    ]


def _is_of_default(path: Path_) -> bool:
    """Inside of a kind's defaults, of which the schema says nothing."""
    return path[:2] == ("spec", "defaults") and len(path) > 3


def _values(data: Any) -> Iterator[Any]:
    yield data
    for inner in (
        data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    ):
        yield from _values(inner)


def _is_comparable(document: Any) -> bool:
    """Whether JSON Schema sees what we see: 1.0 is an integer there, and `$` before a newline."""
    values = list(_values(document))
    return not any(
        (isinstance(v, float) and v.is_integer()) or (isinstance(v, str) and "\n" in v)
        for v in values
    )


@BOUNDED
@given(st.sampled_from(MANIFESTS).flatmap(lambda document: mutated(document, most=1)))
def test_fuzz_schema_and_validate_agree_on_manifests(document: dict[str, Any]) -> None:
    """A manifest with one mutation is refused by both, or by none."""
    assume(_is_comparable(document))

    assert bool(refused(document)) is bool(told(document)), (refused(document), told(document))


@BOUNDED
@given(mutated(WORKSPACE, most=1))
def test_fuzz_schema_and_validate_agree_on_workspaces(document: dict[str, Any]) -> None:
    """A workspace file with one mutation is refused by both, or by none."""
    assume(_is_comparable(document))

    assert bool(refused(document)) is bool(told(document)), (refused(document), told(document))


AGREED: list[tuple[str, Any]] = [
    ("password", "literal"),
    ("password", {}),
    ("password", {"env": ""}),
    ("password", {"env": "A", "file": "b"}),
    ("password", {"vault": "a"}),
    ("customHttpHeaders", [{"name": "a", "value": 1}]),
    ("customHttpHeaders", [{"name": "a"}]),
    ("customHttpHeaders", [{"name": "a", "value": {"env": "A", "file": "b"}}]),
    ("customHttpHeaders", [{"name": "a", "value": "b"}] * 6),
    ("socketTimeoutMillis", -1),
    ("socketTimeoutMillis", True),
    ("socketTimeoutMillis", "1"),
    ("url", None),
    ("packageType", 1),
    ("extra", []),
    ("extra", None),
    ("contentSynchronisation", {"properties": {"enable": True}}),
    ("content_synchronisation", {}),
]


@pytest.mark.parametrize(("name", "value"), AGREED)
def test_both_refuse(name: str, value: Any) -> None:
    """What is wrong for `validate` is wrong in an editor, too."""
    document = {**MANIFESTS[1], "spec": {**MANIFESTS[1]["spec"], name: value}}

    assert refused(document)
    assert told(document)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", None),
        ("password", {"file": "a"}),
        ("packageType", "brand-new"),
        ("extra", {"a": None}),
        ("customHttpHeaders", None),
        ("customHttpHeaders", []),
        ("proxy", None),
    ],
)
def test_both_accept(name: str, value: Any) -> None:
    """Null where a field can be cleared, and values only a newer server knows."""
    document = {**MANIFESTS[1], "spec": {**MANIFESTS[1]["spec"], name: value}}

    assert refused(document) == []
    assert told(document) == []

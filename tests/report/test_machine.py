"""The JSON documents and their published schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.errors import InvalidManifests, ReconcilerError, UnreachableError
from reconciler.model import ACTION_COUNTS, DRIFT_STATUSES, Action, Block, Drift, FieldChange, Plan
from reconciler.report import machine
from reconciler.report.diagnostics import Counts
from tests.report import samples
from tests.report.golden import check
from tests.report.renderers import MACHINE

FOLDER = Path(__file__).parents[2] / "schemas" / "documents"
SCHEMAS = {path.name: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)

DOCUMENTS: dict[str, Callable[[], machine.Document]] = {
    **{
        f"plan_{name}": (lambda plan=plan: machine.plan_json(plan, 2))  # type: ignore[misc]
        for name, plan in samples.PLANS.items()
    },
    "outcome": lambda: machine.outcome_json(samples.FULL, samples.OUTCOMES, 5),
    "drift": lambda: machine.drift_json(samples.DRIFT, 2),
    "drift_empty": lambda: machine.drift_json(Drift(), 0),
    "validation": lambda: machine.validation_json(
        [samples.ERROR, samples.WARNING], 1, Counts(4, 2, {"Group": 4})
    ),
    "validation_plain": lambda: machine.validation_json([], 0, {"manifests": 2, "documents": 1}),
    "error": lambda: machine.error_json(UnreachableError("no answer", hint="is it up?"), 6),
    "error_invalid": lambda: machine.error_json(InvalidManifests([samples.ERROR]), 1),
    "error_unexpected": lambda: machine.error_json(KeyError("boom"), 1),
}


def validate(document: machine.Document) -> None:
    """Check a document against the schema its format names."""
    name = document["format"].removeprefix("reconciler.").replace("/", ".") + ".schema.json"
    Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(document)


def strict(schema: Any) -> Any:
    """A schema that takes no key it does not describe."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    """Each published file is a valid schema of draft 2020-12 that describes every property."""

    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for found in properties(SCHEMAS[name]):
        assert "$ref" in found or found.get("description") or "const" in found


def properties(schema: Any) -> list[Any]:
    """Every property that is described anywhere in a schema."""
    if isinstance(schema, list):
        return [found for item in schema for found in properties(item)]
    if not isinstance(schema, dict):
        return []
    own = schema.get("properties")
    here = list(own.values()) if isinstance(own, dict) else []
    return here + [found for value in schema.values() for found in properties(value)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_keep_their_schema(name: str) -> None:
    """What we write is what we publish: valid, and without an undescribed key."""

    document = json.loads(machine.dumps(DOCUMENTS[name]()))

    validate(document)
    closed = {file: strict(schema) for file, schema in SCHEMAS.items()}
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(schema)) for file, schema in closed.items()
    )
    file = document["format"].removeprefix("reconciler.").replace("/", ".") + ".schema.json"
    Draft202012Validator(closed[file], registry=registry).validate(document)


@pytest.mark.parametrize("name", ["plan_full", "outcome", "drift", "validation", "error"])
def test_documents_look_as_kept(name: str) -> None:
    """The whole document is the kept one."""

    check(f"{name}.json", machine.dumps(DOCUMENTS[name]()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_its_frame(name: str) -> None:
    """Spec 15: format, exitCode and diagnostics are in every document."""

    document = DOCUMENTS[name]()

    assert document["format"].startswith("reconciler.")
    assert isinstance(document["exitCode"], int)
    assert isinstance(document["diagnostics"], list)


def test_a_schema_refuses_what_is_no_plan() -> None:
    """The schemas say something: an unknown action or a missing digest is refused."""

    broken = machine.plan_json(samples.FULL, 2)
    broken["changes"][0]["action"] = "explode"
    lacking = machine.plan_json(samples.FULL, 2)
    del lacking["digest"]

    name = "plan.v1.schema.json"
    validator = Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
    assert not validator.is_valid(broken)
    assert not validator.is_valid(lacking)


def test_unknown_codes_keep_the_schema() -> None:
    """Consumers must expect unknown reason and block codes, so the schema takes them."""

    document = machine.plan_json(samples.FULL, 2)
    blocked = next(change for change in document["changes"] if change["blocked"])
    blocked["reason"] = blocked["blocked"]["code"] = "something-new"

    validate(document)


def codes(description: str) -> set[str]:
    """The codes a description lists as `code`: words."""
    return set(re.findall(r"`([a-z-]+)`:", description))


def test_the_described_codes_are_the_engine_s() -> None:
    """The lists of codes in the schemas are those of the code, none more, none less."""

    change = SCHEMAS["plan.v1.schema.json"]["$defs"]["change"]["properties"]
    block = change["blocked"]["oneOf"][1]["properties"]["code"]

    assert codes(change["reason"]["description"]) == set(REASONS)
    assert codes(block["description"]) == set(BLOCKS)
    assert codes(change["action"]["description"]) == set(Action)
    assert set(change["action"]["enum"]) == set(Action)


def test_the_counted_names_are_the_model_s() -> None:
    """The summaries of the schemas count what the model counts."""

    plan = SCHEMAS["plan.v1.schema.json"]["properties"]["summary"]["required"]
    drift = SCHEMAS["drift.v1.schema.json"]["properties"]["summary"]["required"]

    assert set(plan) == {*ACTION_COUNTS, "unchanged", "blocked"}
    assert set(drift) == set(DRIFT_STATUSES)


@pytest.mark.parametrize("render", MACHINE)
@pytest.mark.parametrize("text", samples.HOSTILE)
def test_hostile_texts_survive_as_data(render: str, text: str) -> None:
    """Any text comes back as it was, and no byte of it can move a terminal."""

    made = MACHINE[render](text)

    made.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", made)
    assert text.replace("\ud800", r"\ud800") in strings(json.loads(made))


def strings(value: Any) -> set[str]:
    """Every text in a document."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for item in inner for text in strings(item)}


def test_values_that_json_lacks_become_text() -> None:
    """Not-a-number and infinity are words of YAML, not of JSON."""

    change = samples.UPDATE
    fields = (FieldChange("spec.f", float("nan"), [float("inf"), 1.5]),)
    plan = Plan(changes=(type(change)(change.address, change.action, "x", fields),))

    document = json.loads(machine.dumps(machine.plan_json(plan, 2)))

    assert document["changes"][0]["fields"] == [
        {"path": "spec.f", "before": "nan", "after": ["inf", 1.5]}
    ]


def test_maps_of_data_have_a_fixed_order() -> None:
    """Two answers with other key orders make the same bytes."""

    def text(value: dict[str, int]) -> str:
        change = type(samples.UPDATE)(
            samples.UPDATE.address, Action.UPDATE, "x", (FieldChange("f", value, 1),)
        )
        return machine.dumps(machine.plan_json(Plan(changes=(change,)), 2))

    assert text({"a": 1, "b": 2}) == text({"b": 2, "a": 1})


def test_null_and_unset_are_told_apart() -> None:
    """Spec 15: absent means unset, null means null."""

    assert machine._fields([FieldChange("f", after=None)]) == [{"path": "f", "after": None}]
    assert machine._fields([FieldChange("f", None, 1)]) == [
        {"path": "f", "before": None, "after": 1}
    ]


def test_a_secret_has_no_value_in_any_document() -> None:
    """A secret is its path and its state, even where a value is there by mistake."""

    field = FieldChange("spec.password", "hunter2", "hunter3", secret="changed")

    assert machine._fields([field]) == [
        {"path": "spec.password", "secret": True, "state": "changed"}
    ]
    assert "hunter2" not in machine.dumps(machine.plan_json(samples.FULL, 0))


def test_what_blocks_the_whole_plan_is_a_diagnostic() -> None:
    """The document says why its exit code is 3."""

    block = Block("limit", "too many", "--allow-deletes Group=3")
    document = machine.plan_json(Plan(), 3, blocks=[block])

    validate(document)
    assert document["diagnostics"][-1]["rule"] == "limit"
    assert document["diagnostics"][-1]["hint"] == "--allow-deletes Group=3"


def test_an_error_without_words_still_has_a_summary() -> None:
    """Every error document says something."""

    assert machine.error_json(RuntimeError(), 1)["error"]["summary"] == "RuntimeError"
    assert machine.error_json(ReconcilerError("x"), 1)["error"]["rule"] == "unexpected"

"""Documents in, the manifests they stand for out: sets, values and patches."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.environment import Environment, Patch
from reconciler.manifests.expand import Expanded, expand
from reconciler.manifests.json_patch import PatchError, apply_operation
from reconciler.manifests.patches import merged
from reconciler.manifests.placeholders import escaped
from reconciler.model import Document, Finding, Origin
from tests.manifests.mutations import BOUNDED

FILE = "manifests/a.yaml"
API = "reconciler/v1"
TEMPLATE = {
    "kind": "LocalRepository",
    "metadata": {"name": "${matrix.team}-${matrix.type}"},
    "spec": {"packageType": "${matrix.type}", "xrayIndex": True},
}


def manifest_set(matrix: Any, template: Any = TEMPLATE, **spec: Any) -> dict[str, Any]:
    """A set as a document's data."""
    more = {"matrix": matrix, "template": template, **spec}
    return {"apiVersion": API, "kind": "ManifestSet", "spec": more}


def expanded(*data: Any, values: Mapping[str, Any] | None = None, patches: Any = ()) -> Expanded:
    """What documents stand for; with values or patches, in an environment."""
    texts = [json.dumps(one) for one in data]
    content = "\n---\n".join(texts).encode()
    documents = [Document(Origin(FILE, 1), one, i, True) for i, one in enumerate(data)]
    name = "prod" if values is not None or patches else ""
    environment = Environment(name, values or {}, tuple(patches))
    return expand(documents, environment, ("prod",), lambda _: content)


def told(found: Expanded) -> list[str]:
    """The rules that were broken, in the order they were told."""
    return [finding.rule for finding in found.findings]


def specs(found: Expanded) -> list[Any]:
    """The documents' data."""
    return [document.data for document in found.documents]


def test_a_wrong_placeholder_hides_no_combination() -> None:
    """All manifests are made where their names are known, and one where they are not."""
    wrong = TEMPLATE | {"spec": {"packageType": "npm", "description": "${matrix.none}"}}
    nameless = TEMPLATE | {"metadata": {"name": "${matrix.none}-${matrix.team}"}}
    matrix = {"team": ["a", "b"], "type": ["npm", "maven"]}

    assert len(expanded(manifest_set(matrix, wrong)).documents) == 4
    assert len(expanded(manifest_set(matrix, nameless)).documents) == 1


LIVE = st.recursive(
    st.none()
    | st.booleans()
    | st.lists(
        st.sampled_from(["$", "{", "}", "${", "value.", "matrix.", "a", " ", "${value.a}", "$$"])
    ).map("".join),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
)


@BOUNDED
@given(LIVE)
def test_whatever_is_live_survives_as_manifest_text(live: Any) -> None:
    """Escaped and expanded again, any value is itself, though it looks like placeholders."""
    manifest = {"apiVersion": API, "kind": "LocalRepository", "spec": {"description": live}}

    found = expanded(escaped(manifest))

    assert specs(found) == [manifest]
    assert not [f for f in found.findings if f.severity == "error"]
    assert not found.documents[0].origin.is_derived


WORDS = st.text("abcdefgh", min_size=1, max_size=4)
AXES = st.dictionaries(
    WORDS, st.lists(WORDS, min_size=1, max_size=4, unique=True), min_size=1, max_size=3
)


@BOUNDED
@given(AXES, st.data())
def test_a_set_is_the_product_of_its_lists(axes: dict[str, list[str]], data: st.DataObject) -> None:
    """One manifest a combination, in the order written, without those that are excluded."""
    chosen = data.draw(st.lists(st.sampled_from(sorted(axes)), unique=True, min_size=1))
    exclude = {name: data.draw(st.sampled_from(axes[name])) for name in chosen}
    name = "-".join(f"${{matrix.{axis}}}" for axis in axes)
    template = {"kind": "LocalRepository", "metadata": {"name": name}}
    every = [dict(zip(axes, items, strict=True)) for items in itertools.product(*axes.values())]
    kept = [c for c in every if not exclude.items() <= c.items()]

    found = expanded(manifest_set(axes, template, exclude=[exclude]))

    assert [d["metadata"]["name"] for d in specs(found)] == ["-".join(c.values()) for c in kept]
    assert all(d["apiVersion"] == API for d in specs(found))
    assert told(found) == ([] if kept else ["set-empty"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)


@BOUNDED
@given(JSON)
def test_a_whole_placeholder_takes_the_value_as_it_is(value: Any) -> None:
    """Whatever its type, and whatever it holds: nothing in it is filled in again."""
    found = expanded({"apiVersion": API, "spec": {"a": "${value.x}"}}, values={"x": value})

    assert specs(found)[0]["spec"] == {"a": value}
    assert told(found) == []


@BOUNDED
@given(st.text("${}value.matrix x", max_size=30))
def test_any_text_can_be_written(text: str) -> None:
    """What looks like a placeholder is text with one more `$` in front."""
    escaped = text.replace("${value.", "$${value.").replace("${matrix.", "$${matrix.")

    found = expanded({"apiVersion": API, "spec": {"a": escaped}}, values={})

    assert specs(found)[0]["spec"]["a"] == text


def test_items_may_be_mappings() -> None:
    """`${matrix.NAME.KEY}` takes one part of an item, `${matrix.NAME}` all of it."""
    items = [{"name": "npm", "settings": {"deep": [1]}}, {"name": "docker", "settings": None}]
    template = {"kind": "x", "metadata": {"name": "${matrix.type.name}"}, "spec": "${matrix.type}"}

    found = expanded(manifest_set({"type": items}, template))

    assert [d["spec"] for d in specs(found)] == items
    assert [d.origin.combination for d in found.documents] == ["type=npm", "type=docker"]


@pytest.mark.parametrize(
    "value, text", [(True, "true"), (12, "12"), ("x", "x"), ("${value.x}", "${value.x}")]
)
def test_a_scalar_in_a_text_has_its_spelling(value: Any, text: str) -> None:
    """Inside of a text a value is written as YAML writes it, and not looked at again."""
    found = expanded({"apiVersion": API, "spec": "a-${value.x}"}, values={"x": value})

    assert specs(found)[0]["spec"] == f"a-{text}"


def test_the_matrix_may_come_from_the_environment() -> None:
    """A list of the matrix may be a value, so that environments have different teams."""
    template = {"kind": "x", "metadata": {"name": "${matrix.team}-${value.zone}"}}
    data = manifest_set({"team": "${value.teams}"}, template)

    found = expanded(data, values={"teams": ["a", "b"], "zone": "z"})

    assert [d["metadata"]["name"] for d in specs(found)] == ["a-z", "b-z"]


def test_what_has_no_placeholder_is_passed_on() -> None:
    """The very same document comes out, so that nearly all manifests cost nothing."""
    document = Document(Origin(FILE, 1), {"apiVersion": API, "spec": {"a": "${HOME}"}}, 0, True)

    found = expand([document], Environment(), (), lambda _: b"")

    assert found.documents[0] is document


def test_places_lead_into_the_template() -> None:
    """Line and column of a value of an expanded manifest are those of the template."""
    data = manifest_set({"team": ["a"], "type": ["npm"]})
    document = Document(Origin(FILE, 1), data, 0)
    text = yaml.safe_dump(data, sort_keys=False)

    found = expand([document], Environment(), (), lambda _: text.encode()).documents[0]

    line = text.splitlines()[found.origin.line - 1]
    assert line.strip() == "kind: LocalRepository"
    assert found.origin.at(("spec", "xrayIndex")) == (
        found.origin,
        ("spec", "template", "spec", "xrayIndex"),
        None,
    )


def test_ten_thousand_manifests_take_a_moment() -> None:
    """A set of 10,000 objects is written out in well under two seconds, shared parts shared."""
    numbers = list(range(100))
    started = time.perf_counter()

    found = expanded(manifest_set({"team": numbers, "type": numbers}))

    assert len(found.documents) == 10_000
    assert time.perf_counter() - started < 2


def test_a_flood_of_text_is_refused() -> None:
    """Few bytes cannot ask for gigabytes."""
    long = "x" * 1_000_000
    many = {"a": ["${value.x}${value.x}"] * 100}
    wide = manifest_set(
        {"a": list(range(1000))}, {"kind": "x", "metadata": {"name": long + "${matrix.a}"}}
    )

    assert "expansion-limit" in told(expanded(many | {"apiVersion": API}, values={"x": long}))
    assert told(expanded(wide)) == ["expansion-limit"]


# --- patches ---------------------------------------------------------------------------------


def patch(**what: Any) -> Patch:
    """A patch at line 5 of an environment's file."""
    return Patch(Origin("environments/prod.yaml", 5), 0, ("spec", "patches", 0), **what)


MANIFEST = {
    "apiVersion": API,
    "kind": "LocalRepository",
    "metadata": {"name": "pay-npm", "labels": {"team": "pay"}},
    "spec": {"packageType": "npm", "environments": ["DEV"], "notes": "x"},
}


@pytest.mark.parametrize(
    "target, hits",
    [
        ({"kind": "LocalRepository"}, True),
        ({"kind": "RemoteRepository"}, False),
        ({"name": "pay-*"}, True),
        ({"name": "Pay-*"}, False),
        ({"labels": {"team": "pay"}}, True),
        ({"labels": {"team": "web"}}, False),
        ({"kind": "LocalRepository", "name": "*", "labels": {"team": "web"}}, False),
    ],
)
def test_a_target_means_all_it_says(target: Any, hits: bool) -> None:
    """Kind, name pattern and labels must all be those of the manifest."""
    found = expanded(MANIFEST, patches=[patch(**target, merge={"spec": {"notes": "y"}})])

    assert specs(found)[0]["spec"]["notes"] == ("y" if hits else "x")
    assert told(found) == ([] if hits else ["patch-without-hit"])


def test_a_merge_knows_where_it_wrote() -> None:
    """Mappings are merged, lists replaced, null kept; a value's place is in the patch."""
    change = {"spec": {"environments": ["PROD"], "notes": None}}

    (document,) = expanded(MANIFEST, patches=[patch(name="*", merge=change)]).documents

    assert document.data["spec"] == {"packageType": "npm", "environments": ["PROD"], "notes": None}
    origin, path, index = document.origin.at(("spec", "environments", 0))
    assert (origin.file, index) == ("environments/prod.yaml", 0)
    assert path == ("spec", "patches", 0, "merge", "spec", "environments", 0)
    assert document.origin.at(("spec", "packageType"))[0].file == FILE
    assert MANIFEST["spec"]["notes"] == "x"  # type: ignore[index]


def test_patches_may_use_values() -> None:
    """A patch is filled in with the environment's values; that counts as a use."""
    change = patch(name="*", merge={"spec": {"notes": "${value.zone}"}})

    found = expanded(MANIFEST, values={"zone": "z"}, patches=[change])

    assert specs(found)[0]["spec"]["notes"] == "z"
    assert told(found) == []


@BOUNDED
@given(st.dictionaries(WORDS, JSON), st.dictionaries(WORDS, JSON))
def test_merging_twice_changes_nothing(data: dict[str, Any], change: dict[str, Any]) -> None:
    """A merge says what the result is, not how to come there."""
    once = merged(data, change)

    assert merged(once, change) == once
    assert merged(once, {}) == once


@pytest.mark.parametrize(
    "operation, result",
    [
        ({"op": "add", "path": "/b", "value": 1}, {"a": [1, 2], "b": 1}),
        ({"op": "add", "path": "/a/0", "value": 0}, {"a": [0, 1, 2]}),
        ({"op": "add", "path": "/a/-", "value": 3}, {"a": [1, 2, 3]}),
        ({"op": "add", "path": "/a/2", "value": 3}, {"a": [1, 2, 3]}),
        ({"op": "add", "path": "", "value": {}}, {}),
        ({"op": "add", "path": "/m~1n~0", "value": 1}, {"a": [1, 2], "m/n~": 1}),
        ({"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"op": "remove", "path": "/a"}, {}),
        ({"op": "replace", "path": "/a/1", "value": None}, {"a": [1, None]}),
        ({"op": "copy", "from": "/a/0", "path": "/a/-"}, {"a": [1, 2, 1]}),
        ({"op": "move", "from": "/a/0", "path": "/b"}, {"a": [2], "b": 1}),
        ({"op": "move", "from": "/a", "path": "/a"}, {"a": [1, 2]}),
        ({"op": "test", "path": "/a/0", "value": 1}, {"a": [1, 2]}),
    ],
)
def test_operations_do_as_the_standard_says(operation: Any, result: Any) -> None:
    """Each operation of RFC 6902; what comes in is not changed."""
    document = {"a": [1, 2]}

    changed, _ = apply_operation(document, operation)

    assert changed == result
    assert document == {"a": [1, 2]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/b/c", "value": 1},
        {"op": "add", "path": "/a/4", "value": 1},
        {"op": "add", "path": "/a/01", "value": 1},
        {"op": "add", "path": "/a/0/x", "value": 1},
        {"op": "remove", "path": "/b"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/a/-", "value": 1},
        {"op": "move", "from": "/a", "path": "/a/0"},
        {"op": "copy", "from": "/b", "path": "/c"},
        {"op": "test", "path": "/a/0", "value": True},
        {"op": "test", "path": "/a/0", "value": 2},
        {"op": "add", "path": "a", "value": 1},
    ],
)
def test_operations_that_do_not_fit(operation: Any) -> None:
    """They are refused with a sentence, and true is not 1."""
    with pytest.raises(PatchError):
        apply_operation({"a": [1, 2]}, operation)


def test_findings_are_findings() -> None:
    """A patch that does not fit is told once, however many manifests it meets."""
    change = patch(name="*", operations=({"op": "remove", "path": "/spec/none"},))

    found = expanded(MANIFEST, MANIFEST, patches=[change])

    assert told(found) == ["patch-failed"]
    assert isinstance(found.findings[0], Finding)
    assert found.findings[0].path == ("spec", "patches", 0, "jsonPatch", 0)


def test_a_mapping_without_a_name_is_told_by_its_fields() -> None:
    """A reader finds the combination by what stands in the matrix, not by a number."""
    found = expanded(manifest_set({"team": ["a"], "type": [{"n": "npm", "fast": True}]}))
    assert [d.origin.combination for d in found.documents] == ["team=a, type={n=npm, fast=true}"]

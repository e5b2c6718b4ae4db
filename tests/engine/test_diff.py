"""One desired and one live object: what differs (cases/*.yaml, and a second opinion)."""

from __future__ import annotations

from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.diff import (
    Difference,
    SecretKnowledge,
    _is_plainly_same,
    declared,
    diff,
    released,
)
from reconciler.engine.sending import sendable
from reconciler.kinds.registry import builtin
from reconciler.kinds.values import same, without_implied
from reconciler.kinds.values import shown as as_shown
from reconciler.model import Entry, FieldChange, Lifecycle, Live, Manifest, Origin
from tests.engine.toys import WIDGET, at, toy

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['claim']}")
    for file in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text("utf-8"))
]
PARTS = ("changes", "unverifiable", "fixed", "stuck")


def compared(case: dict[str, Any]) -> Difference:
    entry = case.get("entry", {})
    rewritten = {path: tuple(pair) for path, pair in entry.get("rewritten", {}).items()}
    return diff(
        WIDGET,
        Manifest(
            at("x"),
            case["spec"],
            Origin("x.yaml", 1),
            lifecycle=Lifecycle(ignore=tuple(case.get("ignore", ()))),
        ),
        Live(case["live"], complete=case.get("complete", True)),
        Entry("us", entry.get("applied", {}), entry.get("secrets", {}), rewritten),
        SecretKnowledge(case.get("prints", {}), frozenset(case.get("rotate", ()))),
    )


def shown(found: Difference) -> dict[str, Any]:
    told: dict[str, Any] = {part: [f.as_json() for f in getattr(found, part)] for part in PARTS}
    told |= {"unreadable": list(found.unreadable), "rewritten": list(found.rewritten)}
    return {part: value for part, value in told.items() if value}


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    """Each case of cases/*.yaml states its claim."""
    found = compared(case)
    assert shown(found) == case.get("expect", {})
    assert found.is_empty == (not (found.changes or found.fixed or found.stuck))


TEXT = st.sampled_from(["", "a", "b", "A", "ü"])
SET = st.lists(st.sampled_from("abc"), max_size=4)
PART = st.fixed_dictionaries(
    {}, optional={"color": st.one_of(TEXT, st.none()), "size": st.integers(0, 2), "tags": SET}
)
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "text": st.one_of(TEXT, st.none()),
        "number": st.one_of(st.integers(0, 2), st.none()),
        "flag": st.booleans(),
        "names": st.one_of(SET, st.none()),
        "tags": st.one_of(SET, st.none()),
        "part": PART,
        "whole": PART,
        "parts": st.lists(PART, max_size=3),
    },
)
SETS = ("tags", "parts")


@given(OBJECT, OBJECT)
def test_empty_exactly_when_deepdiff_finds_nothing(
    wanted: dict[str, Any], live: dict[str, Any]
) -> None:
    """An independent comparison of the declared fields, sets without order, agrees."""
    found = diff(WIDGET, toy("x", **wanted), Live({**live, "made": 1}))
    assert found.is_empty == (not differing(wanted, live))
    changed = {f.path.split(".")[1] for f in found.changes}
    assert changed == set(differing(wanted, live))


def differing(wanted: dict[str, Any], live: dict[str, Any]) -> list[str]:
    """The declared top-level fields DeepDiff sees a difference in."""
    return [name for name in wanted if deep(name, wanted[name], live.get(name))]


def deep(name: str, wanted: Any, live: Any) -> bool:
    if isinstance(wanted, dict):
        live = live if isinstance(live, dict) else {}
        return any(deep(inner, wanted[inner], live.get(inner)) for inner in wanted)
    return bool(DeepDiff(filled(wanted), filled(live), ignore_order=name in SETS))


def filled(value: Any) -> Any:
    """The value without what means nothing; sets inside set elements in a fixed order."""
    if isinstance(value, dict):
        kept = {n: filled(v) for n, v in value.items()}
        kept = {n: sorted(set(v)) if n == "tags" and v else v for n, v in kept.items()}
        return {n: v for n, v in kept.items() if v is not None} or None
    if isinstance(value, list):
        return [filled(item) for item in value] or None
    return None if value == "" else value


@given(OBJECT)
def test_an_object_equals_itself(spec: dict[str, Any]) -> None:
    """What was sent and came back as it was has no difference."""
    assert diff(WIDGET, toy("x", **spec), Live({**spec, "made": 1})).is_empty


@given(OBJECT, OBJECT)
def test_what_is_written_converges(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    """The live object with the changed fields laid over it has no difference any more."""
    found = diff(WIDGET, toy("x", **wanted), Live({**live, "made": 1}))
    after = {**live, "made": 1}
    for change in found.changes:
        inner, *names = after, *change.path.split(".")[1:]
        for name in names[:-1]:
            inner[name] = dict(inner.get(name) or {})
            inner = inner[name]
        inner[names[-1]] = change.after
    assert diff(WIDGET, toy("x", **wanted), Live(after)).is_empty


DECLARED: dict[str, list[Any]] = {
    "text": ["", "1", "true", "a", "https://a/"],
    "integer": [0, 1],
    "boolean": [True, False],
    "list": [[], ["a"], ["b", "a"]],
}
ANSWERED = [None, 1.0, *chain.from_iterable(DECLARED.values())]


def test_what_is_taken_for_the_same_at_a_glance_is_the_same() -> None:
    """The short way of the comparison says nothing that the long one, of any field, does not."""
    fields = [WIDGET.fields, *(kind.fields for kind in builtin())]
    glances = [
        (known, wanted, have)
        for known in chain.from_iterable(table.values() for table in fields)
        for wanted, have in product([None, *DECLARED.get(known.shape, [])], ANSWERED)
        if _is_plainly_same(known, wanted, have)
    ]

    assert glances
    for known, wanted, have in glances:
        assert same(known, wanted, as_shown(known, without_implied(known, wanted, have)))


def test_declared_lists_every_leaf_once() -> None:
    """A create shows each declared field, objects taken apart, secrets without a value."""
    manifest = toy(
        "x", text="a", part={"color": None}, password={"env": "PW"}, extra={"newField": 1}
    )
    assert declared(WIDGET, manifest) == (
        FieldChange("spec.text", after="a"),
        FieldChange("spec.part.color", after=None),
        FieldChange("spec.password", secret="set", reference="env:PW"),
        FieldChange("spec.extra.newField", after=1),
    )


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": st.sampled_from(["a", None]),
            "tags": st.just(["a"]),
            "part": st.sampled_from([None, {}, {"color": "red"}, {"color": None, "size": 1}]),
            "password": st.just({"env": "PW"}),
            "extra": st.just({"newField": 1}),
        },
    ),
    st.sets(
        st.sampled_from(
            ["text", "tags", "part", "part.color", "part.size", "extra.newField", "password"]
        )
    ),
    st.sampled_from([(), ("spec.text",), ("spec.part.color",)]),
)
def test_released_is_what_was_applied_and_is_declared_no_more(
    spec: dict[str, Any], applied: set[str], ignore: tuple[str, ...]
) -> None:
    """Whatever short cut is taken: every applied path that `declared` does not have."""
    manifest = toy("x", **spec, lifecycle={"ignore": ignore})
    entry = Entry("us", {f"spec.{name}": 1 for name in applied})
    now = {change.path for change in declared(WIDGET, manifest)}
    assert released(WIDGET, manifest, entry) == sorted(set(entry.applied) - now)


def test_ignored_paths_are_not_sent_either() -> None:
    """`lifecycle.ignore` takes a field out of the write as well as out of the comparison."""
    manifest = toy(
        "x",
        text="a",
        part={"color": "red", "size": 1},
        lifecycle={"ignore": ("spec.text", "spec.part.color")},
    )
    assert sendable(WIDGET, manifest) == {"part": {"size": 1}}

"""--shrink-only: any part of an approved plan is accepted, and nothing beyond it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.engine.shrink import excess, is_within
from reconciler.model import (
    UNSET,
    Action,
    Block,
    Change,
    FieldChange,
    Plan,
    PlatformInfo,
    Scope,
    Shard,
)
from tests.engine.plans import changes, plans, values
from tests.engine.toys import at

MENDING = (Action.UPDATE, Action.CONVERT)
HERE = PlatformInfo("default", "https://acme.example.com")


# --- properties ------------------------------------------------------------------------------


@given(plans())
def test_a_plan_is_accepted_by_itself(plan: Plan) -> None:
    """Nothing done yet: the approved plan itself is a part of it."""
    assert excess(plan, plan) == []


@given(plans(), st.data())
def test_every_part_is_accepted(plan: Plan, data: st.DataObject) -> None:
    """Any changes done, any fields of the others done, in any order, in a narrower scope."""
    left = [draw_part(data, change) for change in data.draw(st.permutations(plan.changes))]
    part = replace(
        plan,
        changes=tuple(change for change in left if change is not None),
        scope=replace(plan.scope, exclude=(*plan.scope.exclude, "project=x")),
    )

    assert excess(plan, part, resumed=data.draw(st.booleans())) == []


def draw_part(data: st.DataObject, change: Change) -> Change | None:
    """What is left of a change once some of it was done; None when all of it was."""
    if data.draw(st.booleans()):
        return None
    if change.action not in MENDING:
        return change
    kept = data.draw(st.lists(st.sampled_from(change.fields), unique_by=lambda f: f.path))
    return replace(change, fields=tuple(kept))


@given(plans(1), st.data())
def test_another_object_is_refused(plan: Plan, data: st.DataObject) -> None:
    """A change of an object that was not in the plan, whatever it is."""
    new = data.draw(changes("new"))
    found = excess(plan, replace(plan, changes=(*plan.changes, new)), resumed=True)

    assert [d.subject for d in found] == [str(new.address)]
    assert found[0].approved is None


MUTATIONS: dict[str, Any] = {
    "another value after": lambda f, v: replace(f, after=v),
    "another value before": lambda f, v: replace(f, before=v),
    "another path": lambda f, v: replace(f, path=f"{f.path}x"),
    "another reference": lambda f, v: FieldChange(f.path, secret="changed", reference="env:NEW"),
}


@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS)
@given(plan=plans(1), value=values, data=st.data())
def test_another_field_is_refused(mutate: Any, plan: Plan, value: Any, data: st.DataObject) -> None:
    """One field of one change is otherwise: exactly this change is told."""
    mutable = [c for c in plan.changes if any(f.secret is None for f in c.fields)]
    assume(mutable)
    change = data.draw(st.sampled_from(mutable))
    field = data.draw(st.sampled_from([f for f in change.fields if f.secret is None]))
    other = mutate(field, value)
    assume(repr(other) != repr(field))
    fields = tuple(other if f is field else f for f in change.fields)
    found = excess(plan, swapped(plan, change, replace(change, fields=fields)), resumed=True)

    assert {d.subject for d in found} == {str(change.address)}


def swapped(plan: Plan, old: Change, new: Change) -> Plan:
    """The plan with one change in the place of another."""
    return replace(plan, changes=tuple(new if c is old else c for c in plan.changes))


@given(plan=plans(1), data=st.data())
def test_one_more_field_is_refused(plan: Plan, data: st.DataObject) -> None:
    """A field that was not in the change, secrets too."""
    change = data.draw(st.sampled_from(plan.changes))
    extra = data.draw(
        st.sampled_from(
            [
                FieldChange("spec.extra", UNSET, 1),
                FieldChange("spec.secret", secret="changed", reference="env:NEW"),
            ]
        )
    )
    wider = replace(change, fields=(*change.fields, extra))
    found = excess(plan, swapped(plan, change, wider), resumed=True)

    assert [(d.subject, d.path) for d in found] == [(str(change.address), extra.path)]


@given(plan=plans(1), data=st.data())
def test_another_head_is_refused(plan: Plan, data: st.DataObject) -> None:
    """Another block, or none, or an ownership nobody approved."""
    change = data.draw(st.sampled_from(plan.changes))
    others = [replace(change, blocked=Block("name-taken", "x"))]
    if change.blocked:
        others.append(replace(change, blocked=None))
    if not change.adopting and change.action in (Action.UPDATE, Action.DELETE, Action.DEPLOY):
        others.append(replace(change, adopting=True))
    other = data.draw(st.sampled_from(others))
    found = excess(plan, swapped(plan, change, other), resumed=True)

    assert [d.subject for d in found] == [str(change.address)]


@given(plan=plans(1), data=st.data())
def test_a_delete_must_have_been_one(plan: Plan, data: st.DataObject) -> None:
    """Neither a delete nor a replacement ever comes of anything else."""
    change = data.draw(st.sampled_from(plan.changes))
    action = data.draw(st.sampled_from([Action.DELETE, Action.REPLACE]))
    assume(change.action is not action)
    other = replace(change, action=action)

    assert excess(plan, swapped(plan, change, other), resumed=True)


# --- what an approved change may leave to do ----------------------------------------------------


def one(action: Action, *fields: FieldChange, **more: Any) -> Plan:
    """A plan of one change."""
    return Plan((Change(at("a"), action, "x", fields, **more),), platforms=(HERE,))


TEXT = FieldChange("spec.text", "old", "new")
NEW_TEXT = FieldChange("spec.text", after="new")
NUMBER = FieldChange("spec.number", after=1)
OTHER = FieldChange("spec.text", "old", "other")
LEFT = FieldChange("spec.text", "default", "new")
PASSWORD = FieldChange("spec.password", secret="set", reference="env:PW")
ALONE = FieldChange("spec.password", secret="unverifiable", reference="env:PW")
NAME = FieldChange("metadata.name", "z", "a")
CLASS = FieldChange("rclass", "local", "federated")

CREATE = one(Action.CREATE, NEW_TEXT, NUMBER, PASSWORD)
REPLACE = one(Action.REPLACE, TEXT)
ADOPT = one(Action.ADOPT, adopting=True)
RENAME = one(Action.UPDATE, NAME, TEXT)
CONVERT = one(Action.CONVERT, CLASS, TEXT)

FOLLOWERS: dict[str, tuple[Plan, Plan, str]] = {
    "a create that still is one": (CREATE, CREATE, "always"),
    "a create of less": (CREATE, one(Action.CREATE, NEW_TEXT, PASSWORD), "never"),
    "a made object, not recorded": (CREATE, ADOPT, "always"),
    "a half-made object": (CREATE, one(Action.UPDATE, LEFT, adopting=True), "resumed"),
    "a half-made object, recorded": (CREATE, one(Action.UPDATE, LEFT, ALONE), "resumed"),
    "a half-made object wants more": (CREATE, one(Action.UPDATE, OTHER), "never"),
    "an object that came, with a secret": (
        CREATE,
        one(Action.UPDATE, FieldChange("spec.password", secret="changed", reference="env:PW")),
        "resumed",
    ),
    "another secret": (
        CREATE,
        one(Action.UPDATE, FieldChange("spec.password", secret="changed", reference="env:NEW")),
        "never",
    ),
    "a create that would delete": (CREATE, one(Action.DELETE), "never"),
    "a replacement, its object gone": (REPLACE, one(Action.CREATE, NEW_TEXT), "resumed"),
    "a replacement, made of more": (REPLACE, one(Action.CREATE, NEW_TEXT, NUMBER), "never"),
    "a replacement, half-made": (REPLACE, one(Action.UPDATE, LEFT), "resumed"),
    "a replacement, not recorded": (REPLACE, ADOPT, "resumed"),
    "a replacement that only deletes": (REPLACE, one(Action.DELETE), "never"),
    "a converted object": (CONVERT, one(Action.UPDATE, TEXT), "always"),
    "a converted object, changed": (CONVERT, one(Action.UPDATE, LEFT), "never"),
    "a converted object, not recorded": (CONVERT, ADOPT, "always"),
    "a converted object, its fields too": (
        CONVERT,
        one(Action.UPDATE, TEXT, adopting=True),
        "always",
    ),
    "an adopting update, done": (one(Action.UPDATE, TEXT, adopting=True), ADOPT, "always"),
    "an adopting update, recorded": (
        one(Action.UPDATE, TEXT, adopting=True),
        one(Action.UPDATE, TEXT),
        "always",
    ),
    "an update of what is no longer ours": (
        one(Action.UPDATE, TEXT),
        one(Action.UPDATE, TEXT, adopting=True),
        "never",
    ),
    "an update of what is gone": (one(Action.UPDATE, TEXT), CREATE, "never"),
    "an adoption of what was updated": (one(Action.UPDATE, TEXT), ADOPT, "never"),
    "an adoption of what differs": (ADOPT, one(Action.UPDATE, TEXT, adopting=True), "never"),
    "a renamed object, not recorded": (RENAME, ADOPT, "always"),
    "a renamed object, its fields too": (RENAME, one(Action.UPDATE, TEXT, adopting=True), "always"),
    "a rename of what is not ours": (RENAME, one(Action.UPDATE, NAME, adopting=True), "never"),
    "a secret left alone": (one(Action.UPDATE, TEXT), one(Action.UPDATE, TEXT, ALONE), "always"),
    "a secret written after all": (
        one(Action.UPDATE, TEXT, ALONE),
        one(Action.UPDATE, TEXT, replace(ALONE, secret="changed")),
        "never",
    ),
    "a number is no truth": (
        one(Action.UPDATE, FieldChange("spec.flag", 0, 1)),
        one(Action.UPDATE, FieldChange("spec.flag", False, True)),
        "never",
    ),
    "null is not unset": (
        one(Action.UPDATE, FieldChange("spec.text", None, "x")),
        one(Action.UPDATE, FieldChange("spec.text", UNSET, "x")),
        "never",
    ),
    "a deleted object, not forgotten": (one(Action.DELETE), one(Action.RELEASE), "always"),
    "a deleted object, made anew": (one(Action.DELETE), one(Action.UPDATE, TEXT), "never"),
    "a blocked create, blocked as an update": (
        one(Action.CREATE, NEW_TEXT, blocked=Block("limit", "x")),
        one(Action.UPDATE, LEFT, blocked=Block("limit", "x")),
        "never",
    ),
    "a wider scope": (replace(CREATE, scope=Scope(("a/*",))), CREATE, "never"),
    "a narrower scope": (CREATE, replace(CREATE, scope=Scope(("a/*",))), "always"),
    "a release": (one(Action.RELEASE), one(Action.RELEASE), "always"),
    "nothing": (CREATE, Plan(), "always"),
    "another target": (
        CREATE,
        replace(CREATE, platforms=(replace(HERE, url="https://evil.example.com"),)),
        "never",
    ),
    "another spelling of the target": (
        CREATE,
        replace(CREATE, platforms=(replace(HERE, url="HTTPS://ACME.example.com:443/"),)),
        "always",
    ),
    "one more target": (
        CREATE,
        replace(CREATE, platforms=(HERE, PlatformInfo("west", "https://w.example.com"))),
        "never",
    ),
}


@pytest.mark.parametrize("approved, fresh, when", FOLLOWERS.values(), ids=FOLLOWERS)
def test_what_may_follow(approved: Plan, fresh: Plan, when: str) -> None:
    """What is left of an approved change is accepted, some of it only after a begun apply."""
    at_once = not excess(approved, fresh)
    resumed = not excess(approved, fresh, resumed=True)

    assert (at_once, resumed) == (when == "always", when != "never")


SCOPES: dict[str, tuple[Scope, Scope, bool]] = {
    "everything": (Scope(), Scope(), True),
    "less": (Scope(("a/*",)), Scope(), True),
    "more": (Scope(), Scope(("a/*",)), False),
    "fewer terms": (Scope(("a/*",)), Scope(("b/*", "a/*")), True),
    "another term": (Scope(("c/*",)), Scope(("b/*", "a/*")), False),
    "one more excluded": (Scope((), ("a", "b")), Scope((), ("b",)), True),
    "one less excluded": (Scope((), ("a",)), Scope((), ("a", "b")), False),
    "a shard of everything": (Scope(shard=Shard(1, 2)), Scope(), True),
    "everything of a shard": (Scope(), Scope(shard=Shard(1, 2)), False),
    "another shard": (Scope(shard=Shard(2, 2)), Scope(shard=Shard(1, 2)), False),
}


@pytest.mark.parametrize("scope, approved, within", SCOPES.values(), ids=SCOPES)
def test_scopes(scope: Scope, approved: Scope, within: bool) -> None:
    """A scope is narrower by its terms, whatever they happen to select today."""
    assert is_within(scope, approved) is within

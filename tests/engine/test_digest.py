"""What an approval is bound to: both lists of M8 and of spec 15."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.digest import digest, meaning, normalised_url
from reconciler.errors import Diagnostic
from reconciler.model import (
    Action,
    Block,
    Change,
    FieldChange,
    Origin,
    Plan,
    PlannedRequest,
    PlatformInfo,
    Scope,
)
from tests.engine.plans import plans, values
from tests.engine.toys import at

FIRST = Change(
    at("a"),
    Action.UPDATE,
    "field-differs",
    (
        FieldChange("spec.text", "old", "new"),
        FieldChange("spec.password", secret="changed", reference="env:PW"),
    ),
    requires=(at("b"),),
    origin=Origin("a.yaml", 1),
)
SECOND = Change(at("b"), Action.CREATE, "absent", (FieldChange("spec.number", after=1),))
PLAN = Plan(
    (FIRST, SECOND),
    unchanged=3,
    platforms=(PlatformInfo("default", "https://acme.example.com", {"artifactory": "7.1.1"}),),
    scope=Scope(("Widget/*",), ("*/x",)),
    tool="0.1.0",
    created="2026-01-01T00:00:00Z",
    commit="abc",
)


def first(**changes: Any) -> Plan:
    return replace(PLAN, changes=(replace(FIRST, **changes), SECOND))


def text(**changes: Any) -> Plan:
    field = replace(FIRST.fields[0], **changes)
    return first(fields=(field, FIRST.fields[1]))


def secret(**changes: Any) -> Plan:
    return first(fields=(FIRST.fields[0], replace(FIRST.fields[1], **changes)))


SAME: dict[str, Plan] = {
    "time": replace(PLAN, created="2030-01-01T00:00:00Z"),
    "tool version": replace(PLAN, tool="9.9.9"),
    "commit": replace(PLAN, commit=None),
    "unchanged objects": replace(PLAN, unchanged=500),
    "unmanaged objects": replace(PLAN, unmanaged=(at("z"),)),
    "diagnostics": replace(PLAN, diagnostics=(Diagnostic("rule", "warning", "text"),)),
    "order of changes": replace(PLAN, changes=(SECOND, FIRST)),
    "order of fields": first(fields=tuple(reversed(FIRST.fields))),
    "file and line": first(origin=Origin("other.yaml", 99)),
    "risk": first(risk="destructive"),
    "evidence": first(evidence={"artifacts": 7}),
    "requests": first(requests=(PlannedRequest("POST", "/x"),)),
    "requires": first(requires=()),
    "reason": first(reason="secret-changed"),
    "server version": replace(
        PLAN, platforms=(PlatformInfo("default", "https://acme.example.com", {"artifactory": "8"}),)
    ),
    "spelling of the URL": replace(
        PLAN, platforms=(PlatformInfo("default", "HTTPS://ACME.example.com:443/artifactory/"),)
    ),
    "order of scope terms": replace(PLAN, scope=Scope(tuple(PLAN.scope.only), PLAN.scope.exclude)),
}

OTHER: dict[str, Plan] = {
    "an action": first(action=Action.CONVERT),
    "one action less": replace(PLAN, changes=(FIRST,)),
    "one action more": replace(PLAN, changes=(FIRST, SECOND, replace(SECOND, address=at("c")))),
    "an address": first(address=at("aa")),
    "a kind": first(address=at("a", "Gadget")),
    "a platform": first(address=at("a", platform="west")),
    "adopting": first(adopting=True),
    "a block": first(blocked=Block("immutable", "m")),
    "an after value": text(after="newer"),
    "a before value": text(before="older"),
    "null instead of unset": text(before=None),
    "a path": text(path="spec.notes"),
    "the type of a value": text(after=["new"]),
    "one field less": first(fields=FIRST.fields[:1]),
    "the name of a secret reference": secret(reference="env:OTHER"),
    "the state of a secret": secret(secret="set"),
    "the target": replace(PLAN, platforms=(PlatformInfo("default", "https://evil.example.com"),)),
    "the scheme": replace(PLAN, platforms=(PlatformInfo("default", "http://acme.example.com"),)),
    "the port": replace(PLAN, platforms=(PlatformInfo("default", "https://acme.example.com:1"),)),
    "the target's name": replace(PLAN, platforms=(PlatformInfo("x", "https://acme.example.com"),)),
    "one platform more": replace(
        PLAN, platforms=(*PLAN.platforms, PlatformInfo("west", "https://w.example.com"))
    ),
    "the scope": replace(PLAN, scope=Scope()),
    "only as exclude": replace(PLAN, scope=Scope(PLAN.scope.exclude, PLAN.scope.only)),
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_does_not_change_the_digest(other: Plan) -> None:
    """What an approval is not about."""
    assert digest(other) == digest(PLAN)


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_changes_the_digest(other: Plan) -> None:
    """What an approval is about."""
    assert digest(other) != digest(PLAN)


def test_all_others_differ_from_each_other() -> None:
    """No two of those changes cancel out."""
    assert len({digest(plan) for plan in OTHER.values()}) == len(OTHER)


def test_a_blocks_message_is_no_part() -> None:
    """Only the code counts: messages get better with every version."""
    one = first(blocked=Block("immutable", "one text", None))
    other = first(blocked=Block("immutable", "another", "--flag"))
    assert digest(one) == digest(other)


def test_its_form() -> None:
    """Named by its algorithm, in hexadecimal; a secret's value is nowhere in what is hashed."""
    assert digest(PLAN).startswith("sha256:")
    assert len(digest(PLAN)) == len("sha256:") + 64
    assert "hunter2" not in str(meaning(PLAN))


@pytest.mark.parametrize("number", [2**53, -(2**64), 2**200, 0.1, 1e300])
def test_numbers_no_canonical_form_can_carry(number: float) -> None:
    """No plan is without a digest; near numbers stay apart."""
    assert digest(text(after=number)) != digest(text(after=number + 1 if number < 1e300 else 1))


def test_an_empty_plan_has_a_digest() -> None:
    """Also a digest: an approval of nothing is bound to nothing."""
    assert digest(Plan()) == digest(Plan(created="x")) != digest(PLAN)


@pytest.mark.parametrize(
    "url, normal",
    [
        ("https://A.example.com/artifactory", "https://a.example.com"),
        ("https://a.example.com:443", "https://a.example.com"),
        ("http://a.example.com:80/", "http://a.example.com"),
        ("https://a.example.com:8443", "https://a.example.com:8443"),
        ("a.example.com", "https://a.example.com"),
        ("https://[::1]:443/x/", "https://[::1]/x"),
    ],
)
def test_urls_that_mean_the_same(url: str, normal: str) -> None:
    """A path, a default port and capitals are no other target."""
    assert normalised_url(url) == normal


# --- properties: both lists of M8, for any plan ------------------------------------------------


@given(plans(), st.data())
def test_order_and_company_do_not_count(plan: Plan, data: st.DataObject) -> None:
    """Shuffled changes, fields and terms; other times, tools, evidence, findings, no-op objects."""
    shuffled = [
        replace(
            change,
            fields=tuple(data.draw(st.permutations(change.fields))),
            reason=data.draw(st.text(max_size=3)),
            risk="destructive",
            evidence={"artifacts": data.draw(st.integers())},
            requires=(at("z"),),
            origin=Origin(data.draw(st.text(max_size=3)), 7),
            requests=(PlannedRequest("PUT", "/x"),),
        )
        for change in data.draw(st.permutations(plan.changes))
    ]
    other = replace(
        plan,
        changes=tuple(shuffled),
        platforms=tuple(data.draw(st.permutations(plan.platforms))),
        scope=replace(
            plan.scope,
            only=tuple(data.draw(st.permutations(plan.scope.only))),
            exclude=tuple(data.draw(st.permutations(plan.scope.exclude))),
        ),
        unchanged=data.draw(st.integers(0, 99)),
        unmanaged=(at("u"),),
        created=data.draw(st.text(max_size=3)),
        tool=data.draw(st.text(max_size=3)),
        commit=data.draw(st.none() | st.text(max_size=3)),
        workspace=data.draw(st.text(max_size=3)),
    )

    assert digest(other) == digest(plan)


@given(plans(1), values, st.data())
def test_whatever_is_written_counts(plan: Plan, value: Any, data: st.DataObject) -> None:
    """Any other value, path, action, block or address of any change is another digest."""
    change = data.draw(st.sampled_from(plan.changes))
    others = [
        replace(change, action=data.draw(st.sampled_from(Action))),
        replace(change, adopting=not change.adopting),
        replace(change, blocked=None if change.blocked else Block("limit", "x")),
        replace(change, address=at("new")),
        replace(change, fields=(*change.fields, FieldChange("spec.new", after=value))),
    ]
    for field in change.fields:
        if field.secret is None:
            others += [
                with_field(change, field, replace(field, after=value)),
                with_field(change, field, replace(field, before=value)),
            ]
        elif field.secret != "unverifiable":
            others.append(with_field(change, field, replace(field, reference="env:NEW")))
    for other in others:
        mutated = replace(plan, changes=tuple(other if c is change else c for c in plan.changes))
        same = meaning(mutated) == meaning(plan) and repr(meaning(mutated)) == repr(meaning(plan))
        assert (digest(mutated) == digest(plan)) is same


def with_field(change: Change, old: FieldChange, new: FieldChange) -> Change:
    """The change with one field in the place of another."""
    return replace(change, fields=tuple(new if f is old else f for f in change.fields))


def test_secrets_that_are_left_alone_do_not_count() -> None:
    """Only who holds the values can tell that they are the same: a pull request's job cannot."""
    alone = FieldChange("spec.token", secret="unverifiable", reference="env:T")
    assert digest(first(fields=(*FIRST.fields, alone))) == digest(PLAN)

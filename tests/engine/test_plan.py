"""What is decided for one object, and how a plan as a whole behaves (M4, M8, M15, M20)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.engine.diff import SecretKnowledge
from reconciler.engine.observation import Observation
from reconciler.engine.plan import Desired, Given, plan
from reconciler.engine.resolve import resolve
from reconciler.model import (
    Absent,
    Action,
    Address,
    Change,
    Entry,
    Inventory,
    Live,
    Manifest,
    Observed,
    Plan,
    PlatformInfo,
    Scope,
    Unreadable,
)
from tests.engine.toys import REGISTRY, at, toy

OURS, THEIRS = Entry("us"), Entry("them")
ABSENT = Absent()
EVERYTHING = Scope()


def live(complete: bool = True, **raw: Any) -> Live:
    return Live({"sort": "widget", "made": 1, **raw}, complete)


def planned(
    manifests: Iterable[Manifest],
    seen: Mapping[Address, Observed] | None = None,
    owned: Mapping[str, Entry] | None = None,
    *,
    version: str = "2.0.0",
    listed: Mapping[str, Mapping[str, Any]] | None = None,
    secrets: Mapping[Address, SecretKnowledge] | None = None,
    scope: Scope = EVERYTHING,
) -> Plan:
    """A plan; what is not said to be seen is absent."""
    resolved = resolve(manifests, REGISTRY)
    objects = {m.address: ABSENT for m in resolved.manifests} | dict(seen or {})
    return plan(
        Desired(resolved.manifests, resolved, scope=scope, owner="us"),
        Observation(
            objects,
            {("default", "toy"): listed or {}},
            (PlatformInfo("default", "https://acme.example.com", {"toys": version}),),
            secrets or {},
        ),
        Inventory({f"default:{a}": e for a, e in (owned or {}).items()}),
        REGISTRY,
        Given(tool="1", created="now"),
    )


def one(plan_: Plan) -> Change:
    (change,) = plan_.changes
    return change


def verdict(plan_: Plan) -> str:
    """The only change in short: action, whether it adopts, why it is blocked; or what else."""
    if not plan_.changes:
        return "unchanged" if plan_.unchanged else "nothing"
    change = one(plan_)
    parts = [change.action.value, change.reason]
    parts += ["adopting"] if change.adopting else []
    parts += [f"blocked: {change.blocked.code}"] if change.blocked else []
    return ", ".join(parts)


SAME, OTHER = live(text="a"), live(text="b")
DECISIONS: list[tuple[str, dict[str, Any], Observed, Entry | None, str]] = [
    ("missing", {}, ABSENT, None, "create, absent"),
    ("missing though owned", {}, ABSENT, OURS, "create, absent"),
    ("missing, another's", {}, ABSENT, THEIRS, "create, absent, blocked: other-owner"),
    ("equal and ours", {}, SAME, OURS, "unchanged"),
    ("equal and nobody's", {}, SAME, None, "adopt, unowned, adopting"),
    ("equal, another's", {}, SAME, THEIRS, "adopt, taken-over, adopting, blocked: other-owner"),
    ("equal, taken", {"takeover": True}, SAME, THEIRS, "adopt, taken-over, adopting"),
    ("other and ours", {}, OTHER, OURS, "update, field-differs"),
    ("other and nobody's", {}, OTHER, None, "update, field-differs, adopting"),
    (
        "other, another's",
        {},
        OTHER,
        THEIRS,
        "update, field-differs, adopting, blocked: other-owner",
    ),
    ("other, taken", {"takeover": True}, OTHER, THEIRS, "update, field-differs, adopting"),
    ("unreadable", {}, Unreadable("?"), OURS, "nothing"),
    ("seen in part", {}, live(False), OURS, "unchanged"),
    ("seen in part, nobody's", {}, live(False), None, "unchanged"),
    ("create-only, missing", {"manage": "create-only"}, ABSENT, None, "create, absent"),
    ("create-only, other", {"manage": "create-only"}, OTHER, OURS, "unchanged"),
    ("observed, missing", {"manage": "observe"}, ABSENT, None, "nothing"),
    ("observed, other", {"manage": "observe"}, OTHER, None, "unchanged"),
    ("released, ours", {"release": True}, OTHER, OURS, "release, released"),
    ("released, nobody's", {"release": True}, OTHER, None, "nothing"),
    ("released, another's", {"release": True}, OTHER, THEIRS, "nothing"),
    ("released, missing", {"release": True}, ABSENT, None, "nothing"),
    ("ignored", {"ignore": ("spec.text",)}, OTHER, OURS, "unchanged"),
]


@pytest.mark.parametrize(
    "lifecycle, observed, entry, expected",
    [row[1:] for row in DECISIONS],
    ids=[row[0] for row in DECISIONS],
)
def test_decision(
    lifecycle: dict[str, Any], observed: Observed, entry: Entry | None, expected: str
) -> None:
    """One object, how it is managed, what is live, who owns it: what happens."""
    owned = {"Widget/x": entry} if entry else {}
    found = planned([toy("x", text="a", lifecycle=lifecycle)], {at("x"): observed}, owned)
    assert verdict(found) == expected
    in_part = isinstance(observed, Live) and not observed.complete
    assert found.partial == (in_part or isinstance(observed, Unreadable))


BLOCKED: list[tuple[str, dict[str, Any], Observed, dict[str, Any]]] = [
    ("immutable", {"fixed": "a"}, live(fixed="b"), {}),
    ("immutable", {"text": "a"}, Live({"sort": "other", "text": "a"}), {}),
    ("cannot-clear", {"sticky": None}, live(sticky="b"), {}),
    ("name-taken", {"text": "a"}, ABSENT, {"listed": {"X": {"text": "z"}}}),
    ("missing-reference", {"friend": "nobody"}, ABSENT, {}),
    ("unsupported", {"text": "a"}, ABSENT, {"version": "0.9.0"}),
    ("unsupported", {"newer": "a"}, live(newer="b"), {"version": "1.9.9"}),
]


@pytest.mark.parametrize("code, spec, observed, more", BLOCKED, ids=lambda v: str(v)[:40])
def test_block(code: str, spec: dict[str, Any], observed: Observed, more: dict[str, Any]) -> None:
    """Each block has its code from the published list, keeps its action and counts as blocked."""
    found = planned([toy("x", **spec)], {at("x"): observed}, {"Widget/x": OURS}, **more)
    change = one(found)
    assert change.blocked is not None
    assert change.blocked.code == code
    assert code in BLOCKS
    assert change.reason in REASONS
    summary = found.summary()
    assert (summary["blocked"], summary[change.action.value]) == (1, 0)
    assert (found.pending, found.is_empty) == ((), False)


def test_a_live_object_answers_a_reference() -> None:
    """A closed name that no manifest declares may be live, of any kind of the namespace."""
    found = planned([toy("x", friend="there")], listed={"there": {"text": "z"}})
    assert one(found).blocked is None


def test_a_near_name_is_suggested() -> None:
    """The message of a missing reference names what was probably meant."""
    found = planned([toy("x", friend="alpah"), toy("alpha")], {at("alpha"): SAME})
    (change,) = [c for c in found.changes if c.blocked]
    assert change.blocked is not None
    assert "did you mean 'alpha'" in change.blocked.message


def test_what_depends_on_a_blocked_object_is_blocked() -> None:
    """Along the whole chain, naming the next one; what does not depend goes on."""
    manifests = [
        toy("a", fixed="new"),
        toy("b", friend="a"),
        toy("c", friend="b"),
        toy("d", text="x"),
    ]
    found = planned(manifests, {at("a"): live(fixed="old")}, {"Widget/a": OURS})
    codes = {c.address.name: c.blocked.code if c.blocked else None for c in found.changes}
    assert codes == {"a": "immutable", "b": "dependency", "c": "dependency", "d": None}


def test_what_depends_on_an_unreadable_object_is_blocked() -> None:
    """Nobody knows whether the named object is there."""
    found = planned([toy("a"), toy("b", friend="a")], {at("a"): Unreadable("500")})
    change = one(found)
    assert change.blocked is not None
    assert (change.address.name, change.blocked.code) == ("b", "dependency")
    assert found.partial


def test_an_unblocked_dependant_of_an_adopted_object_goes_on() -> None:
    """Adopting is no reason to wait."""
    found = planned([toy("a"), toy("b", friend="a")], {at("a"): live()})
    assert [(c.action, c.is_blocked) for c in found.changes] == [
        (Action.ADOPT, False),
        (Action.CREATE, False),
    ]
    assert found.changes[1].requires == (at("a"),)


def test_a_create_lists_every_declared_field() -> None:
    """With after and without before; a secret shows its state only."""
    change = one(planned([toy("x", text="a", number=None, password={"env": "PW"})]))
    assert [f.as_json() for f in change.fields] == [
        {"path": "spec.text", "after": "a"},
        {"path": "spec.number", "after": None},
        {"path": "spec.password", "secret": True, "state": "set"},
    ]
    assert [(r.method, r.path) for r in change.requests] == [("PUT", "/toys/widgets/x")]


def test_a_changed_secret_has_its_own_reason() -> None:
    """A reviewer sees that nothing but a password moves."""
    knowledge = {at("x"): SecretKnowledge({"spec.password": "new"})}
    owned = {"Widget/x": Entry("us", {}, {"spec.password": "old"})}
    manifests = [toy("x", password={"env": "PW"})]
    change = one(planned(manifests, {at("x"): live()}, owned, secrets=knowledge))
    assert (change.action, change.reason) == (Action.UPDATE, "secret-changed")


def test_what_is_no_longer_declared_is_told_and_kept() -> None:
    """An object and a field that vanished from the manifests are listed, never deleted."""
    owned = {"Widget/gone": OURS, "Widget/x": Entry("us", {"spec.text": "a", "spec.number": 1})}
    found = planned([toy("x", text="a")], {at("x"): SAME}, owned)
    assert found.changes == ()
    assert {(d.rule, d.severity) for d in found.diagnostics} == {
        ("no-longer-declared", "info"),
        ("field-released", "info"),
    }


def test_a_scoped_plan_says_nothing_of_what_is_outside() -> None:
    """Objects outside of the scope are not reported as undeclared."""
    found = planned(
        [toy("x", text="a")], {at("x"): SAME}, {"Widget/gone": OURS}, scope=Scope(("*/x",))
    )
    assert found.diagnostics == ()


def test_changes_come_in_the_order_of_their_references() -> None:
    """What is named is carried out first."""
    found = planned([toy("a", friend="z"), toy("z")])
    assert [c.address.name for c in found.changes] == ["z", "a"]


SPEC = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(["a", "b"]),
        "tags": st.lists(st.sampled_from("ab")),
        "fixed": st.sampled_from(["a", "b"]),
        "friend": st.sampled_from(["n0", "n1", "nobody"]),
    },
)


@given(st.lists(SPEC, min_size=1, max_size=6), st.integers(0, 10**6))
def test_the_same_input_gives_the_same_bytes(specs: list[dict[str, Any]], seed: int) -> None:
    """Shuffled manifests, listings and inventories give a byte-identical plan with one digest."""
    specs = [
        {**s, "friend": None} if s.get("friend") == f"n{i}" else s for i, s in enumerate(specs)
    ]
    specs[:2] = [{**s, "friend": None} for s in specs[:2]]
    manifests = [toy(f"n{i}", **s) for i, s in enumerate(specs)]
    seen = {at(f"n{i}"): live(text="a", fixed="a") for i in range(0, len(specs), 2)}
    owned = {f"Widget/n{i}": OURS for i in range(0, len(specs) + 2, 3)}
    rng = random.Random(seed)

    def text() -> tuple[str, str]:
        rows, pairs, entries = list(manifests), list(seen.items()), list(owned.items())
        for items in (rows, pairs, entries):
            rng.shuffle(items)
        made = planned(rows, dict(pairs), dict(entries))
        shown = [c.as_json() for c in made.changes] + [d.as_json() for d in made.diagnostics]
        return json.dumps(shown), made.digest

    assert text() == text()

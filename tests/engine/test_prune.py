"""What a plan deletes, decided from values alone (M10-M14): the engine knows no real kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.engine.codes import BLOCKS
from reconciler.engine.guard import Limits, exceeded
from reconciler.engine.observation import Observation
from reconciler.engine.plan import Desired, plan
from reconciler.engine.prune import Pruning, undeclared
from reconciler.engine.resolve import resolve
from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import UNORDERED, Ref
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content
from reconciler.kinds.shapes import Collection
from reconciler.kinds.spec import ObjectSpec, unset
from reconciler.model import (
    Absent,
    Action,
    Address,
    Entry,
    Inventory,
    Live,
    Manifest,
    Observed,
    Origin,
    Plan,
    PlatformInfo,
    Tombstone,
    Unreadable,
)
from tests.engine.toys import WIDGET, WidgetSpec, at, toy


class Store(Collection):
    """A collection whose objects hold something, unless they are sealed for good."""

    @property
    def holds_content(self) -> bool:
        """There is something to lose."""
        return True

    @property
    def out_of_service(self) -> Mapping[str, Any]:
        """Nothing comes in then."""
        return {"flag": True}

    def undeletable(self, address: Address, live: Mapping[str, Any]) -> str:
        """The sticky ones."""
        return "it sticks" if live.get("sticky") else ""


class NodeSpec(ObjectSpec):
    """A thing that names others of its kind."""

    friends: Annotated[list[str] | None, UNORDERED, Ref("Node")] = unset()


CRATE = Kind("Crate", WidgetSpec, Store("/toys/crates", delete_by="DELETE"), service="toys")
NODE = Kind("Node", NodeSpec, Collection("/toys/nodes", delete_by="DELETE"), service="toys")
REGISTRY = Registry({}, (WIDGET, CRATE, NODE))
OURS = Entry("us", {"spec.fixed": "a"})
LIVE = Live({"fixed": "a"})
EMPTY, FULL = Content(0, 0), Content(2, 20, "2026-01-01")


def stone(name: str = "c", max_bytes: int = 20) -> Tombstone:
    return Tombstone(at(name, "Crate"), max_bytes, Origin("t.yaml", 1))


def planned(
    entries: Mapping[Address, Entry],
    seen: Mapping[Address, Observed],
    contents: Mapping[Address, Content | None] | None = None,
    manifests: tuple[Manifest, ...] = (),
    tombstones: tuple[Tombstone, ...] = (),
    *,
    prune: bool = True,
) -> Plan:
    """A plan in which everything owned and undeclared may go."""
    resolved = resolve(manifests, REGISTRY)
    inventory = Inventory({a.full: e for a, e in entries.items()})
    going = undeclared(inventory, resolved, REGISTRY, "us", qualified=False)
    pruning = Pruning(tuple(going), contents or {}, {t.address: t for t in tombstones})
    return plan(
        Desired(resolved.manifests, resolved, owner="us", pruning=pruning if prune else None),
        Observation(
            {**{m.address: LIVE for m in manifests}, **seen},
            platforms=(PlatformInfo("default", "https://x.example.com", {"toys": "2.0.0"}),),
        ),
        inventory,
        REGISTRY,
    )


def verdict(made: Plan) -> str:
    """What becomes of the only object, in short."""
    for change in made.changes:
        return f"{change.action.value}" + (f": {change.blocked.code}" if change.blocked else "")
    return ", ".join(d.rule for d in made.diagnostics) or "nothing"


CRATES: list[tuple[str, Entry, Observed, Content | None, tuple[Tombstone, ...], str]] = [
    ("empty", OURS, LIVE, EMPTY, (), "delete"),
    ("another's", replace(OURS, owner="them"), LIVE, EMPTY, (), "nothing"),
    ("gone", OURS, Absent(), None, (), "release"),
    ("unreadable", OURS, Unreadable("?"), EMPTY, (), "unreadable"),
    ("in part", OURS, replace(LIVE, complete=False), EMPTY, (), "delete: not-whole"),
    ("another object", OURS, Live({"fixed": "b"}), EMPTY, (), "delete: other-object"),
    ("not as it is", OURS, Live({"fixed": "a", "sticky": "x"}), EMPTY, (), "delete: cannot-delete"),
    ("protected", replace(OURS, protect=True), LIVE, EMPTY, (), "delete: protected"),
    ("protected, stone", replace(OURS, protect=True), LIVE, FULL, (stone(),), "delete: protected"),
    ("observed", replace(OURS, manage="observe"), LIVE, EMPTY, (), "no-longer-declared"),
    ("create-only", replace(OURS, manage="create-only"), LIVE, EMPTY, (), "no-longer-declared"),
    ("full", OURS, LIVE, FULL, (), "delete: not-empty"),
    ("files of no size", OURS, LIVE, Content(1, 0), (), "delete: not-empty"),
    ("full, stone", OURS, LIVE, FULL, (stone(),), "delete"),
    ("too full, stone", OURS, LIVE, FULL, (stone(max_bytes=19),), "delete: too-large"),
    ("full, other's stone", OURS, LIVE, FULL, (stone("d"),), "delete: not-empty"),
    ("unmeasured", OURS, LIVE, None, (), "delete: unmeasurable"),
    ("unmeasured, stone", OURS, LIVE, None, (stone(),), "delete: unmeasurable"),
    ("unfinished", replace(OURS, withdrawn={"flag": False}), LIVE, EMPTY, (), "delete"),
    (
        "unfinished, stays",
        replace(OURS, withdrawn={"flag": False}, protect=True),
        Live({"fixed": "a", "flag": True}),
        EMPTY,
        (),
        "update",
    ),
]


@pytest.mark.parametrize(
    "entry, seen, content, stones, expected", [c[1:] for c in CRATES], ids=[c[0] for c in CRATES]
)
def test_what_becomes_of_an_object(
    entry: Entry,
    seen: Observed,
    content: Content | None,
    stones: tuple[Tombstone, ...],
    expected: str,
) -> None:
    """One owned object without a manifest, and everything that speaks for keeping it."""
    made = planned(
        {at("c", "Crate"): entry}, {at("c", "Crate"): seen}, {at("c", "Crate"): content}, (), stones
    )

    assert verdict(made) == expected
    assert made.partial is (expected == "unreadable")
    assert all(c.blocked.code in BLOCKS for c in made.changes if c.blocked)


@pytest.mark.parametrize("case", CRATES, ids=lambda case: str(case[0]))
def test_without_pruning_nothing_happens(case: Any) -> None:
    """Whatever it is, it is told and kept."""
    _, entry, seen, content, stones, _ = case
    crate = at("c", "Crate")
    made = planned({crate: entry}, {crate: seen}, {crate: content}, (), stones, prune=False)

    assert made.changes == ()


def test_a_kind_without_a_delete() -> None:
    """It is blocked, not left out."""
    made = planned({at("w"): Entry("us")}, {at("w"): Live({"sort": "widget", "made": 1})})

    assert verdict(made) == "delete: no-delete"


def test_evidence_is_shown_and_not_approved() -> None:
    """What is unknown is told as unknown; the digest does not depend on it."""
    crate = at("c", "Crate")
    some = [
        planned({crate: OURS}, {crate: LIVE}, {crate: content}, (), (stone(),))
        for content in (FULL, Content(1, 1))
    ]

    assert some[0].changes[0].evidence == {
        "artifacts": 2,
        "bytes": 20,
        "newest": "2026-01-01",
        "lastDownload": "unknown",
    }
    assert some[0].digest == some[1].digest
    assert some[0].changes[0].risk == "destructive"
    assert [r.method for r in some[0].changes[0].requests] == ["POST", "DELETE"]


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6)), min_size=1),
    st.sets(st.integers(0, 6)),
    st.permutations("abcdefg"),
)
def test_references_decide_the_order(
    edges: Mapping[int, set[int]], kept: set[int], letters: list[str]
) -> None:
    """What names others goes first, whatever the names; what stays keeps all it names."""
    entries = {
        at(letters[n], "Node"): Entry(
            "us",
            {"spec.friends": [letters[m] for m in sorted(named) if m > n]},
            protect=n in kept,
        )
        for n, named in edges.items()
    }
    made = planned(entries, dict.fromkeys(entries, Live({})))
    order = [c.address for c in made.changes]
    change = {c.address: c for c in made.changes}

    assert set(order) == set(entries)
    for who, entry in entries.items():
        for name in entry.applied["spec.friends"]:
            named = change.get(at(name, "Node"))
            if named is None:
                continue
            assert order.index(who) < order.index(named.address)
            if change[who].is_blocked:
                assert named.is_blocked
            elif not named.is_blocked:
                assert who in named.requires


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
ENTRIES = st.builds(
    Entry,
    st.sampled_from(["us", "us", "them"]),
    st.just({}),
    protect=st.booleans(),
    manage=st.sampled_from(["", "", "observe", "create-only"]),
)
SEEN = st.sampled_from(
    [Live({}), Live({}), Live({}, complete=False), Live({"sticky": "x"}), Absent(), Unreadable("?")]
)
CONTENTS = st.sampled_from([EMPTY, EMPTY, FULL, Content(1, 5), None])
STONES = st.dictionaries(NAMES, st.integers(0, 30), max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(NAMES, ENTRIES),
    st.dictionaries(NAMES, SEEN),
    st.dictionaries(NAMES, CONTENTS),
    st.sets(NAMES),
    STONES,
    st.booleans(),
)
def test_every_delete_is_allowed(
    entries: Mapping[str, Entry],
    seen: Mapping[str, Observed],
    contents: Mapping[str, Content | None],
    declared: set[str],
    stones: Mapping[str, int],
    prune: bool,
) -> None:
    """Whatever the estate: owned, undeclared, read, whole, unprotected, and empty or given up."""

    def crate(name: str) -> Address:
        return at(name, "Crate")

    made = planned(
        {crate(n): e for n, e in entries.items()},
        {crate(n): o for n, o in seen.items()},
        {crate(n): c for n, c in contents.items()},
        tuple(toy(n, "Crate") for n in sorted(declared)),
        tuple(stone(n, size) for n, size in stones.items()),
        prune=prune,
    )
    inventory = Inventory({crate(n).full: e for n, e in entries.items()})
    for change in made.pending:
        if change.action is not Action.DELETE:
            continue
        name = change.address.name
        content = contents[name]
        assert prune
        assert name not in declared
        assert (entries[name].owner, entries[name].protect, entries[name].manage) == (
            "us",
            False,
            "",
        )
        assert seen[name] == Live({})
        assert content is not None
        assert content.is_empty or content.bytes <= stones.get(name, -1)
    blocks = exceeded(made, inventory, Limits())
    assert not blocks or sum(c.action is Action.DELETE for c in made.pending) > 0

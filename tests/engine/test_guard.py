"""How much one run may change (M13)."""

from __future__ import annotations

import pytest

from reconciler.engine.guard import Limit, Limits, exceeded
from reconciler.model import Action, Block, Change, Entry, Inventory, Plan
from tests.engine.toys import at


def plan_of(count: int, action: Action, *, adopting: bool = False, blocked: bool = False) -> Plan:
    block = Block("immutable", "m") if blocked else None
    return Plan(
        tuple(
            Change(at(f"n{i}"), action, "x", adopting=adopting, blocked=block) for i in range(count)
        )
    )


def owning(count: int, kind: str = "Widget") -> Inventory:
    return Inventory({f"default:{kind}/n{i}": Entry("us") for i in range(count)})


def codes(plan: Plan, owned: int, limits: Limits | None = None) -> list[str]:
    return [block.code for block in exceeded(plan, owning(owned), limits or Limits())]


@pytest.mark.parametrize(
    "action, count, owned, stops",
    [
        (Action.UPDATE, 30, 100, False),
        (Action.UPDATE, 31, 100, True),
        (Action.UPDATE, 3, 10, False),
        (Action.UPDATE, 4, 10, True),
        (Action.UPDATE, 9, 9, False),
        (Action.UPDATE, 9, 0, False),
        (Action.CONVERT, 31, 100, True),
        (Action.DELETE, 10, 1000, False),
        (Action.DELETE, 11, 1000, True),
        (Action.DELETE, 2, 10, False),
        (Action.DELETE, 3, 10, True),
        (Action.DELETE, 9, 9, False),
        (Action.DELETE, 11, 0, True),
        (Action.REPLACE, 11, 1000, True),
        (Action.CREATE, 1000, 10, False),
        (Action.ADOPT, 1000, 10, False),
        (Action.RELEASE, 1000, 1000, False),
    ],
)
def test_the_usual_limits(action: Action, count: int, owned: int, stops: bool) -> None:
    """20 % or 10 deletes, 30 % updates; percentages from ten owned objects on."""
    assert codes(plan_of(count, action), owned) == (["limit"] if stops else [])


def test_adopting_does_not_count() -> None:
    """Taking over an estate updates all of it once."""
    assert codes(plan_of(100, Action.UPDATE, adopting=True), 100) == []


def test_what_is_blocked_does_not_count() -> None:
    """It is not carried out."""
    assert codes(plan_of(100, Action.UPDATE, blocked=True), 100) == []


def test_each_kind_and_platform_counts_alone() -> None:
    """A small kind does not hide behind a big one."""
    changes = tuple(
        Change(at(f"n{i}", kind, platform), Action.UPDATE, "x")
        for kind in ("Widget", "Gadget")
        for platform in ("east", "west")
        for i in range(2 if kind == "Widget" else 4)
    )
    owned = Inventory(
        {
            f"{platform}:{kind}/n{i}": Entry("us")
            for kind in ("Widget", "Gadget")
            for platform in ("east", "west")
            for i in range(10)
        }
    )
    found = exceeded(Plan(changes), owned, Limits())
    assert [b.override for b in found] == ["--allow-updates Gadget=4"] * 2
    assert "on east" in found[0].message
    assert "on west" in found[1].message


def test_the_message_has_everything() -> None:
    """The numbers, the limit, where it was set, and the exact flag that raises it."""
    limits = Limits(deletes=Limit(20, 10, "reconciler.yaml spec.limits"))
    (block,) = exceeded(plan_of(12, Action.DELETE), owning(40), limits)
    for part in ("12 Widget deletes", "more than 10", "30 % of the 40", "20 %", "reconciler.yaml"):
        assert part in block.message
    assert block.override == "--allow-deletes Widget=12"


@pytest.mark.parametrize("allowed, stops", [(11, True), (12, False), (13, False)])
def test_an_exception_names_a_kind_and_a_ceiling(allowed: int, stops: bool) -> None:
    """Tomorrow's larger run stops again."""
    limits = Limits(allowed_deletes={"Widget": allowed})
    assert bool(codes(plan_of(12, Action.DELETE), 40, limits)) is stops
    other = Limits(allowed_deletes={"Gadget": 99}, allowed_updates={"Widget": 99})
    assert codes(plan_of(12, Action.DELETE), 40, other) == ["limit"]


def test_no_limit_is_no_limit() -> None:
    """Both parts can be left out."""
    assert codes(plan_of(100, Action.DELETE), 100, Limits(Limit(), Limit())) == []


def test_what_is_not_set_has_its_default() -> None:
    """Setting one part lifts no other; the message tells them apart."""
    limits = Limits(deletes=Limits().deletes.laid_over(90, None, "reconciler.yaml spec.limits"))
    (block,) = exceeded(plan_of(12, Action.DELETE), owning(40), limits)

    assert "more than the usual 10 (set by reconciler.yaml spec.limits)" in block.message
    assert codes(plan_of(10, Action.DELETE), 12, limits) == []


# --- at the borders

DELETING, UPDATING = (Action.DELETE, Action.REPLACE), (Action.UPDATE, Action.CONVERT)

BORDERS = [
    # owned, deletes that go and that do not, updates that go and that do not; 0 is "none stops"
    (8, 8, 0, 8, 0),
    (9, 9, 0, 9, 0),
    (10, 2, 3, 3, 4),
    (11, 2, 3, 3, 4),
    (14, 2, 3, 4, 5),
    (15, 3, 4, 4, 5),
    (49, 9, 10, 14, 15),
    (50, 10, 11, 15, 16),
    (55, 10, 11, 16, 17),
    (199, 10, 11, 59, 60),
    (1000, 10, 11, 300, 301),
]


@pytest.mark.parametrize("owned, deletes, too_many_deletes, updates, too_many_updates", BORDERS)
def test_at_the_borders(
    owned: int, deletes: int, too_many_deletes: int, updates: int, too_many_updates: int
) -> None:
    """20 % and 10 deletes, 30 % updates: exactly as many go, one more does not; a percentage
    applies from ten owned objects on."""
    for actions, most, more in (
        (DELETING, deletes, too_many_deletes),
        (UPDATING, updates, too_many_updates),
    ):
        for action in actions:
            assert codes(plan_of(most, action), owned) == []
            if more:
                assert codes(plan_of(more, action), owned) == ["limit"]


@pytest.mark.parametrize(
    "count, owned, percent, stops",
    [
        (20, 100, 20, False),
        (201, 1000, 20, True),
        (200, 1000, 20, False),
        (2001, 10000, 20, True),
        (1, 10, 10, False),
        (1, 10, 9, True),
        (29, 97, 30, False),
        (30, 97, 30, True),
        (1, 10, 0, True),
        (10, 10, 100, False),
        (3333, 9999, 33, True),
        (3300, 10000, 33, False),
    ],
)
def test_a_percentage_is_exact(count: int, owned: int, percent: int, stops: bool) -> None:
    """20.0 % are not more than 20 %, 20.1 % are, and the message does not round that away."""
    limits = Limits(deletes=Limit(percent=percent))
    found = exceeded(plan_of(count, Action.DELETE), owning(owned), limits)
    assert bool(found) is stops
    for block in found:
        told = float(block.message.split(": ")[1].split(" %")[0])
        assert told > percent


@pytest.mark.parametrize("action", [*DELETING, *UPDATING])
def test_kinds_count_what_is_done_to_them(action: Action) -> None:
    """Deletes and replaces together, updates and conversions together, never one with the other."""
    deleting = action in DELETING
    half, other = (Action.DELETE, Action.UPDATE) if deleting else (Action.UPDATE, Action.DELETE)
    mixed = Plan((*plan_of(1, half).changes, *plan_of(3, action).changes[1:]))
    assert codes(mixed, 14) == (["limit"] if deleting else [])
    apart = Plan((*plan_of(2, action).changes, *plan_of(4, other).changes[2:]))
    assert codes(apart, 10) == []


@pytest.mark.parametrize("count, free", [(9, True), (10, True), (11, False)])
def test_the_count_holds_for_few_too(count: int, free: bool) -> None:
    """Below ten owned objects only the percentage sleeps."""
    limits = Limits(deletes=Limit(percent=1, count=10))
    assert (codes(plan_of(count, Action.DELETE), 9, limits) == []) is free


def test_the_flag_is_exact() -> None:
    """What the message names lets exactly this plan through, and not one change more."""
    for action in (*DELETING, *UPDATING):
        (block,) = exceeded(plan_of(40, action), owning(50), Limits())
        flag, kind, count = str(block.override).replace("=", " ").split()
        word = "deletes" if action in DELETING else "updates"
        assert (flag, kind, count) == (f"--allow-{word}", "Widget", "40")
        raised = Limits(**{f"allowed_{word}": {kind: int(count)}})  # type: ignore[arg-type]
        assert codes(plan_of(40, action), 50, raised) == []
        assert codes(plan_of(41, action), 50, raised) == ["limit"]


def test_a_ceiling_lowers_nothing() -> None:
    """A flag for few objects leaves the usual limit as it is."""
    assert codes(plan_of(9, Action.DELETE), 100, Limits(allowed_deletes={"Widget": 1})) == []


def test_what_is_adopted_is_not_owned() -> None:
    """It neither counts nor makes the base bigger; what we own beside it does."""
    adopted = plan_of(50, Action.UPDATE, adopting=True).changes
    ours = tuple(Change(at(f"o{i}"), Action.UPDATE, "x") for i in range(4))
    owned = Inventory({f"default:Widget/o{i}": Entry("us") for i in range(10)})
    (block,) = exceeded(Plan((*adopted, *ours)), owned, Limits())
    assert "4 Widget updates" in block.message
    assert "40 % of the 10 owned ones" in block.message
    assert exceeded(Plan((*adopted, *ours[:3])), owned, Limits()) == []


def test_each_platform_has_its_own_base() -> None:
    """Ten objects in all, five on each, are not ten."""
    changes = tuple(
        Change(at(f"n{i}", platform=name), Action.DELETE, "x")
        for name in ("east", "west")
        for i in range(5)
    )
    owned = {f"{name}:Widget/n{i}": Entry("us") for name in ("east", "west") for i in range(5)}
    assert exceeded(Plan(changes), Inventory(owned), Limits()) == []
    owned |= {f"east:Widget/m{i}": Entry("us") for i in range(5)}
    (block,) = exceeded(Plan(changes), Inventory(owned), Limits())
    assert "5 Widget deletes on east" in block.message


def test_where_a_limit_was_set_is_told() -> None:
    """The workspace for what it sets, and that the rest is the usual."""
    written = Limits().deletes.laid_over(None, 3, "reconciler.yaml spec.limits")
    (block,) = exceeded(plan_of(4, Action.DELETE), owning(10), Limits(deletes=written))
    assert "more than 3 and 40 % of the 10 owned ones, more than the usual 20 %" in block.message
    assert "(set by reconciler.yaml spec.limits)" in block.message
    (block,) = exceeded(plan_of(4, Action.DELETE), owning(10), Limits())
    assert "more than 20 % (set by the built-in default)" in block.message

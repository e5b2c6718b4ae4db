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

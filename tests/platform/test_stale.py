"""A plan is carried out as it was shown, or not at all (M6, M9)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import Exit, StalePlanError
from reconciler.model import Action
from reconciler.sandbox import Sandbox
from tests.support.estate import Estate, local


@pytest.fixture(params=["7.83.4", "7.146.17"], ids=["alone", "together"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Estate:
    """Two live repositories whose description is to change, and one that is to be created; on a
    server without batches, and on one with."""
    estate = Estate(tmp_path, Sandbox(version=request.param))
    for key in ("a", "b"):
        estate.put(key, rclass="local", packageType="npm", description="old", notes="old")
    estate.declare(
        local("a", "npm", description="new", notes="old"),
        local("b", "npm", description="new", notes="old"),
        local("c", "npm"),
    )
    return estate


MOVES: dict[str, tuple[str, Callable[[Estate], None]]] = {
    "a planned field": ("a", lambda e: e.post("a", description="theirs")),
    "a declared field that did not differ": ("a", lambda e: e.post("a", notes="theirs")),
    "what was to be changed is gone": ("a", lambda e: e.delete("a")),
    "what was to be created is there": (
        "c",
        lambda e: e.put("c", rclass="local", packageType="npm"),
    ),
    "another class took the name": (
        "c",
        lambda e: e.put("c", rclass="virtual", packageType="npm"),
    ),
}


@pytest.mark.parametrize("name, move", MOVES.values(), ids=MOVES)
def test_a_plan_gone_stale_writes_nothing(
    pair: Estate, name: str, move: Callable[[Estate], None]
) -> None:
    """Whatever was planned and changed since ends the run with exit 4 before the first write."""
    with pytest.raises(StalePlanError) as caught:
        pair.apply(between=lambda: move(pair), only=(f"LocalRepository/{name}",))
    assert caught.value.exit_code is Exit.STALE
    assert f"LocalRepository/{name}" in caught.value.summary
    assert pair.writes() == []
    assert pair.inventory().entries == {}


def test_the_message_shows_then_and_now(pair: Estate) -> None:
    """A reader sees what the plan was made from and what is live now."""
    with pytest.raises(StalePlanError, match=r"spec\.description was 'old', is 'theirs'"):
        pair.apply(between=lambda: pair.post("a", description="theirs"))


def test_an_undeclared_field_may_change_and_is_kept(pair: Estate) -> None:
    """Others may edit what the manifest leaves out, even between plan and apply."""
    applied = pair.apply(between=lambda: pair.post("a", excludesPattern="secret/**"))
    assert set(applied.results().values()) == {"done"}
    assert pair.stored("a")["excludesPattern"] == "secret/**"


def test_after_the_first_write_only_that_object_fails(pair: Estate) -> None:
    """Once something is written the run goes on: the moved object failed, the others are done."""

    def move(number: int, method: str, path: str) -> None:
        if method == "POST":
            pair.transport.before = None
            pair.put("c", rclass="virtual", packageType="npm")

    pair.transport.before = move
    applied = pair.apply()
    assert applied.results() == {
        "LocalRepository/a": "done",
        "LocalRepository/b": "done",
        "LocalRepository/c": "failed",
    }
    assert "did not exist when the plan was made" in applied.outcome("LocalRepository/c").reason
    assert pair.stored("c")["rclass"] == "virtual"
    assert sorted(pair.inventory().entries) == [
        "default:LocalRepository/a",
        "default:LocalRepository/b",
    ]


def test_a_stale_run_can_be_planned_anew(pair: Estate) -> None:
    """The next plan starts from what is live now."""
    with pytest.raises(StalePlanError):
        pair.apply(between=lambda: pair.post("a", description="theirs"))
    (change, *_) = pair.plan().changes
    assert (change.action, change.fields[0].before) == (Action.UPDATE, "theirs")
    assert set(pair.apply().results().values()) == {"done"}
    assert pair.plan().is_empty

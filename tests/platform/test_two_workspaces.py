"""Two workspaces, each with a side of one federation and an inventory of its own: no flip-flop.

They cannot see each other. What one writes, the platforms carry to the other.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platform.test_accept import accept_all
from tests.platform.test_convergence import assert_done
from tests.platform.test_federations import federation
from tests.support.platforms import Sites

RUNS = int(os.environ.get("RECONCILER_FUZZ", "15"))
ROUNDS = 8


class Desks:
    """Two workspaces over the platforms of one sandbox."""

    def __init__(self, root: Path) -> None:
        self.east = Sites(root / "east", "east", "north", "west")
        self.west = Sites(root / "west", "east", "north", "west")
        self.west.made = self.west.sandbox = self.east.made
        self.west.transport = self.east.transport
        self.west.environment = self.east.environment
        for name, desk in (("east", self.east), ("west", self.west)):
            made = self.east.made.platforms[name]
            where = {name: {"url": made.url, "token": {"env": f"TOKEN_{name.upper()}"}}}
            desk.workspace(platforms=where, defaultPlatforms=[name])

    def declare(self, desk: str, others: list[str], text: str | None, **metadata: Any) -> None:
        """What one of them wants: whom its repository is held with, and a setting."""
        urls = [self.east.made.platforms[p].base_url + "/artifactory/libs" for p in others]
        members = [{"platform": desk}, *({"url": url} for url in urls)]
        spec = {"members": members, **({"settings": {"description": text}} if text else {})}
        document = federation(**spec)
        document["metadata"] |= metadata
        getattr(self, desk).declare(document)

    def live(self) -> dict[str, Any]:
        """What is stored everywhere, as far as it travels."""
        found = {}
        for name, made in self.east.made.platforms.items():
            repository = made.store.repositories.get("libs")
            if repository is not None:
                members = sorted((m["url"], m["enabled"]) for m in repository.get("members"))
                found[name] = (repository.get("description"), members)
        return found

    def rounds(self) -> list[dict[str, Any]]:
        """Both apply in turn, again and again; the state after each of their turns."""
        seen = []
        for _ in range(ROUNDS):
            for desk in (self.east, self.west):
                desk.apply()
                seen.append(self.live())
        return seen


@contextmanager
def desks() -> Iterator[Desks]:
    """Gone afterwards."""
    with tempfile.TemporaryDirectory() as root:
        yield Desks(Path(root))


def codes(desk: Sites) -> list[str]:
    """What blocks the changes that are left."""
    return [c.blocked.code if c.blocked else c.action.value for c in desk.plan().changes]


def test_who_agrees_keeps_the_other_side() -> None:
    """Two manifests that say the same are both converged."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "a")
        assert_done(both.east.apply(), set())
        assert_done(both.west.apply(), set())
        assert (codes(both.east), codes(both.west)) == ([], [])


def test_the_second_is_refused_and_told() -> None:
    """It never wrote the repository, and whoever did would put it back."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "b")
        both.east.apply()
        (change,) = both.west.plan().changes
        assert change.blocked is not None
        assert change.blocked.code == "contested"
        assert "settings.description differs" in change.blocked.message
        assert "http://east.sandbox.example/artifactory/libs" in change.blocked.message
        assert len({str(state) for state in both.rounds()}) == 1


def test_who_is_overtaken_is_refused_until_it_takes_that_over() -> None:
    """Who wrote a value last may replace it; the other one accepts it, then goes on from there."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "a")
        both.rounds()
        both.declare("east", ["west"], "b")
        assert_done(both.east.apply(), set())
        assert codes(both.west) == ["contested"]
        assert accept_all(both.west) == []
        assert codes(both.west) == []
        both.declare("west", ["east"], "c")
        assert_done(both.west.apply(), set())
        assert codes(both.east) == ["contested"]
        assert len({str(state) for state in both.rounds()}) == 1


def test_takeover_insists() -> None:
    """One says that it is to be theirs; the other one is refused from then on."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "b", lifecycle={"takeover": True})
        states = both.rounds()
        assert states[-1]["east"][0] == states[-1]["west"][0] == "b"
        assert codes(both.east) == ["contested"]
        assert codes(both.west) == []


def test_what_is_held_by_us_alone_is_healed_as_ever(tmp_path: Path) -> None:
    """All members are ours: nobody else can be meant."""
    sites = Sites(tmp_path, "east", "north", "west")
    sites.declare(federation(platforms=["east", "west"], settings={"description": "a"}))
    assert_done(sites.apply(), set())
    sites.at("west").post("libs", description="b")
    assert_done(sites.apply(), set())
    assert sites.plan().is_empty


WISH = st.tuples(
    st.sampled_from(["east", "west"]),
    st.lists(st.sampled_from(["east", "north", "west"]), unique=True, min_size=1),
    st.sampled_from(["a", "b", None]),
)


@settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(WISH, st.sampled_from(["", "east", "west", "both"])), min_size=1, max_size=5)
)
def test_they_come_to_rest_property(story: list[tuple[Any, str]]) -> None:
    """Whatever both want, one after the other: their turns end, and no state ever comes back."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "a")
        for (desk, members, text), applying in story:
            both.declare(desk, [m for m in members if m != desk] or ["north"], text)
            for name in ("east", "west"):
                if applying in (name, "both"):
                    getattr(both, name).apply()
        states = [str(state) for state in both.rounds()]
        assert len(set(states[-4:])) == 1, states
        changed = [s for n, s in enumerate(states) if n == 0 or s != states[n - 1]]
        assert len(changed) == len(set(changed)), changed


@pytest.mark.parametrize("first", ["east", "west"])
def test_each_first(first: str) -> None:
    """Who is first does not matter."""
    with desks() as both:
        both.declare("east", ["west"], "a")
        both.declare("west", ["east"], "b")
        getattr(both, first).apply()
        assert both.live()[first][0] == ("a" if first == "east" else "b")
        assert len({str(state) for state in both.rounds()}) == 1

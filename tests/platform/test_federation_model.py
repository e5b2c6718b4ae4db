"""Federations under any interleaving of wishes, uploads, outages and lost answers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from tests.platform.test_federation_sites import BASE_URL
from tests.platform.test_federations import federation
from tests.support.platforms import Sites

RUNS = int(os.environ.get("RECONCILER_FUZZ", "25"))
SITES = ("east", "north", "west")

Step = tuple[str, Any]


def wishes() -> st.SearchStrategy[Step]:
    """Two or three members, some of them disabled; a setting that changes now and then."""
    return st.tuples(
        st.just("declare"),
        st.tuples(
            st.permutations(SITES),
            st.integers(2, 3),
            st.sets(st.sampled_from(SITES), max_size=1),
            st.sampled_from(["a", "b"]),
        ),
    )


STEPS = st.one_of(
    wishes(),
    st.tuples(st.just("apply"), st.none()),
    st.tuples(st.just("apply"), st.none()),
    st.tuples(st.just("cut"), st.tuples(st.sampled_from(SITES), st.integers(0, 40))),
    st.tuples(st.just("lose"), st.tuples(st.integers(0, 30), st.booleans())),
    st.tuples(st.just("upload"), st.sampled_from(SITES)),
    st.tuples(st.just("down"), st.sampled_from(SITES)),
    st.tuples(st.just("up"), st.sampled_from(SITES)),
    st.tuples(st.just("late"), st.sampled_from(SITES)),
    st.tuples(st.just("delay"), st.just(0.0)),
)


class Play:
    """One estate of three sites, and what must hold after each step."""

    def __init__(self, root: Path, proxied: Collection[str] = ()) -> None:
        self.sites = Sites(root, *SITES)
        for site in proxied:
            self.sites.at(site).tell("PUT", BASE_URL, f"https://{site}.acme.example".encode())
            self.sites.put("any", rclass="local", packageType="generic")  # as every platform has
        self.mesh = self.sites.made.mesh
        self.uploads = 0
        self.disabled: set[str] = set()
        self.sites.declare(federation(platforms=list(SITES)))
        self.sites.apply()

    def step(self, name: str, given_: Any) -> None:
        """Carry out one step; whatever an apply says, nothing may be cut off by it."""
        self.mesh.deliver()
        before = self.members()
        files = self.files()
        getattr(self, f"_{name}")(given_)
        self.nothing_is_cut_off(before, files)

    def _declare(self, wish: tuple[list[str], int, set[str], str]) -> None:
        order, count, disabled, text = wish
        members = [
            {"platform": name, **({"enabled": False} if name in disabled else {})}
            for name in order[:count]
        ]
        self.sites.declare(federation(members=members, settings={"description": text}))

    def _apply(self, _: None) -> None:
        with suppress(ReconcilerError):
            self.sites.apply()

    def _cut(self, when: tuple[str, int]) -> None:
        """A site goes down at some request of an apply."""
        site, number = when
        seen = len(self.sites.sandbox.requests)

        def watch(*_: Any) -> None:
            if len(self.sites.sandbox.requests) - seen >= number:
                self.mesh.down.add(site)

        self._watched(watch)

    def _lose(self, when: tuple[int, bool]) -> None:
        """The answer of some request gets lost, before or after it was carried out."""
        skip, landed = when
        action = "reset-after" if landed else "reset-before"
        self.sites.sandbox.add_fault({"action": action, "skip": skip})
        self._apply(None)
        self.sites.sandbox.clear_faults()

    def _watched(self, watch: Any) -> None:
        for carrier in self.sites.transport.carriers.values():  # type: ignore[attr-defined]
            carrier.before = watch
        self._apply(None)
        for carrier in self.sites.transport.carriers.values():  # type: ignore[attr-defined]
            carrier.before = None

    def _upload(self, site: str) -> None:
        if site not in self.mesh.down and "libs" in self.repositories(site):
            self.uploads += 1
            self.sites.at(site).upload("libs", f"{self.uploads}.tgz")

    def _down(self, site: str) -> None:
        if len(self.mesh.down) < 2:
            self.mesh.switch(site, down=True)

    def _up(self, site: str) -> None:
        self.mesh.switch(site, down=False)

    def _late(self, site: str) -> None:
        """A file that the others hear of later."""
        self.mesh.delay = 600.0
        self._upload(site)

    def _delay(self, seconds: float) -> None:
        self.mesh.delay = seconds

    # --- what is there

    def repositories(self, site: str) -> Any:
        """The repositories of a site."""
        return self.sites.made.platforms[site].store.repositories

    def members(self) -> dict[str, dict[str, bool]]:
        """The other members each site lists, with whether they take part."""
        found: dict[str, dict[str, bool]] = {}
        for site in SITES:
            repository = self.repositories(site).get("libs")
            listed = repository.get("members") if repository else ()
            found[site] = {
                other: bool(member.get("enabled", True))
                for member in listed or ()
                for other in SITES
                if other != site and f"//{other}." in member["url"]
            }
        return found

    def files(self) -> dict[str, set[str]]:
        """The files each site has."""
        return {
            site: set(made.store.artifacts.get("libs", {}))
            for site, made in self.sites.made.platforms.items()
        }

    def nothing_is_cut_off(
        self, before: dict[str, dict[str, bool]], files: dict[str, set[str]]
    ) -> None:
        """No repository is gone, and who was taken out had told the others all it has."""
        after = self.members()
        for site in SITES:
            assert "libs" in self.repositories(site)
            for other, took_part in before[site].items():
                both_ways = took_part and before[other].get(site, False)
                if other not in after[site] and both_ways:
                    others = (files[name] for name in SITES if name != other)
                    assert files[other] <= set().union(*others)

    def settle(self) -> None:
        """Everything is up again: one more run or two, and nothing is left to do."""
        self.mesh.delay = 0.0
        for site in SITES:
            self.mesh.switch(site, down=False)
        for _ in range(3):
            self.sites.apply()
            self.mesh.deliver()
        made = self.sites.plan()
        assert [(str(c.address), c.action.value, c.blocked) for c in made.changes] == []
        assert [d.rule for d in made.diagnostics if d.severity == "error"] == []


@settings(
    max_examples=RUNS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.sets(st.sampled_from(SITES)), st.lists(STEPS, max_size=12))
def test_any_interleaving_ends_converged_property(proxied: set[str], steps: list[Step]) -> None:
    """No wish, outage or lost answer cuts off content or leaves the sites apart; some of them call
    themselves otherwise than we do."""
    with tempfile.TemporaryDirectory() as root:
        play = Play(Path(root), proxied)
        for step in steps:
            play.step(*step)
        play.settle()

"""`metadata.lifecycle.ignore` of a part: one element of a set, one entry of a map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.ignored_paths import Ignored, NoSuchPath, left_to_others, resolve
from reconciler.kinds.registry import builtin
from reconciler.pipeline.drifting import find_drift
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_projects import federated
from tests.support.estate import Estate, lifecycle, manifest

WEST, NORTH, SOUTH = (f"https://{n}.example.com/artifactory/x" for n in ("west", "north", "south"))
GROUPS = "/access/api/v2/groups"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A platform with some users."""
    made = Estate(tmp_path)
    made.users("ann", "bob", "eve", "a.b")
    return made


def members(estate: Estate) -> list[str]:
    """Who is in the group."""
    return sorted(estate.ask(f"{GROUPS}/g")["members"])


def group(*names: str, ignore: tuple[str, ...] = ()) -> dict[str, Any]:
    """The group with these members."""
    made = manifest("Group", "g", {"members": list(names)})
    return lifecycle(made, ignore=list(ignore)) if ignore else made


def test_one_member_is_left_to_others(estate: Estate) -> None:
    """Whoever put eve in or takes her out: no difference, no drift, and a write leaves her be."""
    estate.declare(group("ann", ignore=("spec.members[eve]",)))
    assert_done(estate.apply(), set())
    estate.tell("PATCH", f"{GROUPS}/g/members", {"add": ["eve"]})
    assert_converged(estate)
    assert drifted(estate) == []

    estate.declare(group("bob", ignore=("spec.members[eve]",)))
    (change,) = estate.plan().changes
    assert [(f.before, f.after) for f in change.fields] == [(["ann"], ["bob"])]
    assert_done(estate.apply(), set())
    assert members(estate) == ["bob", "eve"]
    assert_converged(estate)

    estate.tell("PATCH", f"{GROUPS}/g/members", {"remove": ["eve"]})
    assert_converged(estate)
    assert drifted(estate) == []


def test_an_ignored_member_is_not_put_in_either(estate: Estate) -> None:
    """Declared and ignored: at a create it is not sent; odd names stand in quotes."""
    ignore = ('spec.members["a.b"]', "spec.members[eve]")
    estate.declare(group("ann", "a.b", "eve", ignore=ignore))
    assert_done(estate.apply(), set())
    assert members(estate) == ["ann"]
    assert_converged(estate)


def test_everyone_else_is_cleared(estate: Estate) -> None:
    """An empty list takes out all but those who are left to others."""
    estate.declare(group("ann", "bob", "eve"))
    estate.apply()
    estate.declare(group(ignore=("spec.members[eve]",)))
    assert_done(estate.apply(), set())
    assert members(estate) == ["eve"]


def test_elements_that_are_objects_are_named_by_their_key(estate: Estate) -> None:
    """A member of a federated repository is its URL, in any spelling; what it says stays."""
    estate.put("x", rclass="federated", packageType="npm", members=[{"url": WEST}, {"url": NORTH}])
    estate.post("x", members=[{"url": WEST, "enabled": False}, {"url": NORTH, "enabled": True}])
    path = f'spec.members["{WEST.upper().replace("ARTIFACTORY/X", "artifactory/x")}/"]'
    made = federated("x", "npm", members=[{"url": SOUTH}])
    estate.declare(lifecycle(made, ignore=[path]))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    found = {
        m["url"]: m["enabled"] for m in estate.ask("/artifactory/api/repositories/x")["members"]
    }
    assert {url: found[url] for url in (WEST, SOUTH)} == {WEST: False, SOUTH: True}
    assert NORTH not in found


def drifted(estate: Estate) -> list[str]:
    """What `drift` tells, with the manifests as they are now."""
    with estate.session() as run:
        return [str(entry.address) for entry in find_drift(run).entries]


def test_one_entry_of_a_map_is_left_to_others() -> None:
    """By its key, dotted or in quotes; the other entries are ours."""
    fields = builtin()["PackageCleanupPolicy"].fields
    path = "spec.searchCriteria.includedProperties"
    known = fields["searchCriteria"].fields["includedProperties"]
    left = left_to_others(fields, [f"{path}.team", f'{path}["a.b"]'])
    wanted, live = {"x": ["ours"], "a.b": ["ours"]}, {"a.b": ["theirs"], "y": ["old"]}

    assert left.without(known, path, wanted) == {"x": ["ours"]}
    assert left.completed(known, path, wanted, live) == {"x": ["ours"], "a.b": ["theirs"]}


FIELDS = builtin()["Group"].fields
NAMES = st.text(st.sampled_from("ab.[]\" '/:é"), min_size=1, max_size=6)


@given(NAMES)
def test_any_name_can_be_meant(name: str) -> None:
    """In quotes, a path names any element but one with quotes in its name."""
    text = f'spec.members["{name}"]'
    if '"' in name:
        with pytest.raises(NoSuchPath):
            resolve(FIELDS, text)
    else:
        assert resolve(FIELDS, text) == Ignored("spec.members", name)


@given(st.lists(NAMES), st.lists(NAMES), st.lists(NAMES, max_size=3))
def test_parts_are_as_if_each_had_an_owner(
    wanted: list[str], live: list[str], others: list[str]
) -> None:
    """What is written holds just the wanted ones that are ours and the live ones that are not."""
    named = [name for name in others if '"' not in name]
    left = left_to_others(FIELDS, [f'spec.members["{name}"]' for name in named])
    known = FIELDS["members"]
    theirs = set(named)

    written = set(left.completed(known, "spec.members", wanted, live))
    assert written == (set(wanted) - theirs) | (set(live) & theirs)
    assert set(left.without(known, "spec.members", live)) == set(live) - theirs

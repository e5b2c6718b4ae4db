"""Renames and conversions taken back, and what of them cannot be; values that nobody may see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action, Change, Plan
from reconciler.platform.connect import Wire
from reconciler.sandbox import Sandbox
from reconciler.undoing import base, chosen, records, undo_plan, undo_session
from tests.connect.support import Fleet, flow
from tests.platform.test_convergence import assert_done
from tests.platform.test_projects import federated
from tests.platform.test_undo import undo
from tests.support.estate import Estate, local, manifest, remote
from tests.support.platforms import Sites

WEST = "https://west.example.com/artifactory/x"
FILES = {"a/one.txt": b"1", "a/b/two.txt": b"22"}


def inverse_of(estate: Estate) -> Plan:
    """The plan that takes the last apply back."""
    given = estate.settings()
    wire = Wire(estate.transport, estate.time.clock)
    wanted = base(given)
    found, inventory = records(given, wanted, wire)
    with undo_session(given, wanted, chosen(found, None), inventory, wire) as run:
        return undo_plan(run, chosen(found, None))


def only(plan: Plan) -> Change:
    """The only change."""
    (change,) = plan.changes
    return change


def stage(name: str, *old: str) -> dict[str, Any]:
    """A global environment, with the names it had."""
    return manifest("GlobalEnvironment", name, {}, **({"previousNames": list(old)} if old else {}))


def names(estate: Estate) -> list[str]:
    """The environments beside those that every platform has."""
    found = {str(one["name"]) for one in estate.ask("/access/api/v1/environments")}
    return sorted(found - {"DEV", "PROD"})


def test_a_rename_is_taken_back(estate: Estate) -> None:
    """With the repositories that follow it; the inventory says the old name again."""
    estate.project("pay")
    repository = {"projectKey": "pay", "description": "one"}
    estate.declare(stage("OLD"), local("l", environments=["OLD"], **repository))
    assert_done(estate.apply(), set())
    entries = dict(estate.inventory().entries)
    after = {**repository, "description": "two"}
    estate.declare(stage("NEW", "OLD"), local("l", environments=["NEW"], **after))
    applied = estate.apply()
    assert_done(applied, set())
    assert [c.irreversible for c in applied.plan.changes] == ["", ""]

    assert undo(estate) == []
    assert names(estate) == ["OLD"]
    assert estate.stored("l")["environments"] == ["OLD"]
    assert estate.stored("l")["description"] == "one"
    assert dict(estate.inventory().entries) == entries


def test_the_undo_of_a_rename_is_a_rename(estate: Estate) -> None:
    """One request, shown as any rename; and it can be undone itself."""
    estate.declare(stage("OLD"))
    estate.apply()
    estate.declare(stage("NEW", "OLD"))
    estate.apply()
    change = only(inverse_of(estate))
    assert (str(change.address), change.reason) == ("GlobalEnvironment/OLD", "renamed")
    undo(estate)
    undo(estate)
    assert names(estate) == ["NEW"]
    assert list(estate.inventory().entries) == ["default:GlobalEnvironment/NEW"]


@pytest.mark.parametrize("owned", [True, False], ids=["owned", "found"])
@pytest.mark.parametrize(
    ("rclass", "before", "after"),
    [("local", local, federated), ("federated", federated, local)],
    ids=["local to federated", "federated to local"],
)
def test_a_conversion_is_taken_back(
    estate: Estate, rclass: str, before: Any, after: Any, owned: bool
) -> None:
    """In place, with content and settings; what was not owned is not owned again."""
    estate.put("x", rclass=rclass, packageType="npm", description="before", notes="kept")
    for path, content in FILES.items():
        estate.upload("x", path, content)
    if owned:
        estate.declare(before("x", "npm", description="before"))
        assert_done(estate.apply(), set())
    stored, entries = estate.stored("x"), dict(estate.inventory().entries)
    estate.declare(after("x", "npm", description="after"))
    applied = estate.apply()
    assert_done(applied, set())
    assert only(applied.plan).irreversible == ""

    assert only(inverse_of(estate)).action is Action.CONVERT
    assert undo(estate) == []
    assert estate.stored("x") == stored
    assert estate.files("x") == sorted(FILES)
    assert dict(estate.inventory().entries) == entries


def test_what_gets_members_cannot_be_converted_back(estate: Estate) -> None:
    """That is said before; the undo plans it, blocked, until the members are taken out."""
    estate.put("x", rclass="local", packageType="npm")
    estate.declare(federated("x", "npm", members=[{"url": WEST}]))
    applied = estate.apply()
    assert_done(applied, set())
    told = only(applied.plan).irreversible
    assert told.startswith("it cannot be converted back: it still has members elsewhere")

    change = only(inverse_of(estate))
    assert change.blocked is not None
    assert change.blocked.code == "cannot-convert"
    estate.post("x", members=[])
    assert len(undo(estate)) == 1
    assert estate.stored("x")["rclass"] == "local"


def test_a_server_that_cannot_convert_back(tmp_path: Path) -> None:
    """Before 7.103.0 there is no way back, and the plan says so."""
    estate = Estate(tmp_path, Sandbox(version="7.102.9"))
    estate.put("x", rclass="local", packageType="npm")
    estate.declare(federated("x", "npm"))
    applied = estate.apply()
    assert "7.103.0" in only(applied.plan).irreversible
    blocked = only(inverse_of(estate)).blocked
    assert blocked is not None
    assert blocked.code == "unsupported"


def test_a_federation_that_takes_a_repository_over_gives_it_back(tmp_path: Path) -> None:
    """The same object under another kind: its fields and the inventory change back."""
    sites = Sites(tmp_path, "east", "west")
    sites.declare(federated("x", "npm", description="one"))
    assert_done(sites.apply(), set())
    entries = dict(sites.inventory().entries)
    spec = {"packageType": "npm", "settings": {"description": "two"}, "platforms": ["east", "west"]}
    sites.declare(manifest("Federation", "x", spec))
    assert_done(sites.apply(), set())
    assert sorted(sites.inventory().entries) == ["east:Federation/x", "west:Federation/x"]

    assert undo(sites, allow_deletes=("Federation=9",)) == []
    assert sites.at("west").keys() == []
    back = sites.at("east").ask("/artifactory/api/repositories/x")
    assert back["description"] == "one"
    assert len(back["members"]) == 1
    assert dict(sites.inventory().entries) == entries


def test_settings_of_a_federation_are_taken_back_and_nobody_leaves(tmp_path: Path) -> None:
    """The undo is about what was changed: the members stay as they are."""
    sites = Sites(tmp_path, "east", "west")
    for text in ("one", "two"):
        spec = {"packageType": "npm", "settings": {"description": text}}
        sites.declare(manifest("Federation", "x", {**spec, "platforms": ["east", "west"]}))
        assert_done(sites.apply(), set())
    changes = inverse_of(sites).changes
    assert [[f.path for f in c.fields] for c in changes] == [["spec.settings.description"]] * 2

    assert undo(sites) == []
    for name in ("east", "west"):
        back = sites.at(name).ask("/artifactory/api/repositories/x")
        assert (back["description"], len(back["members"])) == ("one", 2)


def test_a_replaced_object_is_labelled(estate: Estate) -> None:
    """Its undo leaves it as it is."""
    estate.declare(local("a", "npm"))
    estate.apply()
    made = local("a", "maven")
    made["metadata"]["lifecycle"] = {"replace": True}
    estate.declare(made)
    applied = estate.apply()
    assert_done(applied, set())
    assert only(applied.plan).irreversible == "a replacement stays as it is"
    assert len(undo(estate)) == 1
    assert estate.stored("a")["packageType"] == "maven"


CANARY = "canary-of-somebody"


def test_an_address_with_a_password_is_not_written_back(estate: Estate) -> None:
    """Nobody may see it, so nobody can write it: said before, left alone, and in no record."""
    estate.put("r", rclass="remote", packageType="npm", url=f"https://ann:{CANARY}@one.example.com")
    estate.declare(remote("r", url="https://two.example.com", description="after"))
    applied = estate.apply()
    assert_done(applied, set())
    assert only(applied.plan).irreversible == "the value spec.url had is not known"

    assert len(undo(estate)) == 1
    assert estate.stored("r")["url"] == "https://two.example.com"
    assert estate.stored("r").get("description") in (None, "")
    kept = "".join(f.read_text() for f in (estate.root / ".reconciler").rglob("*") if f.is_file())
    assert CANARY not in kept


def test_a_deleted_object_with_a_password_in_its_address(estate: Estate) -> None:
    """It is not made again under a mask, nor without its address; that is said before."""
    estate.put("r", rclass="remote", packageType="npm", url=f"https://ann:{CANARY}@one.example.com")
    spec = {"packageType": "npm"}
    owned = manifest("RemoteRepository", "r", {**spec, "url": "https://one.example.com"})
    owned["metadata"]["lifecycle"] = {"ignore": ["spec.url"]}
    estate.declare(owned, local("stays"))
    assert_done(estate.apply(), set())
    estate.declare(local("stays"))
    applied = estate.apply(prune=True, allow_deletes=("RemoteRepository=9",))
    assert_done(applied, set())
    told = "it cannot be made again: the value of spec.url is not known"
    assert told in only(applied.plan).irreversible

    assert inverse_of(estate).changes == ()
    assert len(undo(estate)) == 1
    assert estate.keys() == ["stays"]


def test_what_is_made_and_cannot_be_deleted_is_labelled(tmp_path: Path) -> None:
    """Nothing deletes an update flow: the plan that makes one says so."""
    fleet = Fleet(tmp_path)
    fleet.declare(flow())
    assert only(fleet.plan()).irreversible == "it stays: no request deletes it"

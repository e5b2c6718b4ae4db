"""A run that would lock itself out writes nothing, end to end (M14)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import BlockedError
from reconciler.model import Block
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.platform.identity import MOST_ASKED, told_by
from reconciler.platform.snapshot.file import write_snapshot
from reconciler.sandbox import Sandbox
from reconciler.snapshots import take
from tests.support.estate import Estate, local, manifest
from tests.support.platforms import Sites

USERS = "/access/api/v2/users"
ME = "GET /access/api/v1/tokens/me"


def group(name: str, **spec: Any) -> dict[str, Any]:
    return manifest("Group", name, spec)


def blocked(estate: Estate, **changes: Any) -> list[Block]:
    """What stops the run as a whole."""
    with estate.session(**changes) as run:
        return run_blocks(run, make_plan(run))


def codes(estate: Estate, **changes: Any) -> list[str]:
    return [block.code for block in blocked(estate, **changes)]


def asked(estate: Estate) -> list[str]:
    """Who was asked about: the requests besides those every plan of groups has."""
    return [r for r in estate.requests() if "/tokens/" in r or "/users" in r]


def signed_in(estate: Estate, user: str, scope: str | None = None) -> None:
    """The run's token is this user's; with a scope it is one that tells it."""
    estate.platform.users_of_tokens["admin"] = user
    if scope is not None:
        payload = {"sub": f"jfac@01/users/{user}", "scp": scope}
        text = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
        estate.platform.tokens["admin"] = f"eyJh.{text}.c2ln"
        estate.token("admin")


@pytest.fixture
def ruled(estate: Estate) -> Estate:
    """Ann and Bob rule by a group that is ours; the run is Ann; `admin` has left."""
    estate.users("ann", "bob", "eve", "off")
    estate.platform.store.directory.users["off"].status = "disabled"
    estate.platform.store.directory.users["admin"].status = "disabled"
    estate.declare(group("ops", adminPrivileges=True, members=["ann", "bob"]), local("stay"))
    signed_in(estate, "ann")
    estate.apply()
    estate.forget_requests()
    return estate


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"members": ["ann", "bob"], "adminPrivileges": True, "description": "x"}, []),
        ({"members": ["ann", "bob", "eve"]}, []),
        ({"members": ["ann"]}, []),
        ({"members": ["bob"]}, ["lockout-rights"]),
        ({"members": ["eve"]}, ["lockout-rights"]),
        ({"members": ["off"]}, ["lockout-rights", "lockout-last-admin"]),
        ({"members": []}, ["lockout-rights", "lockout-last-admin"]),
        ({"adminPrivileges": False}, ["lockout-rights", "lockout-last-admin"]),
    ],
)
def test_a_group_of_administrators(
    ruled: Estate, change: dict[str, Any], expected: list[str]
) -> None:
    """Members and privileges change as long as the run, and anybody, still rules."""
    ruled.declare(group("ops", **change), local("stay"), local("new"))
    assert codes(ruled) == expected
    if not expected:
        assert set(ruled.apply().results().values()) == {"done"}
        return
    with pytest.raises(BlockedError) as stop:
        ruled.apply()
    assert stop.value.exit_code == 3
    assert ruled.writes() == []


def test_a_group_that_is_deleted(ruled: Estate) -> None:
    """The delete takes everybody's rights; another group the run is in saves it."""
    ruled.declare(local("stay"))
    assert codes(ruled) == []
    assert codes(ruled, prune=True) == ["lockout-rights", "lockout-last-admin"]
    with pytest.raises(BlockedError, match="signs in as 'ann'"):
        ruled.apply(prune=True)
    assert ruled.writes() == []
    top = {"name": "top", "admin_privileges": True, "members": ["ann"]}
    ruled.tell("POST", "/access/api/v2/groups", top)
    assert codes(ruled, prune=True) == []
    assert ruled.apply(prune=True).results() == {"Group/ops": "done"}


def test_two_changes_count_together(ruled: Estate) -> None:
    """Each alone would leave the run a way."""
    ruled.declare(
        group("ops", adminPrivileges=True, members=["ann", "bob"]),
        group("top", adminPrivileges=True, members=["ann"]),
    )
    ruled.apply()
    one = group("ops", members=["bob"])
    other = group("top", members=[])
    ruled.declare(one, group("top"))
    assert codes(ruled) == []
    ruled.declare(group("ops"), other)
    assert codes(ruled) == []
    ruled.declare(one, other)
    assert codes(ruled) == ["lockout-rights"]


def test_what_the_same_plan_gives_does_not_count(ruled: Estate) -> None:
    """It may fail, and the loss come nevertheless: first one run, then the other."""
    new = group("top", adminPrivileges=True, members=["ann"])
    ruled.declare(new, local("stay"))
    assert codes(ruled, prune=True) == ["lockout-rights", "lockout-last-admin"]
    ruled.apply()
    assert codes(ruled, prune=True) == []


def test_an_administrator_by_itself(ruled: Estate) -> None:
    """A flag of the user's own outlives every group."""
    ruled.platform.store.directory.users["ann"].admin = True
    ruled.declare(local("stay"))
    assert codes(ruled, prune=True) == []


@pytest.mark.parametrize(
    "scope, expected",
    [
        ("applied-permissions/admin", []),
        ("applied-permissions/user", ["lockout-rights"]),
        ('applied-permissions/groups:"ops","a b"', ["lockout-rights"]),
        ("applied-permissions/groups:others applied-permissions/admin", []),
    ],
)
def test_a_token_that_tells_its_scope(ruled: Estate, scope: str, expected: list[str]) -> None:
    """It is not asked who it is for; what it has by itself no group takes away."""
    ruled.platform.store.directory.users["root"] = ruled.platform.store.directory.users["admin"]
    ruled.users("chief")
    ruled.platform.store.directory.users["chief"].admin = True
    signed_in(ruled, "ann", scope)
    ruled.declare(local("stay"))
    assert codes(ruled, prune=True) == expected
    assert ME not in asked(ruled)


def test_a_token_of_nobody(ruled: Estate) -> None:
    """A user that does not exist has the token's rights alone, and the token does not tell them."""
    ruled.users("chief")
    ruled.platform.store.directory.users["chief"].admin = True
    signed_in(ruled, "ci-bot")
    ruled.declare(local("stay"))
    (block,) = blocked(ruled, prune=True)
    assert block.code == "lockout-unknown"
    assert "'ci-bot' is no administrator by itself" in block.message
    assert "not a reference token" in str(block.override)
    ruled.declare(group("ops", members=["ann"]))
    assert codes(ruled) == []


def test_nothing_is_asked_that_decides_nothing(ruled: Estate) -> None:
    """A plan that takes nothing away costs no request; one that does, as few as can be."""
    ruled.declare(group("ops", members=["ann", "bob", "eve"]), local("stay"), local("new"))
    assert codes(ruled) == []
    assert asked(ruled) == []
    ruled.users("chief")
    ruled.platform.store.directory.users["chief"].admin = True
    ruled.declare(group("ops", members=["bob"]), local("stay"))
    ruled.forget_requests()
    with ruled.session() as run:
        made = make_plan(run)
        assert run_blocks(run, made) == run_blocks(run, made)
    assert asked(ruled) == [ME, f"GET {USERS}/ann", f"GET {USERS}/bob"]
    ruled.declare(local("stay"))
    ruled.forget_requests()
    assert codes(ruled, prune=True) == ["lockout-rights"]
    assert asked(ruled) == [ME, f"GET {USERS}/ann", f"GET {USERS}", f"GET {USERS}/chief"]


@pytest.mark.parametrize(
    "path, status", [("/access/api/v1/tokens/me", 403), (f"{USERS}/ann", 403), (USERS, 500)]
)
def test_what_cannot_be_read_blocks(ruled: Estate, path: str, status: int) -> None:
    """No answer is no permission."""
    ruled.fault("status", path=path, status=status, times=None)
    ruled.declare(group("ops", members=[]))
    assert codes(ruled) == ["lockout-unknown"]
    with pytest.raises(BlockedError, match="cannot be told"):
        ruled.apply()
    assert ruled.writes() == []


def test_old_servers_do_not_tell_who_one_is(tmp_path: Path) -> None:
    """`me` came with 7.53.1; a token that tells it itself is enough."""
    estate = Estate(tmp_path, Sandbox(version="7.50.0"))
    estate.users("ann")
    estate.declare(group("ops", adminPrivileges=True, members=["ann"]))
    estate.apply()
    estate.declare(group("ops", members=[]))
    assert codes(estate) == ["lockout-unknown"]
    signed_in(estate, "admin", "applied-permissions/user")
    assert codes(estate) == []


def test_too_many_to_ask(ruled: Estate) -> None:
    """The question has an end, and then there is no answer."""
    names = [f"u{i:03}" for i in range(MOST_ASKED + 1)]
    ruled.users(*names)
    ruled.declare(group("ops", adminPrivileges=True, members=names), local("stay"))
    signed_in(ruled, "bot", "applied-permissions/admin")
    ruled.apply()
    body = {"users": [{"username": name} for name in names], "cursor": None}
    ruled.fault("status", path=USERS, status=200, body=body, times=None)
    ruled.declare(local("stay"))
    (block,) = blocked(ruled, prune=True)
    assert block.code == "lockout-unknown"
    assert f"not found among {MOST_ASKED}" in block.message


def test_a_snapshot_cannot_tell(ruled: Estate, tmp_path: Path) -> None:
    """The plan says so and goes on; the apply asks."""
    file = tmp_path / "snapshot.json"
    with ruled.session() as run:
        write_snapshot(file, take(run).snapshot)
    ruled.declare(group("ops", members=["bob"]), local("stay"))
    ruled.forget_requests()
    plan = ruled.plan(snapshot=file)
    assert [d.rule for d in plan.diagnostics if d.severity == "warning"] == ["lockout-unchecked"]
    assert codes(ruled, snapshot=file) == []
    assert ruled.requests() == []


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "a.e30.c", "a.W10.c", "a.\xff.c", "....", "x" * 64]
)
def test_a_token_that_is_none_of_ours_tells_nothing(token: str) -> None:
    """A reference token, an API key, anything."""
    assert told_by(token) == ("", None)


def test_a_token_tells_who_it_is_for() -> None:
    """Names may have any characters, scopes blanks in quotes."""
    payload = {"sub": "jfac@01/users/a/b?ü", "scp": 'x:"a b",c y'}
    text = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    assert told_by(f"h.{text}.s") == ("a/b?ü", frozenset({'x:"a b",c', "y"}))


# --- the repository that holds the inventory

PLACE = {"inventory": {"platform": "default", "repository": "inv"}}


@pytest.fixture
def kept(estate: Estate) -> Estate:
    """The inventory lies in a repository that this very workspace owns."""
    estate.put("inv", rclass="local", packageType="generic")
    estate.workspace(**PLACE)
    estate.project("pay")
    estate.declare(local("inv"), local("stay"))
    estate.apply()
    estate.forget_requests()
    return estate


@pytest.mark.parametrize(
    "spec, stops",
    [
        ({"description": "ours"}, False),
        ({"blackedOut": True}, True),
        ({"blackedOut": False}, False),
        ({"projectKey": "pay"}, True),
        ({"includesPattern": "com/**"}, True),
        ({"includesPattern": "acme/**,com/**"}, False),
        ({"excludesPattern": "**/*.json"}, True),
        ({"excludesPattern": "**/*.tmp"}, False),
    ],
)
def test_the_inventorys_repository(kept: Estate, spec: dict[str, Any], stops: bool) -> None:
    """It changes as long as the inventory stays within reach."""
    kept.declare(local("inv", **spec), local("stay"))
    assert codes(kept) == (["lockout-inventory"] if stops else [])
    kept.declare(local("inv"), local("stay", **spec))
    assert codes(kept) == []


def test_the_inventorys_repository_is_not_deleted(kept: Estate) -> None:
    """A Tombstone does not allow that either."""
    tombstone = manifest("Tombstone", "t", {"address": "LocalRepository/inv", "maxBytes": 10**9})
    kept.declare(local("stay"), tombstone)
    (block,) = blocked(kept, prune=True)
    assert block.code == "lockout-inventory"
    assert "LocalRepository/inv holds the inventory of this workspace, and it is deleted" in (
        block.message
    )
    with pytest.raises(BlockedError):
        kept.apply(prune=True)
    assert "inv" in kept.platform.store.repositories


def test_the_inventorys_repository_is_not_converted(kept: Estate) -> None:
    """What is federated is shared with others."""
    kept.declare(manifest("FederatedRepository", "inv", {"packageType": "generic"}), local("stay"))
    assert codes(kept) == ["lockout-inventory"]
    assert "it is converted" in blocked(kept)[0].message


def test_a_federation_that_takes_the_inventory_in(tmp_path: Path) -> None:
    """The name of the repository on the site counts, not that of the federation."""
    sites = Sites(tmp_path, "east", "west")
    sites.workspace(inventory={"platform": "east", "repository": "inv"})
    sites.put("inv", rclass="local", packageType="generic")
    members = [{"platform": "east", "repository": "inv"}, {"platform": "west"}]
    sites.declare(manifest("Federation", "shared", {"packageType": "generic", "members": members}))
    with sites.session() as run:
        assert [b.code for b in run_blocks(run, make_plan(run))] == ["lockout-inventory"]


def test_projects_do_not_matter(kept: Estate) -> None:
    """A kind that takes nothing away is never asked about."""
    kept.declare(local("inv"), local("stay"), manifest("Project", "web", {"displayName": "Web"}))
    assert kept.apply().results() == {"Project/web": "done"}
    kept.declare(local("inv"), local("stay"))
    assert kept.apply(prune=True).results() == {"Project/web": "done"}
    assert asked(kept) == []

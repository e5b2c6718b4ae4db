"""Groups, projects and environments: apply, then plan, and nothing is left to do (M5, M6)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.access import group
from reconciler.kinds.access.group import KIND as GROUP
from reconciler.kinds.access.project import KIND as PROJECT
from reconciler.kinds.kind import Kind
from reconciler.model import Action
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import FUZZ, assert_converged, assert_done
from tests.support.estate import Estate, local, manifest
from tests.support.values import TEXT

GROUPS = "/access/api/v2/groups"
PROJECTS = "/access/api/v1/projects"
USERS = ("ann", "bob", "carol", "dan")
NAMES: Mapping[str, str] = {"Group": "team", "Project": "pay"}
FULL: Mapping[str, dict[str, Any]] = {
    "Group": {
        "description": "ünï team",
        "members": ["dan", "ann", "carol"],
        "autoJoin": True,
        "adminPrivileges": False,
        "externalId": "ext-1",
        "reportsManager": True,
        "watchManager": True,
        "policyManager": True,
        "policyViewer": True,
        "manageResources": True,
        "manageWebhook": True,
    },
    "Project": {
        "displayName": "Päyments",
        "description": "what is paid",
        "adminPrivileges": {
            "manageMembers": True,
            "manageResources": True,
            "manageRemoteRepository": True,
            "indexResources": True,
        },
        "storageQuotaBytes": 5_000_000_000,
        "softLimit": True,
        "storageQuotaEmailNotification": False,
    },
}
BARE: Mapping[str, dict[str, Any]] = {"Group": {}, "Project": {"displayName": "Pay"}}
each_kind = pytest.mark.parametrize("kind", [GROUP, PROJECT], ids=["Group", "Project"])


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A workspace beside a platform with some users."""
    made = Estate(tmp_path)
    made.users(*USERS)
    return made


@contextmanager
def fresh() -> Iterator[Estate]:
    """The same for each example of hypothesis."""
    with tempfile.TemporaryDirectory() as folder:
        made = Estate(Path(folder), Sandbox())
        made.users(*USERS)
        yield made


def declare(estate: Estate, kind: Kind, spec: Mapping[str, Any]) -> None:
    """One object of the kind is all there is."""
    estate.declare(manifest(kind.name, NAMES[kind.name], spec))


def stored(estate: Estate, kind: Kind) -> dict[str, Any]:
    """The object as the platform answers it."""
    path = GROUPS if kind is GROUP else PROJECTS
    found: dict[str, Any] = estate.ask(f"{path}/{NAMES[kind.name]}")
    return found


# --- every field ------------------------------------------------------------------------------


@each_kind
def test_the_full_spec_has_every_field(kind: Kind) -> None:
    """A new field must get a value here, in the object inside as well."""
    assert set(FULL[kind.name]) == set(kind.fields)
    if kind is PROJECT:
        inner = kind.fields["adminPrivileges"].fields
        assert set(FULL["Project"]["adminPrivileges"]) == set(inner)


@each_kind
def test_every_field_converges(kind: Kind, estate: Estate) -> None:
    """Created with everything; applied once more, nothing is written."""
    declare(estate, kind, FULL[kind.name])
    assert_done(estate.apply(), set())
    assert_converged(estate)
    found = stored(estate, kind)
    wires = {f.wire: FULL[kind.name][f.name] for f in kind.fields.values()}
    assert {n: v for n, v in found.items() if n in wires and not isinstance(v, (dict, list))} == {
        n: v for n, v in wires.items() if not isinstance(v, (dict, list))
    }


@each_kind
def test_every_field_can_be_changed_later(kind: Kind, estate: Estate) -> None:
    """The same state is reached from a bare object, and every field can be turned back."""
    declare(estate, kind, BARE[kind.name])
    assert_done(estate.apply(), set())
    bare = stored(estate, kind)
    for spec in (FULL[kind.name], BARE[kind.name] | _turned_back(kind)):
        declare(estate, kind, spec)
        assert_done(estate.apply(), set())
        assert_converged(estate)
    assert stored(estate, kind) == bare


def _turned_back(kind: Kind) -> dict[str, Any]:
    if kind is GROUP:
        texts = {"description": None, "externalId": None, "members": None}
        return texts | {n: False for n, v in FULL["Group"].items() if isinstance(v, bool)}
    return {
        "description": None,
        "adminPrivileges": dict.fromkeys(FULL["Project"]["adminPrivileges"], False),
        "storageQuotaBytes": -1,
        "softLimit": False,
        "storageQuotaEmailNotification": True,
    }


def _optional(required: Mapping[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict(required), optional=optional)


RANDOM: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "Group": _optional(
        {},
        description=st.none() | TEXT,
        members=st.none() | st.lists(st.sampled_from(USERS), max_size=6),
        externalId=st.none() | TEXT,
        autoJoin=st.booleans(),
        **{name: st.booleans() for name in FULL["Group"] if name.endswith(("er", "ces", "hook"))},
    ),
    "Project": _optional(
        {"displayName": TEXT.filter(bool)},
        description=st.none() | TEXT,
        adminPrivileges=_optional(
            {}, **{name: st.booleans() for name in FULL["Project"]["adminPrivileges"]}
        ),
        storageQuotaBytes=st.sampled_from([-1, 0, 1, 2**40]),
        softLimit=st.booleans(),
        storageQuotaEmailNotification=st.booleans(),
    ),
}


@each_kind
@FUZZ
@given(data=st.data())
def test_random_manifests_converge(kind: Kind, data: st.DataObject) -> None:
    """Create with some fields, update with others: the plan is empty after each, and what the
    update does not declare is as it was."""
    with fresh() as estate:
        first, second = (_allowed(data.draw(RANDOM[kind.name])) for _ in range(2))
        declare(estate, kind, first)
        assert_done(estate.apply(), set())
        assert_converged(estate)
        before = stored(estate, kind)
        if second.get("policyViewer") is False and before.get("policy_manager"):
            second["policyManager"] = False  # else the server turns the first one on again
        declare(estate, kind, second)
        assert_done(estate.apply(), set())
        assert_converged(estate)
        after = stored(estate, kind)
        touched = {kind.fields[n].wire for n in second}
        if second.get("policyManager"):
            touched.add("policy_viewer")
        assert {n for n in after if after[n] != before[n]} <= touched


def _allowed(spec: dict[str, Any]) -> dict[str, Any]:
    if spec.get("policyManager") and spec.get("policyViewer") is False:
        return {n: v for n, v in spec.items() if n != "policyViewer"}
    return spec


# --- members of a group -----------------------------------------------------------------------


def members_written(estate: Estate) -> list[Any]:
    """The bodies of the requests that change membership."""
    bodies = [(path, body) for method, path, body in estate.transport.bodies if method == "PATCH"]
    return [json.loads(body) for path, body in bodies if path.endswith("/members")]


def test_only_members_that_differ_come_and_go(estate: Estate) -> None:
    """One request adds and removes; order and repetitions make no difference."""
    declare(estate, GROUP, {"members": ["carol", "ann"]})
    estate.apply()
    for same in (["ann", "carol"], ["carol", "ann", "carol"]):
        declare(estate, GROUP, {"members": same})
        assert estate.plan().is_empty
    estate.forget_requests()
    declare(estate, GROUP, {"members": ["dan", "ann", "dan"], "description": "new"})
    (change,) = estate.plan().changes
    assert [f.path for f in change.fields] == ["spec.description", "spec.members"]
    assert_done(estate.apply(), set())
    assert members_written(estate) == [{"add": ["dan"], "remove": ["carol"]}]
    assert stored(estate, GROUP)["members"] == ["ann", "dan"]
    assert_converged(estate)


def test_members_that_are_not_declared_are_left_alone(estate: Estate) -> None:
    """Without the field, nobody is added or removed, and nothing of it is even sent."""
    estate.ask(GROUPS, "POST", {"name": "team", "members": ["ann", "bob"]})
    declare(estate, GROUP, {"description": "ours"})
    assert_done(estate.apply(), set())
    assert members_written(estate) == []
    assert stored(estate, GROUP)["members"] == ["ann", "bob"]


@pytest.mark.parametrize("empty", [None, []])
def test_an_empty_membership_is_a_membership(estate: Estate, empty: Any) -> None:
    """Null and the empty list both take everybody out."""
    estate.ask(GROUPS, "POST", {"name": "team", "members": ["ann", "bob"]})
    declare(estate, GROUP, {"members": empty})
    assert_done(estate.apply(), set())
    assert stored(estate, GROUP)["members"] == []
    assert_converged(estate)


def test_an_unknown_member_fails_by_name(estate: Estate) -> None:
    """Users may come from elsewhere, so only the server can tell; its words are passed on."""
    declare(estate, GROUP, {"members": ["ann"]})
    estate.apply()
    declare(estate, GROUP, {"members": ["ann", "nobody"]})
    outcome = estate.apply().outcome("Group/team")
    assert outcome.result == "failed"
    assert "Could not fetch all requested users" in outcome.reason


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_description_is_null_or_empty(estate: Estate, nothing: Any) -> None:
    """The server answers null where the empty text was written."""
    declare(estate, GROUP, {"description": nothing})
    assert_done(estate.apply(), set())
    assert_converged(estate)
    declare(estate, GROUP, {"description": "some"})
    estate.apply()
    declare(estate, GROUP, {"description": nothing})
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert stored(estate, GROUP)["description"] is None


def test_policy_managers_see_policies(estate: Estate) -> None:
    """The server turns the one on with the other: declared as such, or not declared at all."""
    declare(estate, GROUP, {"policyManager": True})
    assert_done(estate.apply(), set())
    assert stored(estate, GROUP)["policy_viewer"] is True
    assert_converged(estate)
    declare(estate, GROUP, {"policyManager": True, "policyViewer": False})
    assert "policy-viewer-forced" in [d.rule for d in estate.desire().diagnostics]


def test_more_groups_than_a_page(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names come page by page, each group once."""
    monkeypatch.setattr(group, "PAGE", 3)
    for number in range(8):
        estate.ask(GROUPS, "POST", {"name": f"team-{number}"})
    estate.forget_requests()
    found = estate.export(estate.root / "out").created
    names = [file.stem for file, _ in found if "kind: Group\n" in _]
    assert sorted(names) == ["readers", *(f"team-{n}" for n in range(8))]
    assert estate.requests().count(f"GET {GROUPS}") == 3


@pytest.mark.parametrize("field", [n for n, f in GROUP.fields.items() if f.since == "7.128.0"])
def test_roles_need_their_version(tmp_path: Path, field: str) -> None:
    """An older server would ignore the flag without a word; the plan says what it lacks."""
    estate = Estate(tmp_path, Sandbox(version="7.127.9"))
    declare(estate, GROUP, {field: True})
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "unsupported"
    assert f"spec.{field} needs artifactory 7.128.0" in change.blocked.message
    assert estate.apply().results() == {"Group/team": "blocked"}
    assert estate.writes() == []


# --- projects ---------------------------------------------------------------------------------


def test_an_update_keeps_what_is_not_declared(estate: Estate) -> None:
    """A project is replaced as a whole: the live one is sent with the change laid over it."""
    privileges = {"manage_members": True, "index_resources": True}
    estate.ask(
        PROJECTS,
        "POST",
        {
            "project_key": "pay",
            "display_name": "Pay",
            "description": "theirs",
            "storage_quota_bytes": 7,
            "admin_privileges": privileges,
        },
    )
    before = stored(estate, PROJECT)
    declare(estate, PROJECT, {"displayName": "Pay", "adminPrivileges": {"manageResources": True}})
    assert_done(estate.apply(), set())
    sent = json.loads(next(b for m, _, b in estate.transport.bodies if m == "PUT"))
    expected = {**before, "admin_privileges": {**before["admin_privileges"]}}
    expected["admin_privileges"]["manage_resources"] = True
    assert sent == stored(estate, PROJECT) == expected
    assert_converged(estate)


@pytest.mark.parametrize("live", [-1, 0])
@pytest.mark.parametrize("wanted", [-1, 0])
def test_no_quota_is_minus_one_or_zero(estate: Estate, live: int, wanted: int) -> None:
    """Both mean that there is none."""
    estate.ask(
        PROJECTS,
        "POST",
        {"project_key": "pay", "display_name": "Pay", "storage_quota_bytes": live},
    )
    declare(estate, PROJECT, {"displayName": "Pay", "storageQuotaBytes": wanted})
    assert [c.action for c in estate.plan().changes] == [Action.ADOPT]


def test_what_is_never_returned_is_written_once(estate: Estate) -> None:
    """`indexResources` does not come back on real servers: compared with what was written."""
    declare(estate, PROJECT, {"displayName": "Pay", "adminPrivileges": {"indexResources": True}})
    assert_done(estate.apply(), set())
    del estate.platform.store.projects["pay"]["admin_privileges"]["index_resources"]
    assert_converged(estate)
    declare(estate, PROJECT, {"displayName": "Pay", "adminPrivileges": {"indexResources": False}})
    (change,) = estate.plan().changes
    assert [f.path for f in change.fields] == ["spec.adminPrivileges.indexResources"]


def test_a_part_of_an_object_needs_its_version(tmp_path: Path) -> None:
    """A privilege that came later than the others is not sent to a server that would drop it."""
    estate = Estate(tmp_path, Sandbox(version="7.133.0"))
    spec = {"displayName": "Pay", "adminPrivileges": {"manageRemoteRepository": True}}
    declare(estate, PROJECT, spec)
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "unsupported"
    assert "spec.adminPrivileges.manageRemoteRepository needs artifactory 7.134.0" in (
        change.blocked.message
    )


# --- environments -----------------------------------------------------------------------------


def environments(estate: Estate, project: str = "") -> list[str]:
    """The names on the platform."""
    path = f"{PROJECTS}/{project}" if project else "/access/api/v1"
    return [line["name"] for line in estate.ask(f"{path}/environments")]


def stage(name: str, project: str = "", **metadata: Any) -> dict[str, Any]:
    """An environment's manifest."""
    if not project:
        return manifest("GlobalEnvironment", name, **metadata)
    return manifest("ProjectEnvironment", name, project=project, **metadata)


@pytest.mark.parametrize("project", ["", "pay"])
def test_environments_are_created_and_renamed(estate: Estate, project: str) -> None:
    """A rename keeps the object: repositories in it follow, and the inventory too."""
    estate.project("pay")
    before = environments(estate)
    full = f"{project}-" if project else ""
    kind = "ProjectEnvironment/pay" if project else "GlobalEnvironment"
    here = local("x", projectKey="pay", environments=[f"{full}QA"])
    estate.declare(stage("QA", project), here)
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert environments(estate, project) == [*before, f"{full}QA"]

    there = local("x", projectKey="pay", environments=[f"{full}TEST"])
    estate.declare(stage("TEST", project, previousNames=["OLD", "QA"]), there)
    plan = estate.plan()
    renamed = next(c for c in plan.changes if c.address.kind.endswith("Environment"))
    assert (renamed.action, renamed.reason, renamed.blocked) == (Action.UPDATE, "renamed", None)
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert sum(line.endswith("/rename") for line in estate.writes()) == 1
    assert environments(estate, project) == [*before, f"{full}TEST"]
    assert estate.stored("x")["environments"] == [f"{full}TEST"]
    assert_converged(estate)
    assert {text for text in estate.inventory().entries if "Environment" in text} == {
        f"default:{kind}/TEST"
    }


def test_a_rename_alone_moves_the_repositories(estate: Estate) -> None:
    """Where the repository does not declare its environments, it follows without being written."""
    estate.project("pay")
    estate.ask("/access/api/v1/environments", "POST", {"name": "QA"})
    estate.put("x", rclass="local", packageType="npm", projectKey="pay", environments=["QA"])
    estate.declare(stage("TEST", previousNames=["QA"]))
    assert_done(estate.apply(), set())
    assert estate.stored("x")["environments"] == ["TEST"]
    assert_converged(estate)


def test_the_previous_name_of_nothing_is_a_create(estate: Estate) -> None:
    """On a platform that never had the old name, the new one is created."""
    estate.declare(stage("TEST", previousNames=["QA"]))
    (change,) = estate.plan().changes
    assert (change.action, change.previous) == (Action.CREATE, None)
    assert_done(estate.apply(), set())
    assert_converged(estate)


def test_the_environments_of_the_platform_are_left_alone(estate: Estate) -> None:
    """DEV and PROD can be declared, are never written, and are not exported."""
    estate.project("pay")
    estate.ask(f"{PROJECTS}/pay/environments", "POST", {"name": "pay-QA"})
    texts = [text for _, text in estate.export(estate.root / "out").created]
    stages = [text for text in texts if "Environment\n" in text]
    assert len(stages) == 1
    assert "name: QA\n" in stages[0]
    assert "project: pay\n" in stages[0]
    estate.declare(stage("DEV"), stage("PROD"))
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == []
    assert_converged(estate)


def test_the_name_on_the_wire_has_the_project_in_front(estate: Estate) -> None:
    """The manifest gives the short name; a global one of that name is another object."""
    estate.project("pay")
    estate.ask("/access/api/v1/environments", "POST", {"name": "QA"})
    estate.declare(stage("QA", "pay"))
    assert_done(estate.apply(), set())
    bodies = [json.loads(b) for m, path, b in estate.transport.bodies if m == "POST"]
    assert bodies == [{"name": "pay-QA"}]
    assert_converged(estate)


@pytest.mark.parametrize("version", ["7.53.0", "7.49.0"])
@pytest.mark.parametrize("project", ["", "pay"])
def test_environments_need_their_version(tmp_path: Path, version: str, project: str) -> None:
    """Without the endpoints the plan says what is missing; it is no failure to read."""
    estate = Estate(tmp_path, Sandbox(version=version))
    estate.project("pay")
    estate.declare(stage("QA", project))
    plan = estate.plan()
    (change,) = plan.changes
    assert change.blocked is not None
    assert change.blocked.code == "unsupported"
    assert not plan.partial

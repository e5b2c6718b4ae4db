"""Projects, environments, groups and federations exported, drifted, recorded and imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.accepting import accept
from reconciler.model import Action
from reconciler.pipeline.drifting import find_drift
from tests.platform.test_access_convergence import FULL, USERS
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_projects import federated
from tests.platform.test_snapshot import assert_same, offline, recorded
from tests.support.estate import Estate, local, manifest
from tests.support.values import MEMBERS
from tests.terraform import states
from tests.terraform.test_adopts import assert_only_adopts, forget, imported, live

GROUP = "/access/api/v2/groups/team"
PROJECT = "/access/api/v1/projects/pay"
FEDERATED = "/artifactory/api/repositories/images"
# What the server never returns is in no export and in no state.
KEPT: Mapping[str, Any] = {
    **FULL["Project"],
    "adminPrivileges": {
        n: v for n, v in FULL["Project"]["adminPrivileges"].items() if n != "indexResources"
    },
}
DESIRED = [
    manifest("Project", "pay", KEPT),
    manifest("Project", "ops", {"displayName": "Operations"}),
    manifest("Group", "team", FULL["Group"]),
    manifest("Group", "bare group ü"),
    manifest("GlobalEnvironment", "QA"),
    manifest("ProjectEnvironment", "UAT", project="pay"),
    manifest("ProjectEnvironment", "UAT", project="ops"),
    federated("images", "docker", members=MEMBERS, projectKey="pay", environments=["pay-UAT"]),
    federated("alone", "npm"),
    local("x", projectKey="ops", environments=["QA", "ops-UAT"]),
]


@pytest.fixture
def settled(estate: Estate) -> Estate:
    """An estate with all of them, applied."""
    estate.users(*USERS)
    estate.declare(*DESIRED)
    assert_done(estate.apply(), set())
    assert_converged(estate)
    return estate


def write(created: Any) -> None:
    """Files as the command writes them."""
    for file, text in created:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def test_an_export_only_adopts_and_is_the_same_twice(settled: Estate) -> None:
    """Planned, the exported manifests change nothing; written again, they are the same bytes."""
    forget(settled)
    once = settled.export(settled.root / "one").created
    assert settled.export(settled.root / "one").created == once
    write(settled.export().created)
    assert_only_adopts(settled, len(DESIRED) + 1)  # readers is on every platform
    settled.forget_requests()
    assert_done(settled.apply(), set())
    assert settled.writes() == []
    assert_converged(settled)
    assert settled.export().created == ()


def test_an_export_says_what_the_manifests_said(settled: Estate) -> None:
    """Every field that is not at its default comes back; own members and DEV do not."""
    forget(settled)
    texts = {file.stem: text for file, text in settled.export(settled.root / "out").created}
    assert "own" not in texts["images"]
    assert settled.platform.base_url not in texts["images"] + texts["alone"]
    assert "members" not in texts["alone"]
    for field in FULL["Group"]:
        if field != "adminPrivileges":  # false, which is its default
            assert f"  {field}: " in texts["team"] or f"  {field}:\n" in texts["team"]
    for field in (*KEPT, *KEPT["adminPrivileges"]):
        assert f"  {field}:" in texts["pay"]


def test_an_own_member_that_was_disabled_is_exported(settled: Estate) -> None:
    """Then it says something that nobody could guess."""
    own = f"{settled.platform.base_url}/artifactory/alone"
    settled.post("alone", members=[{"url": own, "enabled": False}])
    forget(settled)
    texts = {file.stem: text for file, text in settled.export().created}
    assert f"- url: {own}\n" in texts["alone"]
    write(settled.export().created)
    assert_only_adopts(settled, len(DESIRED) + 1)


def test_an_update_of_an_export_edits_the_fields(settled: Estate) -> None:
    """What somebody changed live goes into the manifests that declare it."""
    forget(settled)
    write(settled.export().created)
    settled.ask(GROUP, "PATCH", {"description": "theirs"})
    updated = settled.export(update=True).updated
    assert [file.name for file, _ in updated] == ["team.yaml"]
    assert "description: theirs" in updated[0][1]


THEIR_CHANGES: Mapping[str, tuple[Callable[[Estate], Any], str, str]] = {
    "group field": (
        lambda e: e.ask(GROUP, "PATCH", {"description": "theirs"}),
        "Group/team",
        "spec.description",
    ),
    "group members": (
        lambda e: e.ask(f"{GROUP}/members", "PATCH", {"add": ["bob"], "remove": ["ann"]}),
        "Group/team",
        "spec.members",
    ),
    "project field": (
        lambda e: e.ask(PROJECT, "PUT", {"description": "theirs"}),
        "Project/pay",
        "spec.description",
    ),
    "project privileges": (
        lambda e: e.ask(PROJECT, "PUT", {"admin_privileges": {"manage_members": True}}),
        "Project/pay",
        "spec.adminPrivileges.manageResources",
    ),
    "member of a federation": (
        lambda e: e.post("images", members=[{"url": MEMBERS[0]["url"], "enabled": True}]),
        "FederatedRepository/images",
        "spec.members",
    ),
    "repository taken out of its project": (
        lambda e: e.platform.store.assign("x", None),
        "LocalRepository/x",
        "spec.projectKey",
    ),
}
each_change = pytest.mark.parametrize("name", THEIR_CHANGES)


@each_change
def test_what_somebody_else_changed_is_drift(settled: Estate, name: str) -> None:
    """Told by field, and gone after an apply."""
    change, address, path = THEIR_CHANGES[name]
    assert settled.drift().entries == ()
    change(settled)
    (entry,) = settled.drift().entries
    assert str(entry.address) == address
    assert path in [f.path for f in entry.fields]
    assert_done(settled.apply(), set())
    assert settled.drift().entries == ()
    assert_converged(settled)


@each_change
def test_drift_can_be_accepted(settled: Estate, name: str) -> None:
    """The manifest says afterwards what is live, and no more."""
    THEIR_CHANGES[name][0](settled)
    with settled.session() as run:
        found = accept(run, find_drift(run))
        for file in found.files:
            (settled.root / file.file).write_text(file.after, encoding="utf-8")
        run.store.change(found.entries)
    assert [d.summary for d in found.refused] == []
    assert settled.drift().entries == ()
    settled.forget_requests()
    assert [o.result for o in settled.apply().outcomes] == []
    assert settled.writes() == []
    assert settled.platform.base_url not in (settled.root / "manifests" / "all.yaml").read_text()


def test_a_deleted_environment_is_drift(settled: Estate) -> None:
    """An object that is nothing but its name can only be there or not."""
    settled.platform.store.project_environments["pay"].remove("pay-UAT")
    addresses = [str(entry.address) for entry in settled.drift().entries]
    assert addresses == ["ProjectEnvironment/pay/UAT"]
    (change,) = settled.plan().changes
    assert change.action is Action.CREATE


@each_change
def test_a_plan_from_a_snapshot_equals_the_live_one(settled: Estate, name: str) -> None:
    """Applied, changed by somebody, declared anew: both plans say the same."""
    THEIR_CHANGES[name][0](settled)
    settled.ask("/access/api/v1/environments", "POST", {"name": "OLD"})
    settled.declare(
        *DESIRED,
        manifest("Project", "new", {"displayName": "New"}),
        manifest("ProjectEnvironment", "QA2", project="new"),
        manifest("GlobalEnvironment", "RENAMED", previousNames=["OLD"]),
        manifest("Group", "newcomers", {"members": ["ann"]}),
        federated("new", "npm", members=MEMBERS, projectKey="new"),
        federated("x2", "npm", projectKey="nobody"),
    )
    file = recorded(settled)
    live_plan = settled.plan(unmanaged=True)
    assert_same(live_plan, offline(settled, file, unmanaged=True))
    actions = {str(c.address): (c.action, c.reason) for c in live_plan.changes}
    assert actions["GlobalEnvironment/RENAMED"] == (Action.UPDATE, "renamed")
    assert {c.blocked.code for c in live_plan.changes if c.blocked} == {"missing-reference"}


def test_a_conversion_planned_from_a_snapshot(settled: Estate) -> None:
    """The class of what is live is in the recording."""
    converted = [d for d in DESIRED if d["metadata"]["name"] != "alone"]
    settled.declare(*converted, local("alone", "npm"))
    file = recorded(settled)
    made = offline(settled, file)
    (change,) = made.changes
    assert (change.action, change.reason, change.blocked) == (Action.CONVERT, "other-class", None)
    assert_same(settled.plan(), made)


# --- from Terraform ---------------------------------------------------------------------------


def resources(estate: Estate) -> list[dict[str, Any]]:
    """The resources a state would hold, written from the provider's documentation."""
    project, team = estate.ask(PROJECT), estate.ask(GROUP)
    group = {n: team[n] for n in ("name", "description", "auto_join", "admin_privileges")}
    group |= {"external_id": team["external_id"], "realm": "internal", "realm_attributes": None}
    fed = live(estate, "images")
    fed_values = {n: v for n, v in states.attributes(fed).items() if n != "members"}
    fed_values["member"] = [
        {"url": m["url"], "enabled": m["enabled"], "access_token": None} for m in fed["members"]
    ]
    return [
        states.resource(
            "project",
            "pay",
            {
                "id": "pay",
                "key": "pay",
                "display_name": project["display_name"],
                "description": project["description"],
                "admin_privileges": [project["admin_privileges"]],
                "max_storage_in_gibibytes": 5,
                "block_deployments_on_limit": not project["soft_limit"],
                "email_notification": project["storage_quota_email_notification"],
                "member": [],
                "group": [],
                "role": [],
                "repos": [],
                **{
                    f"use_project_{name}_resource": True
                    for name in ("group", "repository", "role", "user")
                },
            },
        ),
        states.resource(
            "project_environment", "uat", {"id": "pay-UAT", "name": "UAT", "project_key": "pay"}
        ),
        states.resource("artifactory_global_environment", "qa", {"id": "QA", "name": "QA"}),
        states.resource(
            "platform_group",
            "team",
            {**group, "members": team["members"], "use_group_members_resource": False},
        ),
        states.resource(
            "artifactory_federated_docker_repository",
            "images",
            {**fed_values, "cleanup_on_delete": True},
        ),
    ]


def test_a_terraform_state_only_adopts(settled: Estate) -> None:
    """Every resource becomes a manifest that changes nothing; what is left is told."""
    settled.ask(PROJECT, "PUT", {"storage_quota_bytes": 5 * 1024**3})
    found_resources = resources(settled)
    forget(settled)
    found = imported(settled, states.shown(found_resources))
    assert [d.summary for d in found.left] == [
        "project.pay admin_privileges.index_resources was not imported: the server never returns "
        "it: declare it by hand if it matters"
    ]
    assert len(found.exported.created) == len(found_resources)
    assert_only_adopts(settled, len(found_resources))
    texts = {file.stem: text for file, text in found.exported.created}
    assert f"storageQuotaBytes: {5 * 1024**3}\n" in texts["pay"]
    assert "softLimit: true\n" in texts["pay"]
    assert (
        "  adminPrivileges:\n    manageMembers: true\n    manageResources: true\n" in texts["pay"]
    )
    assert "index" not in texts["pay"]


def test_the_old_group_resource(settled: Estate) -> None:
    """Its members have another name."""
    forget(settled)
    values = {
        "name": "team",
        "description": FULL["Group"]["description"],
        "auto_join": True,
        "admin_privileges": False,
        "realm": "internal",
        "detach_all_users": False,
        "users_names": ["carol", "ann", "dan"],
        "policy_manager": True,
        "watch_manager": True,
        "reports_manager": True,
    }
    found = imported(settled, states.shown([states.resource("artifactory_group", "team", values)]))
    assert found.left == ()
    assert_only_adopts(settled, 1)
    assert "- ann\n" in found.exported.created[0][1]

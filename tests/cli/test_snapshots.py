"""`snapshot` and `plan --snapshot` as users meet them: two platforms, no token, clear errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.cli.support import Desk, local, remote

SCHEMA = Path(__file__).parents[2] / "schemas/documents/snapshot.v1.schema.json"


def blind(desk: Desk) -> None:
    """Take away every address and token."""
    for name in ("JFROG_URL", "JFROG_ACCESS_TOKEN", "EAST_URL", "EAST_TOKEN", "WEST_URL"):
        desk.patch.delenv(name, raising=False)
    desk.sandbox.reset_requests()


def test_two_platforms_are_planned_without_any_credential(pair: Desk) -> None:
    """The document says the same as the live plan's, except for its time and age."""
    pair.declare(local("a"), local("b", metadata={"platforms": ["east", "west"]}))
    live = pair("plan", "--output", "json").document
    taken = pair("snapshot", "--out", "state.json")
    assert (taken.code, taken.out) == (0, "")
    assert taken.err == "state.json: 7 objects of east, west\n"
    blind(pair)

    seen = pair("plan", "--snapshot", "state.json", "--output", "json")

    assert seen.code == 0
    assert pair.sandbox.requests == []
    (told,) = seen.document["diagnostics"]
    assert told["rule"] == "snapshot"
    for name in ("digest", "changes", "platforms", "summary", "partial"):
        assert seen.document[name] == live[name], name


def test_the_file_is_as_the_schema_says(desk: Desk) -> None:
    """Live, absent and unreadable objects, contents and inventory: the published schema holds."""
    desk.patch.setenv("PW", "x")
    desk.converged(local("a"), remote("r", username="u", password={"env": "PW"}))
    desk.declare(local("a", "docker"), remote("r"), local("new"))
    desk("snapshot", "--out", "state.json")
    document = json.loads((desk.root / "state.json").read_text())
    schema: dict[str, Any] = json.loads(SCHEMA.read_text())

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    (platform,) = document["platforms"]
    assert platform["objects"][-1] == {"address": "default:LocalRepository/new", "state": "absent"}
    assert set(document["inventory"]) == {
        "default:LocalRepository/a",
        "default:RemoteRepository/r",
    }
    assert platform["contents"][0]["artifacts"] == 0


def test_the_result_as_json(desk: Desk) -> None:
    """One document on stdout, with the file and what it holds."""
    desk.send("PUT", "/artifactory/api/repositories/a", {"rclass": "local", "packageType": "npm"})
    seen = desk("snapshot", "--out", "state.json.gz", "--output", "json")

    assert seen.document["objects"] == 4  # every platform has two environments and one retention
    assert seen.document["platforms"] == ["default"]
    assert seen.document["file"] == "state.json.gz"


def test_an_apply_never_takes_one(desk: Desk) -> None:
    """Neither as a flag nor as a saved plan; nothing is written."""
    desk.declare(local("a"))
    desk("snapshot", "--out", "state.json")
    flag = desk("apply", "--yes", "--snapshot", "state.json")
    plan = desk("apply", "--plan", "state.json")

    assert (flag.code, plan.code) == (1, 1)
    assert "No such option '--snapshot'" in flag.err
    assert "is a snapshot, and no plan" in plan.err


def test_a_plan_made_offline_can_be_applied(desk: Desk) -> None:
    """The approval is bound to the digest, which a fresh look confirms."""
    desk.declare(local("a"))
    desk("snapshot", "--out", "state.json")
    desk("plan", "--snapshot", "state.json", "--out", "plan.json")

    assert desk("apply", "--plan", "plan.json").code == 0


def test_a_file_that_is_not_there(desk: Desk) -> None:
    """The error names the file and how to get one."""
    desk.declare(local("a"))
    seen = desk("plan", "--snapshot", "none.json")

    assert seen.code == 1
    assert "the snapshot none.json cannot be read: No such file" in seen.err
    assert "reconciler snapshot --out" in seen.err


def test_a_place_that_cannot_be_written(desk: Desk) -> None:
    """The error names the file that was asked for and what is wrong with its place."""
    seen = desk("snapshot", "--out", "none/dir/state.json")

    assert seen.code == 1
    assert "the snapshot none/dir/state.json cannot be written: there is no folder" in seen.err
    assert ".tmp" not in seen.both


def test_a_damaged_snapshot_says_what_it_lacks(desk: Desk) -> None:
    """The field that is missing is told in words."""
    desk("snapshot", "--out", "state.json")
    document = json.loads((desk.root / "state.json").read_text("utf-8"))
    del document["created"]
    desk.write("state.json", document)
    desk.declare(local("a"))

    seen = desk("plan", "--snapshot", "state.json")

    assert seen.code == 1
    assert "the snapshot state.json is damaged: it lacks 'created'" in seen.err

"""Who owns what: adopting, releasing, taking over, observing, ignoring; and a lost inventory."""

from __future__ import annotations

import json

import pytest

from tests.cli.support import Desk, local


def test_observe_is_shown_and_never_written(desk: Desk) -> None:
    """`manage: observe` compares and does not write."""
    desk.make("a", description="theirs")
    desk.declare(local("a", description="ours", lifecycle={"manage": "observe"}))
    plan = desk("plan", "--detailed-exitcode")
    applied = desk("apply", "--yes")

    assert plan.code in (0, 3), plan.both
    assert applied.code == plan.code
    assert desk.writes() == []
    assert desk.live("a")["description"] == "theirs"


def test_create_only_is_created_and_then_left(desk: Desk) -> None:
    """`manage: create-only` writes once."""
    manifest = local("a", description="first", lifecycle={"manage": "create-only"})
    desk.converged(manifest)
    desk.meddle("a", description="theirs")
    seen = desk("apply", "--yes")

    assert seen.code == 0, seen.both
    assert desk.writes() == []
    assert desk.live("a")["description"] == "theirs"


def test_ignored_fields_are_left_in_plan_and_write(desk: Desk) -> None:
    """`ignore` takes a field out of the difference and out of the write."""
    desk.make("a", description="theirs", notes="theirs")
    ignoring = {"ignore": ["spec.notes"]}
    desk.declare(local("a", description="ours", notes="ours", lifecycle=ignoring))
    plan = desk("plan", "--output", "json").document
    seen = desk("apply", "--yes")

    assert [f["path"] for f in plan["changes"][0]["fields"]] == ["spec.description"]
    assert seen.code == 0, seen.both
    assert desk.live("a")["notes"] == "theirs"
    assert desk.live("a")["description"] == "ours"


def test_an_ignored_path_must_exist(desk: Desk) -> None:
    """A misspelt path is an error of the manifest."""
    desk.declare(local("a", lifecycle={"ignore": ["spec.nots"]}))
    seen = desk("validate")

    assert seen.code == 1
    assert "spec.nots" in seen.err


def test_adopting_is_not_creating(desk: Desk) -> None:
    """A live object nobody owns is adopted: without a write where nothing differs."""
    desk.make("a", description="x")
    desk.declare(local("a", description="x"))
    plan = desk("plan", "--detailed-exitcode", "--output", "json")
    seen = desk("apply", "--yes")

    assert plan.code == 0
    assert [c["action"] for c in plan.document["changes"]] == ["adopt"]
    assert seen.code == 0, seen.both
    assert "adopted" in seen.out
    assert desk.writes() == []
    assert list(desk.inventory()) == ["default:LocalRepository/a"]


def test_adopting_what_differs_is_an_update(desk: Desk) -> None:
    """The differences are shown, the object is marked as adopted."""
    desk.make("a", description="theirs")
    desk.declare(local("a", description="ours"))
    seen = desk("plan")

    assert "LocalRepository/a (adopting)" in seen.out
    assert '"theirs" -> "ours"' in seen.out


def test_release_in_the_manifest(desk: Desk) -> None:
    """`release: true` forgets the object without touching it, and may stay in the file."""
    desk.converged(local("a", description="x"))
    desk.declare(local("a", description="other", lifecycle={"release": True}))
    plan = desk("plan", "--detailed-exitcode")
    seen = desk("apply", "--yes")
    again = desk("apply")

    assert plan.code == 0, plan.both
    assert seen.code == 0, seen.both
    assert "released" in seen.out
    assert desk.inventory() == {}
    assert desk.writes() == []
    assert again.code == 0, again.both


def test_two_workspaces_and_one_inventory(desk: Desk) -> None:
    """What another workspace owns is refused, unless the manifest says takeover: true."""
    desk.converged(local("a", description="one"))
    desk.workspace(
        "other/reconciler.yaml", owner="other", inventory={"file": "../.reconciler/inventory.json"}
    )
    refused = local("a", description="two")
    desk.declare(refused, local("b"), file="other/manifests/all.yaml")
    blocked = desk("apply", "--yes", "--workspace", "other")
    desk.declare(
        local("a", description="two", lifecycle={"takeover": True}), file="other/manifests/all.yaml"
    )
    taken = desk("apply", "--yes", "--workspace", "other")

    assert blocked.code == 3, blocked.both
    assert "acme" in blocked.out
    assert "takeover" in blocked.out
    assert taken.code == 0, taken.both
    assert desk.live("a")["description"] == "two"
    assert desk.inventory()["default:LocalRepository/a"]["owner"] == "other"


def test_the_former_owner_is_refused_then(desk: Desk) -> None:
    """After a takeover the former owner no longer writes the object."""
    test_two_workspaces_and_one_inventory(desk)
    desk.sandbox.reset_requests()
    desk.declare(local("a", description="one again"))
    seen = desk("apply", "--yes")

    assert seen.code == 3
    assert desk.writes() == []


def test_adopt_an_address(desk: Desk) -> None:
    """`adopt ADDRESS` records the object and writes nothing."""
    desk.make("a", description="theirs")
    desk.make("b")
    desk.declare(local("a", description="ours"), local("b"), local("c"))
    seen = desk("adopt", "LocalRepository/a")

    assert seen.code == 0, seen.both
    assert seen.out == "adopted LocalRepository/a\n"
    assert "1 adopted" in seen.err
    assert list(desk.inventory()) == ["default:LocalRepository/a"]
    assert desk.writes() == []
    assert '"theirs" -> "ours"' in desk("plan").out


def test_adopt_all(desk: Desk) -> None:
    """`adopt --all` takes what is live and says what is not."""
    desk.make("a")
    desk.make("b")
    desk.declare(local("a"), local("b"), local("c"))
    seen = desk("adopt", "--all")
    again = desk("adopt", "--all")

    assert seen.code == 0, seen.both
    assert seen.out.splitlines() == ["adopted LocalRepository/a", "adopted LocalRepository/b"]
    assert "LocalRepository/c does not exist" in seen.err
    assert "0 adopted, 2 already owned" in again.err
    assert desk.writes() == []


def test_adopt_what_another_owns(desk: Desk) -> None:
    """Another owner's object is not adopted."""
    desk.converged(local("a"))
    desk.workspace(owner="other")
    seen = desk("adopt", "--all")

    assert seen.code == 3, seen.both
    assert "acme" in seen.err
    assert desk.inventory()["default:LocalRepository/a"]["owner"] == "acme"


def test_adopt_an_unknown_address(desk: Desk) -> None:
    """An address nothing declares is refused, before the platform is asked."""
    desk.declare(local("a"))
    seen = desk("adopt", "LocalRepository/b")

    assert seen.code == 1
    assert "no manifest declares LocalRepository/b" in seen.err


def test_release_addresses(desk: Desk) -> None:
    """`release` forgets several at once, needs no platform, and does all or nothing."""
    desk.converged(local("a"), local("b"), local("c"))
    desk.patch.delenv("JFROG_URL")
    wrong = desk("release", "LocalRepository/a", "LocalRepository/zz")
    kept = set(desk.inventory())
    seen = desk("release", "LocalRepository/a", "default:LocalRepository/b")

    assert wrong.code == 1
    assert len(kept) == 3
    assert seen.code == 0, seen.both
    assert seen.out.splitlines() == ["released LocalRepository/a", "released LocalRepository/b"]
    assert list(desk.inventory()) == ["default:LocalRepository/c"]


def test_a_lost_inventory(desk: Desk) -> None:
    """Without the inventory an apply adopts everything again and writes nothing else."""
    desk.converged(local("a", description="x"), local("b"))
    before = desk.inventory()
    (desk.root / ".reconciler" / "inventory.json").unlink()
    seen = desk("apply", "--yes")

    assert seen.code == 0, seen.both
    assert "2 adopted" in seen.out
    assert desk.writes() == []
    assert desk.inventory() == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "reconciler.inventory/v9"}'])
def test_a_damaged_inventory(desk: Desk, content: str) -> None:
    """A damaged inventory stops every command that needs it, and is left as it is."""
    desk.declare(local("a"))
    file = desk.write(".reconciler/inventory.json", content)
    for line in ("plan", "apply --yes", "drift", "adopt --all", "release LocalRepository/a"):
        seen = desk(*line.split())
        assert seen.code == 1, seen.both
        assert "inventory" in seen.err
        assert "should not have happened" not in seen.err

    assert file.read_text() == content
    assert desk.writes() == []


def test_released_fields_are_told(desk: Desk) -> None:
    """A field that is no longer declared is said to be released, and its value stays."""
    desk.converged(local("a", description="x", notes="y"))
    desk.declare(local("a", description="x"))
    seen = desk("plan")
    desk("apply", "--yes")

    assert "spec.notes" in seen.both
    assert desk.live("a")["notes"] == "y"
    assert "spec.notes" not in json.dumps(desk.inventory())


def test_protected_objects_are_still_updated(desk: Desk) -> None:
    """`protect` is about deleting and replacing; other changes go on."""
    desk.converged(local("a", lifecycle={"protect": True}))
    desk.declare(local("a", description="new", lifecycle={"protect": True}))

    assert desk("apply", "--yes").code == 0
    assert desk.live("a")["description"] == "new"


def test_a_field_the_server_rewrites_is_told_once(desk: Desk) -> None:
    """After a 5 that names the field, the next plan is empty."""
    desk.declare(local("a", description="x"))
    desk.fault("status", times=None, status=404, match={"path": "*/v2/repositories/batch"})
    assert desk("apply", "--yes").code == 0
    assert desk("plan", "--detailed-exitcode").code == 0

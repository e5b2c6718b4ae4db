"""`undo`: what an apply changed is as it was, and what cannot be is said before and after."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.support import Desk, local, manifest, remote


def state(desk: Desk) -> dict[str, Any]:
    """Everything the platform stores of its repositories, and who is owned."""
    stored = {
        key: (found.package_type, found.rclass, dict(found.own))
        for key, found in desk.platform.store.repositories.items()
    }
    return {"live": stored, "owned": desk.inventory()}


def test_updates_creates_and_deletes_are_taken_back(desk: Desk) -> None:
    """Live and inventory are as before; the manifests are left alone."""
    desk.converged(local("a", description="one"), local("gone", notes="n"))
    before = state(desk)
    desk.declare(local("a", description="two"), local("new"))
    assert desk("apply", "--prune", "--yes").code == 0
    seen = desk("undo", "--yes")

    assert seen.code == 0, seen.both
    assert state(desk) == before


def test_the_inverse_is_a_plan(desk: Desk) -> None:
    """Shown, with a digest, and nothing is done without an answer."""
    desk.converged(local("a", description="one"))
    desk.converged(local("a", description="two"))
    shown = desk("undo", "--plan-only")
    assert '"two" -> "one"' in shown.out
    assert desk("undo").code == 1
    assert desk("undo", "--expect-digest", f"sha256:{'0' * 64}").code == 4
    assert desk.writes() == []
    digest = next(line for line in shown.out.splitlines() if line.startswith("sha256:"))

    assert desk("undo", "--expect-digest", digest).code == 0
    assert desk.live("a")["description"] == "one"


def test_an_undo_can_be_undone(desk: Desk) -> None:
    """It is an apply."""
    desk.converged(local("a", description="one"))
    desk.converged(local("a", description="two"))
    desk("undo", "--yes")
    desk("undo", "--yes")

    assert desk.live("a")["description"] == "two"


def test_an_older_apply_is_named(desk: Desk) -> None:
    """The list tells the ids; one that does not exist is an error."""
    for text in ("one", "two", "three"):
        desk.converged(local("a", description=text))
    ids = [line.split()[0] for line in desk("undo", "--list").out.splitlines()]

    assert desk("undo", "nonsense").code == 1
    assert desk("undo", ids[1], "--yes").code == 0
    assert desk.live("a")["description"] == "one"


def test_nothing_to_undo(desk: Desk) -> None:
    """Where nobody applied."""
    desk.declare(local("a"))

    assert desk("undo", "--yes").code == 1


def test_content_is_not_deleted_by_an_undo(desk: Desk) -> None:
    """What was made and is in use now is blocked, as by any delete."""
    desk.converged(local("keep"))
    desk.converged(local("keep"), local("new"))
    assert desk.send("PUT", "/artifactory/new/a.txt", {"some": "bytes"}).status == 201
    seen = desk("undo", "--yes")

    assert seen.code == 3
    assert desk.exists("new")


def test_an_adoption_is_released(desk: Desk) -> None:
    """Only the inventory had changed, and only it changes back."""
    desk.converged(local("a"))
    desk.make("old")
    desk.declare(local("a"), local("old"))
    assert desk("apply", "--yes").code == 0
    desk.sandbox.reset_requests()
    assert desk("undo", "--yes").code == 0

    assert list(desk.inventory()) == ["default:LocalRepository/a"]
    assert desk.exists("old")
    assert desk.writes() == []


def test_what_cannot_be_had_back_is_told_before(desk: Desk) -> None:
    """A plan says it before it is approved; the undo says it again."""
    desk.patch.setenv("UPSTREAM", "canary-one")
    key = {"fingerprintKey": {"env": "RECONCILER_FINGERPRINT_KEY"}}
    desk.workspace(**key)
    desk.patch.setenv("RECONCILER_FINGERPRINT_KEY", "k" * 32)
    desk.converged(remote("r", password={"env": "UPSTREAM"}))
    desk.patch.setenv("UPSTREAM", "canary-two")
    plan = desk("plan")
    assert "1 cannot be undone wholly" in plan.out
    assert "is not known" in " ".join(plan.out.split())
    assert desk("apply", "--yes").code == 0
    seen = desk("undo", "--plan-only")

    assert "undo-lost" in seen.out
    assert "canary" not in seen.both
    assert "canary" not in "".join(
        file.read_text() for file in (desk.root / ".reconciler").rglob("*") if file.is_file()
    )


def test_somebody_else_s_change_is_seen(desk: Desk) -> None:
    """The plan shows what is live now, not what the apply had left."""
    desk.converged(local("a", description="one"))
    desk.converged(local("a", description="two"))
    desk.meddle("a", description="three")

    assert '"three" -> "one"' in desk("undo", "--plan-only").out


def test_guardrails_hold_for_an_undo(desk: Desk) -> None:
    """What a rule forbids is not brought back either."""
    desk.converged(remote("r", url="http://plain.example.com"))
    rule = manifest("Guardrail", "tls", use="remote-over-https")
    desk.declare(rule, remote("r", url="https://plain.example.com"))
    assert desk("apply", "--yes").code == 0

    assert desk("undo", "--yes").code == 3
    assert desk.live("r")["url"] == "https://plain.example.com"


def test_records_are_bounded(desk: Desk) -> None:
    """The oldest are forgotten."""
    for number in range(12):
        desk.converged(local("a", description=str(number)))

    assert len(desk("undo", "--list").out.splitlines()) <= 10


NAMES = ["a*", "a?", "a[bc]", "a,b", "a=b", "a b", "kind=Group"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_look_like_terms(desk: Desk, name: str) -> None:
    """The undo is about the objects of its apply, and deletes nothing whose name is like theirs."""
    desk.converged(*(manifest("Group", other, description="x") for other in ("ab", "ac", "b")))
    desk.converged(*(manifest("Group", each, description="x") for each in ("ab", "ac", "b", name)))
    seen = desk("undo", "--yes")

    assert seen.code == 0, seen.both
    assert {"ab", "ac", "b"} <= desk.platform.store.directory.groups.keys()
    assert name not in desk.platform.store.directory.groups


def test_what_another_workspace_took_over_since(desk: Desk) -> None:
    """It is not ours to delete any more; nothing is left to undo."""
    desk.converged(local("a"))
    file = desk.root / ".reconciler" / "inventory.json"
    file.write_text(file.read_text().replace('"owner": "acme"', '"owner": "other"'))
    seen = desk("undo", "--yes")

    assert seen.code == 0, seen.both
    assert desk.exists("a")

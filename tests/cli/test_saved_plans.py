"""Apply what was reviewed: saved plans and expected digests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.support import Desk, local


def saved(desk: Desk, *manifests: dict[str, Any], flags: tuple[str, ...] = ()) -> str:
    """A plan of some manifests, saved; its digest."""
    desk.declare(*manifests)
    seen = desk("plan", "--out", "plan.json", *flags)
    assert seen.code == 0, seen.both
    desk.sandbox.reset_requests()
    return str(json.loads((desk.root / "plan.json").read_text())["digest"])


def test_the_same_plan_is_applied(desk: Desk) -> None:
    """A plan that is still the same is carried out without a question."""
    saved(desk, local("a"))
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 0, seen.both
    assert desk.exists("a")


def test_the_same_digest_is_applied(desk: Desk) -> None:
    """A digest binds like the file does."""
    digest = saved(desk, local("a"))
    seen = desk("apply", "--expect-digest", digest)

    assert seen.code == 0, seen.both
    assert desk.exists("a")


def test_the_text_of_a_plan_shows_its_digest(desk: Desk) -> None:
    """Whoever reads the plan can copy the digest."""
    digest = saved(desk, local("a"))

    assert digest in desk("plan").out


def test_a_plan_is_used_once(desk: Desk) -> None:
    """The second time the plan is stale, and nothing is written."""
    saved(desk, local("a"))
    desk("apply", "--plan", "plan.json")
    desk.sandbox.reset_requests()
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "LocalRepository/a: then create" in seen.err
    assert "now no change" in seen.err
    assert desk.writes() == []


def test_live_changed(desk: Desk) -> None:
    """A live change in a planned field ends 4, with then and now, and writes nothing."""
    desk.make("a", description="one")
    saved(desk, local("a", description="wanted"))
    desk.meddle("a", description="two")
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4, seen.both
    assert 'then update spec.description "one" -> "wanted"' in seen.err
    assert 'now update spec.description "two" -> "wanted"' in seen.err
    assert desk.writes() == []


def test_a_live_change_elsewhere_does_not_matter(desk: Desk) -> None:
    """A field nobody planned to change may change."""
    desk.make("a", description="one")
    saved(desk, local("a", description="wanted"))
    desk.meddle("a", notes="somebody's")
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 0, seen.both
    assert desk.live("a")["notes"] == "somebody's"


def test_other_manifests(desk: Desk) -> None:
    """Manifests that want something else are another plan."""
    saved(desk, local("a"))
    desk.declare(local("a"), local("b"))
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "LocalRepository/b: then no change, now create" in seen.err
    assert desk.writes() == []


def test_other_scope(desk: Desk) -> None:
    """A plan of everything is not the plan of a part, even where both do the same."""
    saved(desk, local("a"))
    seen = desk("apply", "--plan", "plan.json", "--only", "LocalRepository/a")

    assert seen.code == 4
    assert "scope: then everything, now --only LocalRepository/a" in seen.err
    assert desk.writes() == []


def test_other_target(desk: Desk) -> None:
    """A plan made for another platform is refused."""
    saved(desk, local("a"))
    text = (desk.root / "plan.json").read_text()
    document = json.loads(text)
    document["platforms"][0]["url"] = "https://other.example.com"
    document["digest"] = "sha256:0"
    desk.write("plan.json", document)
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "target: then default at https://other.example.com, now default at" in seen.err
    assert desk.writes() == []


def test_a_digest_is_of_one_target(desk: Desk) -> None:
    """The same manifests on another platform have another digest."""
    from tests.cli.support import served

    digest = saved(desk, local("a"))
    with served() as other:
        desk.patch.setenv("JFROG_URL", other.urls["default"])
        seen = desk("apply", "--expect-digest", digest)
        writes = [r for r in other.sandbox.requests if r["method"] != "GET"]

    assert seen.code == 4
    assert writes == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '"text"',
        "\x00\x01",
        '{"format": "reconciler.plan/v1"}',
        '{"format": "reconciler.plan/v2", "digest": "sha256:0"}',
        '{"format": "reconciler.drift/v1", "digest": "sha256:0"}',
        '{"format": "reconciler.plan/v1", "digest": "x", "platforms": [], "scope": {}}',
        '{"format": "reconciler.plan/v1", "digest": "x", "platforms": [], '
        '"scope": {"only": [], "exclude": []}, "changes": [1]}',
    ],
)
def test_files_that_are_no_plan(desk: Desk, content: str) -> None:
    """A damaged or foreign file ends 1 before anything is asked of the platform."""
    desk.declare(local("a"))
    desk.write("plan.json", content)
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 1, seen.both
    assert "plan.json" in seen.err
    assert "should not have happened" not in seen.err
    assert desk.sandbox.requests == []


def test_partial_plans_are_refused(desk: Desk) -> None:
    """A plan made with a token that sees too little cannot be approved."""
    desk.make("visible-a")
    desk.declare(local("visible-a", xrayIndex=True))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["partial"])
    planned = desk("plan", "--out", "plan.json", "--output", "json")
    by_digest = desk("apply", "--expect-digest", planned.document["digest"])
    by_file = desk("apply", "--plan", "plan.json")

    assert planned.document["partial"] is True
    assert (by_digest.code, by_file.code) == (4, 4)
    assert "partial" in by_digest.err
    assert desk.writes() == []


def test_a_partial_plan_is_refused_with_a_better_token_too(desk: Desk) -> None:
    """What was reviewed was not everything, whoever applies it."""
    desk.make("visible-a")
    desk.declare(local("visible-a", xrayIndex=True))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["partial"])
    desk("plan", "--out", "plan.json")
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["admin"])
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert desk.writes() == []


def test_stale_in_json(desk: Desk) -> None:
    """The then-and-now difference is in the document's diagnostics."""
    saved(desk, local("a"))
    desk.declare(local("b"))
    seen = desk("apply", "--plan", "plan.json", "--output", "json")

    assert seen.document["exitCode"] == 4
    assert "LocalRepository/b" in seen.document["diagnostics"][0]["detail"]


def test_both_bindings(desk: Desk) -> None:
    """With a plan and a digest, both must fit."""
    digest = saved(desk, local("a"))

    assert desk("apply", "--plan", "plan.json", "--expect-digest", "sha256:" + "0" * 64).code == 4
    assert desk("apply", "--plan", "plan.json", "--expect-digest", digest).code == 0


def test_limits_hold_for_approved_plans(desk: Desk) -> None:
    """An approved plan over a limit is still blocked."""
    names = [f"r{i}" for i in range(10)]
    desk.converged(*map(local, names))
    desk.declare(*(local(name, description="new") for name in names))
    desk("plan", "--out", "plan.json")
    desk.sandbox.reset_requests()

    assert desk("apply", "--plan", "plan.json").code == 3
    assert desk.writes() == []


def test_a_plan_that_cannot_be_saved(desk: Desk) -> None:
    """A folder that does not exist is told in words."""
    desk.declare(local("a"))
    seen = desk("plan", "--out", "nowhere/plan.json")

    assert seen.code == 1
    assert "nowhere/plan.json" in seen.err
    assert "Traceback" not in seen.err

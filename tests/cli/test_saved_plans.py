"""Apply what was reviewed: saved plans and expected digests."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.saved_plan import read
from reconciler.engine.digest import digest as digest_of
from tests.cli.support import Desk, Seen, local, remote


def lines(seen: Seen) -> list[str]:
    """The listing of a refusal."""
    return [line[4:] for line in seen.err.splitlines() if line.startswith("  | ")]


def signed(document: dict[str, Any]) -> dict[str, Any]:
    """A plan document with the digest of what it says now."""
    folder = Path(tempfile.mkdtemp())
    (folder / "plan.json").write_text(json.dumps(document))
    return {**document, "digest": digest_of(read(folder / "plan.json").plan)}


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


def test_live_changed(desk: Desk) -> None:
    """A live change in a planned field ends 4, with then and now, and writes nothing."""
    desk.make("a", description="one")
    saved(desk, local("a", description="wanted"))
    desk.meddle("a", description="two")
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4, seen.both
    assert 'approved "one" -> "wanted", now "two" -> "wanted"' in seen.err
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
    assert lines(seen) == [
        "only now, never approved:",
        "  LocalRepository/b: create",
        '    spec.packageType: "generic"',
    ]
    assert desk.writes() == []


def test_other_scope(desk: Desk) -> None:
    """A plan of everything is not the plan of a part, even where both do the same."""
    saved(desk, local("a"))
    seen = desk("apply", "--plan", "plan.json", "--only", "LocalRepository/a")

    assert seen.code == 4
    assert lines(seen) == ["scope: approved everything, now --only LocalRepository/a"]
    assert desk.writes() == []


def test_other_target(desk: Desk) -> None:
    """A plan made for another platform is refused."""
    saved(desk, local("a"))
    text = (desk.root / "plan.json").read_text()
    document = json.loads(text)
    document["platforms"][0]["url"] = "https://other.example.com"
    desk.write("plan.json", signed(document))
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "target: approved default at https://other.example.com, now default at" in seen.err
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


# --- foreign and tampered files ------------------------------------------------------------------


def edit(desk: Desk, change: Callable[[dict[str, Any]], Any], *, sign: bool = False) -> None:
    """Change the saved plan, with or without a digest that fits."""
    document = json.loads((desk.root / "plan.json").read_text())
    change(document)
    desk.write("plan.json", signed(document) if sign else document)


TAMPERED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a value": lambda d: d["changes"][0]["fields"][0].update(after="maven"),
    "an action": lambda d: d["changes"][0].update(action="delete", fields=[]),
    "an address": lambda d: d["changes"][0].update(address="LocalRepository/x"),
    "a change less": lambda d: d["changes"].pop(),
    "a change more": lambda d: d["changes"].append({**d["changes"][0], "address": "Group/x"}),
    "a block": lambda d: d["changes"][0].update(
        blocked={"code": "immutable", "message": "x", "override": None}
    ),
    "adopting": lambda d: d["changes"][0].update(adopting=True),
    "a secret's source": lambda d: d["changes"][1].update(secrets={"spec.password": "env:EVIL"}),
    "the target": lambda d: d["platforms"][0].update(url="https://evil.example.com"),
    "the scope": lambda d: d["scope"].update(exclude=["LocalRepository/*"]),
    "the digest": lambda d: d.update(digest="sha256:" + "0" * 64),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_plan(desk: Desk, change: Callable[[dict[str, Any]], Any]) -> None:
    """A file whose digest is not of its changes is refused before anything is asked."""
    desk.patch.setenv("PW", "hunter2")
    saved(desk, local("a"), remote("r", username="u", password={"env": "PW"}))
    edit(desk, change)
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4, seen.both
    assert "was changed after it was saved" in seen.err
    assert desk.sandbox.requests == []


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_forged_plan(desk: Desk, change: Callable[[dict[str, Any]], Any]) -> None:
    """With a digest that fits its changes, it is not the plan of the manifests."""
    desk.patch.setenv("PW", "hunter2")
    saved(desk, local("a"), remote("r", username="u", password={"env": "PW"}))
    edit(desk, change, sign=True)
    if change is TAMPERED["the digest"]:
        return
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4, seen.both
    assert "is not the plan a fresh look gives" in seen.err
    assert lines(seen)
    assert desk.writes() == []


def test_a_saved_plan_says_all_its_digest_is_of(desk: Desk) -> None:
    """Odd values and secrets too: the digest can be computed from the file alone."""
    desk.patch.setenv("PW", "hunter2")
    odd = {"extra": {"big": 2**60, "tiny": 1e-300, "nested": {"b": [1, None], "a": True}}}
    digest = saved(
        desk,
        local("x"),
        remote("r", username="u", password={"env": "PW"}, description="\u202e \x7f \u00e9", **odd),
        flags=("--exclude", "LocalRepository/*", "--only", "kind=RemoteRepository"),
    )
    plan = read(desk.root / "plan.json")

    assert plan.is_whole
    assert plan.plan.digest == digest


def test_the_file_may_be_written_otherwise(desk: Desk) -> None:
    """White space and the order of keys mean nothing; nor does who made the plan."""
    saved(desk, local("a"))
    document = json.loads((desk.root / "plan.json").read_text())
    document |= {"tool": "9.9.9", "commit": "abc", "diagnostics": []}
    desk.write("plan.json", json.dumps(dict(reversed(document.items()))))

    assert desk("apply", "--plan", "plan.json").code == 0


def test_another_workspace(desk: Desk) -> None:
    """A plan of another workspace is refused, even if it would do the same."""
    saved(desk, local("a"))
    desk.workspace(owner="other")
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "was made in the workspace 'acme', and this is 'other'" in seen.err
    assert desk.writes() == []


def test_another_format(desk: Desk) -> None:
    """A plan of a later version is refused as not approved, whatever it holds."""
    desk.declare(local("a"))
    desk.write("plan.json", {"format": "reconciler.plan/v2", "digest": "sha256:0"})
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4
    assert "is of the format reconciler.plan/v2" in seen.err
    assert desk.sandbox.requests == []


def test_the_listing_has_three_parts(desk: Desk) -> None:
    """What was only approved, what is only planned now, what differs field by field."""
    desk.make("c", description="one")
    saved(desk, local("a"), local("c", description="wanted"), local("d"))
    desk.make("d", type_="npm")
    desk.meddle("c", description="two")
    desk.declare(local("b"), local("c", description="wanted"), local("d"))
    seen = desk("apply", "--plan", "plan.json")

    assert seen.code == 4, seen.both
    assert lines(seen) == [
        "only approved, nothing to do now:",
        "  LocalRepository/a: create",
        '    spec.packageType: "generic"',
        "only now, never approved:",
        "  LocalRepository/b: create",
        '    spec.packageType: "generic"',
        "not as approved:",
        "  LocalRepository/c:",
        '    spec.description: approved "one" -> "wanted", now "two" -> "wanted"',
        "  LocalRepository/d: approved create, now replace, adopting, blocked (immutable)",
        '    spec.packageType: approved "generic", now "npm" -> "generic"',
    ]
    assert desk.writes() == []


def test_a_long_listing_is_cut(desk: Desk) -> None:
    """Thousands of differences end in a number."""
    saved(desk, *(local(f"a{i:02}") for i in range(30)))
    desk.declare(local("b"))
    told = lines(desk("apply", "--plan", "plan.json"))

    assert "  … and 10 more objects" in told
    assert len(told) < 60

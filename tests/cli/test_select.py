"""`--only` and `--exclude`: what they choose, what comes along, how the reader learns of it."""

from __future__ import annotations

import pytest

from tests.cli.support import Desk, local, manifest, remote


def estate(desk: Desk) -> None:
    """Two teams, three classes, two files."""
    desk.make("unrelated")
    desk.declare(
        local("pay-local", "npm", metadata={"labels": {"team": "pay", "tier": "1"}}),
        remote("pay-remote", metadata={"labels": {"team": "pay"}}),
        manifest(
            "VirtualRepository",
            "pay-npm",
            packageType="npm",
            repositories=["pay-local", "pay-remote"],
            metadata={"labels": {"team": "web"}},
        ),
        file="manifests/pay/all.yaml",
    )
    desk.declare(
        local("web-local", "npm", metadata={"labels": {"team": "web"}}),
        local("web-maven", "maven"),
        file="manifests/web/all.yaml",
    )


EVERYTHING = {"pay-local", "pay-remote", "pay-npm", "web-local", "web-maven"}
CASES: list[tuple[str, set[str], set[str]]] = [
    ("--only LocalRepository/pay-local", {"pay-local"}, set()),
    ("--only LocalRepository/*", {"pay-local", "web-local", "web-maven"}, set()),
    ("--only */pay-remote", {"pay-remote"}, set()),
    ("--only default:*/web-*", {"web-local", "web-maven"}, set()),
    ("--only kind=RemoteRepository", {"pay-remote"}, set()),
    ("--only kind=*Repository", EVERYTHING, set()),
    ("--only label=team=pay", {"pay-local", "pay-remote"}, set()),
    ("--only label=tier", {"pay-local"}, set()),
    ("--only path=manifests/web/*", {"web-local", "web-maven"}, set()),
    ("--only platform=default", EVERYTHING, set()),
    ("--only kind=LocalRepository,label=team=web", {"web-local"}, set()),
    ("--only */web-local --only */web-maven", {"web-local", "web-maven"}, set()),
    ("--exclude kind=LocalRepository", {"pay-remote", "pay-npm"}, set()),
    ("--only label=team=pay --exclude kind=RemoteRepository", {"pay-local"}, set()),
    ("--only */pay-npm", {"pay-npm", "pay-local", "pay-remote"}, {"pay-local", "pay-remote"}),
    ("--only */pay-npm --exclude */pay-remote", {"pay-npm", "pay-local"}, {"pay-local"}),
]


@pytest.mark.parametrize("flags, chosen, by_reference", CASES, ids=[c[0] for c in CASES])
def test_selection(desk: Desk, flags: str, chosen: set[str], by_reference: set[str]) -> None:
    """Every form of a term; what an object names comes along and is marked."""
    estate(desk)
    found = desk("plan", *flags.split(), "--output", "json").document
    names = {c["name"] for c in found["changes"]}

    assert names == chosen
    assert {a.partition("/")[2] for a in found["byReference"]} == by_reference
    assert found["scope"]["only"] or found["scope"]["exclude"]


def test_project_term(desk: Desk) -> None:
    """`project=` selects by the project an object belongs to."""
    desk.declare(local("pay-a", projectKey="pay"), local("web-a", projectKey="web"))
    found = desk("plan", "--only", "project=pay", "--output", "json").document

    assert [c["name"] for c in found["changes"]] == ["pay-a"]


def test_the_first_line_says_the_scope(desk: Desk) -> None:
    """A scoped plan says so before anything else, with what came in by reference."""
    estate(desk)
    seen = desk("plan", "--only", "*/pay-npm", "--exclude", "kind=Rem*,label=team=pay")
    first = seen.out.splitlines()[0]

    assert first.startswith("Scope: only */pay-npm; without kind=Rem*,label=team=pay")
    assert "1 object by reference" in first
    assert "LocalRepository/pay-local (by reference)" in seen.out


def test_the_first_line_says_the_scope_of_nothing(desk: Desk) -> None:
    """Also where nothing is to do."""
    desk.converged(local("a"), local("b"))

    assert desk("plan", "--only", "*/a").out.startswith("Scope: only */a\n")


@pytest.mark.parametrize(
    "flags",
    [
        "--only */nobody",
        "--only kind=LocalRepositry",
        "--only label=team=nobody",
        "--only path=nowhere/*",
        "--only platform=west",
        "--only */pay-local --only */nobody",
        "--exclude */nobody",
        "--only */pay-local --exclude kind=LocalRepository",
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply --yes", "render", "drift"])
def test_a_term_that_selects_nothing(desk: Desk, flags: str, command: str) -> None:
    """A misspelt term is an error, not an empty plan."""
    estate(desk)
    seen = desk(*command.split(), *flags.split())

    assert seen.code == 1, seen.both
    assert "select" in seen.err
    assert seen.out == ""
    assert desk.writes() == []


def test_a_scoped_apply_touches_its_scope_only(desk: Desk) -> None:
    """Nothing outside the scope is written, or asked for by name."""
    estate(desk)
    seen = desk("apply", "--yes", "--only", "path=manifests/web/*")

    assert seen.code == 0, seen.both
    assert desk.exists("web-local")
    assert not desk.exists("pay-local")
    assert set(desk.inventory()) == {
        "default:LocalRepository/web-local",
        "default:LocalRepository/web-maven",
    }


def test_export_takes_terms_too(desk: Desk) -> None:
    """Export judges live objects by their address."""
    desk.make("pay-a")
    desk.make("web-a")
    seen = desk("export", "--only", "*/pay-*")

    assert seen.out.splitlines() == ["created manifests/LocalRepository/pay-a.yaml"]


def test_drift_takes_terms_too(desk: Desk) -> None:
    """Drift outside the scope is not looked at."""
    desk.converged(local("a", description="x"), local("b", description="x"))
    desk.meddle("a", description="y")

    assert desk("drift", "--only", "*/a").code == 2
    assert desk("drift", "--only", "*/b").code == 0


def test_what_is_no_longer_declared_is_named_and_kept(desk: Desk) -> None:
    """A manifest that went away deletes nothing; the plan says that the object is kept."""
    desk.converged(local("a"), local("b"))
    desk.declare(local("a"))
    seen = desk("plan")

    assert seen.code == 0
    assert "LocalRepository/b" in seen.both
    assert desk("apply", "--yes").code == 0
    assert desk.exists("b")


@pytest.mark.parametrize(
    "term, words",
    [
        ("kind=Locl", "there is no kind 'Locl'"),
        ("LocalRepositry/*", "did you mean 'LocalRepository'?"),
        ("kind=LocalRepository,,", "a term is empty"),
        ("kind=", "'kind=' says nothing"),
        ("label==x", "names no label"),
        ("platform=west", "there is no platform 'west'"),
        ("west:*/a", "there is no platform 'west'"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "export", "graph", "drift"])
def test_a_term_that_means_nothing(desk: Desk, term: str, words: str, command: str) -> None:
    """It is told with what could be meant, whatever the command does with the scope."""
    estate(desk)
    seen = desk(command, "--only", term)

    assert (seen.code, seen.out) == (1, "")
    assert words in seen.err
    assert desk.sandbox.requests == []


@pytest.mark.parametrize(
    "scope",
    ["--only platform=east", "--only east:*/*", "--only */a", "--exclude platform=west"],
)
@pytest.mark.parametrize("command", ["plan", "apply --yes", "drift"])
def test_another_platform_needs_no_token(pair: Desk, scope: str, command: str) -> None:
    """A run that concerns one platform asks neither for the other nor for its token."""
    pair.declare(local("a"), local("b", metadata={"platforms": ["west"]}))
    pair.patch.delenv("WEST_TOKEN")

    assert pair(*command.split(), *scope.split()).code == 0
    missing = pair(*command.split())
    assert missing.code == 1
    assert "platform 'west'" in missing.err
    assert "--exclude platform=west" in missing.err


def test_warnings_of_the_scope_only(desk: Desk) -> None:
    """A scoped plan does not tell what is wrong with objects it does not look at."""
    desk.declare(local("a", extra={"one": 1}), local("b", extra={"two": 2}))
    seen = desk("plan", "--only", "*/a")

    assert "'one' is passed through" in seen.out
    assert "'two'" not in seen.both

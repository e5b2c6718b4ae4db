"""`--output sarif` of validate and plan: one document in every case, places in the repository."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.support import Desk, Seen, local, remote

BROKEN = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec: {pakageType: npm}
"""


def run_of(seen: Seen) -> dict[str, Any]:
    """The one run of the document on stdout."""
    document = seen.document
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert run["invocations"][0]["exitCode"] == seen.code
    found: dict[str, Any] = run
    return found


def places(run: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Rule, file and line of every result."""
    return [
        (
            result["ruleId"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for result in run["results"]
    ]


def test_valid_manifests_have_no_results(desk: Desk) -> None:
    """An empty list of results closes the alerts of earlier runs."""
    desk.declare(local("a"))
    seen = desk("validate", "--output", "sarif")

    assert seen.code == 0
    assert run_of(seen)["results"] == []


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_findings_relate_to_the_repository(desk: Desk, command: str) -> None:
    """Files are named from the top of the Git repository, invalid manifests for a plan too."""
    desk.write("infra/reconciler.yaml", (desk.root / "reconciler.yaml").read_text())
    desk.write("infra/manifests/a.yaml", BROKEN)
    (desk.root / ".git").mkdir()
    seen = desk(command, "--workspace", "infra", "--output", "sarif")

    assert seen.code == 1
    assert ("unknown-field", "infra/manifests/a.yaml", 4) in places(run_of(seen))
    assert desk.sandbox.requests == []


def test_fingerprints_do_not_move_with_the_lines(desk: Desk) -> None:
    """A comment put in above changes the line and not the fingerprint."""

    def prints() -> list[str]:
        run = run_of(desk("validate", "--output", "sarif"))
        return [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]

    desk.write("manifests/a.yaml", BROKEN)
    before = prints()
    desk.write("manifests/a.yaml", "# one\n# two\n" + BROKEN)

    assert before
    assert prints() == before


def test_a_block_is_a_result_at_the_manifest(desk: Desk) -> None:
    """What a plan cannot do is found at the object that wants it."""
    desk.make("a", type_="maven")
    desk.declare(local("a", "npm"))
    seen = desk("plan", "--output", "sarif")

    assert seen.code == 3
    assert places(run_of(seen)) == [("immutable", "manifests/all.yaml", 1)]


def test_online_validation_too(desk: Desk) -> None:
    """`validate --online` tells the same block."""
    desk.make("a", type_="maven")
    desk.declare(local("a", "npm"))

    assert places(run_of(desk("validate", "--online", "--output", "sarif")))[0][0] == "immutable"


@pytest.mark.parametrize("command", ["validate nowhere", "plan --nonsense"])
def test_errors_are_one_document_as_well(desk: Desk, command: str) -> None:
    """A run that ends early says so in SARIF, and in words on stderr."""
    desk.declare(local("a"))
    seen = desk(*command.split(), "--output", "sarif")
    run = run_of(seen)

    assert seen.code == 1
    assert "error[" in seen.err or run["results"]


def test_an_outage_is_no_finding(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable platform is a notification; code scanning shows no alert for it."""
    monkeypatch.setenv("JFROG_URL", "http://127.0.0.1:1")
    desk.declare(local("a"))
    seen = desk("plan", "--output", "sarif")
    invocation = run_of(seen)["invocations"][0]

    assert seen.code == 6
    assert run_of(seen)["results"] == []
    assert not invocation["executionSuccessful"]
    assert invocation["toolExecutionNotifications"][0]["descriptor"]["id"] == "unreachable"


def test_a_secret_in_a_manifest_is_not_repeated(desk: Desk) -> None:
    """The finding about a literal secret does not hold the secret, nor a hash of its line."""
    desk.declare(remote("r", password="correct-horse"))
    seen = desk("validate", "--output", "sarif")

    assert "secret-literal" in seen.out
    assert "correct-horse" not in seen.both


def test_a_file_outside_of_the_workspace_has_a_whole_address(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its URI is absolute, so it must not be told as relative to the repository."""
    outside = tmp_path_factory.mktemp("outside") / "a.yaml"
    outside.write_text("kind: Nothing\n", encoding="utf-8")

    run = run_of(desk("validate", str(outside), "--output", "sarif"))

    (place, *_) = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert place["artifactLocation"] == {"uri": outside.as_uri()}

"""Every event that starts a run, by the payload GitHub sends for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.github.context import Pull, pull_of, read_context
from tests.support.composite import PAYLOADS, recorded

REPOSITORY = "acme/platform"
OURS = Pull(7, "a" * 40, "b" * 40)
FORK = Pull(7, "a" * 40, "b" * 40, is_fork=True)
EXPECTED = {
    "pull_request": OURS,
    "pull_request-fork": FORK,
    "pull_request-deleted-fork": FORK,
    "pull_request_target": FORK,
    "push-merge": None,
    "push-squash": None,
    "push-rebase": None,
    "merge_group": Pull(7, "f" * 40, "b" * 40),
    "workflow_dispatch": None,
    "schedule": None,
    "issue_comment": Pull(7),
    "issue_comment-issue": None,
}


def test_every_payload_is_expected() -> None:
    """No recorded payload is left out."""
    assert {file.stem for file in PAYLOADS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_pull_request_of_an_event(name: str) -> None:
    """Whose it is, which commits, and whether a stranger wrote it."""
    event = name.partition("-")[0]

    assert pull_of(event, recorded(name), REPOSITORY) == EXPECTED[name]


@pytest.mark.parametrize("payload", [{"pull_request": None}, {"merge_group": {}}, {"issue": 1}, []])
@pytest.mark.parametrize("event", ["pull_request", "merge_group", "issue_comment"])
def test_odd_payloads_are_about_nothing(event: str, payload: object, tmp_path: Path) -> None:
    """What has another form than documented ends no run with a traceback."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload))
    found = read_context({"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(file)})

    assert found.pull is None


def test_enterprise_server_is_found_by_its_variables() -> None:
    """No address is taken for granted."""
    found = read_context(
        {
            "GITHUB_API_URL": "https://git.example.com/api/v3",
            "GITHUB_GRAPHQL_URL": "https://git.example.com/api/graphql",
            "GITHUB_SERVER_URL": "https://git.example.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "1",
        }
    )

    assert found.api_url == "https://git.example.com/api/v3"
    assert found.graphql_url == "https://git.example.com/api/graphql"
    assert found.run_url == "https://git.example.com/acme/platform/actions/runs/1"

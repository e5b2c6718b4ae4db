"""The runner's variables and the event's payload in, what a run needs to know of both out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.pipeline.git import commit
from reconciler.platform.inventory.holder import run_link

_QUEUED = re.compile(r"gh-readonly-queue/.+/pr-(\d+)-[0-9a-f]+$")
_COMMENTED = ("issue_comment", "workflow_run")
"""Events with the rights of the default branch, whoever started them."""
_ROBOTS = ("dependabot[bot]",)
"""Whose pull requests get no secrets, although their branch is not in a fork."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; what the event does not tell is empty."""

    number: int
    head: str = ""
    base: str = ""
    is_fork: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Where and why a run runs."""

    event: str = ""
    repository: str = ""
    sha: str = ""
    ref: str = ""
    run_id: str = ""
    attempt: int = 1
    run_url: str = ""
    api_url: str = "https://api.github.com"
    graphql_url: str = "https://api.github.com/graphql"
    workspace: Path = Path()
    temporary: Path = Path()
    pull: Pull | None = None
    actor: str = ""

    @property
    def is_pull(self) -> bool:
        """Whether the run is about a pull request that is not merged."""
        return self.event in ("pull_request", "pull_request_target", "merge_group")

    @property
    def is_untrusted(self) -> bool:
        """Whether what is checked out was written by somebody who may not have secrets.

        `pull_request_target` has them nevertheless, which is why it must not use them here.
        """
        if self.event in _COMMENTED:  # they start on the default branch; this is something else
            return commit(self.workspace.resolve()) not in (None, self.sha)
        is_robot = self.event == "pull_request" and self.actor in _ROBOTS
        return is_robot or (self.pull is not None and self.pull.is_fork)

    @property
    def has_more_rights(self) -> bool:
        """Whether the job has secrets although a stranger may have written the checkout."""
        return self.event in ("pull_request_target", *_COMMENTED)

    @property
    def branch(self) -> str:
        """The branch the run is on; empty for a tag or a pull request."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else ""

    @property
    def head(self) -> str:
        """The commit people see: the head of the pull request, else the commit of the run."""
        return (self.pull.head if self.pull else "") or self.sha


def read_context(environment: Mapping[str, str]) -> Context:
    """What the runner tells; outside of GitHub nearly nothing."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    payload = _payload(environment.get("GITHUB_EVENT_PATH", ""))
    api = environment.get("GITHUB_API_URL", "").rstrip("/") or "https://api.github.com"
    attempt = environment.get("GITHUB_RUN_ATTEMPT", "")
    return Context(
        event,
        environment.get("GITHUB_REPOSITORY", ""),
        environment.get("GITHUB_SHA", ""),
        environment.get("GITHUB_REF", ""),
        environment.get("GITHUB_RUN_ID", ""),
        int(attempt) if attempt.isdecimal() else 1,
        run_link(environment),
        api,
        environment.get("GITHUB_GRAPHQL_URL", "") or f"{api}/graphql",
        Path(environment.get("GITHUB_WORKSPACE") or "."),
        Path(environment.get("RUNNER_TEMP") or "."),
        pull_of(event, payload, environment.get("GITHUB_REPOSITORY", "")),
        environment.get("GITHUB_ACTOR", ""),
    )


def pull_of(event: str, payload: Mapping[str, Any], repository: str) -> Pull | None:
    """The pull request an event is about; None where it tells none.

    A payload of another form than the documented one is about none.
    """
    try:
        if "pull_request" in payload:
            return _of_pull_request(payload["pull_request"], repository)
        if event == "merge_group":
            return _of_queue(payload["merge_group"])
        if event == "issue_comment" and "pull_request" in payload["issue"]:
            return Pull(int(payload["issue"]["number"]))
    except (KeyError, TypeError, ValueError):
        pass
    return None


def _of_pull_request(pull: Mapping[str, Any], repository: str) -> Pull:
    source = pull["head"].get("repo")  # None once the fork is deleted
    is_fork = source is None or source["full_name"] != repository
    return Pull(int(pull["number"]), pull["head"]["sha"], pull["base"]["sha"], is_fork)


def _of_queue(group: Mapping[str, Any]) -> Pull | None:
    found = _QUEUED.search(group["head_ref"])
    return Pull(int(found[1]), group["head_sha"], group["base_sha"]) if found else None


def _payload(path: str) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

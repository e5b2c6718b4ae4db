"""What the tests of the action share: a desk whose command is the action."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox.server import Server
from tests.cli.support import Desk
from tests.support.composite import Ran, Runner
from tests.support.fake_github import PREFIX, TOKEN, FakeGitHub

PULL = 7


class Bench(Desk):
    """A desk whose workspace is a checkout; `run` runs the action in it."""

    def __init__(
        self,
        workspace: Path,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        server: Server,
        github: FakeGitHub,
    ) -> None:
        super().__init__(workspace, monkeypatch, server.sandbox, server.urls)
        self.github = github
        self.url = server.urls["main"]
        self.admin = self.platform.tokens["admin"]
        self.runner = Runner(workspace, folder, token=TOKEN)
        self.runner.environment = {
            "GITHUB_API_URL": f"{github.url}{PREFIX}",
            "GITHUB_GRAPHQL_URL": f"{github.url}/api/graphql",
            "GITHUB_SERVER_URL": github.url,
        }
        self.workspace(owner="acme", platforms={"main": {"url": {"env": "JFROG_URL"}}})

    def run(self, event: str = "pull_request", payload: object = None, **inputs: str) -> Ran:
        """Run the action with the platform pinned and a token that may write."""
        given = {"url": self.url, "token": self.admin, **inputs}
        ran = self.runner.run(event, payload if payload is not None else event, **given)
        self.require_clean(ran)
        return ran

    def plan(self, **inputs: str) -> Ran:
        """Plan on the pull request."""
        return self.run("pull_request", command="plan", **inputs)

    def apply(self, **inputs: str) -> Ran:
        """Apply on the branch it was merged into."""
        return self.run("push", "push-merge", command="apply", **inputs)

    def drift(self, **inputs: str) -> Ran:
        """Look for drift at night."""
        return self.run("schedule", command="drift", **inputs)

    def require_clean(self, ran: Ran) -> None:
        """No token in any place anybody reads."""
        shown = [ran.log, ran.summary, *ran.outputs.values(), *self.shown()]
        for secret in (self.admin, TOKEN):
            assert not any(secret in text for text in shown)

    def shown(self) -> list[str]:
        """Every text on the fake GitHub."""
        issues = [text for i in self.github.issues for text in (i["title"], i["body"])]
        comments = [c["body"] for found in self.github.comments.values() for c in found]
        checks = [c["output"]["summary"] + c["output"]["title"] for c in self.github.checks]
        return [*issues, *comments, *checks]

    def only_comment(self) -> str:
        """The one comment of the pull request."""
        (text,) = self.github.texts(PULL)
        return text

"""Calls to GitHub: paging, pauses it asks for, and an end to all patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.github import api
from reconciler.github.api import GitHub, GitHubError
from reconciler.github.marker import Author, author_of
from tests.support.fake_github import APP, PREFIX, REPOSITORY, TOKEN, FakeGitHub, listening

OPENED: list[GitHub] = []


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """A fake GitHub; the clients of the test are closed at its end."""
    with listening() as made:
        yield made
        while OPENED:
            OPENED.pop().close()


def client(fake: FakeGitHub, slept: list[float] | None = None, token: str = TOKEN) -> GitHub:
    """A client that does not wait."""
    waits = slept if slept is not None else []
    urls = (f"{fake.url}{PREFIX}", f"{fake.url}/api/graphql")
    OPENED.append(GitHub(*urls, REPOSITORY, token, sleep=waits.append))
    return OPENED[-1]


def test_reads_are_repeated(fake: FakeGitHub) -> None:
    """A gateway that fails for a moment."""
    fake.fault("GET", "*/comments", times=2, status=502)

    assert list(client(fake).pages("issues/7/comments")) == []


def test_a_pause_that_is_asked_for_is_kept(fake: FakeGitHub) -> None:
    """As long as `Retry-After` says; a refusal for good is not repeated."""
    slept: list[float] = []
    fake.fault("GET", "*/comments", status=429, headers={"Retry-After": "7"})
    list(client(fake, slept).pages("issues/7/comments"))
    fake.fault("GET", "*/comments", status=403)
    with pytest.raises(GitHubError) as refused:
        list(client(fake).pages("issues/7/comments"))

    assert slept == [7.0]
    assert refused.value.status == 403
    assert "permissions" in refused.value.hint


def test_patience_ends(fake: FakeGitHub) -> None:
    """What a run loses to GitHub has a limit, over all its calls."""
    slept: list[float] = []
    fake.fault("GET", "*", times=99, status=429, headers={"Retry-After": "15"})
    github = client(fake, slept)
    for _ in range(5):
        with pytest.raises(GitHubError):
            github.get("issues/7")

    assert sum(slept) <= api.PATIENCE


def test_a_link_to_elsewhere_is_not_followed(fake: FakeGitHub) -> None:
    """The token goes to GitHub only."""
    for number in range(150):
        fake.comment(7, str(number), APP)
    github = client(fake)
    fake.url = "http://evil.example.com"
    found = list(github.pages("issues/7/comments"))

    assert len(found) == 100


@pytest.mark.parametrize("knows_viewer", [True, False])
def test_the_author_of_a_jobs_token(fake: FakeGitHub, knows_viewer: bool) -> None:
    """An app, by whatever way GitHub tells it; a person who calls themselves like it is not it."""
    fake.knows_viewer = knows_viewer
    author = author_of(client(fake))

    assert author == Author("github-actions", is_app=True)
    assert author.wrote({"user": APP})
    assert not author.wrote({"user": {"login": "github-actions", "type": "User"}})
    assert not author.wrote({"user": None})


def test_the_author_of_a_personal_token(fake: FakeGitHub) -> None:
    """A user, by the exact name."""
    fake.tokens["ghp_personal"] = {"login": "ann", "type": "User"}
    author = author_of(client(fake, token="ghp_personal"))

    assert author == Author("ann", is_app=False)
    assert not author.wrote({"user": {"login": "ann[bot]", "type": "Bot"}})

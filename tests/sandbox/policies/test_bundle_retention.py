"""The retention service for release bundles: a switch, a configuration, reports, keep marks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.policies.support import NOW, bundles, bundles_held, frozen, pass_time
from tests.sandbox.support import Api, at, message

SERVICE = "/artifactory/api/v1/bundle/retention"
CONFIG = f"{SERVICE}/config"
BY_NUMBER = {"type": "MAX VERSIONS PER RELEASE BUNDLE"}
BY_AGE = {"type": "MAX DAYS TO KEEP"}


@pytest.fixture
def app(api: Api) -> Api:
    """A bundle with four versions, a day apart, and an old one of another bundle."""
    frozen(api)
    for number in range(4):
        bundles(api, {"name": "app", "version": str(number), "createdDaysAgo": 4 - number})
    bundles(api, {"name": "old", "version": "1", "createdDaysAgo": 2000})
    return api


def reported(api: Api, body: dict[str, Any], **query: str) -> list[tuple[str, str]]:
    """A rule in, the candidates out."""
    answer = api.send("POST", f"{SERVICE}/report", body, tuple(query.items()))
    assert answer.status == 200, answer.text
    return [(row["bundle_name"], row["bundle_version"]) for row in answer.json()["items"]]


def test_switch(api: Api) -> None:
    """Off until somebody turns it on."""
    assert api.send("GET", f"{CONFIG}/enable").json() == {"enable": False}
    assert api.send("POST", f"{CONFIG}/enable", {"enable": True}).status == 200
    assert api.send("GET", f"{CONFIG}/enable").json() == {"enable": True}
    assert api.send("POST", f"{CONFIG}/enable", {}).status == 400


def test_configuration(api: Api) -> None:
    """Read with its defaults; changed in part; never unset."""
    defaults = api.send("GET", CONFIG).json()
    api.send("POST", CONFIG, {"max_days_to_keep": 30, "automatic": True})
    api.send("POST", CONFIG, {"max_days_to_keep": None})

    assert defaults == {
        "automatic": False,
        "num_of_versions_to_keep_per_release_bundle": 2,
        "max_days_to_keep": 1100,
        "cron_pattern": "0 0 0 1 1 ? 2099",
        "max_deletions_per_background_run": 100,
    }
    assert api.send("GET", CONFIG).json() == {
        **defaults,
        "max_days_to_keep": 30,
        "automatic": True,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"max_days_to_keep": -1},
        {"max_days_to_keep": "soon"},
        {"automatic": "perhaps"},
        {"cron_pattern": "hourly"},
        {"cron_pattern": 5},
    ],
)
def test_configuration_refused(api: Api, body: dict[str, Any]) -> None:
    """Values of the wrong kind change nothing."""
    before = api.send("GET", CONFIG).json()

    assert api.send("POST", CONFIG, body).status == 400
    assert api.send("GET", CONFIG).json() == before


def test_reports(app: Api) -> None:
    """Too many versions, or too old; one of the two is enough."""
    assert reported(app, BY_NUMBER) == [("app", "0"), ("app", "1")]
    assert reported(app, BY_AGE) == [("old", "1")]
    assert reported(app, BY_NUMBER, direction="desc", limit="1") == [("app", "1")]
    assert reported(app, BY_NUMBER, offset="1") == [("app", "1")]
    assert reported(app, BY_NUMBER, pattern="APP*", order_by="bundle_version") == [
        ("app", "0"),
        ("app", "1"),
    ]
    assert reported(app, BY_NUMBER, pattern="x*") == []
    for query in ({"order_by": "size"}, {"direction": "up"}, {"limit": "many"}):
        answer = app.send("POST", f"{SERVICE}/report", BY_NUMBER, tuple(query.items()))
        assert answer.status == 400
    assert app.send("POST", f"{SERVICE}/report", {"type": "ALL"}).status == 400


def test_keep_marks(app: Api) -> None:
    """Marked versions are shown on request; while the service is on they cannot be deleted."""
    zero = {"bundle_name": "app", "bundle_version": "0"}
    app.send("POST", f"{SERVICE}/keep", {"keep": [zero], "unkeep": []})
    app.send("POST", f"{CONFIG}/enable", {"enable": True})
    protected = app.send("POST", f"{SERVICE}/delete", [zero])
    app.send("POST", f"{CONFIG}/enable", {"enable": False})

    assert reported(app, BY_NUMBER) == [("app", "1")]
    assert reported(app, {**BY_NUMBER, "include_keep": True}) == [("app", "0"), ("app", "1")]
    assert protected.json() == []
    app.send("POST", f"{SERVICE}/delete", [zero], (("dryRun", "true"),))
    assert ("app", "0") in bundles_held(app)
    app.send("POST", f"{SERVICE}/delete", [zero])
    assert ("app", "0") not in bundles_held(app)
    unknown = app.send("POST", f"{SERVICE}/keep", {"keep": [zero]})
    assert (unknown.status, message(unknown)) == (404, "Release bundle version was not found")


def test_history(app: Api) -> None:
    """What was done, the newest first."""
    one = {"bundle_name": "app", "bundle_version": "1"}
    app.send("POST", f"{SERVICE}/keep", {"keep": [one]})
    pass_time(app, 1)
    app.send("POST", f"{SERVICE}/keep", {"unkeep": [one]})
    found = app.send("GET", f"{SERVICE}/audit").json()

    assert found["total"] == 2
    assert [row["operation"] for row in found["items"]] == ["UNKEEP", "KEEP"]
    assert found["items"][1] == {
        **one,
        "operation": "KEEP",
        "created": "2026-01-01T00:00:00.000+0000",
        "created_by": "admin",
    }


def test_background_run(app: Api) -> None:
    """On and automatic, the service deletes the oldest candidates, as many as it may."""
    app.send("POST", CONFIG, {"automatic": True, "cron_pattern": "0 0 * ? * *"})
    pass_time(app, 3600)
    assert len(bundles_held(app)) == 5
    app.send("POST", CONFIG, {"max_deletions_per_background_run": 2})
    app.send("POST", f"{CONFIG}/enable", {"enable": True})
    pass_time(app, 3600)
    app.send("GET", CONFIG)

    assert bundles_held(app) == [("app", "1"), ("app", "2"), ("app", "3")]
    history = app.send("GET", f"{SERVICE}/audit").json()["items"]
    assert {row["created_by"] for row in history} == {"system"}
    assert app.platform.sandbox.clock.now() == NOW + 7200


def test_who_has_it(api: Api) -> None:
    """Administrators, from 7.55.1 on."""
    assert Api(api.platform, "read").send("GET", CONFIG).status == 403
    assert at("7.55.0").send("GET", CONFIG).status == 404
    assert at("7.55.1").send("GET", CONFIG).status == 200

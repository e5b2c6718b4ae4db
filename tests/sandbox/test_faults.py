"""Faults on demand: each action, where it strikes, and how often."""

from __future__ import annotations

import threading
import time

import pytest

from reconciler.sandbox import ConnectionReset, Response, Sandbox
from tests.sandbox.support import PROJECTS, REPOSITORIES, Api, message


def test_status_with_headers_and_body(api: Api) -> None:
    """Any status can be answered; without a body it comes in the service's error shape."""
    api.platform.sandbox.add_fault(
        {"action": "status", "status": 429, "headers": {"Retry-After": 2}, "times": 2}
    )
    limited = api.send("GET", REPOSITORIES)
    access = api.send("GET", PROJECTS)

    assert (limited.status, limited.headers["Retry-After"]) == (429, "2")
    assert limited.json()["errors"][0]["status"] == 429
    assert "code" in access.json()["errors"][0]
    assert api.send("GET", REPOSITORIES).status == 200


def test_status_with_a_body_of_its_own(api: Api) -> None:
    """Text stays text, anything else becomes JSON."""
    api.platform.sandbox.add_fault({"action": "status", "status": 503, "body": "busy"})
    api.platform.sandbox.add_fault({"action": "status", "status": 503, "body": {"a": 1}})

    assert api.send("GET", REPOSITORIES).body == b"busy"
    assert api.send("GET", REPOSITORIES).json() == {"a": 1}


def test_reset_before(api: Api) -> None:
    """The connection dies and nothing was written."""
    api.platform.sandbox.add_fault({"action": "reset-before"})
    with pytest.raises(ConnectionReset) as caught:
        api.create("libs")

    assert caught.value.landed is False
    assert api.send("GET", f"{REPOSITORIES}/libs").status == 400


def test_reset_after(api: Api) -> None:
    """The connection dies although the write landed, which only a read can tell."""
    api.platform.sandbox.add_fault({"action": "reset-after", "times": 2})
    with pytest.raises(ConnectionReset) as caught:
        api.create("libs")
    with pytest.raises(ConnectionReset) as refused:
        api.create("libs")

    assert caught.value.landed is True
    assert refused.value.landed is False
    assert api.get("libs")["key"] == "libs"


def test_truncate(api: Api) -> None:
    """The body ends early while Content-Length promises all of it."""
    whole = api.made("libs")
    api.platform.sandbox.add_fault({"action": "truncate"})
    cut = api.send("GET", f"{REPOSITORIES}/libs")

    assert len(cut.body) < int(cut.headers["Content-Length"])
    assert whole == api.get("libs")


def test_html_and_empty(api: Api) -> None:
    """A gateway's page, and nothing at all."""
    sandbox = api.platform.sandbox
    sandbox.add_fault({"action": "html", "status": 504})
    sandbox.add_fault({"action": "empty", "status": 500})
    page, nothing = api.send("GET", REPOSITORIES), api.send("GET", REPOSITORIES)

    assert (page.status, page.headers["Content-Type"]) == (504, "text/html")
    assert page.body.startswith(b"<html>")
    assert (nothing.status, nothing.body) == (500, b"")


def test_conflict_and_project_500(api: Api) -> None:
    """The two transient texts clients match on; nothing was written."""
    sandbox = api.platform.sandbox
    sandbox.add_fault({"action": "conflict", "match": {"method": "PUT"}})
    sandbox.add_fault({"action": "project-500", "match": {"method": "PUT"}})
    conflict, project = api.create("libs"), api.create("libs")

    assert conflict.status == 400
    assert message(conflict).startswith("Could not merge and save new descriptor [")
    assert project.status == 500
    assert "Failed to execute add project resource" in message(project)
    assert api.create("libs").status == 200


@pytest.mark.parametrize(
    "fault", [{"action": "latency", "ms": 30}, {"action": "hang", "seconds": 0.03}]
)
def test_delays_still_answer(api: Api, fault: dict[str, object]) -> None:
    """Latency and hanging cost time, then the answer comes."""
    api.platform.sandbox.add_fault(fault)
    start = time.monotonic()

    assert api.send("GET", REPOSITORIES).status == 200
    assert time.monotonic() - start >= 0.03


def test_match_skip_and_times(api: Api) -> None:
    """A fault strikes only where it matches, after `skip` requests, `times` often."""
    match = {"method": "get", "path": "*/repositories/x*"}
    api.platform.sandbox.add_fault(
        {"match": match, "skip": 1, "times": 2, "action": "status", "status": 502}
    )
    api.create("x1")
    statuses = [api.send("GET", f"{REPOSITORIES}/x1").status for _ in range(4)]

    assert statuses == [200, 502, 502, 200]
    assert api.send("GET", REPOSITORIES).status == 200


def test_times_null_is_always(api: Api) -> None:
    """Until the faults are cleared."""
    api.platform.sandbox.add_fault({"times": None, "action": "empty", "status": 503})

    assert {api.send("GET", REPOSITORIES).status for _ in range(5)} == {503}
    api.platform.sandbox.clear_faults()
    assert api.send("GET", REPOSITORIES).status == 200


def test_faults_of_one_platform() -> None:
    """A fault for east leaves west alone."""
    sandbox = Sandbox(platforms=("east", "west"))
    sandbox.add_fault({"match": {"platform": "east"}, "action": "empty", "times": None})

    assert Api(sandbox.platforms["east"]).send("GET", REPOSITORIES).status == 500
    assert Api(sandbox.platforms["west"]).send("GET", REPOSITORIES).status == 200


def test_unknown_actions_are_refused(sandbox: Sandbox) -> None:
    """A misspelt action fails when it is added, not by never striking."""
    with pytest.raises(ValueError, match="unknown fault action"):
        sandbox.add_fault({"action": "explode"})


def test_strict_conflicts(api: Api) -> None:
    """Of two overlapping writes one lands, the other gets the merge text."""
    api.platform.sandbox.set_quirks({"strict_conflicts": True})
    answers: list[Response] = []
    threads = [
        threading.Thread(target=lambda key=key: answers.append(api.create(key)))  # type: ignore[misc]
        for key in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers) == [200, 400]
    refused = next(answer for answer in answers if answer.status == 400)
    assert message(refused).startswith("Could not merge and save new descriptor")
    assert len(api.send("GET", REPOSITORIES).json()) == 1
    assert api.create("c").status == 200

"""The sandbox itself: counting, saving, loading, switches, control endpoints, speed."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from reconciler.sandbox import Request, Sandbox
from tests.sandbox.support import (
    ATTACH,
    BATCH,
    CONFIGURATION,
    CONFIGURATIONS,
    ENVIRONMENTS,
    GROUPS,
    PROJECTS,
    REPOSITORIES,
    SHARE,
    STATUS,
    USERS,
    Api,
    at,
    quirky,
)


def control(sandbox: Sandbox, method: str, name: str, body: object = None) -> object:
    """A control request without any token in, its answer out."""
    data = b"" if body is None else json.dumps(body).encode()
    return sandbox.handle("default", Request(method, f"/_sandbox/{name}", body=data)).json()


def test_requests_are_counted(api: Api) -> None:
    """Every request is recorded with its query and status; control requests are not."""
    api.send("GET", REPOSITORIES, query=(("type", "local"),))
    api.send("GET", f"{REPOSITORIES}/nope")
    sandbox = api.platform.sandbox
    answer = control(sandbox, "GET", "requests")

    assert answer == {"count": 2, "requests": sandbox.requests}
    assert sandbox.requests[0] == {
        "platform": "default",
        "method": "GET",
        "path": REPOSITORIES,
        "query": "type=local",
        "status": 200,
    }
    assert control(sandbox, "DELETE", "requests") == {"count": 0, "requests": []}


def test_dump_and_load(api: Api) -> None:
    """A state goes through JSON into another sandbox and answers the same there."""
    api.send("POST", PROJECTS, {"project_key": "pay"})
    api.create("libs", package_type="maven")
    api.create("proxy", "remote", password="secret", username="u")
    api.create("all", "virtual", "maven", repositories=["libs"], defaultDeploymentRepo="libs")
    api.create("fed", "federated")
    api.send("PUT", f"{ATTACH}/libs/pay")
    api.upload("libs", "a/one", b"hello")
    state = json.loads(json.dumps(api.platform.sandbox.dump()))
    other = Sandbox(version="7.0.0")
    other.load(state)
    there = Api(other.platforms["default"])

    assert other.dump() == state
    for path in (CONFIGURATIONS, REPOSITORIES, PROJECTS, "/artifactory/libs/a/one"):
        assert there.send("GET", path).body == api.send("GET", path).body
    assert there.platform.store.repositories["proxy"].hidden["password"] == "secret"


def test_everything_of_access_is_dumped(api: Api) -> None:
    """Projects, environments, shares, users, groups and what is still on its way."""
    quirky(api, slow_attach=True, slow_detach=True)
    api.project("pay", "ship")
    api.user("ann")
    api.send("POST", GROUPS, {"name": "devs", "manage_webhook": True, "members": ["ann"]})
    api.send("POST", ENVIRONMENTS, {"name": "QA"})
    api.send("POST", f"{PROJECTS}/pay/environments", {"name": "pay-qa"})
    for key in ("libs", "other"):
        api.create(key, projectKey="ship")
    api.send("PUT", f"{SHARE}/libs/pay", query=(("readOnly", "true"),))
    api.send("PUT", f"{ATTACH}/libs/pay", query=(("force", "true"),))
    api.send("PUT", f"{SHARE}/other", query=(("readOnly", "true"),))
    api.send("DELETE", f"{ATTACH}/other")
    api.send("PATCH", CONFIGURATION, b"proxies: {corp: {host: h, platformDefault: true}}")
    state = json.loads(json.dumps(api.platform.sandbox.dump()))
    loaded = Sandbox(version="7.0.0")
    loaded.load(state)
    there = Api(loaded.platforms["default"])
    one = ("libs", "other")

    assert loaded.dump() == state
    for path in (PROJECTS, ENVIRONMENTS, f"{PROJECTS}/pay/environments", f"{GROUPS}/devs"):
        assert there.send("GET", path).body == api.send("GET", path).body
    for path in (f"{USERS}/ann", *(f"{STATUS}/{key}" for key in one)):
        assert there.send("GET", path).body == api.send("GET", path).body
    assert there.send("DELETE", f"{PROJECTS}/ship").status == 400
    assert there.made("r", "remote")["proxy"] == "corp"


def test_older_states_are_loaded(api: Api) -> None:
    """What a state does not speak of is as on a fresh server."""
    state = api.platform.sandbox.dump()
    platform = state["platforms"]["default"]
    for name in ("leaving", "shares", "environments", "projectEnvironments", "directory"):
        del platform[name]
    api.user("ann")
    api.platform.sandbox.load(state)

    assert [item["name"] for item in api.send("GET", ENVIRONMENTS).json()] == ["DEV", "PROD"]
    assert api.send("GET", f"{USERS}/ann").status == 404
    assert api.send("GET", f"{GROUPS}/readers").status == 200


def test_a_dump_is_a_copy(api: Api) -> None:
    """Later writes do not change it."""
    api.create("libs")
    state = api.platform.sandbox.dump()
    before = json.dumps(state)
    api.update("libs", description="new")
    api.send("POST", PROJECTS, {"project_key": "pay"})

    assert json.dumps(state) == before


def test_state_endpoint(api: Api) -> None:
    """The state can be read and replaced over HTTP."""
    api.create("libs")
    sandbox = api.platform.sandbox
    state = control(sandbox, "GET", "state")
    api.send("DELETE", f"{REPOSITORIES}/libs")
    control(sandbox, "PUT", "state", state)

    assert api.get("libs")["key"] == "libs"


def test_clock_endpoint(sandbox: Sandbox) -> None:
    """Time can be moved on; it never needs anybody to wait."""
    sandbox.clock.freeze(1_767_225_600.0)

    assert control(sandbox, "GET", "clock") == {
        "now": "2026-01-01T00:00:00.000Z",
        "epoch": 1_767_225_600.0,
    }
    moved = control(sandbox, "POST", "clock", {"advance": 3600})
    assert moved == {"now": "2026-01-01T01:00:00.000Z", "epoch": 1_767_229_200.0}


def test_faults_endpoint(api: Api) -> None:
    """Faults are added one by one or as a list, listed, and cleared."""
    sandbox = api.platform.sandbox
    control(sandbox, "POST", "faults", {"action": "empty", "status": 500})
    added = control(sandbox, "POST", "faults", [{"action": "html"}, {"action": "conflict"}])

    assert [fault["action"] for fault in added["faults"]] == ["empty", "html", "conflict"]  # type: ignore[index]
    assert control(sandbox, "DELETE", "faults") == {"faults": []}
    wrong = sandbox.handle("default", Request("POST", "/_sandbox/faults", body=b'{"action":"x"}'))
    assert wrong.status == 400


def test_quirks_endpoint(api: Api) -> None:
    """Switches change answers at once, cached ones too; unknown names are refused."""
    sandbox = api.platform.sandbox
    api.made("libs")
    changed = control(sandbox, "PUT", "quirks", {"unknown_fields": True})

    assert changed["unknown_fields"] is True  # type: ignore[index]
    assert "unknownToTheReference" in api.get("libs")
    wrong = sandbox.handle("default", Request("PUT", "/_sandbox/quirks", body=b'{"x":true}'))
    assert wrong.status == 400
    assert sandbox.handle("default", Request("GET", "/_sandbox/nonsense")).status == 404


def test_numbers_and_booleans_as_text() -> None:
    """Some servers print both quoted, nested ones too."""
    found = at("7.146.17", numbers_as_strings=True, bools_as_strings=True).made("r", "remote")

    assert found["socketTimeoutMillis"] == "15000"
    assert found["offline"] == "false"
    assert found["contentSynchronisation"]["statistics"] == {"enabled": "false"}


def test_default_project_quirk() -> None:
    """Unassigned may be spelt `default` on any version."""
    assert at("7.146.17", default_project=True).made("r")["projectKey"] == "default"


def test_unknown_quirks_are_refused() -> None:
    """A misspelt switch fails at once."""
    with pytest.raises(ValueError, match="unknown quirks"):
        Sandbox(quirks={"reorder": True})


def test_platforms_are_apart() -> None:
    """Two platforms share nothing but clock and faults; tokens are their own."""
    sandbox = Sandbox(platforms=("east", "west"))
    east, west = (Api(sandbox.platforms[name]) for name in ("east", "west"))
    east.create("libs")

    assert west.send("GET", REPOSITORIES).json() == []
    assert Api(west.platform, east.platform.tokens["admin"]).send("GET", REPOSITORIES).status == 401


def test_parallel_writes_do_not_get_lost(api: Api) -> None:
    """Many threads may write at once."""

    def work(number: int) -> None:
        for count in range(20):
            assert api.create(f"r-{number}-{count}").status == 200

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(api.send("GET", REPOSITORIES).json()) == 160


def test_a_listing_serialises_only_what_changed(api: Api, monkeypatch: Any) -> None:
    """Each object's bytes are kept, so listing again costs no serialisation: it stays fast."""
    items = [
        {"key": f"r-{number}", "rclass": "local", "packageType": "maven"} for number in range(100)
    ]
    assert api.send("PUT", BATCH, items).status == 201
    first = api.send("GET", CONFIGURATIONS).body
    made: list[Any] = []
    dumps = json.dumps
    monkeypatch.setattr(json, "dumps", lambda *a, **k: made.append(a) or dumps(*a, **k))

    assert api.send("GET", CONFIGURATIONS).body == first
    assert len(made) < 10

"""Whatever a client sends, the platform answers; it never falls over."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import package_types
from reconciler.sandbox import repository_defaults as tables
from tests.sandbox.support import ATTACH, BATCH, PROJECTS, REPOSITORIES, Api

ODD: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", "é" * 300, [], [1], [None]]
ODD += [[{}], [[]], {}, {"a": 1}, {"enabled": []}, [{"url": 1}], [{"url": "http://["}]]


@pytest.mark.parametrize("rclass", package_types.CLASSES)
def test_every_field_with_odd_values(api: Api, rclass: str) -> None:
    """Each field takes or refuses each odd value, at creation and in an update."""
    fields = [*tables.types(rclass), "unknown", "key", "rclass", "packageType"]
    base = {"rclass": rclass, "url": "https://upstream.example.com"}
    assert api.create("r", rclass).status == 200
    for field in fields:
        for number, value in enumerate(ODD):
            created = api.send("PUT", f"{REPOSITORIES}/{field}-{number}", {**base, field: value})
            updated = api.send("POST", f"{REPOSITORIES}/r", {field: value})

            assert created.status in (200, 400), (field, value, created.text)
            assert updated.status in (200, 400), (field, value, updated.text)
    assert api.send("GET", REPOSITORIES).status == 200
    assert api.get("r")["rclass"] == rclass


@pytest.mark.parametrize("body", [*ODD, b"", b"{", b"\xff\xfe", b"nul"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{REPOSITORIES}/new"),
        ("POST", f"{REPOSITORIES}/r"),
        ("PUT", BATCH),
        ("POST", BATCH),
        ("POST", PROJECTS),
        ("PUT", f"{PROJECTS}/pay"),
        ("PUT", f"{ATTACH}/r/pay"),
        ("PUT", "/artifactory/api/system/configuration/baseUrl"),
        ("POST", "/artifactory/api/federation/convertToLocal"),
    ],
)
def test_every_write_with_odd_bodies(api: Api, method: str, path: str, body: Any) -> None:
    """An odd body is taken or refused, never a crash."""
    api.create("r")
    api.send("POST", PROJECTS, {"project_key": "pay"})

    assert api.send(method, path, body).status < 500


@pytest.mark.parametrize("field", ["display_name", "admin_privileges", "storage_quota_bytes"])
def test_projects_with_odd_values(api: Api, field: str) -> None:
    """The same for projects."""
    for number, value in enumerate(ODD):
        body = {"project_key": f"p{number}", field: value}

        assert api.send("POST", PROJECTS, body).status in (201, 400)
    assert api.send("GET", PROJECTS).status == 200

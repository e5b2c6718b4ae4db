"""Whatever a client sends, the platform answers; it never falls over."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import package_types
from reconciler.sandbox import repository_defaults as tables
from tests.sandbox.support import (
    ATTACH,
    BATCH,
    CONFIGURATION,
    ENVIRONMENTS,
    GROUPS,
    KEY_PAIRS,
    OLD_GROUPS,
    OLD_USERS,
    PROJECTS,
    REPOSITORIES,
    SHARE,
    USERS,
    Api,
)

PAIR = {"pairName": "k", "pairType": "RSA", "alias": "a", "vaultKey": "v"}
ODD: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", "é" * 300, [], [1], [None]]
PAIR = {"pairName": "k", "pairType": "RSA", "alias": "a", "vaultKey": "v"}
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
        ("PUT", f"{SHARE}/r/pay"),
        ("POST", ENVIRONMENTS),
        ("POST", f"{ENVIRONMENTS}/QA/rename"),
        ("POST", f"{PROJECTS}/pay/environments"),
        ("POST", GROUPS),
        ("PATCH", f"{GROUPS}/readers"),
        ("PATCH", f"{GROUPS}/readers/members"),
        ("PUT", f"{OLD_GROUPS}/readers"),
        ("POST", f"{OLD_GROUPS}/readers"),
        ("POST", USERS),
        ("PUT", f"{OLD_USERS}/ann"),
        ("POST", f"{OLD_USERS}/admin"),
        ("PATCH", f"{USERS}/admin"),
        ("PATCH", f"{USERS}/admin/groups"),
        ("PATCH", CONFIGURATION),
        ("POST", KEY_PAIRS),
        ("PUT", KEY_PAIRS),
        ("PUT", "/artifactory/api/system/configuration/baseUrl"),
        ("POST", "/artifactory/api/federation/convertToLocal"),
    ],
)
def test_every_write_with_odd_bodies(api: Api, method: str, path: str, body: Any) -> None:
    """An odd body is taken or refused, never a crash."""
    api.create("r")
    api.send("POST", PROJECTS, {"project_key": "pay"})
    api.send("POST", ENVIRONMENTS, {"name": "QA"})

    assert api.send(method, path, body).status < 500


@pytest.mark.parametrize("field", ["display_name", "admin_privileges", "storage_quota_bytes"])
def test_projects_with_odd_values(api: Api, field: str) -> None:
    """The same for projects."""
    for number, value in enumerate(ODD):
        body = {"project_key": f"p{number}", field: value}

        assert api.send("POST", PROJECTS, body).status in (201, 400)
    assert api.send("GET", PROJECTS).status == 200


WRITES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", GROUPS, {"name": "devs"}, "name description auto_join external_id members"),
    ("PATCH", f"{GROUPS}/readers", {}, "description admin_privileges policy_manager members"),
    ("PATCH", f"{GROUPS}/readers/members", {"add": ["admin"]}, "add remove"),
    ("PUT", f"{OLD_GROUPS}/old", {}, "description autoJoin realm watchManager userNames"),
    ("POST", f"{OLD_GROUPS}/readers", {}, "externalId adminPrivileges userNames"),
    ("POST", USERS, {"username": "a", "password": "Passw0rd"}, "username password email groups"),
    ("PATCH", f"{USERS}/admin", {}, "email admin password internal_password_disabled"),
    ("POST", KEY_PAIRS, PAIR, "pairName pairType alias publicKey passphrase vaultKey"),
    ("POST", f"{OLD_USERS}/admin", {}, "email admin groups password watchManager"),
    ("POST", ENVIRONMENTS, {}, "name"),
    ("POST", f"{ENVIRONMENTS}/QA/rename", {}, "new_name"),
    ("POST", f"{PROJECTS}/pay/environments", {}, "name"),
]


@pytest.mark.parametrize(("method", "path", "body", "fields"), WRITES)
def test_access_with_odd_values(
    api: Api, method: str, path: str, body: dict[str, Any], fields: str
) -> None:
    """Each field of groups, users and environments takes or refuses each odd value."""
    api.send("POST", PROJECTS, {"project_key": "pay"})
    api.send("POST", ENVIRONMENTS, {"name": "QA"})
    for field in fields.split():
        for value in ODD:
            status = api.send(method, path, {**body, field: value}).status

            assert status in (200, 201, 400, 404, 409), (field, value, status)
    for listed in (GROUPS, OLD_GROUPS, USERS, ENVIRONMENTS, f"{GROUPS}/readers"):
        assert api.send("GET", listed).status == 200


@pytest.mark.parametrize("section", ["proxies", "propertySets", "backups", "other"])
@pytest.mark.parametrize("value", ODD)
def test_patches_with_odd_values(api: Api, section: str, value: Any) -> None:
    """The same for patches of the configuration."""
    for part in (value, {"name": value}):
        assert api.send("PATCH", CONFIGURATION, {section: part}).status in (200, 400)
    assert api.create("libs").status == 200

"""OIDC integrations, identity mappings, and the exchange of ID tokens for access tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from reconciler.sandbox import Request, Response, Sandbox

OIDC = "/access/api/v1/oidc"
ISSUER = "https://token.actions.githubusercontent.com"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
NOW = 1_800_000_000.0


@pytest.fixture
def sandbox() -> Sandbox:
    """A platform whose time stands still, with one integration."""
    made = Sandbox(["default"])
    made.clock.freeze(NOW)
    body = {"name": "github", "issuer_url": ISSUER, "provider_type": "GitHub"}
    assert send(made, "POST", OIDC, body).status == 201
    return made


def send(sandbox: Sandbox, method: str, path: str, body: Any = None, token: str = "") -> Response:
    """One request, by the administrator unless another token is given."""
    data = b"" if body is None else json.dumps(body).encode()
    platform = sandbox.platforms["default"]
    headers = {"authorization": f"Bearer {token or platform.tokens['admin']}"}
    return platform.handle(Request(method, path, (), headers, data))


def mapping(sandbox: Sandbox, name: str, claims: dict[str, Any], scope: str, priority: int) -> None:
    """An identity mapping."""
    spec = {"scope": f"applied-permissions/{scope}", "expires_in": 60}
    body = {"name": name, "claims": claims, "token_spec": spec, "priority": priority}
    assert send(sandbox, "POST", f"{OIDC}/github/identity_mappings", body).status == 201


def exchange(sandbox: Sandbox, provider: str = "github", **claims: Any) -> Response:
    """An ID token with these claims is exchanged, without any other token."""
    said = {"iss": ISSUER, "iat": NOW, "exp": NOW + 300, **claims}
    part = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    body = {
        "grant_type": GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": f"e30.{part}.e30",
        "provider_name": provider,
    }
    platform = sandbox.platforms["default"]
    path = f"{OIDC}/token"
    return platform.handle(Request("POST", path, (), {}, json.dumps(body).encode()))


def test_integrations_and_mappings_are_kept(sandbox: Sandbox) -> None:
    """Created, read, changed, listed and deleted; a name is taken once."""
    mapping(sandbox, "plan", {"ref": "main"}, "user", 1)
    body = {"name": "github", "issuer_url": ISSUER, "provider_type": "GitHub"}
    assert send(sandbox, "POST", OIDC, body).status == 409
    assert send(sandbox, "GET", OIDC).json()[0]["name"] == "github"
    changed = send(sandbox, "PUT", f"{OIDC}/github", {**body, "description": "ours"})
    assert changed.json()["description"] == "ours"
    path = f"{OIDC}/github/identity_mappings"
    assert [m["name"] for m in send(sandbox, "GET", path).json()] == ["plan"]
    assert send(sandbox, "DELETE", f"{path}/plan").status == 204
    assert send(sandbox, "GET", f"{path}/plan").status == 404
    assert send(sandbox, "DELETE", f"{OIDC}/github").status == 204
    assert send(sandbox, "GET", f"{OIDC}/github").status == 404


def test_the_first_mapping_by_priority_counts(sandbox: Sandbox) -> None:
    """Values, lists and wildcards hold; the lower number wins."""
    mapping(sandbox, "read", {"repository": "acme/*"}, "user", 2)
    mapping(
        sandbox, "write", {"repository": "acme/*", "environment": ["prod", "stage"]}, "admin", 1
    )
    reading = exchange(sandbox, repository="acme/platform").json()
    writing = exchange(sandbox, repository="acme/platform", environment="prod").json()

    assert reading["scope"] == "applied-permissions/user"
    assert writing["scope"] == "applied-permissions/admin"
    path = "/artifactory/api/repositories/a"
    repository = {"rclass": "local", "packageType": "generic"}
    assert send(sandbox, "PUT", path, repository, reading["access_token"]).status == 403
    assert send(sandbox, "PUT", path, repository, writing["access_token"]).status == 200


def test_an_access_token_expires(sandbox: Sandbox) -> None:
    """After its seconds it is refused; the state remembers it until then."""
    mapping(sandbox, "read", {"ref": "main"}, "user", 1)
    token = exchange(sandbox, ref="main").json()["access_token"]
    sandbox.load(sandbox.dump())
    path = "/artifactory/api/system/version"
    before = send(sandbox, "GET", path, token=token)
    sandbox.clock.freeze(NOW + 61)

    assert before.status == 200
    assert send(sandbox, "GET", path, token=token).status == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"ref": "other"}, 403),
        ({"ref": "main", "iss": f"{ISSUER}/"}, 401),
        ({"ref": "main", "exp": NOW - 100}, 401),
        ({"ref": "main", "iat": NOW + 100}, 401),
    ],
    ids=("claims", "issuer", "expired", "early"),
)
def test_what_is_refused(sandbox: Sandbox, claims: dict[str, Any], status: int) -> None:
    """Other claims, another issuer by one slash, another time."""
    mapping(sandbox, "read", {"ref": "main"}, "user", 1)

    assert exchange(sandbox, **claims).status == status


def test_unknown_integrations_and_old_servers(sandbox: Sandbox) -> None:
    """404, in both cases."""
    assert exchange(sandbox, provider="other").status == 404
    sandbox.version = "7.63.0"
    assert exchange(sandbox).status == 404

"""A platform in, short ways to talk to it out: no socket, no thread, no mock."""

from __future__ import annotations

import json
from typing import Any

from reconciler.sandbox import Platform, Request, Response, Sandbox

REPOSITORIES = "/artifactory/api/repositories"
CONFIGURATIONS = f"{REPOSITORIES}/configurations"
BATCH = "/artifactory/api/v2/repositories/batch"
PROJECTS = "/access/api/v1/projects"
ATTACH = f"{PROJECTS}/_/attach/repositories"
SHARE = f"{PROJECTS}/_/share/repositories"
STATUS = f"{PROJECTS}/_/repositories"
ENVIRONMENTS = "/access/api/v1/environments"
GROUPS = "/access/api/v2/groups"
USERS = "/access/api/v2/users"
OLD_GROUPS = "/artifactory/api/security/groups"
OLD_USERS = "/artifactory/api/security/users"
KEY_PAIRS = "/artifactory/api/security/keypair"
CONFIGURATION = "/artifactory/api/system/configuration"


class Api:
    """One caller at one platform."""

    def __init__(self, platform: Platform, right: str = "admin") -> None:
        self.platform = platform
        self.right = right

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """A request in, its response out; bytes go as they are, the rest as JSON."""
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        token = self.platform.tokens.get(self.right, self.right)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.platform.handle(Request(method, path, query, headers, data))

    def create(
        self, key: str, rclass: str = "local", package_type: str = "generic", **fields: Any
    ) -> Response:
        """A repository in, the answer to its creation out."""
        if rclass == "remote":
            fields = {"url": "https://upstream.example.com", **fields}
        body = {"rclass": rclass, "packageType": package_type, **fields}
        return self.send("PUT", f"{REPOSITORIES}/{key}", body)

    def made(
        self, key: str, rclass: str = "local", package_type: str = "generic", **fields: Any
    ) -> dict[str, Any]:
        """A repository in, created; what GET says about it out."""
        response = self.create(key, rclass, package_type, **fields)
        assert response.status == 200, response.text
        return self.get(key)

    def update(self, key: str, **fields: Any) -> dict[str, Any]:
        """Fields in, what GET says after the update out."""
        response = self.send("POST", f"{REPOSITORIES}/{key}", fields)
        assert response.status == 200, response.text
        return self.get(key)

    def get(self, key: str) -> dict[str, Any]:
        """A key in, its configuration out."""
        response = self.send("GET", f"{REPOSITORIES}/{key}")
        assert response.status == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def project(self, *keys: str) -> None:
        """Keys in; such projects exist afterwards."""
        for key in keys:
            made = self.send("POST", PROJECTS, {"project_key": key, "display_name": key})
            assert made.status == 201, made.text

    def user(self, *names: str) -> None:
        """Names in; such users exist afterwards."""
        for name in names:
            made = self.send("POST", USERS, {"username": name, "password": "Passw0rd"})
            assert made.status == 201, made.text

    def upload(self, repository: str, path: str, body: bytes = b"content") -> Response:
        """A file in, the answer to its upload out."""
        return self.send("PUT", f"/artifactory/{repository}/{path}", body)


def message(response: Response) -> str:
    """An error in, its message out."""
    text: str = response.json()["errors"][0]["message"]
    return text


def at(version: str, **quirks: bool) -> Api:
    """A version in, the administrator of a platform that old out."""
    calm = {"reorder_sets": False, "cache_suffix": False}
    return Api(Sandbox(version=version, quirks={**calm, **quirks}).platforms["default"])


def quirky(api: Api, **switches: bool) -> None:
    """Switches in; the platform has these habits from now on."""
    api.platform.sandbox.set_quirks(switches)

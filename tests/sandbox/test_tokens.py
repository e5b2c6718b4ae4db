"""Whose an access token is."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.support import Api

ME = "/access/api/v1/tokens/me"


@pytest.mark.parametrize(
    ("right", "user"), [("admin", "admin"), ("read", "read"), ("partial", "partial")]
)
def test_a_token_tells_its_user(api: Api, right: str, user: str) -> None:
    """The subject names the service and the user, who need not exist; its id works as well."""
    found = Api(api.platform, right).send("GET", ME)
    assert found.status == 200
    assert found.json()["subject"].endswith(f"/users/{user}")
    same = Api(api.platform, right).send("GET", f"/access/api/v1/tokens/{found.json()['token_id']}")
    assert same.json() == found.json()


def test_others_are_not_told(api: Api) -> None:
    """An id nobody knows is 404, no token 401; `me` came with 7.53.1."""
    assert api.send("GET", "/access/api/v1/tokens/other").status == 404
    assert Api(api.platform, "").send("GET", ME).status == 401
    old = Sandbox(version="7.53.0").platforms["default"]
    assert Api(old).send("GET", ME).status == 404

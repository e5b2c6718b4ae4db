"""The headers of a request in, who is calling out.

Three tokens exist: `admin` may do everything; `read` sees whole configurations and writes nothing;
`partial` sees only repositories whose key starts with `visible-`, and of those only a few fields.
Beside them each project has an administrator, `project:KEY`, who comes with the token
`sandbox-PLATFORM-project-KEY-token`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Container, Mapping
from typing import Any

from reconciler.sandbox.messages import Request
from reconciler.sandbox.refusals import Refusal

VISIBLE_PREFIX = "visible-"
PROJECT = "project:"


def token_names(platform: str) -> dict[str, str]:
    """A platform name in, its tokens by right out."""
    return {right: f"sandbox-{platform}-{right}-token" for right in ("admin", "read", "partial")}


def administered(caller: str) -> str | None:
    """A caller in, the project it administers and nothing beyond out, None for all others."""
    return caller.removeprefix(PROJECT) if caller.startswith(PROJECT) else None


def caller(
    request: Request, platform: str, tokens: Mapping[str, str], projects: Container[str]
) -> str:
    """A request and what a platform knows in, the right of its token out; others are refused."""
    token = presented_token(request)
    if token is None:
        raise Refusal(401, "Authentication is required")
    for right, known in tokens.items():
        if token == known:
            return right
    project = token.removeprefix(f"sandbox-{platform}-project-").removesuffix("-token")
    if token == f"sandbox-{platform}-project-{project}-token" and project in projects:
        return f"{PROJECT}{project}"
    raise Refusal(401, "Bad Credentials")


def issued_right(
    request: Request, issued: Mapping[str, Mapping[str, Any]], now: float
) -> str | None:
    """A request in, the right of the exchanged token it carries out; None for other tokens."""
    found = issued.get(presented_token(request) or "")
    if found is None:
        return None
    if now > found["until"]:
        raise Refusal(401, "Token failed verification: expired")
    return str(found["right"])


def presented_token(request: Request) -> str | None:
    """A request in, the token it carries out: bearer, API-key header, or the basic password."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        return basic_password(value)
    return request.headers.get("x-jfrog-art-api")


def basic_password(value: str) -> str:
    """The value of a basic header in, its password out; "" when it cannot be read."""
    try:
        return base64.b64decode(value).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def allowed(needs: str, caller: str) -> bool:
    """Whether a caller may use a route with these needs."""
    if needs == "project":
        return caller == "admin" or administered(caller) is not None
    callers = {"admin": ("admin",), "whole": ("admin", "read")}
    return caller in callers.get(needs, (caller,))


def sees(caller: str, key: str) -> bool:
    """Whether this caller may know of the repository at all."""
    project = administered(caller)
    if project is not None:
        return key.startswith(f"{project}-")
    return caller != "partial" or key.startswith(VISIBLE_PREFIX)

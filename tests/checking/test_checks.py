"""Each question of the doctor, with an answer that is well and one that is not."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.checking.platforms import Patient, platform_checks
from reconciler.checking.token import claims, redacted, token_check
from reconciler.errors import UnauthorisedError, UnreachableError
from reconciler.kinds.registry import builtin
from reconciler.model import Check, Request, Response
from reconciler.platform.client import Endpoint

KINDS = builtin()
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
DATE = "Wed, 02 Jan 2030 03:04:05 GMT"
VERSION, LICENCE = "/artifactory/api/system/version", "/artifactory/api/system/license"


def token(**said: Any) -> str:
    """A token that says something of itself."""
    coded = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"e30.{coded}.signature"


def answer(status: int, document: Any, date: str = DATE) -> Response:
    return Response(status, {"date": date}, json.dumps(document).encode())


@dataclass
class Platform:
    """A platform that answers as it is told; an exception is raised."""

    base: str = "https://acme.example.com"
    token: str = "opaque"
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("main", self.base, lambda: self.token)

    def send(self, request: Request, attempts: int | None = None) -> Response:
        usual = {
            VERSION: answer(200, {"version": "7.146.17"}),
            LICENCE: answer(200, {"type": "Enterprise Plus"}),
        }
        found = {**usual, **self.answers}[request.path]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Response)
        return found


def look(platform: Platform, *kinds: str) -> dict[str, Check]:
    patient: Any = Patient(platform, [KINDS[name] for name in kinds], NOW)  # type: ignore[arg-type]
    return {check.name: check for check in platform_checks(patient)}


SCOPED = {"scp": "applied-permissions/user", "sub": "jfac@0/users/ann", "iss": "jfac@0"}
OFF = answer(200, {"version": "7.146.17"}, "Wed, 02 Jan 2030 02:04:05 GMT")
CASES: list[tuple[str, str, Platform, tuple[str, ...]]] = [
    ("transport", "ok", Platform(), ()),
    ("transport", "ok", Platform("http://127.0.0.1:8081"), ()),
    ("transport", "failed", Platform("http://acme.example.com"), ()),
    ("connection", "ok", Platform(), ()),
    ("connection", "failed", Platform(answers={VERSION: UnreachableError("no route")}), ()),
    ("connection", "failed", Platform(answers={VERSION: answer(200, ["a page"])}), ()),
    ("connection", "failed", Platform(answers={VERSION: answer(404, {})}), ()),
    ("sign-in", "ok", Platform(), ()),
    ("sign-in", "failed", Platform(answers={VERSION: UnauthorisedError("no")}), ()),
    ("clock", "ok", Platform(), ()),
    ("clock", "failed", Platform(answers={VERSION: OFF}), ()),
    ("clock", "skipped", Platform(answers={VERSION: answer(200, {"version": "7.1"}, "")}), ()),
    ("version", "ok", Platform(), ("LocalRepository", "Federation")),
    (
        "version",
        "failed",
        Platform(answers={VERSION: answer(200, {"version": "7.50.0"})}),
        ("ProjectEnvironment",),
    ),
    ("version", "warning", Platform(answers={VERSION: answer(200, {"version": "6.0.0"})}), ()),
    ("licence", "ok", Platform(), ("Federation",)),
    (
        "licence",
        "warning",
        Platform(answers={LICENCE: answer(200, {"type": "Commercial"})}),
        ("Federation",),
    ),
    ("licence", "skipped", Platform(answers={LICENCE: answer(403, {})}), ()),
    ("rights", "ok", Platform(), ("LocalRepository",)),
    ("rights", "failed", Platform(answers={LICENCE: answer(403, {})}), ("LocalRepository",)),
    ("rights", "skipped", Platform(), ()),
    (
        "rights",
        "failed",
        Platform(token=token(**SCOPED), answers={LICENCE: UnreachableError("gone")}),
        ("LocalRepository",),
    ),
    (
        "rights",
        "ok",
        Platform(
            token=token(scp="applied-permissions/admin"),
            answers={LICENCE: UnreachableError("gone")},
        ),
        ("LocalRepository",),
    ),
    ("token", "ok", Platform(token=token(**SCOPED, exp=NOW.timestamp() + 86400)), ()),
    ("token", "warning", Platform(token=token(**SCOPED, exp=NOW.timestamp() + 60)), ()),
    ("token", "failed", Platform(token=token(**SCOPED, exp=NOW.timestamp() - 60)), ()),
    ("token", "skipped", Platform(token="opaque"), ()),
]


@pytest.mark.parametrize(("name", "state", "platform", "kinds"), CASES)
def test_a_question(name: str, state: str, platform: Platform, kinds: tuple[str, ...]) -> None:
    """What is well is told as well, what is not with what to do about it."""
    found = look(platform, *kinds)[name]

    assert found.state == state, found
    assert found.hint if state in ("warning", "failed") and name != "sign-in" else True


def test_a_certificate_nobody_knows() -> None:
    """The way out is the file of one's own authority."""
    error = UnreachableError("certificate verify failed")
    assert "--ca-file" in look(Platform(answers={VERSION: error}))["connection"].hint


def test_claims_are_shown_in_part() -> None:
    """What explains a sign-in; of a person or a machine the beginning, of the rest the names."""
    found = claims(token(**SCOPED, jti="canary", exp=1)) or {}

    assert redacted(found) == {
        "exp": 1,
        "iss": "jfac@0",
        "others": ["jti"],
        "scp": "applied-permissions/user",
        "sub": "jfac@0/users…",
    }


@pytest.mark.parametrize("text", ["a.b.c", "..", "a.!!.c", "x", token()[:-20]])
def test_what_is_no_token_says_nothing(text: str) -> None:
    """Whatever is given, there is an answer."""
    assert token_check("main", text, NOW).state in ("skipped", "ok")

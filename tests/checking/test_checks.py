"""Each question of the doctor, with an answer that is well and one that is not."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import reconciler.checking
from reconciler.checking.platforms import Patient, platform_checks
from reconciler.checking.rights import Need, needs, rights_answer
from reconciler.checking.token import claims, redacted, token_check
from reconciler.checking.vouching import mapping_hint, oidc_checks
from reconciler.errors import UnauthorisedError, UnreachableError
from reconciler.kinds.registry import builtin
from reconciler.model import Address, Check, Manifest, Origin, Request, Response
from reconciler.platform.client import Endpoint
from reconciler.platform.clock import Clock
from reconciler.platform.keyless import Keyless

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
    wanted = [Need(name) for name in kinds]
    patient: Any = Patient(platform, [KINDS[name] for name in kinds], NOW, wanted)  # type: ignore[arg-type]
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


def said(scope: str) -> str:
    """A token that shows this scope."""
    return token(scp=scope)


ROLES = 'applied-permissions/roles:pay:developer,qa,"Project Admin" applied-permissions/user'
RIGHTS: list[tuple[str, str, list[Need], bool | None, str, str]] = [
    ("nothing declared", "opaque", [], False, "skipped", "no manifest"),
    ("admin", "opaque", [Need("Group")], True, "ok", "administrator's token: enough for Group"),
    ("admin by scope", said("applied-permissions/admin"), [Need("Group")], None, "ok", "Group"),
    ("nobody tells", "opaque", [Need("Group")], None, "skipped", "does not show"),
    ("less", "opaque", [Need("Group")], False, "failed", "declare Group, which need one"),
    (
        "what it shows",
        said("applied-permissions/groups:readers"),
        [Need("Group")],
        False,
        "failed",
        "it shows applied-permissions/groups:readers",
    ),
    ("of the project", said(ROLES), [Need("ProjectEnvironment", "pay")], False, "ok", "of pay"),
    (
        "of another project",
        said(ROLES),
        [Need("ProjectEnvironment", "pay"), Need("ProjectEnvironment", "shop")],
        False,
        "failed",
        "ProjectEnvironment need a Project Admin of shop at least",
    ),
    (
        "a role that is less",
        said("applied-permissions/roles:pay:developer"),
        [Need("PackageCleanupPolicy", "pay")],
        False,
        "failed",
        "Project Admin of pay at least",
    ),
    (
        "part of it",
        said(ROLES),
        [Need("LocalRepository"), Need("PackageCleanupPolicy", "pay")],
        False,
        "failed",
        "the manifests declare LocalRepository, which need one",
    ),
]


@pytest.mark.parametrize(
    ("wanted", "given", "shown", "state", "words"),
    [pytest.param(w, g, shown, s, t, id=n) for n, g, w, shown, s, t in RIGHTS],
)
def test_rights_that_are_needed_and_shown(
    wanted: list[Need], given: str, shown: bool | None, state: str, words: str
) -> None:
    """An administrator's for nearly all; of a project where that is enough; and what is lacking."""
    found, told, hint = rights_answer(wanted, given, shown)

    assert found == state, told
    assert words in told
    assert bool(hint) == (state == "failed")


def test_what_the_manifests_need() -> None:
    """Each kind once, with the project that would be enough; of a repository it never is."""
    made = [
        Manifest(Address("ProjectEnvironment", ("pay", "qa")), {}, Origin("a.yaml", 1)),
        Manifest(Address("PackageCleanupPolicy", ("p",)), {"projectKey": "pay"}, Origin("", 1)),
        Manifest(Address("PackageCleanupPolicy", ("q",)), {}, Origin("", 1)),
        Manifest(Address("LocalRepository", ("l",)), {"projectKey": "pay"}, Origin("", 1)),
    ]

    assert needs([*made, *made], KINDS) == [
        Need("LocalRepository"),
        Need("PackageCleanupPolicy"),
        Need("PackageCleanupPolicy", "pay"),
        Need("ProjectEnvironment", "pay"),
    ]


JOB = {
    "iss": "https://token.actions.githubusercontent.com",
    "sub": "repo:acme/platform:environment:production",
    "repository": "acme/platform",
    "repository_id": "7",
    "environment": "production",
    "event_name": "push",
    "actor": "canary-ann",
    "jti": "canary-id",
}


def vouched(**said_: Any) -> Keyless:
    """Signing in by what a CI system says of a job; nobody is asked."""
    variables = {"RECONCILER_ID_TOKEN": token(**said_)} if said_ else {}
    opened: Any = None
    clock = Clock(lambda: 0.0, lambda _: None, lambda: 1.0)
    return Keyless(
        "main",
        "https://a.example.com",
        "github",
        "",
        variables,
        opened,
        clock=clock,
        masked=lambda _: None,
    )


def test_the_claims_of_a_job() -> None:
    """As received: those that mappings are written on; of persons and numbers the names alone."""
    (found,) = oidc_checks("main", vouched(**JOB))

    assert (found.name, found.state) == ("oidc", "ok")
    assert "repository_id=7, environment=production, event_name=push" in found.told
    assert "not shown: actor, jti" in found.told
    assert "canary" not in found.told


def test_a_job_that_gets_no_claims() -> None:
    """It may not ask for an ID token: told with the permission it needs."""
    (found,) = oidc_checks("main", vouched())

    assert found.state == "failed"
    assert "id-token: write" in found.hint
    assert mapping_hint(vouched()) == ""


def test_a_token_needs_no_claims() -> None:
    """Whoever signs in by a stored token is not asked for a job."""
    assert list(oidc_checks("main", lambda: "opaque")) == []
    assert mapping_hint(lambda: "opaque") == ""


@pytest.mark.parametrize(
    ("job", "pasted"),
    [
        (JOB, {"repository_id": "7", "environment": "production", "event_name": "push"}),
        (
            {"project_id": "9", "ref_protected": "true"},
            {"project_id": "9", "ref_protected": "true"},
        ),
        ({"sub": "somebody"}, {"sub": "somebody"}),
    ],
)
def test_a_mapping_to_paste(job: dict[str, Any], pasted: dict[str, str]) -> None:
    """Where no mapping matches, the claims of one that would."""
    assert json.loads(mapping_hint(vouched(**job)).partition(": ")[2]) == pasted


def test_hostile_claims_stay_text() -> None:
    """What somebody writes into a claim is shown, not obeyed."""
    (found,) = oidc_checks("main", vouched(sub="a\x1b[31mb\n::error::c", repository="x"))

    assert "\x1b" not in found.told
    assert "\n" not in found.told


ELSEWHERE = {"manifests", "inventory", "lease", "oidc"}
"""Questions that have tests of their own: above, and in tests/cli/test_doctor.py."""


def test_every_question_is_answered_well_and_badly() -> None:
    """A new question fails here until there is a case of both."""
    folder = Path(reconciler.checking.__file__).parent
    files = [f for f in folder.glob("*.py") if f.name != "fleets.py"]  # Connect has its own
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    asked = set(re.findall(r"(?:\bCheck|\.check)\(\s*\"([a-z-]+)\"", text)) - ELSEWHERE
    well = {name for name, state, _, _ in CASES if state == "ok"}
    badly = {name for name, state, _, _ in CASES if state in ("warning", "failed")}

    assert asked == well == badly

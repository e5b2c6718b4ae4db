"""Signing in without a stored token: the exchange, its renewal, and a message for each failure."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
import pytest

from reconciler.errors import UnreachableError
from reconciler.platform.clock import Clock
from reconciler.platform.keyless import ASSUMED, ATTEMPTS, Keyless, lifetime_of
from tests.cli.support import local
from tests.github.bench import Bench
from tests.support.composite import Ran
from tests.support.fake_github import jwt

ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER = "github-actions"
OIDC = "/access/api/v1/oidc"
OF_PULL_REQUEST = {
    "sub": "repo:acme/platform:pull_request",
    "repository": "acme/platform",
    "repository_id": "700000001",
    "event_name": "pull_request",
    "ref": "refs/pull/7/merge",
}
OF_PRODUCTION = {
    "sub": "repo:acme@5000001/platform@700000001:environment:production",
    "repository": "acme/platform",
    "repository_id": "700000001",
    "event_name": "push",
    "environment": "production",
    "ref": "refs/heads/main",
}


@pytest.fixture
def keyless(bench: Bench) -> Bench:
    """A platform with an integration: pull requests read, production writes; a job with a token."""
    bench.patch.delenv("JFROG_ACCESS_TOKEN")
    provider = {"name": PROVIDER, "issuer_url": ISSUER, "provider_type": "GitHub"}
    assert bench.send("POST", OIDC, provider).status == 201
    mapping(bench, "plan", {"repository_id": "700000001", "event_name": "pull_request"}, "user")
    mapping(bench, "apply", {"repository_id": "700000001", "environment": "production"}, "admin")
    bench.runner.environment |= {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{bench.github.url}/id-token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-canary-token",
    }
    bench.github.claims = dict(OF_PULL_REQUEST)
    bench.declare(local("a"))
    return bench


def mapping(bench: Bench, name: str, claims: dict[str, Any], scope: str, seconds: int = 60) -> None:
    """An identity mapping of the integration."""
    spec = {"scope": f"applied-permissions/{scope}", "expires_in": seconds}
    body = {"name": name, "claims": claims, "token_spec": spec, "priority": 1}
    assert bench.send("POST", f"{OIDC}/{PROVIDER}/identity_mappings", body).status == 201


def plan(bench: Bench, **inputs: str) -> Ran:
    """Plan on the pull request, without any token."""
    given = {"token": "", "oidc_provider_name": PROVIDER, **inputs}
    ran = bench.run("pull_request", command="plan", **given)
    require_masked(bench, ran)
    return ran


def require_masked(bench: Bench, ran: Ran) -> None:
    """Neither the ID token nor what it was exchanged for stands anywhere."""
    issued = list(bench.platform.store.issued)
    shown = [ran.log, ran.summary, *ran.outputs.values(), *bench.shown()]
    for secret in (*issued, "request-canary-token", jwt(bench.github.claims).split(".")[2]):
        assert not any(secret in text for text in shown)


def test_a_pull_request_plans_with_a_token_that_reads(keyless: Bench) -> None:
    """One exchange, for the rights of the mapping; the audience is the workflow's."""
    ran = plan(keyless, oidc_audience="jfrog")

    assert ran.code == 0, ran.told
    assert keyless.github.audiences == ["jfrog"]
    (issued,) = keyless.platform.store.issued.values()
    assert issued["right"] == "read"


def test_production_applies_with_a_token_that_writes(keyless: Bench) -> None:
    """The environment's claim gives the other mapping."""
    digest = plan(keyless).outputs["digest"]
    keyless.github.claims = dict(OF_PRODUCTION)
    ran = keyless.apply(expect_digest=digest, token="", oidc_provider_name=PROVIDER)
    require_masked(keyless, ran)

    assert ran.code == 0, ran.told
    assert keyless.exists("a")


def test_a_pull_request_may_not_write(keyless: Bench) -> None:
    """A job of the pull request that applies is refused by the platform: its mapping only reads."""
    digest = plan(keyless).outputs["digest"]
    inputs = {"token": "", "oidc_provider_name": PROVIDER, "expect_digest": digest}
    ran = keyless.run("pull_request", command="apply", **inputs)

    assert ran.code == 5
    assert not keyless.exists("a")


def test_the_token_is_renewed_before_it_expires(keyless: Bench) -> None:
    """An apply that outlives its token asks for another one, and nobody notices."""
    digest = plan(keyless).outputs["digest"]
    keyless.github.claims = dict(OF_PRODUCTION)
    mapping(keyless, "short", {"environment": "production"}, "admin", seconds=2)
    path = f"{OIDC}/{PROVIDER}/identity_mappings/apply"
    assert keyless.send("DELETE", path).status in (200, 204)
    keyless.fault("latency", ms=1300, match={"method": "GET", "path": "*/system/version"})
    before = len(keyless.platform.store.issued)
    ran = keyless.apply(expect_digest=digest, token="", oidc_provider_name=PROVIDER)
    require_masked(keyless, ran)

    assert ran.code == 0, ran.told
    assert len(keyless.platform.store.issued) - before >= 2


def test_platforms_name_their_provider(keyless: Bench) -> None:
    """The same for several platforms, in lines."""
    line = f"main={keyless.url},oidc={PROVIDER},audience=jfrog"
    ran = keyless.run("pull_request", command="plan", token="", url="", platforms=line)

    assert ran.code == 0, ran.told
    assert keyless.github.audiences == ["jfrog"]


def test_the_plain_command_signs_in_too(keyless: Bench) -> None:
    """In a step of its own, with a pin; the token is masked on stderr."""
    for name, value in keyless.runner.environment.items():
        keyless.patch.setenv(name, value)
    keyless.patch.setenv("GITHUB_ACTIONS", "true")
    seen = keyless("plan", "--platform", f"main={keyless.url},oidc={PROVIDER}", "--output", "json")
    (issued,) = keyless.platform.store.issued

    assert seen.code == 0, seen.both
    assert seen.document["summary"]["create"] == 1
    assert f"::add-mask::{issued}" in seen.err


def test_other_systems_hand_their_token_over(keyless: Bench) -> None:
    """GitLab and others put it into a variable."""
    token = jwt({**OF_PULL_REQUEST})
    keyless.patch.setenv("RECONCILER_ID_TOKEN", token)
    seen = keyless("plan", "--platform", f"main={keyless.url},oidc={PROVIDER}")

    assert seen.code == 0, seen.both
    assert token not in seen.both


def refused(bench: Bench, rule: str, **inputs: str) -> str:
    """A plan that cannot sign in; the text of its error."""
    ran = plan(bench, comment="never", **inputs)
    assert ran.code == 6, ran.told
    assert ran.outputs["failure-reason"] == rule
    assert ran.outputs["outcome"] == "error"
    (text,) = ran.annotated("error")
    return text


def test_a_missing_permission(keyless: Bench) -> None:
    """The job lacks `id-token: write`."""
    keyless.runner.environment.pop("ACTIONS_ID_TOKEN_REQUEST_URL")

    assert "id-token: write" in refused(keyless, "oidc-permission")


def test_a_request_that_is_refused(keyless: Bench) -> None:
    """GitHub gives no ID token."""
    keyless.runner.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "expired"

    assert "answered 401" in refused(keyless, "oidc-request")


def test_an_unknown_provider(keyless: Bench) -> None:
    """The platform has no such integration."""
    assert "no such integration" in refused(keyless, "oidc-provider", oidc_provider_name="other")


def test_a_mapping_that_does_not_match(keyless: Bench) -> None:
    """The claims are shown, so that a mapping can be written on them."""
    keyless.github.claims["repository_id"] = "12"
    text = refused(keyless, "oidc-claims")

    assert "repository_id: 12" in text
    assert "event_name: pull_request" in text
    assert "no identity mapping matches" in text


def test_an_issuer_with_a_slash(keyless: Bench) -> None:
    """`issuer_url` is compared letter by letter."""
    body = {"issuer_url": f"{ISSUER}/", "provider_type": "GitHub"}
    assert keyless.send("PUT", f"{OIDC}/{PROVIDER}", body).status == 200

    assert "without a slash at its end" in refused(keyless, "oidc-issuer")


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_clock_that_is_wrong(keyless: Bench, seconds: int) -> None:
    """The platform's clock goes before or after."""
    keyless.sandbox.clock.advance(seconds)

    assert "clocks" in refused(keyless, "oidc-clock")


def test_a_server_without_oidc(keyless: Bench) -> None:
    """Older servers do not know the route."""
    keyless.sandbox.version = "7.63.0"

    assert "7.77.3" in refused(keyless, "oidc-refused")


def test_an_outage_that_passes(keyless: Bench) -> None:
    """A gateway that fails for a moment is asked again."""
    keyless.fault("status", times=1, status=503, match={"path": f"{OIDC}/token"})

    assert plan(keyless).code == 0


def test_an_outage_that_stays(keyless: Bench) -> None:
    """No answer is no refusal, and ends after some attempts."""
    keyless.fault("status", status=503, match={"path": f"{OIDC}/token"})
    slept: list[float] = []
    asked = Keyless(
        "main",
        keyless.url,
        PROVIDER,
        "",
        {"RECONCILER_ID_TOKEN": jwt({})},
        lambda url: httpx.Client(),
        clock=Clock(sleep=slept.append),
        masked=lambda secret: None,
    )
    with pytest.raises(UnreachableError, match="does not answer the request for a token"):
        asked()

    assert len(slept) == ATTEMPTS - 1


def test_the_file_sends_no_id_token_anywhere(keyless: Bench) -> None:
    """A provider in the workspace file is of no use without a pin: a pull request may change it."""
    platforms = {"main": {"url": keyless.url, "oidcProvider": PROVIDER}}
    keyless.workspace(owner="acme", platforms=platforms)
    for name, value in keyless.runner.environment.items():
        keyless.patch.setenv(name, value)
    seen = keyless("plan")

    assert keyless("validate").code == 0
    assert seen.code == 1
    assert "nobody pins it" in seen.err
    assert keyless.github.audiences == []


def test_tokens_do_not_pile_up(keyless: Bench) -> None:
    """Sixteen connections, one exchange."""
    keyless.declare(*(local(f"r{i}") for i in range(40)))
    begun = time.monotonic()
    plan(keyless)

    assert len(keyless.platform.store.issued) == 1
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("told", "claims", "expected"),
    [
        ({"expires_in": 90}, {"iat": 1000, "exp": 4600}, 90),
        ({}, {"iat": 1000, "exp": 4600}, 3600),
        ({}, {"exp": 4600}, ASSUMED),
        ({}, {}, ASSUMED),
    ],
)
def test_how_long_a_token_lives(
    told: dict[str, Any], claims: dict[str, int], expected: float
) -> None:
    """From what the server says, and by its own clock: the one here may be hours off."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    assert lifetime_of(told, f"x.{part}.x") == expected

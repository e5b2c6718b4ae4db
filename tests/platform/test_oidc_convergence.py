"""OIDC providers and identity mappings: apply, then plan, and nothing is left to do (M5, M6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.access.oidc_identity_mapping import KIND as MAPPING
from reconciler.kinds.access.oidc_provider import KIND as PROVIDER
from reconciler.model import SignInLost
from tests.platform.test_convergence import assert_converged, assert_done
from tests.support.estate import Estate, manifest

OIDC = "/access/api/v1/oidc"
ISSUER = "https://token.actions.githubusercontent.com"
FULL: Mapping[str, Any] = {
    "providerType": "GitHub",
    "issuerUrl": ISSUER,
    "description": "Jobs",
    "audience": "jfrog",
    "organization": "acme",
    "enablePermissiveConfiguration": True,
    "tokenIssuer": "https://issuer.example.com",
    "azureAppId": "4711",
    "useDefaultProxy": True,
    "projectKey": "pay",
}
BARE: Mapping[str, Any] = {"providerType": "GitHub", "issuerUrl": ISSUER}
RULE: Mapping[str, Any] = {
    "priority": 1,
    "description": "applies",
    "claims": {"repository_id": "7", "environment": ["production", "stage-*"]},
    "tokenSpec": {
        "username": "ann",
        "groupsPattern": "{{group}}",
        "scope": 'applied-permissions/groups:"a","b"',
        "audience": ["jfrt@*", "jfac@*"],
        "expiresIn": 600,
        "selfRevocable": True,
    },
}
OTHER: Mapping[str, Any] = {
    "priority": 3,
    "description": None,
    "claims": {"repository_id": "7"},
    "tokenSpec": {"username": "bob", "scope": "applied-permissions/user", "audience": ["*@*"]},
}


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A workspace beside a platform with a project."""
    made = Estate(tmp_path)
    made.project("pay")
    return made


def provider(spec: Mapping[str, Any] = BARE, **metadata: Any) -> dict[str, Any]:
    """The provider `github`."""
    return manifest("OidcProvider", "github", spec, **metadata)


def mapping(spec: Mapping[str, Any], name: str = "apply") -> dict[str, Any]:
    """An identity mapping of it."""
    return manifest("OidcIdentityMapping", name, spec, provider="github")


def test_the_specs_have_every_field() -> None:
    """A new field must get a value here; a user and a pattern of one exclude each other."""
    inner = MAPPING.fields["tokenSpec"].fields

    assert set(FULL) == set(PROVIDER.fields)
    assert set(RULE) == set(MAPPING.fields)
    assert set(RULE["tokenSpec"]) == set(inner) - {"usernamePattern"}


def test_every_field_converges(estate: Estate) -> None:
    """Created with everything, changed, and changed back; a plan after each has nothing to do."""
    full = {n: v for n, v in FULL.items() if n != "projectKey"}
    for steps in ((BARE, OTHER), (full, RULE), (BARE, OTHER), (full, RULE)):
        estate.declare(provider(steps[0]), mapping(steps[1]))
        assert_done(estate.apply(), set())
        assert_converged(estate)
    assert estate.ask(f"{OIDC}/github")["token_issuer"] == "https://issuer.example.com"
    found = estate.ask(f"{OIDC}/github/identity_mappings/apply")
    assert found["claims"] == RULE["claims"]
    assert found["token_spec"]["expires_in"] == 600


def test_the_project_is_fixed(estate: Estate) -> None:
    """A provider belongs to a project from the beginning, or never."""
    estate.declare(provider(FULL))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert estate.ask(f"{OIDC}/github")["project_key"] == "pay"
    estate.declare(provider({**FULL, "projectKey": "ops"}), manifest("Project", "ops", PROJECT))
    (change,) = [c for c in estate.plan().changes if c.is_blocked]
    assert change.blocked is not None
    assert change.blocked.code == "immutable"


PROJECT = {"displayName": "Operations"}


def test_what_an_update_leaves_out_stays(estate: Estate) -> None:
    """The server replaces the whole object: what the manifest does not say is sent along."""
    estate.declare(provider(FULL), mapping(RULE))
    assert_done(estate.apply(), set())
    less = {"claims": {"sub": "x"}, "tokenSpec": {"username": "ann", "expiresIn": 60}}
    estate.declare(provider({**BARE, "description": "new"}), mapping(less))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    found = estate.ask(f"{OIDC}/github")
    rule = estate.ask(f"{OIDC}/github/identity_mappings/apply")

    assert found == {
        **found,
        "description": "new",
        "audience": "jfrog",
        "token_issuer": FULL["tokenIssuer"],
    }
    assert rule["claims"] == {"sub": "x"}
    kept = {"groups_pattern": "{{group}}", "self_revocable": True, "expires_in": 60}
    assert rule["token_spec"] == {**rule["token_spec"], **kept}
    assert rule["priority"] == 1


def test_other_spellings_are_the_same(estate: Estate) -> None:
    """A slash at the end, an audience as a text, `group:`: written by others, nothing to do."""
    estate.tell("POST", OIDC, {"name": "github", "issuer_url": f"{ISSUER}/", **TYPE})
    spec = {"scope": 'applied-permissions/group:"a"', "audience": "jfrt@* jfac@*"}
    body = {"name": "apply", "claims": {"sub": "x"}, "token_spec": spec, "priority": 1}
    estate.tell("POST", f"{OIDC}/github/identity_mappings", body)
    wanted = {"scope": 'applied-permissions/groups:"a"', "audience": ["jfac@*", "jfrt@*"]}
    estate.declare(provider(), mapping({"claims": {"sub": "x"}, "tokenSpec": wanted}))

    assert {str(c.action) for c in estate.plan().changes} == {"adopt"}


TYPE = {"provider_type": "GitHub"}


def test_a_provider_goes_after_its_mappings(estate: Estate) -> None:
    """Pruned in reverse: no mapping is left without its provider."""
    estate.workspace(prune=True)
    estate.declare(provider(), mapping(RULE), mapping(OTHER, "plan"), manifest("Group", "g"))
    assert_done(estate.apply(), set())
    estate.declare(manifest("Group", "g"))
    estate.forget_requests()
    assert_done(estate.apply(), set())

    gone = [r for r in estate.writes() if r.startswith("DELETE")]
    assert [g.rpartition("/")[2] for g in gone] in (
        ["apply", "plan", "github"],
        ["plan", "apply", "github"],
    )


def test_old_servers_take_one_value_for_a_claim(estate: Estate) -> None:
    """Lists and wildcards came later, and would match nothing: blocked, not written."""
    estate.sandbox.version = "7.90.0"
    estate.declare(provider(), mapping(RULE), mapping(OTHER, "plan"))
    blocked = {str(c.address): c.blocked for c in estate.plan().changes if c.is_blocked}

    (code,) = {b.code for b in blocked.values() if b}
    assert list(blocked) == ["OidcIdentityMapping/github/apply"]
    assert code == "unsupported"


@pytest.mark.parametrize(
    ("document", "loss"),
    [
        (mapping({**OTHER, "priority": 4}), None),
        (mapping({**OTHER, "claims": {"sub": "y"}}), SignInLost("github", "apply")),
        (mapping({**OTHER, "tokenSpec": {"username": "eve"}}), SignInLost("github", "apply")),
        (provider({**BARE, "description": "x"}), None),
        (provider({**BARE, "issuerUrl": "https://other.example.com"}), SignInLost("github")),
    ],
    ids=["order", "claims", "token", "words", "issuer"],
)
def test_what_ends_a_sign_in(estate: Estate, document: Any, loss: SignInLost | None) -> None:
    """Told, so that a run that signs in by it is blocked."""
    estate.declare(provider(), mapping(OTHER))
    assert_done(estate.apply(), set())
    others = [d for d in (provider(), mapping(OTHER)) if d["kind"] != document["kind"]]
    estate.declare(document, *others)

    (change,) = estate.plan().changes
    assert change.losses == ((loss,) if loss else ())

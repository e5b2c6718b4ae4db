"""An ID token of some issuer in, an access token with the rights of its first mapping out.

Signatures are not checked: the sandbox asks no issuer for its keys. Issuer, times and claims are.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.oidc import PROVIDERS, SINCE, named, text
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ADMIN = "applied-permissions/admin"
LEEWAY = 60
"""Seconds the issuer's clock may differ from ours."""


def exchange(call: Call) -> Response:
    """The token endpoint; it needs no token of its own."""
    sent = parse_object(call.request.body)
    if sent.get("grant_type") != GRANT or sent.get("subject_token_type") != ID_TOKEN:
        raise Refusal(400, "Unsupported grant_type or subject_token_type")
    provider = named(call, text(sent, "provider_name"))
    claims = claims_of(text(sent, "subject_token"))
    check(call, claims, provider["issuer_url"])
    mapping = first(provider["mappings"], claims, sent.get("identity_mapping_name"))
    spec = mapping["token_spec"]
    scope, lifetime = str(spec.get("scope") or "applied-permissions/user"), int(spec["expires_in"])
    right = "admin" if scope == ADMIN else "read"
    return json_response(
        {
            "scope": scope,
            "access_token": issue(call, right, lifetime, str(spec.get("username") or "job")),
            "expires_in": lifetime,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
        }
    )


def claims_of(token: str) -> dict[str, Json]:
    """A token in, what it says out."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        raise Refusal(400, "subject_token is no JSON web token") from None
    if not isinstance(claims, dict):
        raise Refusal(400, "subject_token is no JSON web token")
    return claims


def check(call: Call, claims: Mapping[str, Json], issuer: str) -> None:
    """Claims in; they are of the issuer, letter by letter, and valid now."""
    if claims.get("iss") != issuer:
        raise Refusal(401, f"The token's issuer is not '{issuer}'")
    now = call.platform.sandbox.clock.now()
    if now > float(claims.get("exp", 0)) + LEEWAY:
        raise Refusal(401, "The token has expired")
    if now < float(claims.get("nbf", claims.get("iat", 0))) - LEEWAY:
        raise Refusal(401, "The token is not yet valid")


def first(
    mappings: Mapping[str, dict[str, Json]], claims: Mapping[str, Json], wanted: str | None
) -> dict[str, Json]:
    """Mappings in, the first by priority whose claims all hold out."""
    known = [m for name, m in mappings.items() if wanted in (None, name)]
    for mapping in sorted(known, key=lambda m: int(m["priority"])):
        if all(holds(value, claims.get(name)) for name, value in mapping["claims"].items()):
            return mapping
    raise Refusal(403, "No identity mapping matches the claims of the token")


def holds(wanted: Json, found: Json) -> bool:
    """Whether a claim is what a mapping wants: a value, one of a list, or a wildcard."""
    if isinstance(wanted, list):
        return any(holds(one, found) for one in wanted)
    return found is not None and fnmatchcase(str(found), str(wanted))


def issue(call: Call, right: str, lifetime: int, user: str) -> str:
    """A right and seconds in, a new access token out."""
    store, now = call.platform.store, call.platform.sandbox.clock.now()
    said = {"sub": user, "exp": int(now) + lifetime, "jti": len(store.issued) + 1}
    parts = [{"alg": "none", "typ": "JWT"}, said]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    token = ".".join((*coded, call.platform.name))
    store.issued[token] = {"right": right, "until": now + lifetime}
    return token


ROUTES = (Route("POST", f"{PROVIDERS}/token", exchange, needs="nothing", since=SINCE),)

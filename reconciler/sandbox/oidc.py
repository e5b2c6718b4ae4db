"""OIDC integrations and their identity mappings in, the same kept.

Which job gets which token is said by them; `oidc_exchange.py` goes by it. The words of the refusals
are ours.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any
SINCE = "7.77.3"
PROVIDERS = "/access/api/v1/oidc"
PROVIDER = f"{PROVIDERS}/{{name}}"
MAPPINGS = f"{PROVIDER}/identity_mappings"
MAPPING = f"{MAPPINGS}/{{mapping}}"
TYPES = ("Generic OpenID Connect", "GitHub", "GitHub Enterprise", "Azure")
RARE = (
    "token_issuer",
    "use_default_proxy",
    "azure_app_id",
    "organization",
    "enable_permissive_configuration",
    "project_key",
)
"""Fields of an integration that are answered only where they are set."""


def get_providers(call: Call) -> Response:
    """All integrations, without their mappings."""
    return json_response([shown(found) for found in call.platform.store.oidc.values()])


def get_provider(call: Call) -> Response:
    """A name in, the integration out."""
    return json_response(shown(provider(call)))


def create_provider(call: Call) -> Response:
    """A body in, the integration exists afterwards."""
    sent = parse_object(call.request.body)
    name = text(sent, "name")
    if name in call.platform.store.oidc:
        raise Refusal(409, f"OIDC configuration '{name}' already exists")
    call.platform.store.oidc[name] = {**fields(sent), "name": name, "mappings": {}}
    return json_response(shown(call.platform.store.oidc[name]), 201)


def update_provider(call: Call) -> Response:
    """A name and a body in, the integration as the body says out; only its project stays."""
    stored, sent = provider(call), parse_object(call.request.body)
    kept = {name: stored[name] for name in ("name", "mappings")}
    project = {"project_key": stored["project_key"]} if "project_key" in stored else {}
    stored.clear()
    stored.update({**kept, **fields(sent), **project})
    return json_response(shown(stored))


def delete_provider(call: Call) -> Response:
    """A name in; the integration is gone, with its mappings."""
    del call.platform.store.oidc[provider(call)["name"]]
    return empty_response()


def get_mappings(call: Call) -> Response:
    """All mappings of an integration."""
    return json_response(list(provider(call)["mappings"].values()))


def get_mapping(call: Call) -> Response:
    """A name in, the mapping out."""
    return json_response(mapping(call))


def create_mapping(call: Call) -> Response:
    """A body in, the mapping exists afterwards."""
    sent = parse_object(call.request.body)
    name, known = text(sent, "name"), provider(call)["mappings"]
    if name in known:
        raise Refusal(409, f"Identity mapping '{name}' already exists")
    known[name] = mapped(sent, name)
    return json_response(known[name], 201)


def update_mapping(call: Call) -> Response:
    """A name and a body in, the changed mapping out."""
    name = mapping(call)["name"]
    changed = mapped(parse_object(call.request.body), name)
    provider(call)["mappings"][name] = changed
    return json_response(changed)


def delete_mapping(call: Call) -> Response:
    """A name in; the mapping is gone."""
    del provider(call)["mappings"][mapping(call)["name"]]
    return empty_response()


def provider(call: Call) -> dict[str, Json]:
    """The integration a path names."""
    return named(call, call.params["name"])


def named(call: Call, name: str) -> dict[str, Json]:
    """A name in, the integration out."""
    found: dict[str, Json] | None = call.platform.store.oidc.get(name)
    if found is None:
        raise Refusal(404, f"OIDC configuration '{name}' not found")
    return found


def mapping(call: Call) -> dict[str, Json]:
    """The mapping a path names."""
    found: dict[str, Json] | None = provider(call)["mappings"].get(call.params["mapping"])
    if found is None:
        raise Refusal(404, f"Identity mapping '{call.params['mapping']}' not found")
    return found


def shown(found: dict[str, Json]) -> dict[str, Json]:
    """An integration as it is answered."""
    return {name: value for name, value in found.items() if name != "mappings"}


def fields(sent: dict[str, Json]) -> dict[str, Json]:
    """The fields of an integration, checked."""
    kind = text(sent, "provider_type")
    if kind not in TYPES:
        raise Refusal(400, f"Unknown provider type '{kind}'")
    return {
        "issuer_url": text(sent, "issuer_url"),
        "provider_type": kind,
        **{name: str(sent.get(name) or "") for name in ("audience", "description")},
        **{name: sent[name] for name in RARE if sent.get(name) not in (None, "")},
    }


def mapped(sent: dict[str, Json], name: str) -> dict[str, Json]:
    """A mapping, checked. Without a priority it is the last one."""
    claims, spec = sent.get("claims"), sent.get("token_spec")
    if not isinstance(claims, dict) or not claims:
        raise Refusal(400, "An identity mapping needs claims")
    if not isinstance(spec, dict) or not (spec.get("scope") or spec.get("username")):
        raise Refusal(400, "An identity mapping needs a token_spec with a scope or a user name")
    return {
        "name": name,
        "description": str(sent.get("description") or ""),
        "claims": claims,
        "token_spec": {"expires_in": 3600, "audience": "*@*", **spec},
        "priority": int(sent.get("priority", 1000)),
    }


def text(sent: dict[str, Json], name: str) -> str:
    """A body and a field in, its text out; it must be there."""
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, f"'{name}' is required")
    return value


def _route(method: str, path: str, handler: Any) -> Route:
    return Route(method, path, handler, needs="admin", since=SINCE)


ROUTES = (
    _route("GET", PROVIDERS, get_providers),
    _route("POST", PROVIDERS, create_provider),
    _route("GET", PROVIDER, get_provider),
    _route("PUT", PROVIDER, update_provider),
    _route("DELETE", PROVIDER, delete_provider),
    _route("GET", MAPPINGS, get_mappings),
    _route("POST", MAPPINGS, create_mapping),
    _route("GET", MAPPING, get_mapping),
    _route("PUT", MAPPING, update_mapping),
    _route("DELETE", MAPPING, delete_mapping),
)

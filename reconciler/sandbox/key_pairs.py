"""Signing key pairs in, their public halves out. Private keys and passphrases never leave.

Keys are looked at, not understood: that the halves belong together is not checked.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any

MANDATORY = ("pairName", "pairType", "alias")
KEYS = ("publicKey", "privateKey")
VAULT = ("vaultKey", "vaultPublicKey")
"""Name the place of keys that stand in a vault; they replace the keys themselves."""

BEGINNINGS = {"RSA": "-----BEGIN ", "GPG": "-----BEGIN PGP "}
SHOWN = ("pairName", "pairType", "alias", "publicKey")


def get_all(call: Call) -> Response:
    """All key pairs, by name."""
    pairs = sorted(call.platform.store.key_pairs.items())
    return json_response([shown(pair) for _, pair in pairs])


def get_one(call: Call) -> Response:
    """A name in, the key pair out."""
    return json_response(shown(stored(call)))


def create(call: Call) -> Response:
    """A body in; the pair exists afterwards, in place of an older one of that name."""
    pair = checked(call)
    call.platform.store.key_pairs[pair["pairName"]] = pair
    return Response(201)


def update(call: Call) -> Response:
    """A whole body in, private key included; it replaces the pair it names."""
    pair = checked(call)
    if pair["pairName"] not in call.platform.store.key_pairs:
        raise missing(pair["pairName"])
    call.platform.store.key_pairs[pair["pairName"]] = pair
    return Response(200)


def delete(call: Call) -> Response:
    """A name in; the pair is gone, whether repositories mention it or not."""
    del call.platform.store.key_pairs[stored(call)["pairName"]]
    return text_response("OK")


def verify(call: Call) -> Response:
    """A body as for creation in; nothing is stored."""
    checked(call)
    return text_response("Key was verified.")


def get_public_key(call: Call) -> Response:
    """A repository in, the public key its metadata is signed with out, as a file."""
    repository = call.platform.store.repository(call.params["key"])
    name = repository.get("primaryKeyPairRef") if repository else None
    pair = call.platform.store.key_pairs.get(str(name))
    if pair is None:
        raise Refusal(404, f"Could not find a public key for repository '{call.params['key']}'")
    answer = text_response(pair.get("publicKey", ""))
    alias = "".join(sign for sign in pair["alias"] if sign.isprintable() and sign not in '"\\')
    answer.headers["Content-Disposition"] = f'attachment; filename="{alias}"'
    return answer


def stored(call: Call) -> dict[str, Json]:
    """A call with a name in, the key pair out."""
    found: dict[str, Json] | None = call.platform.store.key_pairs.get(call.params["name"])
    if found is None:
        raise missing(call.params["name"])
    return found


def missing(name: str) -> Refusal:
    """A name in, the refusal for a pair nobody made out. The words are ours."""
    return Refusal(404, f"Could not find key pair '{name}'")


def shown(pair: dict[str, Json]) -> dict[str, Json]:
    """A stored pair in, what may be read of it out."""
    return {name: pair[name] for name in SHOWN if name in pair}


def checked(call: Call) -> dict[str, Json]:
    """A request in, the key pair it describes out. The words of the refusals are ours."""
    sent = parse_object(call.request.body)
    for name in MANDATORY:
        if not isinstance(sent.get(name), str) or not sent[name]:
            raise Refusal(400, f"Bad request: {name} is mandatory")
    if sent["pairType"] not in BEGINNINGS:
        raise Refusal(400, f"Bad request: '{sent['pairType']}' is not a type of key pair")
    if not sent.get("vaultKey"):
        for name in KEYS:
            check_armour(name, sent.get(name), BEGINNINGS[sent["pairType"]])
    known = (*MANDATORY, *KEYS, "passphrase", *VAULT)
    return {name: sent[name] for name in known if sent.get(name) is not None}


def check_armour(name: str, key: Json, beginning: str) -> None:
    """A key in; it must look like one of its type."""
    if not isinstance(key, str) or not key.strip().startswith(beginning):
        raise Refusal(400, f"Bad request: {name} is no key of this type")


PAIRS = "/artifactory/api/security/keypair"

ROUTES = (
    Route("GET", PAIRS, get_all, needs="admin", since="7.19"),
    Route("POST", PAIRS, create, needs="admin", since="7.6.0"),
    Route("PUT", PAIRS, update, needs="admin", since="7.19"),
    Route("POST", f"{PAIRS}/verify", verify, needs="admin", since="7.19"),
    Route("GET", f"{PAIRS}/public/repositories/{{key}}", get_public_key, since="7.6.0"),
    Route("GET", f"{PAIRS}/{{name}}", get_one, since="7.6.0"),
    Route("DELETE", f"{PAIRS}/{{name}}", delete, needs="admin", since="7.6.0"),
)

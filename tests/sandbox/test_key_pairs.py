"""Signing key pairs: what goes in, what comes out, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import KEY_PAIRS, Api, at

PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
PUBLIC = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
SHOWN = {"pairName": "k", "pairType": "RSA", "alias": "a", "publicKey": PUBLIC}
PAIR = {**SHOWN, "privateKey": PRIVATE, "passphrase": "geheim"}


def test_life_of_a_pair(api: Api) -> None:
    """POST 201, GET without the private half, PUT 200 on the collection, DELETE 200, then 404."""
    assert api.send("POST", KEY_PAIRS, PAIR).status == 201
    assert api.send("GET", f"{KEY_PAIRS}/k").json() == SHOWN
    assert api.send("GET", KEY_PAIRS).json() == [SHOWN]

    assert api.send("PUT", KEY_PAIRS, {**PAIR, "alias": "b"}).status == 200
    assert api.send("GET", f"{KEY_PAIRS}/k").json()["alias"] == "b"

    gone = api.send("DELETE", f"{KEY_PAIRS}/k")
    assert (gone.status, gone.text) == (200, "OK")
    assert api.send("GET", f"{KEY_PAIRS}/k").status == 404
    assert api.send("DELETE", f"{KEY_PAIRS}/k").status == 404
    assert api.send("PUT", KEY_PAIRS, PAIR).status == 404


def test_creating_twice_replaces(api: Api) -> None:
    """The reference calls it create or replace: a second POST is no conflict."""
    api.send("POST", KEY_PAIRS, PAIR)

    assert api.send("POST", KEY_PAIRS, {**PAIR, "alias": "b"}).status == 201
    assert api.send("GET", f"{KEY_PAIRS}/k").json()["alias"] == "b"


def test_a_slash_at_the_end(api: Api) -> None:
    """The vendor's own client writes one; to the server it is the same path."""
    assert api.send("POST", f"{KEY_PAIRS}/", PAIR).status == 201


def test_verify_stores_nothing(api: Api) -> None:
    """It answers a sentence and forgets."""
    answer = api.send("POST", f"{KEY_PAIRS}/verify", PAIR)

    assert (answer.status, answer.text) == (200, "Key was verified.")
    assert api.send("GET", KEY_PAIRS).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"pairName": ""},
        {"alias": None},
        {"pairType": "DSA"},
        {"pairType": "GPG"},
        {"publicKey": "abc"},
        {"privateKey": None},
    ],
)
def test_bad_pairs(api: Api, change: dict[str, Any]) -> None:
    """Name, type and alias are mandatory, and the keys must look like keys of the type."""
    assert api.send("POST", KEY_PAIRS, {**PAIR, **change}).status == 400
    assert api.send("POST", f"{KEY_PAIRS}/verify", {**PAIR, **change}).status == 400


def test_keys_in_a_vault(api: Api) -> None:
    """Names of a vault's secrets replace the keys."""
    vault = {"vaultKey": "v", "vaultPublicKey": {"path": "p", "key": "k"}}
    pair = {"pairName": "k", "pairType": "GPG", "alias": "a", **vault}

    assert api.send("POST", KEY_PAIRS, pair).status == 201
    assert api.send("GET", f"{KEY_PAIRS}/k").json()["pairName"] == "k"


def test_the_public_key_of_a_repository(api: Api) -> None:
    """The pair the repository is signed with, as a file named by its alias; without one 404."""
    api.send("POST", KEY_PAIRS, PAIR)
    api.create("alpine", package_type="alpine", primaryKeyPairRef="k")
    api.create("plain")
    answer = api.send("GET", f"{KEY_PAIRS}/public/repositories/alpine")

    assert (answer.status, answer.text) == (200, PUBLIC)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a"'
    assert api.send("GET", f"{KEY_PAIRS}/public/repositories/plain").status == 404
    assert api.send("GET", f"{KEY_PAIRS}/public/repositories/none").status == 404


def test_rights_and_versions(api: Api) -> None:
    """Only administrators write; listing and replacing came with 7.19."""
    api.send("POST", KEY_PAIRS, PAIR)
    reader = Api(api.platform, "read")

    assert reader.send("GET", f"{KEY_PAIRS}/k").status == 200
    assert [reader.send(m, KEY_PAIRS, PAIR).status for m in ("GET", "POST", "PUT")] == [403] * 3
    assert at("7.18.9").send("GET", KEY_PAIRS).status == 404
    assert at("7.18.9").send("POST", KEY_PAIRS, PAIR).status == 201

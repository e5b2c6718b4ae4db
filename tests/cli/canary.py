"""Values that must be found nowhere, every form they could take, and a desk that looks for them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from tests.cli.support import Desk, Seen, local, manifest, remote
from tests.support.written import watched

PASSWORD = 'canary "pass"/wörd\\+&<%>'
HEADER = "Bearer canary.header+value/=="
KEY = "canary-key-of-the-fingerprints"
TOKEN = "canary-token-of-the-platform/+="
LIVE_URL = "canary-pass-in-a-live-url"
TERRAFORM = "canary-of-a-terraform-state"
VALUES = (PASSWORD, HEADER, KEY, TOKEN, LIVE_URL, TERRAFORM)


def spellings(secret: str) -> set[bytes]:
    """Every form in which a value may appear; hexadecimal ones are looked for in lower case."""
    raw = secret.encode()
    escaped = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        repr(raw)[2:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        secret.replace("|", "\\|").replace("<", "\\<"),
    }
    found = {form.encode() for form in escaped}
    found |= {b"".join(f"%{byte:02x}".encode() for byte in raw)}
    found |= {raw.hex().encode(), raw.hex(" ").encode(), raw.hex(":").encode()}
    found |= {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + raw)
        inner = text[(4 if shift else 0) : len(raw) * 4 // 3 - 4]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form.lower() for form in found}


def leaks(text: bytes, values: tuple[str, ...] = VALUES) -> Iterator[tuple[str, bytes]]:
    """The values a text holds, in whatever form."""
    lowered = text.lower()
    for value in values:
        for form in spellings(value):
            if form in lowered:
                yield value, form


class Watch:
    """Runs commands and looks through everything they wrote."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def __call__(self, *args: str, values: tuple[str, ...] = VALUES) -> Seen:
        with watched() as written:
            seen = self.desk(*args)
            texts = {"stdout": seen.out.encode(), "stderr": seen.err.encode()}
            for where, text in (*texts.items(), *written.contents()):
                found = next(leaks(text, values), None)
                assert found is None, (args, where, found, text[-3000:])
        return seen


def furnish(desk: Desk) -> Watch:
    """A workspace with secrets in every place there can be one, and what commands need."""
    desk.platform.tokens["admin"] = TOKEN
    desk.patch.setenv("JFROG_ACCESS_TOKEN", TOKEN)
    desk.patch.setenv("RECONCILER_ENVIRONMENT", "dev")
    desk.patch.setenv("R_PASSWORD", PASSWORD)
    desk.patch.setenv("RECONCILER_FINGERPRINT_KEY", KEY)
    desk.write("secret.txt", HEADER)
    desk.write("environments/prod.yaml", environment("prod"))
    desk.write("environments/dev.yaml", environment("dev"))
    desk.workspace(defaults={"RemoteRepository": {"username": "u"}})
    desk.make("live", "remote", "npm", url=f"https://user:{LIVE_URL}@registry.example.com")
    desk.declare(*declared())
    desk.write("terraform.json", state())
    return Watch(desk)


def declared(**more: Any) -> list[dict[str, Any]]:
    """Manifests with a secret of each sort."""
    header = {"name": "x", "value": {"file": "secret.txt"}}
    return [
        local("a", **more),
        manifest("FederatedRepository", "fed", packageType="generic"),
        local("${value.name}"),
        remote("r", username="u", password={"env": "R_PASSWORD"}, **more),
        remote("f", username="u", password={"file": "secret.txt"}, packageType="generic"),
        remote("live", password={"env": "R_PASSWORD"}, description="mine"),
        remote("t", packageType="generic", customHttpHeaders=[header]),
    ]


def environment(name: str) -> dict[str, Any]:
    """An environment of the workspace."""
    head = {"apiVersion": "reconciler/v1", "kind": "Environment", "metadata": {"name": name}}
    return {**head, "spec": {"values": {"name": f"of-{name}"}}}


def state() -> dict[str, Any]:
    """A Terraform state that holds a password, as such states do."""
    resource = {
        "address": "artifactory_remote_npm_repository.r",
        "mode": "managed",
        "type": "artifactory_remote_npm_repository",
        "name": "r",
        "provider_name": "registry.terraform.io/jfrog/artifactory",
        "values": {
            "key": "from-terraform",
            "url": "https://registry.example.com",
            "username": "u",
            "password": TERRAFORM,
        },
    }
    return {
        "format_version": "1.0",
        "terraform_version": "1.9.0",
        "values": {"root_module": {"resources": [resource]}},
    }

"""A secret's value is sent to the platform, and is found nowhere else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.cli.support import Desk, Seen, local, remote

CANARY = 'canary "pass"/wörd\\+&<%>'
HEADER = "Bearer canary.header+value/=="


def spellings(secret: str) -> set[bytes]:
    """Every form in which a value may appear."""
    raw = secret.encode()
    forms = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    }
    found = {form.encode() for form in forms}
    for shift in range(3):
        inner = base64.b64encode(b"x" * shift + raw)
        found.add(inner[(4 if shift else 0) : len(raw) * 4 // 3 - 4])
    return found | {base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")}


class Watch:
    """Runs commands and looks through everything they wrote."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.secrets = (CANARY, HEADER, desk.platform.tokens["admin"])
        self.known = {f: f.read_bytes() for f in files(desk.root)}

    def __call__(self, *args: str) -> Seen:
        seen = self.desk(*args)
        written = [
            f.read_bytes() for f in files(self.desk.root) if self.known.get(f) != f.read_bytes()
        ]
        for text in (seen.out.encode(), seen.err.encode(), *written):
            for secret in self.secrets:
                for form in spellings(secret):
                    assert form not in text, (args, form, text[:4000])
        return seen


def files(root: Path) -> list[Path]:
    """All files of the workspace."""
    return [f for f in root.rglob("*") if f.is_file()]


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """A workspace with secrets in two forms, and fingerprints of them."""
    desk.patch.setenv("R_PASSWORD", CANARY)
    desk.patch.setenv("RECONCILER_FINGERPRINT_KEY", "key-of-the-fingerprints")
    desk.write("secret.txt", HEADER)
    desk.workspace(defaults={})
    desk.declare(
        local("a"), remote("r", username="u", password={"env": "R_PASSWORD"}), wanted_headers()
    )
    return Watch(desk)


def wanted_headers() -> dict[str, Any]:
    """A remote with a secret in a file."""
    return remote("h", username="u", password={"file": "secret.txt"}, packageType="generic")


def everything(watch: Watch) -> None:
    """All commands that could tell."""
    for line in (
        "validate",
        "validate --output json",
        "render",
        "render --output json",
        "fmt --check",
        "plan --verbose --out plan.json --trace trace.jsonl",
        "plan --output json",
        "plan --output markdown",
        "plan --output html",
        "snapshot --out state.json",
        "plan --snapshot state.json --output json",
        "apply --yes --verbose --trace trace.jsonl",
        "plan --verbose",
        "drift --output json",
        "drift --output html",
        "drift",
        "drift --accept",
        "export exported",
        "export -",
        "export --update",
        "adopt --all",
        "release RemoteRepository/r",
    ):
        seen = watch(*line.split())
        assert "should not have happened" not in seen.err, seen.err


def test_no_command_tells(watch: Watch) -> None:
    """Plan, apply, drift, export, trace, inventory, plan file: none holds a value."""
    everything(watch)
    desk = watch.desk
    sent = desk.send("GET", "/_sandbox/state").text

    assert json.dumps(CANARY)[1:-1].split(" ")[0] in sent
    assert "hmac-sha256:" in (desk.root / ".reconciler/inventory.json").read_text()


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500, 503])
@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        json.dumps({"errors": [{"status": 400, "message": f"bad password {CANARY}"}]}),
        f"<html><body>bad request: {quote(CANARY, safe='')}</body></html>",
        f"bad: {base64.b64encode(CANARY.encode()).decode()}",
    ],
    ids=["text", "json", "url", "base64"],
)
def test_servers_that_echo(watch: Watch, status: int, form: str) -> None:
    """A server that repeats the body in its error cannot make us tell it."""
    desk = watch.desk
    desk.fault("status", times=1, status=status, body=form, match={"method": "PUT", "path": "*/r"})
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    watch("apply", "--yes", "--verbose", "--trace", "trace.jsonl", "--output", "json")


def test_a_batch_that_echoes(watch: Watch) -> None:
    """The same for a batch."""
    body = json.dumps({"errors": [{"status": 400, "message": CANARY}]})
    watch.desk.fault("status", status=400, body=body, match={"method": "PUT", "path": "*/batch"})
    watch("apply", "--yes", "--verbose", "--trace", "trace.jsonl")


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_servers_that_echo_the_token(watch: Watch, status: int) -> None:
    """The same for a gateway that prints the headers it got."""
    token = watch.desk.platform.tokens["admin"]
    watch.desk.fault("status", status=status, body=f"headers: Authorization: Bearer {token}")
    watch("plan", "--verbose", "--trace", "trace.jsonl")


def test_a_crash(watch: Watch) -> None:
    """A traceback with --verbose shows no value."""

    def crash(self: Any, request: Any) -> None:
        raise RuntimeError(f"boom {request!r} {request.json!r}")

    watch.desk.patch.setattr("reconciler.platform.client.Client._exchange", crash)
    seen = watch("apply", "--yes", "--verbose")

    assert seen.code == 1
    assert "Traceback" in seen.err


def test_a_changed_secret_is_noticed_without_being_told(watch: Watch) -> None:
    """A new value is a change; neither the old nor the new one is shown."""
    watch("apply", "--yes")
    watch.desk.patch.setenv("R_PASSWORD", HEADER)
    seen = watch("plan", "--detailed-exitcode")

    assert seen.code == 2, seen.both
    assert "secret, changed" in seen.out
    assert watch("apply", "--yes").code == 0
    assert watch("plan", "--detailed-exitcode").code == 0


def test_rotate(watch: Watch) -> None:
    """--rotate writes a secret that nothing shows to have changed."""
    watch("apply", "--yes")
    watch.desk.sandbox.reset_requests()
    seen = watch("apply", "--yes", "--rotate", "RemoteRepository/r#spec.password")

    assert seen.code == 0, seen.both
    assert len(watch.desk.writes()) == 1


def test_tokens_in_urls(desk: Desk) -> None:
    """A user name and a password in a platform's URL are refused, and shown nowhere."""
    desk.declare(local("a"))
    host = desk.urls["default"].removeprefix("http://")
    desk.patch.setenv("JFROG_URL", f"http://someone:url-canary@{host}")
    seen = desk("plan", "--verbose", "--trace", "trace.jsonl")

    assert seen.code == 1
    assert "holds a user name or password" in seen.err
    for text in (seen.both, *(f.read_text() for f in files(desk.root))):
        assert "url-canary" not in text

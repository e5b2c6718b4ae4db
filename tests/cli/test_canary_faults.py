"""Servers that echo, crashes and interruptions: no value shows there either."""

from __future__ import annotations

import base64
import faulthandler
import html
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from reconciler.platform.client import Client, Clock
from tests.cli.canary import HEADER, PASSWORD, TOKEN, Watch, furnish, leaks
from tests.cli.support import Desk

APPLY = ("apply", "--yes", "--verbose", "--trace", "trace.jsonl")


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """A workspace with secrets, and a server without batches."""
    watch = furnish(desk)
    hurry(desk)
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    return watch


def hurry(desk: Desk) -> None:
    """Let nobody wait: time passes as fast as it is slept away."""
    slept = [0.0]

    def init(self: Clock, **_: Any) -> None:
        self.now = lambda: time.monotonic() + slept[0]
        self.sleep = lambda seconds: slept.__setitem__(0, slept[0] + seconds)
        self.jitter = lambda: 0.5

    desk.patch.setattr(Clock, "__init__", init)


def told_in_every_form(secret: str) -> str:
    """A text that holds a value in all the ways servers and gateways write it."""
    return "\n".join(
        [
            f"bad: {secret}",
            json.dumps({"message": json.dumps({"password": secret})}),
            f"<html><body>{html.escape(secret)}</body></html>",
            quote(secret, safe=""),
            quote(secret, safe="").lower(),
            base64.b64encode(f"x{secret}".encode()).decode(),
            secret.encode().hex(),
            secret.encode().hex().upper(),
        ]
    )


BODIES: dict[str, Any] = {
    "text": told_in_every_form,
    "json": lambda secret: json.dumps(
        {"errors": [{"status": 400, "message": told_in_every_form(secret)}]}
    ),
    "short": lambda secret: f"Authorization: Bearer {secret}",
}


@pytest.mark.parametrize("status", [200, 302, 400, 401, 500, 503])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_servers_that_echo(watch: Watch, status: int, body: Any) -> None:
    """A server that repeats the body of a write cannot make us tell it, in any form."""
    desk = watch.desk
    for secret, key in ((PASSWORD, "r"), (HEADER, "f")):
        match = {"method": "PUT", "path": f"*/repositories/{key}"}
        desk.fault("status", times=1, status=status, body=body(secret), match=match)
    watch(*APPLY)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_servers_that_echo_the_token(watch: Watch, body: Any, status: int, method: str) -> None:
    """A gateway that prints the headers it got."""
    watch.desk.fault("status", status=status, body=body(TOKEN), match={"method": method})
    watch(*APPLY)


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
def test_a_batch_that_echoes(desk: Desk, output: str) -> None:
    """The same for many objects at once, in every form of output."""
    watch = furnish(desk)
    body = json.dumps({"errors": [{"status": 400, "message": f"{PASSWORD} {HEADER}"}]})
    desk.fault("status", status=400, body=body, match={"method": "PUT", "path": "*/batch"})
    watch(*APPLY, "--output", output)


@pytest.mark.parametrize("status", [200, 400])
def test_a_server_that_shows_passwords(watch: Watch, status: int) -> None:
    """Some old version that returns what is write-only: neither plan, drift nor export shows it."""
    desk = watch.desk
    assert watch("apply", "--yes").code == 0
    raw = {**desk.live("r"), "password": PASSWORD}
    desk.fault("status", status=status, body=raw, match={"method": "GET", "path": "*/r"})
    desk.fault("status", status=404, match={"path": "*/configurations"})
    for line in (
        ("plan", "--output", "json"),
        ("drift", "--unmanaged"),
        ("drift", "--accept"),
        ("export", "-"),
        ("snapshot", "--out", "state.json"),
        ("explain", "RemoteRepository/r"),
    ):
        watch(*line, "--verbose", "--trace", "trace.jsonl")


# --- redirects -----------------------------------------------------------------------------------


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server of somebody else's, and what it is told."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(f"{self.requestline} {self.headers}")
            self.send_response(200)
            self.end_headers()

        do_PUT = do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_redirects(watch: Watch, status: int, method: str) -> None:
    """Nobody else is sent the token or a body, wherever the platform points."""
    with listening() as (url, told):
        headers = {"location": f"{url}/{quote(TOKEN, safe='')}"}
        match = {"method": method}
        watch.desk.fault("status", status=status, headers=headers, body="", match=match)
        seen = watch(*APPLY)

    assert seen.code != 0
    assert told == []


# --- crashes -------------------------------------------------------------------------------------

PLACES = [
    "reconciler.platform.client.Client._exchange",
    "reconciler.platform.client.Client._reveal",
    "reconciler.platform.client.Client._scrubbed",
    "reconciler.platform.carrying.Carrying._read_back",
    "reconciler.platform.carrying.create_body",
    "reconciler.platform.secrets.SecretSource._variable",
    "reconciler.platform.knowledge.fingerprint",
    "reconciler.platform.ledger.Ledger.note",
    "reconciler.platform.trace.Trace.note",
    "reconciler.kinds.repositories._rest.send",
    "reconciler.kinds.wire.encode",
    "reconciler.engine.plan.diff",
    "reconciler.pipeline.applying._require_secrets",
    "reconciler.report.terminal.plan_text",
    "reconciler.report.terminal.outcome_text",
]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MemoryError, RecursionError])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.removeprefix("reconciler."))
def test_crashes(watch: Watch, place: str, error: type[BaseException]) -> None:
    """A traceback shows what a function was given, but never a value."""

    def crash(*args: Any, **more: Any) -> Any:
        raise error(f"boom {args!r} {more!r}")

    watch.desk.patch.setattr(place, crash)
    seen = watch(*APPLY)

    assert seen.code in (1, 5), seen.both
    assert "boom" in seen.both or error is KeyboardInterrupt


def test_a_library_that_quotes_what_it_sends(watch: Watch) -> None:
    """An exception of the HTTP library may hold the header or the body it stumbled over."""
    import httpx

    def refuse(self: httpx.Client, request: httpx.Request, **_: Any) -> httpx.Response:
        body = request.read().decode()
        text = f"illegal {request.headers['authorization']!r} {body!r} {body}"
        if request.method == "GET":
            return send(self, request, **_)
        raise kinds.pop() if kinds else httpx.LocalProtocolError(text)

    send = httpx.Client.send
    kinds: list[Exception] = []
    watch.desk.patch.setattr(httpx.Client, "send", refuse)
    assert watch(*APPLY).code == 5
    body = f"{PASSWORD!r} {HEADER} {TOKEN}"
    kinds[:] = [ValueError(body), RuntimeError(body), UnicodeError(body), OSError(body)] * 3
    watch(*APPLY)


def test_a_worker_thread_that_dies(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """What nobody catches is printed by the interpreter: it holds no value either."""

    def crash(self: Client, request: Any) -> Any:
        raise RuntimeError(f"boom {self!r} {vars(self)!r} {request.json!r}")

    watch.desk.patch.setattr(Client, "_exchange", crash)
    watch.desk.patch.setattr(threading, "excepthook", threading.__excepthook__)
    threads = [
        threading.Thread(target=client.send, args=(request,))
        for client, request in _ready(watch.desk)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = capfd.readouterr().err

    assert "boom" in told
    assert not list(leaks(told.encode()))


def _ready(desk: Desk) -> Iterator[tuple[Client, Any]]:
    from reconciler.model import Request, Secret
    from reconciler.platform.client import Endpoint, HttpOptions

    client = Client(Endpoint("default", desk.urls["default"], lambda: TOKEN), HttpOptions())
    yield client, Request("PUT", "/x", json={"password": Secret(PASSWORD, "env:X")})


def test_faulthandler(watch: Watch) -> None:
    """The dump of all threads in the middle of a write names functions, no values."""
    out = (watch.desk.root / "dump.txt").open("w")

    def dump(self: Client, request: Any) -> Any:
        faulthandler.dump_traceback(out)
        return exchange(self, request)

    exchange = Client._exchange
    watch.desk.patch.setattr(Client, "_exchange", dump)
    watch(*APPLY)
    out.close()
    text = (watch.desk.root / "dump.txt").read_bytes()

    assert b"carrying.py" in text or b"batches.py" in text
    assert not list(leaks(text))

"""The client: what is repeated, how long is waited, what is never shown (M18, M22)."""

from __future__ import annotations

import html
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    UnauthorisedError,
    UnreachableError,
    UsageError,
)
from reconciler.kinds.rest import Flow, send
from reconciler.model import Request, Secret
from reconciler.platform.client import Client, Endpoint, HttpOptions, base_url
from reconciler.platform.trace import redacted
from tests.support.estate import Time

READ = Request("GET", "/artifactory/api/x")
WRITE = Request("POST", "/artifactory/api/x", json={"a": 1})
CONFLICT = {"errors": [{"status": 400, "message": "Could not merge and save new descriptor [x]"}]}
PROJECT_500 = {"errors": [{"status": 500, "message": "Failed to execute add project resource"}]}
REFUSAL = {"errors": [{"status": 400, "message": "no such thing"}]}

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception
OK: Answer = (200, {})


class Script(httpx.BaseTransport):
    """Answers one after the other; the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, headers=headers[0] if headers else {}, content=content)


def client(
    *answers: Answer, trace: io.StringIO | None = None, **options: Any
) -> tuple[Client, Script, Time]:
    """A client over a script, on a clock that costs nothing."""
    script, time = Script(*answers), Time()
    endpoint = Endpoint("east", "https://acme.example.com", lambda: "the-token")
    made = Client(endpoint, HttpOptions(**options), transport=script, clock=time.clock, trace=trace)
    return made, script, time


# --- what is repeated -------------------------------------------------------------------------

GATEWAY = [502, 503, 504, *range(520, 530)]
RESETS = [
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("Server disconnected"),
    httpx.ReadTimeout("timed out"),
    httpx.WriteError("broken pipe"),
]
NOT_SENT = [httpx.ConnectError("refused"), httpx.ConnectTimeout("timed out")]


@pytest.mark.parametrize("status", [429, *GATEWAY])
def test_a_read_is_repeated_after_a_transient_answer(status: int) -> None:
    """Gateways' answers say nothing about the object."""
    wire, script, _ = client((status, b"<html>"), (status, b""), OK)
    assert wire.send(READ).status == 200
    assert len(script.requests) == 3


@pytest.mark.parametrize("error", [*RESETS, *NOT_SENT], ids=lambda e: type(e).__name__)
def test_a_read_is_repeated_after_a_broken_connection(error: Exception) -> None:
    """Reading twice does no harm."""
    wire, script, _ = client(error, OK)
    assert wire.send(READ).status == 200
    assert len(script.requests) == 2


@pytest.mark.parametrize("status", GATEWAY)
def test_a_write_is_not_repeated_after_a_gateways_answer(status: int) -> None:
    """It may have landed: whoever wrote must look first."""
    wire, script, _ = client((status, b"<html>"), OK)
    with pytest.raises(OutcomeUnknownError):
        wire.send(WRITE)
    assert len(script.requests) == 1


@pytest.mark.parametrize("error", RESETS, ids=lambda e: type(e).__name__)
def test_a_write_is_not_repeated_after_a_broken_connection(error: Exception) -> None:
    """The same when no answer came at all."""
    wire, script, _ = client(error, OK)
    with pytest.raises(OutcomeUnknownError, match="may have landed"):
        wire.send(WRITE)
    assert len(script.requests) == 1


@pytest.mark.parametrize("answer", [(400, CONFLICT), (409, CONFLICT), (500, PROJECT_500)], ids=str)
def test_known_transient_refusals_of_writes(answer: Answer) -> None:
    """The descriptor conflict and its sibling are transient, but looked into before repeating."""
    wire, script, _ = client(answer, OK)
    with pytest.raises(OutcomeUnknownError):
        wire.send(WRITE)
    assert len(script.requests) == 1


@pytest.mark.parametrize("error", NOT_SENT, ids=lambda e: type(e).__name__)
def test_a_write_that_was_never_sent_is_repeated(error: Exception) -> None:
    """Without a connection nothing can have landed."""
    wire, script, _ = client(error, error, OK)
    assert wire.send(WRITE).status == 200
    assert len(script.requests) == 3


def test_a_write_is_repeated_after_429() -> None:
    """The server says that it did not look at the request."""
    wire, script, _ = client((429, b""), OK)
    assert wire.send(WRITE).status == 200
    assert len(script.requests) == 2


@pytest.mark.parametrize("request_", [READ, WRITE], ids=str)
@pytest.mark.parametrize("answer", [(400, REFUSAL), (403, REFUSAL), (404, b""), (500, REFUSAL)])
def test_an_answer_is_an_answer(request_: Request, answer: Answer) -> None:
    """Everything else is handed on at once, for the caller to judge."""
    wire, script, time = client(answer)
    assert wire.send(request_).status == answer[0]  # type: ignore[index]
    assert (len(script.requests), time.naps) == (1, [])


@pytest.mark.parametrize("request_", [READ, WRITE], ids=str)
def test_a_refused_token_ends_at_once(request_: Request) -> None:
    """401 is told with the platform's name, and not tried again."""
    wire, script, _ = client((401, REFUSAL))
    with pytest.raises(UnauthorisedError, match="east refuses the token"):
        wire.send(request_)
    assert len(script.requests) == 1


# --- how long ---------------------------------------------------------------------------------


def test_pauses_grow_and_are_bounded() -> None:
    """A quarter of a second first, eight seconds at most."""
    wire, _, time = client((503, b""))
    with pytest.raises(UnreachableError):
        wire.send(READ)
    assert time.naps[:7] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert max(time.naps) == 8.0


def test_the_deadline_ends_the_patience() -> None:
    """In all, no longer than the deadline; the message says how often it was tried."""
    wire, script, time = client((503, b""), deadline=20.0)
    with pytest.raises(UnreachableError, match=r"503.*attempts"):
        wire.send(READ)
    assert time.seconds <= 20.0
    assert 5 < len(script.requests) < 10


def test_the_number_of_attempts_can_be_limited() -> None:
    """The probe of a wrong URL is told in seconds."""
    wire, script, _ = client(httpx.ConnectError("refused"))
    with pytest.raises(UnreachableError):
        wire.send(READ, attempts=3)
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "header, pause", [("3", 3.0), ("2.5", 2.5), ("0", 0.25), ("-1", 0.25), ("soon", 0.25)]
)
def test_retry_after_is_the_pause(header: str, pause: float) -> None:
    """Seconds are taken as they are; what is no pause counts as not said: nobody is hammered."""
    wire, _, time = client((429, b"", {"Retry-After": header}), OK)
    wire.send(READ)
    assert time.naps == [pause]


@pytest.mark.parametrize("header", ["nan", "inf", "1e400", "999999"])
def test_an_absurd_retry_after_does_not_hold_us(header: str) -> None:
    """What lies beyond the deadline ends the attempts; nobody sleeps for a week."""
    wire, _, time = client((429, b"", {"Retry-After": header}))
    with pytest.raises((UnreachableError, OutcomeUnknownError)):
        wire.send(READ)
    assert time.seconds <= 120


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_as_a_date(status: int) -> None:
    """The header's other form: the pause until that time, from the server's own clock."""
    headers = {
        "Date": "Sat, 01 Aug 2026 10:00:00 GMT",
        "Retry-After": "Sat, 01 Aug 2026 10:00:05 GMT",
    }
    wire, _, time = client((status, b"", headers), OK)
    wire.send(READ)
    assert time.naps == [5.0]


def test_the_rate_is_bounded() -> None:
    """`--rps 4`: a quarter of a second between two requests, over all threads."""
    wire, _, time = client(OK, requests_per_second=4.0)
    for _ in range(9):
        wire.send(READ)
    assert time.seconds == pytest.approx(2.0)


def test_requests_are_counted() -> None:
    """Each attempt counts."""
    wire, _, _ = client((503, b""), OK)
    wire.send(READ)
    assert wire.requests == 2


# --- the wire ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url, base",
    [
        ("https://acme.example.com", "https://acme.example.com"),
        ("https://acme.example.com/", "https://acme.example.com"),
        ("https://acme.example.com/artifactory", "https://acme.example.com"),
        ("https://acme.example.com/artifactory/?x=1#y", "https://acme.example.com"),
        ("  https://acme.example.com/ui\n", "https://acme.example.com"),
        ("http://localhost:8082/artifactory", "http://localhost:8082"),
        ("https://me:pw@acme.example.com", "https://acme.example.com"),
        ("https://[::1]:8443/x/", "https://[::1]:8443/x"),
        ("https://apps.example.com/jfrog/artifactory/api", "https://apps.example.com/jfrog"),
        ("https://acme.example.com/ui/packages", "https://acme.example.com"),
    ],
)
def test_the_base_url(url: str, base: str) -> None:
    """Scheme, host and a prefix count; a service's path, a query and credentials are dropped."""
    assert base_url(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.example.com",
        "ftp://acme.example.com",
        "https://",
        "/x",
        "https://acme.example.com:port",
        "https://[acme",
    ],
)
def test_what_is_no_platform_url(url: str) -> None:
    """It is told before anything is sent."""
    with pytest.raises(UsageError, match="no platform URL"):
        base_url(url)


def test_what_is_sent() -> None:
    """Bearer token, JSON as compact UTF-8, the query as given, an honest user agent."""
    wire, script, _ = client(OK, user_agent="reconciler/1")
    wire.send(
        Request("POST", "/a%20b", (("q", "x y"), ("q", "ü")), {"text": "ü"}, {"x-extra": "1"})
    )
    (sent,) = script.requests
    assert str(sent.url) == "https://acme.example.com/a%20b?q=x+y&q=%C3%BC"
    assert sent.content == '{"text":"ü"}'.encode()
    assert sent.headers["authorization"] == "Bearer the-token"
    assert sent.headers["content-type"] == "application/json"
    assert (sent.headers["user-agent"], sent.headers["x-extra"]) == ("reconciler/1", "1")


def test_a_redirect_is_not_followed() -> None:
    """A sign-in page behind a redirect must not look like an answer, nor get the token."""
    wire, script, _ = client((302, b"", {"location": "https://elsewhere.example.com"}))
    assert wire.send(READ).status == 302
    assert len(script.requests) == 1


def test_a_flow_is_driven_to_its_result() -> None:
    """Requests out, responses in, the result returned; an error ends the flow."""

    def flow() -> Flow:
        first = yield READ
        second = yield from send(WRITE)
        return first.status, second.status

    wire, _, _ = client((404, b""), OK)
    assert wire.run(flow()) == (404, 200)
    wire, _, _ = client(OK, (500, REFUSAL))
    with pytest.raises(AnswerError, match="no such thing"):
        wire.run(flow())


class Echo(BaseHTTPRequestHandler):
    """Answers with the request line: a forward proxy gets the whole URL in it."""

    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    Echo.seen = []
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_proxy_of_the_environment_is_used(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corporate networks set HTTP_PROXY and HTTPS_PROXY; NO_PROXY exempts hosts."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", echo)
    through = Client(Endpoint("x", "http://acme.example.com/ui", lambda: "t"), HttpOptions())
    assert through.send(READ).status == 200
    assert Echo.seen == ["http://acme.example.com/artifactory/api/x"]
    through.close()

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    direct = Client(Endpoint("x", echo, lambda: "t"), HttpOptions())
    assert direct.send(READ).status == 200
    assert Echo.seen[1:] == ["/artifactory/api/x"]
    direct.close()


def test_a_bad_certificate_file_is_told(tmp_path: Any) -> None:
    """`--ca-file` that holds no certificate fails before the first request."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(UsageError, match="certificate"):
        client(OK, ca_file=file)


# --- secrets ----------------------------------------------------------------------------------

CANARY = 'c4nary"\\ü'
FORMS = (
    CANARY,
    json.dumps(CANARY)[1:-1],
    json.dumps(CANARY, ensure_ascii=False)[1:-1],
    html.escape(CANARY),
    quote(CANARY),
)


def with_secret() -> Request:
    return Request("PUT", "/x", json={"password": Secret(CANARY, "env:PW"), "list": [{"a": "b"}]})


def test_a_secret_is_revealed_on_the_wire_only() -> None:
    """The body holds the value; the request, printed in any way, does not."""
    wire, script, _ = client(OK)
    wire.send(with_secret())
    assert json.loads(script.requests[0].content)["password"] == CANARY
    assert CANARY not in f"{with_secret()!r} {with_secret()}"


@pytest.mark.parametrize(
    "echoed",
    [
        lambda sent: b"cannot parse: " + sent,
        lambda sent: json.dumps({"errors": [{"message": f"bad password {CANARY}"}]}).encode(),
        lambda sent: json.dumps({"errors": [{"message": sent.decode()}]}).encode(),
        lambda sent: f"<p>{html.escape(CANARY)}</p> /x?p={quote(CANARY)}".encode(),
    ],
)
@pytest.mark.parametrize("status", [400, 500, 502])
def test_an_error_that_repeats_the_body_is_scrubbed(
    echoed: Callable[[bytes], bytes], status: int
) -> None:
    """Servers like to repeat what they could not use; nothing we raise or return shows it."""
    sent = json.dumps({"password": CANARY}, ensure_ascii=False).encode()
    trace = io.StringIO()
    wire, _, _ = client((status, echoed(sent)), trace=trace)
    try:
        told = wire.send(with_secret()).text
    except OutcomeUnknownError as error:
        told = f"{error} {error.detail}"
    for form in FORMS:
        assert form not in told
        assert form not in trace.getvalue()
        assert json.dumps(form)[1:-1] not in trace.getvalue()


def test_the_trace_is_redacted() -> None:
    """One JSON line for each attempt; no header, no secret, no value under a telling name."""
    trace = io.StringIO()
    answer = {"username": "robot", "password": "AM.2.x", "nested": [{"accessToken": "t0ken"}]}
    wire, _, _ = client((503, b"down"), (200, answer), trace=trace)
    wire.send(READ)
    wire.send(with_secret())
    first, second, third = (json.loads(line) for line in trace.getvalue().splitlines())
    assert (first["status"], first["answer"]) == (503, "down")
    assert second["answer"] == {
        "username": "robot",
        "password": "***",
        "nested": [{"accessToken": "***"}],
    }
    assert third["body"] == {"password": "***", "list": [{"a": "b"}]}
    for hidden in ("the-token", "t0ken", "AM.2", *FORMS):
        assert hidden not in trace.getvalue()


def test_a_failure_is_traced_too() -> None:
    """A reset leaves a line with the reason."""
    trace = io.StringIO()
    wire, _, _ = client(httpx.ReadError("reset by peer"), OK, trace=trace)
    wire.send(READ)
    assert [json.loads(line).get("failure") for line in trace.getvalue().splitlines()] == [
        "reset by peer",
        None,
    ]


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"password": ""}, {"password": ""}),
        ({"password": None}, {"password": None}),
        ({"forceTokenAuthentication": True}, {"forceTokenAuthentication": True}),
        ({"a": Secret("x", "env:A")}, {"a": "***"}),
        ({"customHttpHeaders": [{"name": "X", "value": "v"}]}, {"customHttpHeaders": "***"}),
        (["a", {"apiKey": "k"}], ["a", {"apiKey": "***"}]),
    ],
)
def test_what_is_redacted(value: Any, expected: Any) -> None:
    """Hidden are secrets and values whose name says so; switches and empty values are shown."""
    assert redacted(value) == expected

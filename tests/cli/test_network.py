"""Corporate networks, broken ones, and none."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from reconciler.sandbox.server import Server
from tests.cli.support import Desk, local, remote, served

PATIENCE = 6.0
"""Seconds within which a platform that is not there must be told."""


def timed(desk: Desk, *args: str) -> tuple[int, str, float]:
    """A command's code, its stderr and the seconds it took."""
    started = time.monotonic()
    seen = desk(*args)
    return seen.code, seen.err, time.monotonic() - started


# --- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private authority with a server's and a client's certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make throw-away certificates")
    folder = tmp_path_factory.mktemp("ca")

    def call(*args: str) -> None:
        subprocess.run([openssl, *args], cwd=folder, check=True, capture_output=True, timeout=30)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name in ("ca", "other"):
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem")
        call(*new, "-x509", "-days", "2", "-subj", f"/CN={name}", *files)
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        call(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "san")
        call("x509", "-req", "-days", "2", "-in", f"{name}.csr", *by, "-out", f"{name}.pem")
    return folder


@contextmanager
def tls(desk: Desk, authority: Path, *, client: bool = False) -> Iterator[Server]:
    """The platform behind TLS; with `client`, only for who shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority / "ca.pem")
    server = served()
    listener = server.listeners["default"]
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    desk.patch.setenv("JFROG_URL", server.urls["default"].replace("http:", "https:"))
    with server:
        yield server


def test_private_authority(desk: Desk, authority: Path) -> None:
    """--ca-file and SSL_CERT_FILE each make a private authority known."""
    desk.declare(local("a"))
    with tls(desk, authority):
        unknown = timed(desk, "plan")
        wrong = timed(desk, "plan", "--ca-file", str(authority / "other.pem"))
        flag = desk("plan", "--ca-file", str(authority / "ca.pem"))
        desk.patch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
        variable = desk("plan")

    for code, err, seconds in (unknown, wrong):
        assert code == 6, err
        assert "certificate" in err.lower()
        assert "--ca-file" in err
        assert seconds < PATIENCE
    assert flag.code == 0, flag.both
    assert variable.code == 0, variable.both


def test_client_certificate(desk: Desk, authority: Path) -> None:
    """A platform that asks for a certificate gets it; without one it is unreachable."""
    desk.declare(local("a"))
    ca = ("--ca-file", str(authority / "ca.pem"))
    with tls(desk, authority, client=True):
        without = timed(desk, "plan", *ca)
        own = (
            "--client-cert",
            f"{authority}/client.pem",
            "--client-key",
            f"{authority}/client.key",
        )
        shown = desk("plan", *ca, *own)

    assert without[0] == 6, without
    assert without[2] < PATIENCE
    assert shown.code == 0, shown.both


@pytest.mark.parametrize("flag", ["--ca-file", "--client-cert"])
def test_certificate_files_that_are_none(desk: Desk, flag: str) -> None:
    """A file that is no certificate is a mistake of the command line, not of the platform."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", "https://127.0.0.1:9")
    desk.write("no.pem", "no certificate")
    seen = desk("plan", flag, "no.pem")

    assert seen.code == 1, seen.both
    assert "PEM" in seen.err


# --- proxies


class Proxy:
    """A tiny proxy: forwards to the one platform there is, and keeps the request lines."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition("://")[2].partition(":")
        self.target = (host, int(port))
        self.lines: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.one, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def one(self, client: socket.socket) -> None:
        """One connection, from its first request line on."""
        with suppress(OSError), closing(client):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            line = head.partition(b"\r\n")[0].decode()
            self.lines.append(line)
            with socket.create_connection(self.target) as server:
                if line.startswith("CONNECT"):
                    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    server.sendall(self.forwarded(head))
                threading.Thread(target=pump, args=(server, client), daemon=True).start()
                pump(client, server)

    def forwarded(self, head: bytes) -> bytes:
        """The request as the platform expects it: a path, and one request a connection."""
        method, url, version = head.partition(b"\r\n")[0].split(b" ")
        path = b"/" + url.split(b"/", 3)[3]
        rest = head.partition(b"\r\n")[2]
        return b" ".join((method, path, version)) + b"\r\nConnection: close\r\n" + rest


def pump(one: socket.socket, other: socket.socket) -> None:
    """Bytes from here to there until one side ends."""
    with suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(desk: Desk) -> Iterator[Proxy]:
    """A proxy in front of the desk's platform."""
    made = Proxy(desk.urls["default"])
    yield made
    made.close()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_http_proxy(desk: Desk, proxy: Proxy, name: str) -> None:
    """A platform only the proxy knows is reached through it."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", "http://artifactory.corp.example.com")
    desk.patch.setenv(name, proxy.url)
    seen = desk("plan")

    assert seen.code == 0, seen.both
    assert proxy.lines[0].startswith("GET http://artifactory.corp.example.com/")


def test_no_proxy(desk: Desk, proxy: Proxy) -> None:
    """NO_PROXY keeps a platform off the proxy."""
    desk.declare(local("a"))
    desk.patch.setenv("HTTP_PROXY", proxy.url)
    through = desk("plan")
    lines = len(proxy.lines)
    desk.patch.setenv("NO_PROXY", "127.0.0.1")
    past = desk("plan")

    assert (through.code, past.code) == (0, 0)
    assert 0 < lines == len(proxy.lines)


def test_https_proxy(desk: Desk, authority: Path) -> None:
    """TLS goes through the proxy as a tunnel; the proxy sees no path and no token."""
    desk.declare(local("a"))
    with tls(desk, authority) as server:
        tunnel = Proxy(server.urls["default"])
        desk.patch.setenv("JFROG_URL", "https://localhost:8443")
        desk.patch.setenv("HTTPS_PROXY", tunnel.url)
        seen = desk("plan", "--ca-file", str(authority / "ca.pem"))
        tunnel.close()

    assert seen.code == 0, seen.both
    assert set(tunnel.lines) == {"CONNECT localhost:8443 HTTP/1.1"}


def test_a_proxy_that_is_gone(desk: Desk) -> None:
    """The message points at the proxy settings."""
    desk.declare(local("a"))
    desk.patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    code, err, seconds = timed(desk, "plan")

    assert code == 6
    assert "PROXY" in err
    assert seconds < PATIENCE


def test_a_proxy_that_means_nothing(desk: Desk) -> None:
    """A proxy of an unknown scheme is told in words."""
    desk.declare(local("a"))
    desk.patch.setenv("HTTP_PROXY", "ftp://127.0.0.1:9")
    seen = desk("plan")

    assert seen.code in (1, 6)
    assert "should not have happened" not in seen.err
    assert "proxy" in seen.err.lower()


# --- platforms that are not there


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9",
        "https://127.0.0.1:9",
        "http://no-such-host.invalid",
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply --yes", "drift"])
def test_nobody_there(desk: Desk, url: str, command: str) -> None:
    """No listener, no such host: 6 within seconds, in words."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", url)
    code, err, seconds = timed(desk, *command.split())

    assert code == 6, err
    assert "help:" in err
    assert seconds < PATIENCE


def test_tls_where_there_is_none(desk: Desk) -> None:
    """https:// at a port that speaks http."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", desk.urls["default"].replace("http:", "https:"))
    code, err, seconds = timed(desk, "plan")

    assert code == 6, err
    assert seconds < PATIENCE


ANSWERS = [
    {"action": "html", "status": 200},
    {"action": "html", "status": 404},
    {"action": "html", "status": 403},
    {"action": "status", "status": 302, "headers": {"Location": "https://login.example.com"}},
    {"action": "status", "status": 200, "body": "OK"},
    {"action": "status", "status": 200, "body": [1]},
    {"action": "empty", "status": 200},
    {"action": "html", "status": 502},
    {"action": "reset-before"},
    {"action": "truncate"},
]


@pytest.mark.parametrize(
    "fault", ANSWERS, ids=[f"{f['action']} {f.get('status')}" for f in ANSWERS]
)
def test_something_else_answers(desk: Desk, fault: dict[str, object]) -> None:
    """A login page, a gateway or a web server is no platform: 6, and nothing is written."""
    desk.declare(local("a"))
    desk.sandbox.add_fault({"times": None, **fault})
    code, err, seconds = timed(desk, "apply", "--yes")

    assert code == 6, err
    assert "help:" in err
    assert seconds < PATIENCE
    assert desk.writes() == []


@pytest.mark.parametrize("path", ["*/system/version", "*/configurations"])
def test_a_hung_server(desk: Desk, path: str) -> None:
    """A server that never answers is left after a few time-outs, whatever request it hangs on."""
    desk.declare(local("a"))
    desk.fault("hang", seconds=20, match={"path": path})
    code, err, seconds = timed(desk, "plan", "--timeout", "0.3")

    assert code == 6, err
    assert seconds < 4


def test_a_dripping_server(desk: Desk) -> None:
    """A server that sends a byte now and then does not hold a run for ever."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with suppress(OSError), closing(client):
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                    for _ in range(10):
                        client.sendall(b" ")
                        time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
    code, err, seconds = timed(desk, "plan", "--timeout", "0.4")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()

    assert code == 6, err
    assert seconds < 5


def test_a_busy_server(desk: Desk) -> None:
    """429 with Retry-After is waited for."""
    desk.declare(local("a"))
    desk.fault("status", times=2, status=429, headers={"Retry-After": "0"})

    assert desk("apply", "--yes").code == 0


def test_rate(desk: Desk) -> None:
    """--rps keeps requests apart."""
    desk.declare(*(local(f"r{i}") for i in range(6)))
    slow = timed(desk, "plan", "--rps", "10")
    count = len(desk.sandbox.requests)

    assert slow[0] == 0
    assert slow[2] > (count - 1) / 10 - 0.05


# --- trace


def test_trace(desk: Desk) -> None:
    """One JSON line for each attempt, no token, no secret; appended, also of a failing run."""
    desk.patch.setenv("R_PASSWORD", "s3cret-canary")
    desk.declare(remote("r", username="u", password={"env": "R_PASSWORD"}))
    first = desk("apply", "--yes", "--trace", "trace.jsonl")
    lines = [json.loads(line) for line in (desk.root / "trace.jsonl").read_text().splitlines()]
    requests = len(desk.sandbox.requests)
    desk.patch.setenv("JFROG_ACCESS_TOKEN", "wrong-token-canary")
    refused = desk("plan", "--trace", "trace.jsonl")
    text = (desk.root / "trace.jsonl").read_text()

    assert first.code == 0, first.both
    assert len(lines) == requests
    assert {"method", "path", "status", "ms", "platform", "time"} <= set(lines[0])
    assert any(line["method"] == "PUT" and line["body"]["password"] == "***" for line in lines)
    assert refused.code == 6
    assert len(text.splitlines()) > len(lines)
    for secret in ("s3cret-canary", "wrong-token-canary", desk.platform.tokens["admin"]):
        assert secret not in text


def test_a_trace_that_cannot_be_written(desk: Desk) -> None:
    """It is told in words."""
    desk.declare(local("a"))
    seen = desk("plan", "--trace", "nowhere/trace.jsonl")

    assert seen.code == 1
    assert "nowhere/trace.jsonl" in seen.err


def test_verbose(desk: Desk) -> None:
    """--verbose says why, in which order and with which requests; stdout stays the plan."""
    desk.declare(local("a"))
    plain, loud = desk("plan"), desk("plan", "--verbose")

    assert "PUT /artifactory/api/repositories/a" in loud.both
    assert "PUT /artifactory/api/repositories/a" not in plain.both
    assert desk.platform.tokens["admin"] not in loud.both

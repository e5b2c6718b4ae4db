"""A sandbox in, real sockets out: one listener on the loopback interface per platform.

`wbufsize = -1` matters: without it header and body leave in two packets, and every request on a
kept-alive connection waits 40 ms for the acknowledgement of the first.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlsplit

from reconciler.sandbox.app import Sandbox
from reconciler.sandbox.connect.service import NAME as CONNECT
from reconciler.sandbox.messages import ConnectionReset, Request, Response, reason

Connection = socket.socket | tuple[bytes, socket.socket]
HOST = "127.0.0.1"
METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS")


class Listener(ThreadingHTTPServer):
    """One platform's socket."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, platform: str, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.sandbox = sandbox
        self.platform = platform
        self.open: set[socket.socket] = set()
        self.started = False

    def start(self) -> None:
        """Serve in the background."""
        self.started = True
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def process_request(self, request: Connection, client_address: object) -> None:
        """A new connection in; it is remembered, so that closing closes it too."""
        if isinstance(request, socket.socket):
            self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Connection) -> None:
        """A finished connection in; it is forgotten."""
        if isinstance(request, socket.socket):
            self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Connection, client_address: object) -> None:
        """A client that hung up is no news; anything else is a mistake of ours and is told."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening and end every connection: kept-alive ones would be served on."""
        if self.started:
            self.shutdown()  # waits for a loop, so there must have been one
        self.server_close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """The address it listens at."""
        return f"http://{HOST}:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One connection: bytes in, requests to the sandbox, bytes out."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Listener

    def answer(self) -> None:
        """One request from the wire in, its answer on the wire out."""
        request = self.read_request()
        try:
            response = self.server.sandbox.handle(self.server.platform, request)
        except ConnectionReset:
            self.reset()
            return
        self.write_response(response)

    def read_request(self) -> Request:
        """What stands on the wire in, a request out."""
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(
            method=self.command,
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            body=self.read_body(headers),
        )

    def read_body(self, headers: dict[str, str]) -> bytes:
        """Headers in, the body out, whether it came with a length or in chunks."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self.chunks())
        length = headers.get("content-length", "0")
        return self.rfile.read(int(length) if length.isdecimal() else 0)

    def chunks(self) -> list[bytes]:
        """A chunked body on the wire in, its pieces out."""
        pieces: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers say nothing to us
        return pieces

    def write_response(self, response: Response) -> None:
        """A response in, its bytes on the wire; a body that is too short ends the connection."""
        self.send_response_only(response.status, reason(response.status))
        for name, value in response.headers.items():
            self.send_header(name, value)
        promised = int(response.headers.get("Content-Length", 0))
        if self.command != "HEAD" and len(response.body) < promised:
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def reset(self) -> None:
        """The connection ends in a reset, without a word."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are counted in the sandbox."""


for _method in METHODS:
    setattr(Handler, f"do_{_method}", Handler.answer)


class Server:
    """All platforms of a sandbox, and Connect if it has it, each at its own address."""

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        names = [*sandbox.platforms, *([CONNECT] if sandbox.connect else [])]
        self.listeners = {
            name: open_listener(sandbox, name, port + number if port else 0)
            for number, name in enumerate(names)
        }
        self.urls = {name: listener.url for name, listener in self.listeners.items()}
        for name, url in self.urls.items():
            sandbox.service(name).url = url

    def start(self) -> None:
        """Listen in the background."""
        for listener in self.listeners.values():
            listener.start()

    def close(self) -> None:
        """Stop listening."""
        for listener in self.listeners.values():
            listener.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_listener(sandbox: Sandbox, platform: str, port: int) -> Listener:
    """A wished port in, a listener there out, or on any free one; the first platform insists."""
    first = platform == next(iter(sandbox.platforms))
    try:
        return Listener(sandbox, platform, port)
    except OSError:
        if first or not port:
            raise
        return Listener(sandbox, platform, 0)


def serve(sandbox: Sandbox, port: int, state_file: Path | None, out: TextIO) -> None:
    """A sandbox in; it serves until SIGTERM or SIGINT, then writes its state file.

    `out` gets one line of JSON when everything listens: addresses and tokens by platform. A state
    file brings its version, quirks and platforms with it; they replace those of the sandbox.
    """
    if state_file is not None and state_file.exists():
        sandbox.load(json.loads(state_file.read_text("utf-8")))
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in SIGNALS}
    try:
        with Server(sandbox, port) as server:
            print(json.dumps(announcement(server)), file=out, flush=True)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if state_file is not None:
        write_atomically(state_file, json.dumps(sandbox.dump()))


SIGNALS = (signal.SIGTERM, signal.SIGINT)


def announcement(server: Server) -> dict[str, Any]:
    """A server in, where to find what with which token out."""
    platforms, connect = server.sandbox.platforms, server.sandbox.connect
    found: dict[str, Any] = {
        "platforms": {
            name: {
                "url": url,
                "token": platforms[name].tokens["admin"],
                "readToken": platforms[name].tokens["read"],
                "partialToken": platforms[name].tokens["partial"],
            }
            for name, url in server.urls.items()
            if name in platforms
        }
    }
    if connect is not None:
        found["connect"] = {
            "url": connect.url,
            "token": connect.tokens["write"],
            "otherToken": connect.tokens["other"],
            "readToken": connect.tokens["read"],
            "userToken": connect.tokens["user"],
        }
    return found


def write_atomically(path: Path, text: str) -> None:
    """A path and a text in; the file holds the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

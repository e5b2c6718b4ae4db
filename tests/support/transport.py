"""An HTTP transport without sockets: requests of the client go straight into a sandbox platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx

from reconciler.sandbox import ConnectionReset, Request, Response
from reconciler.sandbox.app import Service

Hook = Callable[[int, str, str], Any]
"""Told before each request: its number from 0, method, path."""


class InProcess(httpx.BaseTransport):
    """Carries each request to the platform as a function call.

    A reset becomes the error httpx raises for one; a body that is shorter than promised ends in
    the error httpx raises for that.
    """

    def __init__(self, platform: Service) -> None:
        self.platform = platform
        self.others: dict[int | None, Service] = {}
        """Who is reached at another port."""

        self.before: Hook | None = None
        self.bodies: list[tuple[str, str, bytes]] = []
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request to the platform and back."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        body = request.read()
        with self._lock:
            number = len(self.bodies)
            self.bodies.append((request.method, path, body))
        if self.before is not None:
            self.before(number, request.method, path)
        asked = Request(
            request.method,
            path,
            tuple(parse_qsl(query, keep_blank_values=True)),
            {name.lower(): value for name, value in request.headers.items()},
            body,
        )
        try:
            answer = self.handle(asked, request.url.port)
        except ConnectionReset as reset:
            kind = httpx.ReadError if reset.landed else httpx.RemoteProtocolError
            raise kind("Server disconnected without sending a response.") from None
        promised = int(answer.headers.get("Content-Length", 0))
        is_cut = request.method != "HEAD" and len(answer.body) < promised
        return httpx.Response(
            answer.status, headers=answer.headers, stream=Body(answer.body, is_cut)
        )

    def handle(self, asked: Request, port: int | None) -> Response:
        """A request to whoever is reached at a port, its answer out."""
        return self.others.get(port, self.platform).handle(asked)


class Body(httpx.SyncByteStream):
    """A body that may end too early."""

    def __init__(self, content: bytes, is_cut: bool) -> None:
        self.content = content
        self.is_cut = is_cut

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        if self.is_cut:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body"
            )

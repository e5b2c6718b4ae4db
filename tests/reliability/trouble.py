"""What can go wrong with one request, and the wire on which it does.

A trouble is given a way to let the request through and decides what the client gets instead.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from reconciler.sandbox import Sandbox
from tests.support.transport import Body

Forward = Callable[[], httpx.Response]
Sleep = Callable[[float], None]
Trouble = Callable[[Forward, Sleep], httpx.Response]


@dataclass(frozen=True, order=True)
class Point:
    """One request of a run: the nth one to this path."""

    site: str
    method: str
    path: str
    nth: int

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing: queries are sent by POST."""
        return self.method in ("GET", "HEAD") or self.path == "/artifactory/api/search/aql"

    def __str__(self) -> str:
        return f"{self.site}: {self.method} {self.path} ({self.nth})"


@dataclass(frozen=True)
class Sent:
    """A request the platform was sent, and what it answered: 0 for no answer."""

    point: Point
    body: Any
    status: int
    landed: bool

    @property
    def is_record(self) -> bool:
        """Whether it is about the inventory, which announces nothing."""
        return self.point.path.startswith(f"/artifactory/{KEPT}/")

    @property
    def line(self) -> str:
        """Platform, method and path."""
        return f"{self.point.site}: {self.point.method} {self.point.path}"


# --- troubles ---------------------------------------------------------------------------------


def answers(status: int, body: bytes | Any = b"", **headers: str) -> Trouble:
    """Something else answers in the server's place, and nothing is done."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda forward, sleep: httpx.Response(status, headers=headers, content=content)


def page(status: int) -> Trouble:
    """A gateway's page."""
    text = f"<html>\r\n<head><title>{status}</title></head>\r\n<body>no</body>\r\n</html>\r\n"
    return answers(status, text.encode(), content_type="text/html")


def error(status: int, message: str, **headers: str) -> Trouble:
    """The server's own error document."""
    return answers(status, {"errors": [{"status": status, "message": message}]}, **headers)


def lost(kind: type[httpx.TransportError], *, landed: bool, seconds: float = 0.0) -> Trouble:
    """No answer: before the server did anything, or after it did everything."""

    def trouble(forward: Forward, sleep: Sleep) -> httpx.Response:
        if landed:
            forward()
        sleep(seconds)
        raise kind("no answer")

    return trouble


def slow(seconds: float) -> Trouble:
    """The answer comes, but late."""

    def trouble(forward: Forward, sleep: Sleep) -> httpx.Response:
        sleep(seconds)
        return forward()

    return trouble


def spoiled(spoil: Callable[[bytes], bytes], *, is_cut: bool = False) -> Trouble:
    """Everything was done; the body of the answer is not what the server wrote."""

    def trouble(forward: Forward, sleep: Sleep) -> httpx.Response:
        answer = forward()
        body = spoil(answer.read())
        headers = {n: v for n, v in answer.headers.items() if n.lower() != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, stream=Body(body, is_cut))

    return trouble


CONFLICT = "Could not merge and save new descriptor [org.jfrog.common.ExecutionFailed: Last retry]"
NO_PROJECT = "HTTP response status 500: Failed to execute add project resource with error"

TROUBLES: Mapping[str, Trouble] = {
    "429": error(429, "too many requests"),
    "429 Retry-After": error(429, "too many requests", retry_after="7"),
    "500": error(500, "something broke"),
    "500 project": error(500, NO_PROJECT),
    "500 empty": answers(500),
    "502 page": page(502),
    "503": error(503, "starting up"),
    "504 empty": answers(504),
    "520 page": page(520),
    "400 conflict": error(400, CONFLICT),
    "400": error(400, "injected fault"),
    "401": error(401, "Bad credentials"),
    "403": error(403, "Forbidden"),
    "404 page": page(404),
    "refused": lost(httpx.ConnectError, landed=False),
    "reset before": lost(httpx.RemoteProtocolError, landed=False),
    "reset after": lost(httpx.ReadError, landed=True),
    "hang before": lost(httpx.ReadTimeout, landed=False, seconds=30),
    "hang after": lost(httpx.ReadTimeout, landed=True, seconds=30),
    "slow": slow(25),
    "cut": spoiled(lambda body: body[: len(body) // 2], is_cut=True),
    "garbage after": spoiled(lambda body: b'\x00\xff{["' + body[:7]),
    "page 200": page(200),
    "empty 200": answers(200),
    "null 200": answers(200, b"null"),
    "list 200": answers(200, b"[]"),
    "object 200": answers(200, b"{}"),
}
"""Every kind of fault, by the name the table gives it."""

OF_READS = frozenset(
    {
        "429", "429 Retry-After", "502 page", "503", "504 empty", "520 page", "refused",
        "reset before", "reset after", "hang before", "hang after", "slow", "cut",
    }
)  # fmt: skip
OF_WRITES = OF_READS | {"400 conflict", "500 project"}
"""What a run gets over by itself at a read and at a write; after others it may take a second."""


# --- the wire ---------------------------------------------------------------------------------


@dataclass
class Troubled(httpx.BaseTransport):
    """Carries requests to the platforms, remembers them, and lets one of them go wrong."""

    inner: httpx.BaseTransport
    sandbox: Sandbox
    time: Any
    point: Point | None = None
    trouble: Trouble | None = None
    before: Callable[[Point], Any] | None = None
    """Told of each request before it is sent."""

    always: bool = False
    """Whether every request to the path of the point goes wrong, and not only the nth."""

    sent: list[Sent] = field(default_factory=list)
    hit: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._numbered = numbered()

    def spoil(self, point: Point | None, trouble: Trouble | None) -> None:
        """Have one request go wrong from now on; requests are counted anew."""
        self.point, self.trouble, self.hit = point, trouble, 0
        self._numbered = numbered()
        self.sent.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request to its platform and back, unless it is the one."""
        body = request.read()
        point = self._point(request)
        if self.before is not None:
            self.before(point)
        landed = False

        def forward() -> httpx.Response:
            nonlocal landed
            answer = self.inner.handle_request(request)
            landed = answer.status_code < 400
            return answer

        status = 0
        try:
            if self.trouble is not None and self._is_meant(point):
                self.hit += 1
                answer = self.trouble(forward, self.time.sleep)
            else:
                answer = forward()
            status = answer.status_code
        finally:
            with self._lock:
                self.sent.append(Sent(point, parsed(body), status, landed))
        return answer

    def _is_meant(self, point: Point) -> bool:
        if self.point is None or not self.always:
            return point == self.point
        return replace(point, nth=self.point.nth) == self.point

    def _point(self, request: httpx.Request) -> Point:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        with self._lock:
            return self._numbered(request.url.host.partition(".")[0], request.method, path)

    @property
    def points(self) -> list[Point]:
        """Every request that was sent."""
        return [sent.point for sent in self.sent]

    @property
    def writes(self) -> list[Sent]:
        """Those that are no reads."""
        return [sent for sent in self.sent if not sent.point.is_read]


KEPT = "reconciler-state"
"""The repository of an inventory that is kept on a platform."""

_UNIQUE = re.compile(f"(/artifactory/{KEPT}/.*/)[^/]+")


def numbered() -> Callable[[str, str, str], Point]:
    """Counts requests to the same path."""
    seen: Counter[tuple[str, str, str]] = Counter()

    def number(*request: str) -> Point:
        site, method, path = request
        path = _UNIQUE.sub(r"\1*", path)  # each of its files has a name of its own
        seen[site, method, path] += 1
        return Point(site, method, path, seen[site, method, path] - 1)

    return number


def parsed(body: bytes) -> Any:
    """A body as JSON, None where there is none; the text of a query is left as it is."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body

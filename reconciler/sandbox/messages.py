"""Plain data in, plain data out: the request and the response every room of the sandbox speaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode


class ConnectionReset(Exception):
    """The connection died without an answer.

    `landed` tells what the client cannot know: whether the server carried the request out.
    """

    def __init__(self, landed: bool) -> None:
        super().__init__("connection reset after the write" if landed else "connection reset")
        self.landed = landed


@dataclass(frozen=True)
class Request:
    """One HTTP request. The path may be percent-encoded; header names are lower-case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def query_text(self) -> str:
        """The query as it would stand behind the question mark."""
        return urlencode(self.query)

    def values(self, name: str) -> list[str]:
        """A query name in, every value given for it out, in order."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str) -> str | None:
        """A query name in, its first value out, None when it is missing."""
        return next((value for key, value in self.query if key == name), None)

    def lists(self, name: str) -> list[str]:
        """A query name in, its values out, with comma lists taken apart."""
        parts = ",".join(self.values(name)).split(",")
        return [part.strip() for part in parts if part.strip()]

    def flag(self, name: str, default: bool = False) -> bool:
        """A query name in, true or false out; `?name` alone counts as true."""
        value = self.value(name)
        return default if value is None else value.lower() in ("", "1", "true")


@dataclass
class Response:
    """One HTTP response. `body` may be shorter than Content-Length when a fault cut it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


def encode(value: object) -> bytes:
    """A JSON value in, its compact bytes out, in the order the keys were put in."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def json_bytes(body: bytes, status: int = 200) -> Response:
    """Ready-made JSON bytes in, a JSON response out."""
    return Response(status, {"Content-Type": "application/json"}, body)


def json_response(value: object, status: int = 200) -> Response:
    """A JSON value in, a JSON response out."""
    return json_bytes(encode(value), status)


def text_response(text: str, status: int = 200) -> Response:
    """A text in, a text/plain response out: what repository writes answer."""
    return Response(status, {"Content-Type": "text/plain"}, text.encode())


def empty_response(status: int = 204) -> Response:
    """A status in, a response without a body out."""
    return Response(status)


def reason(status: int) -> str:
    """A status in, its standard words out."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"

"""What is asked of a platform, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.change import UNSET
from reconciler.model.origin import JsonValue


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a platform; `path` starts at the platform's base URL.

    `json` may hold `Secret` values; they are revealed only when the body is written to the wire.
    `text` is a body of plain text instead. `asks` says of a POST that it stores nothing.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: JsonValue = UNSET
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    asks: bool = False
    busy: tuple[str, ...] = ()
    """Words, in small letters, of a refusal that ends by itself: something is in use."""

    @property
    def is_read(self) -> bool:
        """Whether repeating it can change nothing."""
        return self.asks or self.method in ("GET", "HEAD")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Response:
    """What a platform answered. `body` is raw; `json()` raises ValueError when it is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> JsonValue:
        """The body as JSON."""
        from pydantic_core import from_json

        return from_json(self.body)

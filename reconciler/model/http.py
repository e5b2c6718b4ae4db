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
    """A body that is no JSON; plain text, unless `headers` tell its type."""
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
class Together:
    """Requests a flow wants sent side by side; it is sent what came of each, in their order: a
    response, or the error that sending ended in."""

    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Once:
    """A request that must not be repeated, whatever happens to it.

    The flow is sent the response of the one attempt, or the error where there was none.
    """

    request: Request


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds a flow wants to let pass before it asks again; it is sent None."""

    seconds: float


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

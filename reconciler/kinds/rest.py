"""Shapes of REST resources: an intent in, a flow of requests out; no I/O.

A flow is a generator that yields a `Request`, is sent the `Response`, and returns its result. So
an API's oddity is written as a rule, and a test plays the server by hand.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from reconciler.errors import AnswerError
from reconciler.model import Absent, Address, FieldChange, Live, Observed, Request, Response

Flow = Generator[Request, Response, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """What a write intent is told.

    `body` is in the API's names: everything declared for a create, the changed fields for an
    update (objects the server replaces whole are already merged). `changes` are the planned ones.
    """

    address: Address
    body: Mapping[str, Any]
    changes: tuple[FieldChange, ...] = ()

    @property
    def name(self) -> str:
        """The object's own name."""
        return self.address.name


@dataclass(frozen=True, slots=True)
class Content:
    """What an object holds: number of artifacts, their size in bytes, time of the newest (ISO)."""

    artifacts: int
    bytes: int
    newest: str = ""


class Listing(Protocol):
    """One read that answers many objects, shared by all kinds that name it.

    `since` is the first version of `service` that has it. Equal listings are read once.
    """

    @property
    def service(self) -> str:
        """The service that answers it."""

    @property
    def since(self) -> str:
        """The first version of the service that has it."""

    def read(self) -> Flow:
        """Returns raw answers by object name; None when the caller may not use the listing."""

    def names(self) -> Flow:
        """Returns the names of all objects, for servers without the bulk read."""

    def matches(self, kind_constants: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        """Whether a raw answer is of the kind with these constants."""


class Shape(Protocol):
    """How a kind reaches the platform."""

    @property
    def constants(self) -> Mapping[str, Any]:
        """Fields that have one value for the whole kind."""

    @property
    def listing(self) -> Listing | None:
        """The read that answers all objects at once, if there is one."""

    def read(self, address: Address) -> Flow:
        """Returns `Live` or `Absent`; raises AnswerError for every other answer."""

    def live(self, raw: Mapping[str, Any]) -> Live:
        """A raw answer as a live object, complete or the reduced one of a weaker token."""

    def create(self, write: Write) -> Flow:
        """Create the object."""

    def update(self, write: Write) -> Flow:
        """Write the changed fields of an existing object."""

    def measure(self, address: Address) -> Flow:
        """Returns the object's `Content`, or None for an object that holds none."""


@dataclass(frozen=True)
class Collection:
    """Many objects of one kind under one path, each under its own name."""

    path: str
    """Path of the collection, from the platform's base URL."""

    create_by: str = "PUT"
    """Verb that creates `{path}/{name}`."""

    update_by: str = "POST"
    """Verb that changes `{path}/{name}`."""

    missing: frozenset[int] = frozenset({404})
    """Statuses that mean "there is none", if the body is the platform's own error document."""

    constants: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the body that have one value for the whole kind; a different live value is another
    class of object."""

    name_field: str = ""
    """Field of the body that repeats the name, if the API wants it there."""

    complete_by: tuple[str, ...] = ()
    """Fields a complete answer always has; one without them is what a weaker token gets."""

    listing: Listing | None = None
    """The read that answers all objects at once, if there is one."""

    def url(self, address: Address) -> str:
        """The object's own path."""
        return f"{self.path}/{quote(address.name, safe='')}"

    def read(self, address: Address) -> Flow:
        """One GET; see `Shape.read`."""
        request = Request("GET", self.url(address))
        response = yield request
        return self.answered(request, response)

    def answered(self, request: Request, response: Response) -> Observed:
        """What one answer says of one object."""
        if response.status == 200:
            raw = _object(request, response)
            if self.name_field and self.name_field not in raw:
                raise unusable(request, response)
            return self.live(raw)
        if response.status in self.missing and is_error_document(response):
            return Absent()
        raise unusable(request, response)

    def live(self, raw: Mapping[str, Any]) -> Live:
        """A raw answer as a live object."""
        return Live(raw, complete=all(name in raw for name in self.complete_by))

    def create(self, write: Write) -> Flow:
        """One request with everything declared."""
        yield from send(self._write(self.create_by, write, {**self.constants, **write.body}))

    def update(self, write: Write) -> Flow:
        """One request with the changed fields only."""
        if write.body:
            yield from send(self._write(self.update_by, write, write.body))

    def _write(self, verb: str, write: Write, body: Mapping[str, Any]) -> Request:
        named = {self.name_field: write.name} if self.name_field else {}
        return Request(verb, self.url(write.address), json={**named, **body})

    def measure(self, address: Address) -> Flow:
        """Objects of a plain collection hold nothing."""
        return None
        yield  # a flow is a generator even when it asks nothing


def send(request: Request) -> Flow:
    """Yield one request; returns its response if it is a 2xx, else raises AnswerError.

    A page with status 200 is a portal's in front of the platform: nothing was done.
    """
    response: Response = yield request
    if not response.ok or response.body.lstrip().startswith(b"<"):
        raise unusable(request, response)
    return response


def unusable(request: Request, response: Response) -> AnswerError:
    """The error for an answer that says neither yes nor no, with what the server said."""
    said = " ".join(error_text(response).split())[:300] or "an empty body"
    return AnswerError(
        f"{request} answered {response.status}: {said}",
        status=response.status,
        hint=_HINTS.get(response.status, ""),
    )


_HINTS = {
    401: "the token is missing, wrong or expired",
    403: "the token lacks the rights for this; configuration needs an administrator's token",
}


def _object(request: Request, response: Response) -> Mapping[str, Any]:
    try:
        raw = response.json()
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise unusable(request, response)
    return raw


def is_error_document(response: Response) -> bool:
    """Whether the body is an error document of the platform and not of something in front of it.

    A gateway's HTML page with status 404 says nothing about an object.
    """
    try:
        raw = response.json()
    except ValueError:
        return False
    return isinstance(raw, dict) and isinstance(raw.get("errors"), list) and bool(raw["errors"])


def error_text(response: Response) -> str:
    """What the server said, from either service's error shape, else the raw body."""
    if not is_error_document(response):
        return response.text
    return "; ".join(_messages(response.json()["errors"]))


def _messages(errors: list[Any]) -> Iterator[str]:
    for error in errors:
        if isinstance(error, dict):
            yield str(error.get("message") or error.get("code") or error)
        else:
            yield str(error)

"""What a kind tells of its REST resource: an intent in, a flow of requests out; no I/O.

A flow is a generator that yields a `Request`, is sent the `Response`, and returns its result. So
an API's oddity is written as a rule, and a test plays the server by hand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from reconciler.errors import AnswerError
from reconciler.model import Address, FieldChange, JsonValue, Live, Request, Response

Flow = Generator[Any, Any, Any]
"""Yields a `Request` and is sent its `Response`; a steered kind's flow may also yield `Together`,
`Once` and `Pause`."""


@dataclass(frozen=True, slots=True)
class Write:
    """What a write intent is told.

    `body` is in the API's names: everything declared for a create, the changed fields for an
    update (objects the server replaces whole are already merged). `changes` are the planned ones,
    `live` is the object as it was just read; empty for a create. `run` is what is remembered of its
    last run.
    """

    address: Address
    body: Mapping[str, Any]
    changes: tuple[FieldChange, ...] = ()
    live: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The object's own name."""
        return self.address.name


@dataclass(frozen=True, slots=True)
class Content:
    """What an object holds: number of artifacts, their size in bytes, time of the newest (ISO).

    `used` is the time of the last download, `never`, or empty where nobody knows.
    """

    artifacts: int
    bytes: int
    newest: str = ""
    used: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to lose."""
        return not self.artifacts and not self.bytes


@dataclass(frozen=True)
class Listing(ABC):
    """One read that answers many objects, shared by all kinds that name it.

    Equal listings are read once. `since` is the first version of `service` that has `path`.
    """

    path: str
    service: str = "artifactory"
    since: str = ""
    provable_since: str = ""
    """First version that can tell whether a caller sees everything; empty if none can."""

    extends: Listing | None = None
    """Another listing that is read first, and shared: this one only adds to its answer."""

    @property
    def reads(self) -> bool:
        """Whether there is a read of all objects at all, for whoever may use it."""
        return True

    @abstractmethod
    def read(self) -> Flow:
        """Returns raw answers by object name; None when the caller may not use the listing."""

    def extended(self, found: Mapping[str, Mapping[str, Any]]) -> Flow:
        """Returns what the listing it extends has found, and what this one adds to it."""
        return found
        yield  # a flow is a generator even when it asks nothing

    def names(self) -> Flow:
        """Returns the names of all objects, for servers without the bulk read."""
        return list((yield from self.read()))

    def matches(self, kind_constants: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        """Whether a raw answer is of the kind with these constants."""
        return True

    def sees_all(self, version: str) -> Flow:
        """Returns whether this caller sees every object, so that what the listing lacks is absent.

        A weaker token lists less: without this proof an object is asked for by its own name.
        """
        return False
        yield  # a flow is a generator even when it asks nothing


class Bulk(Protocol):
    """Requests that handle many objects of all kinds that name it, all of them or none.

    `most` is how many fit into one request; each `..._since` the first Artifactory version that
    has the request.
    """

    @property
    def most(self) -> int: ...
    @property
    def read_since(self) -> str: ...
    @property
    def create_since(self) -> str: ...
    @property
    def update_since(self) -> str: ...

    def chunks(self, names: Sequence[str]) -> Iterator[Sequence[str]]:
        """The names in as many parts as reading them takes requests."""

    def read(self, names: Sequence[str]) -> Flow:
        """Returns raw answers by name; what is missing may be absent or hidden."""

    def create(self, items: Sequence[Mapping[str, Any]]) -> Flow:
        """Create all objects or none."""

    def update(self, items: Sequence[Mapping[str, Any]]) -> Flow:
        """Change all objects or none."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a live object becomes one of this kind in place: its content stays.

    `since` is the first version that can; `obstacle` why this object cannot, if it cannot.
    """

    flow: Callable[[Address], Flow]
    since: str = ""
    obstacle: str = ""


class Shape(ABC):
    """How a kind reaches the platform."""

    constants: Mapping[str, Any]
    """Fields that have one value for the whole kind."""

    listing: Listing | None
    """The read that answers all objects of the platform at once, if there is one."""

    bulk: Bulk | None
    """The requests that handle many objects at once, if there are any."""

    replaces: bool = False
    """Whether an update must hold the whole object, secrets too."""

    @abstractmethod
    def read(self, address: Address) -> Flow:
        """Returns `Live` or `Absent`; raises AnswerError for every other answer."""

    @abstractmethod
    def create(self, write: Write) -> Flow:
        """Create the object."""

    @abstractmethod
    def update(self, write: Write) -> Flow:
        """Write the changed fields of an existing object."""

    def live(self, raw: Mapping[str, Any]) -> Live:
        """A raw answer as a live object, complete or the reduced one of a weaker token."""
        return Live(raw)

    def listing_of(self, address: Address) -> Listing | None:
        """The listing that answers this object."""
        return self.listing

    def listed_as(self, address: Address) -> str:
        """The object's name in its listing."""
        return address.name

    def parts_of(self, listed: str, parents: tuple[str, ...]) -> tuple[str, ...] | None:
        """The address's parts of a listed object; None for one that nobody declares."""
        return (*parents, listed)

    def bulk_item(self, write: Write, *, creating: bool) -> Mapping[str, Any] | None:
        """The object in a bulk request; None where only its own request does it."""
        return None

    def rename(self, old: Address, new: Address) -> Flow | None:
        """Give an object another name; None where the API has no way to."""
        return None

    def delete(self, address: Address) -> Flow | None:
        """Delete the object; None where the API has no way to."""
        return None

    def undeletable(self, address: Address, live: Mapping[str, Any]) -> str:
        """Why this object cannot or must not be deleted as it is; empty if it may be."""
        return ""

    @property
    def holds_content(self) -> bool:
        """Whether deleting an object would lose data of its users, which `measure` counts."""
        return False

    @property
    def out_of_service(self) -> Mapping[str, JsonValue]:
        """Fields of the spec, with the values that keep content from changing before a delete."""
        return {}

    def is_untouched(self, raw: Mapping[str, Any]) -> bool:
        """Whether an object is as every platform has it: nobody would want a manifest of that."""
        return False

    def uncreatable(self, address: Address) -> str:
        """Why nobody can create the object; empty where a manifest is enough."""
        return ""

    def is_mirror(self, live: Mapping[str, Any]) -> bool:
        """Whether creating another object, on another platform, may have made this one too."""
        return False

    def reaches(self, write: Write) -> Iterable[str]:
        """URLs of objects on other platforms that a write changes too, or needs to be there."""
        return ()

    def stranding(self, write: Write) -> str:
        """Why content could be lost if this were written now; empty if it could not."""
        return ""

    def conversion(self, name: str, live: Mapping[str, Any]) -> Conversion | None:
        """How a live object of another class becomes one of this kind, if it can."""
        return None

    def measure(self, address: Address) -> Flow:
        """Returns the object's `Content`, or None for an object that holds none."""
        return None
        yield  # a flow is a generator even when it asks nothing

    def last_use(self, address: Address, content: Content) -> Flow:
        """Returns when something of this content was last downloaded; see `Content.used`."""
        return ""
        yield


def send(request: Request) -> Flow:
    """Yield one request; returns its response if it is a 2xx, else raises AnswerError.

    A page with status 200 is a portal's in front of the platform: nothing was done.
    """
    response: Response = yield request
    if not response.ok or response.body.lstrip().startswith(b"<"):
        raise unusable(request, response)
    return response


def segment(name: str) -> str:
    """A name as one segment of a path, whatever characters it has.

    Raises AnswerError for `.` and `..`: clients and servers take them out of a path, so that the
    request would be for another object.
    """
    if name in DOT_SEGMENTS:
        raise AnswerError(f"'{name}' can be no part of an address: it would lead elsewhere")
    return quote(name, safe="")


DOT_SEGMENTS = frozenset({".", ".."})
"""The names that no path can hold."""


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


def object_of(request: Request, response: Response) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises AnswerError for anything else."""
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

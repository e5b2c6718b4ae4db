"""The usual shapes of REST resources; a kind with an oddity of its own derives from one.

No I/O: every request is yielded to the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import NotOfferedError
from reconciler.kinds.rest import (
    Bulk,
    Flow,
    Listing,
    Shape,
    Write,
    is_error_document,
    object_of,
    segment,
    send,
    unusable,
)
from reconciler.model import Absent, Address, Live, Observed, Request, Response


@dataclass(frozen=True)
class Collection(Shape):
    """Many objects of one kind under one path, each under its own name."""

    path: str
    """Path of the collection, from the platform's base URL; `{0}` stands for the object that its
    objects live in."""

    create_by: str = "PUT"
    """Verb that creates `{path}/{name}`."""

    create_in: bool = False
    """Whether objects are created at the collection's path instead of their own."""

    update_by: str = "POST"
    """Verb that changes `{path}/{name}`."""

    delete_by: str = ""
    """Verb that deletes `{path}/{name}`; empty where the API has no way to."""

    replaces: bool = False
    """Whether an update must hold the whole object: the live one with the changes laid over it."""

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

    bulk: Bulk | None = None
    """The requests that handle many objects at once, if there are any."""

    def place(self, address: Address) -> str:
        """The path of the collection the object is in."""
        return self.path.format(*map(segment, address.parts)) if "{" in self.path else self.path

    def url(self, address: Address) -> str:
        """The object's own path."""
        return f"{self.place(address)}/{segment(address.name)}"

    def read(self, address: Address) -> Flow:
        """One GET; see `Shape.read`."""
        request = Request("GET", self.url(address))
        response = yield request
        return self.answered(request, response)

    def answered(self, request: Request, response: Response) -> Observed:
        """What one answer says of one object."""
        if response.status == 200:
            raw = object_of(request, response)
            if self.name_field and self.name_field not in raw:
                raise unusable(request, response)
            return self.live(raw)
        if response.status in self.missing and self.says_missing(response):
            return Absent()
        raise unusable(request, response)

    def says_missing(self, response: Response) -> bool:
        """Whether the platform itself says that there is no such object."""
        return is_error_document(response)

    def live(self, raw: Mapping[str, Any]) -> Live:
        """A raw answer as a live object."""
        return Live(raw, complete=all(name in raw for name in self.complete_by))

    def create(self, write: Write) -> Flow:
        """One request with everything declared."""
        body = {**self.named(write), **self.constants, **write.body}
        path = self.place(write.address) if self.create_in else self.url(write.address)
        yield from send(Request(self.create_by, path, json=body))

    def update(self, write: Write) -> Flow:
        """One request with the changed fields only, or with the whole object."""
        if write.body:
            rest = write.live if self.replaces else {}
            body = {**self.named(write), **rest, **write.body}
            yield from send(Request(self.update_by, self.url(write.address), json=body))

    def delete(self, address: Address) -> Flow | None:
        """One request."""
        return send(Request(self.delete_by, self.url(address))) if self.delete_by else None

    def named(self, write: Write) -> dict[str, str]:
        """The field that repeats the name, if the API wants it."""
        return {self.name_field: write.name} if self.name_field else {}


@dataclass(frozen=True)
class ArrayListing(Listing):
    """All objects in one answer: an array, each with its name in `name_field`.

    With `inside`, they live in another object: where that does not exist, none of them does. What
    is `never_empty` has something on every platform.
    """

    name_field: str = "name"
    inside: bool = False
    never_empty: bool = False

    def read(self) -> Flow:
        """Returns the raw answers by name."""
        request = Request("GET", self.path)
        response: Response = yield request
        if self.inside and response.status == 404 and is_error_document(response):
            return {}
        try:
            found = response.json() if response.ok else None
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(map(self._has_name, found)):
            raise unusable(request, response)
        if self.never_empty and not found:
            raise unusable(request, response)
        return {raw[self.name_field]: raw for raw in found}

    def _has_name(self, raw: Any) -> bool:
        return isinstance(raw, dict) and isinstance(raw.get(self.name_field), str)


@dataclass(frozen=True)
class NameListing(ArrayListing):
    """Objects that are nothing but a name, as the list of them at `path`: `[{"name": ...}]`.

    The platform itself always has some (`own` of the shape).
    """

    def sees_all(self, version: str) -> Flow:
        """The list is the only thing there is to ask, so it is all there is to know."""
        return True
        yield


@dataclass(frozen=True)
class NameList(Shape):
    """Objects that are nothing but a name: listed, created and renamed, never read alone.

    `{0}` in `path` stands for the object it lives in; its name on the platform is `prefix` (in
    which `{0}` means the same) and the name in the address. `own` are names the server ships with.
    """

    path: str
    prefix: str = ""
    own: frozenset[str] = frozenset()
    constants: Mapping[str, Any] = field(default_factory=dict)
    listing: Listing | None = None
    bulk: Bulk | None = None

    def listing_of(self, address: Address) -> NameListing:
        """The list that holds the object."""
        inside = "{0}" in self.path
        path = self.path.format(*map(segment, address.parts))
        return NameListing(path, inside=inside, never_empty=not inside)

    def listed_as(self, address: Address) -> str:
        """The name on the platform."""
        return self.prefix.format(*address.parts) + address.name

    def parts_of(self, listed: str, parents: tuple[str, ...]) -> tuple[str, ...] | None:
        """The parts of an address; None for the server's own and for those of someone else."""
        prefix = self.prefix.format(*parents)
        if listed in self.own or not listed.startswith(prefix):
            return None
        return (*parents, listed.removeprefix(prefix))

    def read(self, address: Address) -> Flow:
        """The list holds the name, or there is no such object."""
        found = yield from self.listing_of(address).read()
        raw = found.get(self.listed_as(address))
        return Absent() if raw is None else self.live(raw)

    def create(self, write: Write) -> Flow:
        """One request with the name."""
        path = self.listing_of(write.address).path
        yield from send(Request("POST", path, json={"name": self.listed_as(write.address)}))

    def update(self, write: Write) -> Flow:
        """There is nothing to change but the name."""
        return None
        yield

    def delete(self, address: Address) -> Flow:
        """One request."""
        yield from send(Request("DELETE", self._path(address)))

    def undeletable(self, address: Address, live: Mapping[str, Any]) -> str:
        """The server ships with some."""
        return "the platform needs it: it ships with it" if self._is_own(address) else ""

    def _is_own(self, address: Address) -> bool:
        return self.listed_as(address) in self.own

    def rename(self, old: Address, new: Address) -> Flow | None:
        """One request; whatever names the object follows. The server's own keep their names."""
        return None if self._is_own(old) else self._renamed(old, new)

    def _renamed(self, old: Address, new: Address) -> Flow:
        path = f"{self._path(old)}/rename"
        yield from send(Request("POST", path, json={"new_name": self.listed_as(new)}))

    def _path(self, address: Address) -> str:
        return f"{self.listing_of(address).path}/{segment(self.listed_as(address))}"


@dataclass(frozen=True)
class SingletonListing(Listing):
    """The one object of a kind, as a list of one."""

    parts: tuple[str, ...] = ()

    def read(self) -> Flow:
        """Returns the object under the name that all singletons have."""
        raw = yield from _joined((self.path, *self.parts))
        return {ONLY: raw}


ONLY = "default"
"""The name of an object of which a platform has one."""


@dataclass(frozen=True)
class Singleton(Shape):
    """One object that is always there: read and written, never created.

    Its fields may lie in several resources, `path` and `parts`; each is written by itself, with
    those of the changed fields that its answer has.
    """

    path: str
    parts: tuple[str, ...] = ()
    update_by: str = "POST"
    constants: Mapping[str, Any] = field(default_factory=dict)
    listing: Listing | None = None
    bulk: Bulk | None = None

    def read(self, address: Address) -> Flow:
        """All its resources; see `Shape.read`."""
        if address.name != ONLY:
            return Absent()
        return self.live((yield from _joined((self.path, *self.parts))))

    def create(self, write: Write) -> Flow:
        """There is nothing to create; what is declared is written."""
        yield from self.update(write)

    def update(self, write: Write) -> Flow:
        """One request for each resource that holds changed fields."""
        for path in self.written_in_order(write):
            body = {n: v for n, v in write.body.items() if self.resource_of(n) == path}
            if body:
                yield from send(Request(self.update_by, path, json=body))

    def written_in_order(self, write: Write) -> tuple[str, ...]:
        """The resources in the order in which they are written."""
        return (self.path, *self.parts)

    def resource_of(self, name: str) -> str:
        """The resource that a field of the body belongs to."""
        return self.path


def _joined(paths: tuple[str, ...]) -> Flow:
    """The fields of several resources as one object.

    Raises NotOfferedError where the platform has none of them.
    """
    found: dict[str, Any] = {}
    for path in paths:
        request = Request("GET", path)
        response: Response = yield request
        if response.status == 404 and is_error_document(response):
            raise NotOfferedError(f"the platform answers 404 for {path}: it has none", status=404)
        if response.status != 200:
            raise unusable(request, response)
        found |= object_of(request, response)
    return found

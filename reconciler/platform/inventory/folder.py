"""A folder of a generic repository: small files in, their names, times and contents out.

The requests are those of the reference: 2.3.5.1 Deploy Artifact, 2.3.13 Retrieve Artifact, 2.3.26
Delete Item, 2.8.1 AQL, 2.3.6 Folder Info. The server has no conditional write, so every file has a
name of its own and is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    UnauthorisedError,
    UsageError,
)
from reconciler.kinds.rest import is_error_document, unusable
from reconciler.model import Request, Response
from reconciler.platform.client import Client
from reconciler.platform.clock import Clock

ATTEMPTS = 6
"""Attempts of a write nobody can tell the outcome of; before each, it is looked at."""


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A file of the folder; `created` is the server's time, in milliseconds since 1970.

    Files are ordered by it, and by name where it is the same.
    """

    created: int
    name: str


class Folder:
    """One folder; the repository has to be there.

    Every method raises UsageError when there is no such repository, UnauthorisedError when the
    token may not, UnreachableError when nobody answers, AnswerError for anything else.
    """

    def __init__(self, client: Client, repository: str, path: str, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self.repository, self.path = repository, path
        self._seen = False

    @property
    def platform(self) -> str:
        """How this workspace calls the platform."""
        return self._client.endpoint.name

    @property
    def where(self) -> str:
        """How it is named to people."""
        return f"{self._client.endpoint.name}:{self.repository}/{self.path}"

    def below(self, name: str) -> Folder:
        """A folder in this one."""
        return Folder(self._client, self.repository, f"{self.path}/{name}", self._clock)

    def at(self, path: str) -> Folder:
        """Another folder of the repository."""
        return Folder(self._client, self.repository, path, self._clock)

    def files(self) -> list[Listed]:
        """The files now, oldest first; none where nobody made the folder yet."""
        found = self._found({"$eq": self.path}).get(self.path, [])
        if not found:
            self.require()
        self._seen = True
        return found

    def all_named(self, name: str) -> dict[str, list[Listed]]:
        """The files of all folders of this name in the repository, as far as we may see them."""
        return self._found({"$match": f"*/{name}"})

    def _found(self, path: Mapping[str, str]) -> dict[str, list[Listed]]:
        """The files of all folders whose path fits, oldest first."""
        wanted = {"repo": {"$eq": self.repository}, "path": path}
        query = f'items.find({json.dumps(wanted)}).include("repo","path","name","created")'
        request = Request("POST", "/artifactory/api/search/aql", text=query, asks=True)
        response = self._client.send(request)
        self._refuse(request, response, "read")
        try:
            answer = response.json()
            if answer.get("range", {}).get("notification"):
                raise AnswerError(
                    f"the server does not tell all files of {self.where}: "
                    f"{answer['range']['notification']}",
                    hint="raise the limit of AQL results on the server",
                )
            found: dict[str, list[Listed]] = {}
            for row in answer["results"]:
                listed = Listed(milliseconds(row["created"]), row["name"])
                found.setdefault(row["path"], []).append(listed)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise unusable(request, response) from None
        return {path: sorted(files) for path, files in found.items()}

    def require(self) -> None:
        """Make sure that there is a repository, and that we may see it: an empty list proves
        neither."""
        if self._seen:
            return
        request = Request("GET", f"/artifactory/api/storage/{quote(self.repository, safe='')}")
        response = self._client.send(request)
        if response.status in (400, 404) and is_error_document(response):
            raise self._missing()
        self._refuse(request, response, "read")
        self._seen = True

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when it is not there any more."""
        query = (("skipUpdateStats", "true"),)
        request = Request("GET", self._place(name), query)
        response = self._client.send(request)
        if response.status == 404 and is_error_document(response):
            return None
        self._refuse(request, response, "read")
        return response.body

    def write(self, name: str, document: Mapping[str, Any]) -> None:
        """Make a file whose name nobody else uses; repeated only when it certainly is not there."""
        request = Request("PUT", self._place(name), json=document)
        until = self._clock.now() + self._client.options.deadline
        for attempt in range(ATTEMPTS):
            try:
                response = self._client.send(request)
            except OutcomeUnknownError:
                self._clock.sleep(0.25 * 2.0**attempt)
                if self.read(name) is not None:
                    return
                if attempt + 1 == ATTEMPTS or self._clock.now() > until:
                    raise
                continue
            if response.status == 404 and is_error_document(response):
                raise self._missing()
            self._refuse(request, response, "write")
            if not _is_deployed(response) and self.read(name) is None:
                raise unusable(request, response)
            return

    def remove(self, name: str) -> None:
        """Take a file away; one that is gone already is as good."""
        request = Request("DELETE", self._place(name))
        until = self._clock.now() + self._client.options.deadline
        for attempt in range(ATTEMPTS):
            try:
                response = self._client.send(request)
            except OutcomeUnknownError:
                pause = 0.25 * 2.0**attempt
                if attempt + 1 == ATTEMPTS or self._clock.now() + pause > until:
                    raise
                self._clock.sleep(pause)
                continue
            if response.status != 404:
                self._refuse(request, response, "delete in")
            return

    def _place(self, name: str) -> str:
        return f"/artifactory/{quote(self.repository, safe='')}/{quote(f'{self.path}/{name}')}"

    def _refuse(self, request: Request, response: Response, verb: str) -> None:
        """Raises what an answer that is no success means."""
        if response.status == 403:
            raise UnauthorisedError(
                f"{self._client.endpoint.name} does not let this token {verb} the repository "
                f"'{self.repository}', which keeps the inventory",
                detail=str(unusable(request, response)),
                hint="a plan needs to read it; an apply needs to read, deploy and delete in it",
            )
        if not response.ok:
            raise unusable(request, response)

    def _missing(self) -> ReconcilerError:
        body = '{"rclass": "local", "packageType": "generic"}'
        return UsageError(
            f"{self._client.endpoint.name} has no repository '{self.repository}' to keep the "
            "inventory in, or this token may not see it",
            hint=f"create it once: PUT /artifactory/api/repositories/{self.repository} with {body}",
        )


def _is_deployed(response: Response) -> bool:
    """Whether the server itself says that it has the file; a portal's answer says nothing."""
    try:
        told = response.json()
    except ValueError:
        return False
    return response.status == 201 and isinstance(told, dict) and "path" in told


def milliseconds(text: str) -> int:
    """A time as the server writes it, in milliseconds since 1970. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def iso(moment: int, timespec: str = "seconds") -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    found = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec=timespec)
    return found.replace("+00:00", "Z")

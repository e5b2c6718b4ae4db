"""How policies reach the platform: the oddities that several kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import NotOfferedError
from reconciler.kinds.project_key import is_project_key
from reconciler.kinds.rest import (
    Flow,
    Listing,
    Write,
    error_text,
    is_error_document,
    send,
    unusable,
)
from reconciler.kinds.shapes import Collection
from reconciler.kinds.wire import merged
from reconciler.model import Absent, Address, Request, Response

RUNNING = ("running", "in progress", "in-progress")
"""Words of the server's refusal to touch a policy while it runs."""

_NOT_FOUND = ("not found", "does not exist", "could not find")
_MAY_NOT_LIST = (400, 403)
_PROJECTS = "/access/api/v1/projects"


@dataclass(frozen=True)
class PolicyListing(Listing):
    """All policies of a kind in one answer: an array, or one under `policies`.

    `instead` ends the sentence that says what a platform without them has.
    """

    instead: str = ""

    def read(self) -> Flow:
        """Returns the policies by key; None for who may list those of one project only."""
        request = Request("GET", self.path)
        response: Response = yield request
        if response.status in _MAY_NOT_LIST and is_error_document(response):
            return None
        if response.status == 404 and is_error_document(response):
            raise NotOfferedError(
                f"the platform answers 404 for {self.path}: {self.instead}", status=404
            )
        found = policies_of(request, response)
        keys = _keys(request, response, found)
        return (yield from self._with_projects(dict(zip(keys, found, strict=True))))

    def names(self) -> Flow:
        """Returns the keys, for who may not list everything: those of the projects they see."""
        whole = Request("GET", self.path)
        response: Response = yield whole
        if response.ok:
            return _keys(whole, response, policies_of(whole, response))
        found: list[str] = []
        may_list = False
        for project in (yield from _projects()) if response.status in _MAY_NOT_LIST else ():
            request = Request("GET", self.path, query=(("projectKey", project),))
            of_project: Response = yield request
            if of_project.ok:
                may_list = True
                found += _keys(request, of_project, policies_of(request, of_project))
        if not may_list:
            raise unusable(whole, response)
        return list(dict.fromkeys(found))

    def _with_projects(self, policies: dict[str, Any]) -> Flow:
        """The same policies; where the answers lack it, the project is learnt from its own list.

        A policy of a project has the project's key in front of its own.
        """
        silent = {key for key, policy in policies.items() if "projectKey" not in policy}
        for project in (yield from _projects()) if any("-" in key for key in silent) else ():
            if not any(key.startswith(f"{project}-") for key in silent):
                continue
            request = Request("GET", self.path, query=(("projectKey", project),))
            response: Response = yield request
            if not response.ok:
                continue
            for key in _keys(request, response, policies_of(request, response)):
                if key in silent and key.startswith(f"{project}-"):
                    policies[key] = {**policies[key], "projectKey": project}
        return policies


def _projects() -> Flow:
    """The keys of the projects this token may see."""
    response: Response = yield Request("GET", _PROJECTS)
    try:
        found = response.json() if response.ok else []
    except ValueError:
        found = []
    keys = [raw.get("project_key") for raw in found if isinstance(raw, dict)]
    return [key for key in keys if isinstance(key, str) and is_project_key(key)]


def policies_of(request: Request, response: Response) -> list[dict[str, Any]]:
    """The policies of a list, in either form."""
    try:
        found = response.json() if response.ok else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        found = found.get("policies")
    if not isinstance(found, list) or not all(isinstance(policy, dict) for policy in found):
        raise unusable(request, response)
    return found


def _keys(request: Request, response: Response, policies: list[dict[str, Any]]) -> list[str]:
    """The policies' keys, `policyKey` in a view. Raises AnswerError for one that has none."""
    keys = [policy.get("policyKey", policy.get("key")) for policy in policies]
    if not all(isinstance(key, str) for key in keys):
        raise unusable(request, response)
    return [str(key) for key in keys]


@dataclass(frozen=True)
class PolicyView(Listing):
    """The keys of policies whose list is only a view of them: each is read by its own name."""

    def read(self) -> Flow:
        """The list does not hold enough of a policy."""
        return None
        yield

    def names(self) -> Flow:
        """Returns the keys."""
        request = Request("GET", self.path)
        response: Response = yield from send(request)
        return _keys(request, response, policies_of(request, response))


@dataclass(frozen=True)
class PolicyCollection(Collection):
    """Policies of one kind, each under its key; a PUT holds the whole policy.

    `drops` are fields of an answer that only the server writes, `maps` those that are maps. A
    refusal because the policy runs is tried again for as long as there is patience.
    """

    create_by: str = "POST"
    update_by: str = "PUT"
    replaces: bool = True
    name_field: str = "key"
    drops: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()

    def read(self, address: Address) -> Flow:
        """One GET; a 400 that speaks of absence is believed when the list lacks the key too."""
        request = Request("GET", self.url(address))
        response: Response = yield request
        if response.status == 400 and self.listing is not None and _is_not_found(response):
            names = yield from self.listing.names()
            if address.name not in names:
                return Absent()
        return self.answered(request, response)

    def put(self, write: Write, body: Mapping[str, Any]) -> Flow:
        """The whole policy, as it is to be."""
        live = {name: value for name, value in write.live.items() if name not in self.drops}
        whole = self.shaped({**live, **self.named(write), **self.constants, **body}, write)
        yield from send(Request("PUT", self.url(write.address), json=whole, busy=RUNNING))

    def update(self, write: Write) -> Flow:
        """One request with the whole policy."""
        if write.body:
            yield from self.put(write, write.body)

    def intended(self, write: Write) -> dict[str, Any]:
        """The policy as it will be, as the server has it."""
        live = {name: value for name, value in write.live.items() if name not in self.drops}
        wanted = {**self.named(write), **self.constants, **write.body}
        return self.shaped(merged(live, wanted, self.maps), write)

    def delete(self, address: Address) -> Flow:
        """One request."""
        yield from send(Request("DELETE", self.url(address), busy=RUNNING))

    def shaped(self, body: dict[str, Any], write: Write) -> dict[str, Any]:
        """The body as the server wants it."""
        return body


def _is_not_found(response: Response) -> bool:
    said = error_text(response).lower() if is_error_document(response) else ""
    return any(words in said for words in _NOT_FOUND)


@dataclass(frozen=True)
class SwitchedCollection(PolicyCollection):
    """Policies that are created switched off, and switched on and off by a call of its own.

    A PUT repeats what is live: it cannot switch.
    """

    def create(self, write: Write) -> Flow:
        """The policy switched off; then it is switched on, if that is wanted."""
        off = {**write.body, "enabled": False}
        body = self.shaped({**self.named(write), **self.constants, **off}, write)
        yield from send(Request("POST", self.url(write.address), json=body))
        if write.body.get("enabled") is True:
            yield from self._switch(write.address, on=True)

    def update(self, write: Write) -> Flow:
        """Off before anything else, on after everything else."""
        is_on = write.live.get("enabled") is True
        wanted = write.body.get("enabled", is_on)
        if is_on and not wanted:
            yield from self._switch(write.address, on=False)
            is_on = False
        changed = {change.path for change in write.changes} - {"spec.enabled"}
        if any(path.startswith("spec.") for path in changed):
            yield from self.put(write, {**write.body, "enabled": is_on})
        if wanted and not is_on:
            yield from self._switch(write.address, on=True)

    def _switch(self, address: Address, *, on: bool) -> Flow:
        path = f"{self.url(address)}/enablement"
        yield from send(Request("POST", path, json={"enabled": on}, busy=RUNNING))

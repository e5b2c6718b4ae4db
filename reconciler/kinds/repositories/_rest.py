"""How repositories reach the platform: one by one, all in one listing, many in one batch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from reconciler.errors import AnswerError
from reconciler.kinds.fields import at_least
from reconciler.kinds.repositories._repository import NO_PROJECT
from reconciler.kinds.rest import (
    Bulk,
    Content,
    Conversion,
    Flow,
    Listing,
    Write,
    error_text,
    is_error_document,
    object_of,
    segment,
    send,
    unusable,
)
from reconciler.kinds.shapes import Collection
from reconciler.kinds.values import without_credentials
from reconciler.model import Absent, Address, JsonValue, Live, Observed, Request, Response


@dataclass(frozen=True)
class RepositoryListing(Listing):
    """All configurations in one answer, grouped by class."""

    path: str = "/artifactory/api/repositories/configurations"
    since: str = "7.61.3"
    provable_since: str = "7.103.0"

    def read(self) -> Flow:
        """Raw answers by key; None when the token or the server does not allow it.

        An older server takes the last word of the path for a key and has no such repository.
        """
        request = Request("GET", self.path)
        response: Response = yield request
        if response.status in (401, 403):
            return None
        if response.status in (400, 404) and is_error_document(response):
            return None
        found = _configurations(response) if response.status == 200 else None
        if found is None:
            raise unusable(request, response)
        return (yield from with_own_members(found))

    def names(self) -> Flow:
        """The keys of all repositories the token may see (2.10.4); works on every version."""
        return [raw["key"] for raw in (yield from short_list())]

    def matches(self, kind_constants: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        """Whether the answer is of this class, and not one of the server's own repositories."""
        if str(raw.get("packageType", "")).lower().startswith("releasebundle"):
            return False
        return all(raw.get(name) == value for name, value in kind_constants.items())

    def sees_all(self, version: str) -> Flow:
        """Whether the token is an administrator's: only those may ask 2.10.3, and see everything.

        The answer itself (whether there is any repository of a class) is of no interest.
        """
        if not at_least(version, self.provable_since):
            return False
        response: Response = yield Request(
            "GET", "/artifactory/api/repositories/existence", query=(("type", "local"),)
        )
        return response.status == 200 and response.body.lstrip().startswith(b"{")


def short_list(*query: tuple[str, str]) -> Flow:
    """The short list of repositories, each a `{key, type, url, ...}` (2.10.4)."""
    request = Request("GET", "/artifactory/api/repositories", query=query)
    response: Response = yield from send(request)
    try:
        short = response.json()
    except ValueError:
        short = None
    if not isinstance(short, list):
        raise unusable(request, response)
    return [raw for raw in short if isinstance(raw, dict) and isinstance(raw.get("key"), str)]


def with_own_members(found: Mapping[str, Mapping[str, Any]]) -> Flow:
    """Raw answers by key; the member that a federated repository is itself is marked as `own`.

    The server adds that member unasked, under a base URL that need not be the one we talk to; the
    short list tells it.
    """
    federated = [key for key, raw in found.items() if raw.get("rclass") == "federated"]
    if not federated:
        return found
    try:
        short = yield from short_list(("type", "federated"))
    except AnswerError:  # then every member counts
        return found
    urls = {raw["key"]: raw.get("url") for raw in short}
    return {**found, **{key: _own_marked(found[key], urls.get(key)) for key in federated}}


def _own_marked(raw: Mapping[str, Any], url: Any) -> Mapping[str, Any]:
    members = raw.get("members")
    if not isinstance(members, list) or not isinstance(url, str):
        return raw
    own = member_url(url)
    return {
        **raw,
        "members": [
            {**member, "own": True} if isinstance(member, dict) and _is(member, own) else member
            for member in members
        ],
    }


def _is(member: Mapping[str, Any], url: str) -> bool:
    return isinstance(member.get("url"), str) and member_url(member["url"]) == url


def _configurations(response: Response) -> dict[str, Mapping[str, Any]] | None:
    """The answer by key; None for anything that is not an object of lists of objects."""
    try:
        groups = response.json()
    except ValueError:
        return None
    if not isinstance(groups, dict):
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for group, members in groups.items():
        if not isinstance(members, list):
            return None
        for raw in members:
            if not isinstance(raw, dict) or not isinstance(raw.get("key"), str):
                return None
            found[raw["key"]] = raw if raw.get("rclass") else {**raw, "rclass": group.lower()}
    return found


_NO_SUCH = re.compile(
    r"^\s*bad request\s*$|not (be )?found|(could|unable to|does) not (find|exist)|unable to find"
    r"|no such|repoDescriptorByKey",
    re.IGNORECASE,
)
"""What servers say with status 400 of a repository that does not exist; most say no more than
`Bad Request`, some let their own null pointer show."""

MOST_IN_A_BATCH = 100
MOST_FILES_ASKED = 10_000
LONGEST_QUERY = 4096


@dataclass(frozen=True)
class RepositoryBatch:
    """Many repositories of any class in one request (2.10.2, 2.10.5, 2.10.10)."""

    most: int = MOST_IN_A_BATCH
    read_since: str = "7.84.3"
    create_since: str = "7.84.3"
    update_since: str = "7.104.2"

    def chunks(self, names: Sequence[str]) -> Iterator[Sequence[str]]:
        """100 names or 4 KB of query, whichever comes first."""
        part: list[str] = []
        length = 0
        for name in names:
            added = len(urlencode({"names": name})) + 1
            if part and (len(part) == self.most or length + added > LONGEST_QUERY):
                yield part
                part, length = [], 0
            part.append(name)
            length += added
        if part:
            yield part

    def read(self, names: Sequence[str]) -> Flow:
        """Returns configurations by key; a name that is missing may be hidden from the caller."""
        request = Request("GET", BATCH, query=tuple(("names", name) for name in names))
        response: Response = yield from send(request)
        raw = object_of(request, response)
        found = {key: value for key, value in raw.items() if isinstance(value, dict)}
        return (yield from with_own_members(found))

    def create(self, items: Sequence[Mapping[str, Any]]) -> Flow:
        """One request; all repositories exist afterwards, or none."""
        yield from send(Request("PUT", BATCH, json=list(items)))

    def update(self, items: Sequence[Mapping[str, Any]]) -> Flow:
        """One request; all repositories are changed afterwards, or none."""
        yield from send(Request("POST", BATCH, json=list(items)))


BATCH = "/artifactory/api/v2/repositories/batch"


@dataclass(frozen=True)
class RepositoryCollection(Collection):
    """The repositories of one class: created by PUT, changed by POST with the changed fields."""

    path: str = "/artifactory/api/repositories"
    missing: frozenset[int] = frozenset({400, 404})
    name_field: str = "key"
    delete_by: str = "DELETE"
    complete_by: tuple[str, ...] = ("includesPattern", "repoLayoutRef")
    listing: Listing | None = field(default_factory=RepositoryListing)
    bulk: Bulk | None = field(default_factory=RepositoryBatch)

    content: str = "{key}"
    """Key of the repository that holds the files; empty for a class that holds none."""

    content_may_lack: bool = False
    """Whether the place of the files may be missing because there were never any."""

    def read(self, address: Address) -> Flow:
        """One GET, and the short list where the own member of a federation must be known."""
        observed: Observed = yield from super().read(address)
        if isinstance(observed, Live):
            found = yield from with_own_members({address.name: observed.raw})
            return self.live(found[address.name])
        return observed

    def answered(self, request: Request, response: Response) -> Observed:
        """A 404 may be said of what is there: servers can be set to hide it behind that."""
        observed = super().answered(request, response)
        if isinstance(observed, Absent) and response.status == 404:
            return replace(observed, may_hide=True)
        return observed

    def says_missing(self, response: Response) -> bool:
        """A 400 means "there is none" by one text; by others it means whatever went wrong."""
        if not super().says_missing(response):
            return False
        return response.status != 400 or _NO_SUCH.search(error_text(response)) is not None

    def bulk_item(self, write: Write, *, creating: bool) -> Mapping[str, Any] | None:
        """The body in a batch; moving to another project takes a request of its own."""
        if not creating and "projectKey" in write.body:
            return None
        return {**self.named(write), **self.constants, **write.body}

    @property
    def holds_content(self) -> bool:
        """Whether there are files to lose; those of a cache count, its origin may be gone."""
        return bool(self.content)

    @property
    def out_of_service(self) -> Mapping[str, JsonValue]:
        """What is blacked out takes no uploads, and fetches nothing into its cache."""
        return {"blackedOut": True} if self.content else {}

    def undeletable(self, address: Address, live: Mapping[str, Any]) -> str:
        """Members on other platforms would go on and look for one that is gone."""
        members = elsewhere(live) if live.get("rclass") == "federated" else ()
        if not members:
            return ""
        return (
            f"it still has members elsewhere ({_urls(members)}); take them out first, by applying "
            "`members: []`"
        )

    def is_mirror(self, live: Mapping[str, Any]) -> bool:
        """A federated repository comes with its members, which exist afterwards where they are."""
        return self.constants["rclass"] == live.get("rclass") == "federated" and bool(
            elsewhere(live)
        )

    def conversion(self, name: str, live: Mapping[str, Any]) -> Conversion | None:
        """Local repositories become federated and back, with everything they hold."""
        match live.get("rclass"), self.constants["rclass"]:
            case "local", "federated":
                return Conversion(_federate, "7.18.3")
            case "federated", "local":
                return Conversion(_make_local, "7.103.0", _members_left(live))
        return None

    def update(self, write: Write) -> Flow:
        """The project and the other changed fields: a POST alone does not move a repository.

        Environments count inside a project only: they are written after it is entered and before it
        is left, for servers leave a repository the environments it had.
        """
        moves = "projectKey" in write.body
        leaves = moves and write.body["projectKey"] in _OUTSIDE
        if moves and not leaves:
            yield from _assign(write.name, write.body["projectKey"])
        body = {name: value for name, value in write.body.items() if name != "projectKey"}
        if body:
            yield from super().update(replace(write, body=body))
        if leaves:
            yield from _assign(write.name, None)

    def measure(self, address: Address) -> Flow:
        """Counts the files by listing them all: expensive for a big repository."""
        if not self.content:
            return None
        key = segment(self.content.format(key=address.name))
        request = Request("GET", f"/artifactory/api/storage/{key}", query=_ALL_FILES)
        response: Response = yield request
        if self.content_may_lack and response.status == 404 and is_error_document(response):
            return Content(0, 0)
        content = _content(response) if response.status == 200 else None
        if content is None:
            raise unusable(request, response)
        return content

    def last_use(self, address: Address, content: Content) -> Flow:
        """Asked for where the answer cannot be long: it has a line for each file."""
        if not 0 < content.artifacts <= MOST_FILES_ASKED:
            return ""
        response: Response = yield _last_download(self.content.format(key=address.name))
        return _latest(response) if response.status == 200 else ""


def _last_download(key: str) -> Request:
    """What was ever downloaded of a repository, each file with the time of the last time."""
    find = {"repo": key, "type": "file", "stat.downloaded": {"$gt": "1970-01-01T00:00:00.000Z"}}
    query = f'items.find({json.dumps(find)}).include("repo","path","name","stat.downloaded")'
    return Request("POST", "/artifactory/api/search/aql", text=query, asks=True)


def _latest(response: Response) -> str:
    """The newest time in the answer; `never` for no row, empty for a part or for anything else."""
    try:
        raw = response.json()
        rows, span = raw["results"], raw["range"]
        if "notification" in span or len(rows) != span["total"]:
            return ""
        return max((str(stat["downloaded"]) for r in rows for stat in r["stats"]), default="never")
    except (ValueError, LookupError, TypeError):
        return ""


def _federate(address: Address) -> Flow:
    """2.11.1: the repository keeps its key and content, and is its own only member."""
    path = f"/artifactory/api/federation/migrate/{segment(address.name)}"
    yield from send(Request("POST", path))


def _make_local(address: Address) -> Flow:
    """2.11.2: the status is 200 also when a repository could not be converted."""
    request = Request("POST", "/artifactory/api/federation/convertToLocal", json=[address.name])
    response: Response = yield from send(request)
    if b"failedConversionRepositories" in response.body:
        raise AnswerError(
            f"the server refused to convert '{address.name}': {_refusal(response)}",
            status=response.status,
            hint="the repository stays federated; remove what the server names, and apply again",
        )


def _refusal(response: Response) -> str:
    """Why a conversion failed, in the server's words where it gives any."""
    try:
        raw = response.json()
    except ValueError:
        raw = None
    failed = raw.get("failedConversionRepositories") if isinstance(raw, dict) else None
    told = [text for text in _texts(failed) if text]
    return "; ".join(told)[:300] or "it gives no reason"


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys of maps before what they hold."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{name}: {', '.join(_texts(inner))}"
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def elsewhere(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The members of a federated repository but itself."""
    return [m for m in live.get("members") or () if isinstance(m, dict) and not m.get("own")]


def _members_left(live: Mapping[str, Any]) -> str:
    """Why a federated repository cannot become local; empty if it can."""
    members = elsewhere(live)
    if not members:
        return ""
    return (
        f"it still has members elsewhere ({_urls(members)}); take them out first, as a "
        "FederatedRepository"
    )


def _urls(members: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(without_credentials(str(member.get("url"))) for member in members)


def member_url(url: str) -> str:
    """A member's URL in the form in which two that mean the same are equal."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # brackets around no address
        return url
    port = {"http": ":80", "https": ":443"}.get(parts.scheme.lower(), "")
    host = parts.netloc.lower().removesuffix(port) if port else parts.netloc.lower()
    return f"{parts.scheme.lower()}://{host}{parts.path.rstrip('/')}"


_ALL_FILES = (("list", ""), ("deep", "1"), ("listFolders", "0"))


_OUTSIDE = (None, "", NO_PROJECT)
"""What stands for no project at all."""


def _assign(key: str, project: str | None) -> Flow:
    """Put a repository into a project, or take it out of the one it is in."""
    path = f"/access/api/v1/projects/_/attach/repositories/{segment(key)}"
    if project in _OUTSIDE:
        request = Request("DELETE", path)
        response: Response = yield request
        if not response.ok and response.status != 404:
            raise unusable(request, response)
    else:
        target = f"{path}/{segment(str(project))}"
        yield from send(Request("PUT", target, query=(("force", "true"),)))


def _content(response: Response) -> Content | None:
    """A file list as figures; None for anything that is no file list."""
    try:
        raw = response.json()
    except ValueError:
        return None
    files = raw.get("files") if isinstance(raw, dict) else None
    if not isinstance(files, list) or not all(isinstance(f, dict) for f in files):
        return None
    files = [f for f in files if not f.get("folder")]
    return Content(
        artifacts=len(files),
        bytes=sum(int(f.get("size") or 0) for f in files),
        newest=max((str(f.get("lastModified") or "") for f in files), default=""),
    )

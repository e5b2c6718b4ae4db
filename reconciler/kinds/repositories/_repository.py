"""What all repository classes share: fields, rules, and how they reach the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import ascii_letters, digits
from typing import Annotated, Any
from urllib.parse import quote

from reconciler.kinds.kind import Fault, Rule, Subject
from reconciler.kinds.marks import (
    CANNOT_CLEAR,
    CLOUD_ONLY,
    FIXED,
    UNORDERED,
    Default,
    Known,
    MayForce,
    NotFor,
    Ref,
    Same,
)
from reconciler.kinds.repositories._package_types import (
    PACKAGE_TYPES,
    WITHOUT_PRIORITY,
    classes_of,
    stored_name,
)
from reconciler.kinds.rest import (
    Collection,
    Content,
    Flow,
    Listing,
    Write,
    is_error_document,
    send,
    unusable,
)
from reconciler.kinds.spec import ObjectSpec, unset
from reconciler.model import Address, Request, Response

SAME_PACKAGE_TYPE = Same(stored_name, "`yum` is stored as `rpm`")
SAME_ADDRESS = Same(lambda url: url.rstrip("/"), "a trailing slash makes no difference")
NO_XRAY = MayForce("stays false where no Xray is connected")
EMPTY_MEANS_ALL = MayForce("an empty list becomes `**`, and the server may return that unasked")

NO_PROJECT = "default"
"""What some versions answer for a repository outside of every project."""


def _project(key: str) -> str | None:
    return None if key == NO_PROJECT else key


class RepositorySpec(ObjectSpec):
    """A repository of any class."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*PACKAGE_TYPES)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""

    projectKey: Annotated[
        str | None,
        Ref("Project", open=True),
        Same(_project, "`default` stands for no project"),
    ] = unset()
    """Key of the project that owns the repository. `null` takes it out of its project."""

    environments: Annotated[
        list[str] | None, UNORDERED, Ref("GlobalEnvironment", "ProjectEnvironment", open=True)
    ] = unset()
    """Environments of the owning project that the repository belongs to, such as `[DEV]`. Servers
    from 7.53.1 to 7.107.0 take exactly one. Outside of a project they have no effect."""

    description: str | None = unset()
    """Text shown to everyone who sees the repository."""

    notes: str | None = unset()
    """Text for administrators."""

    includesPattern: Annotated[str, Default("**/*")] = unset()
    """Paths that may be read and written: Ant-style patterns, separated by commas, such as
    `com/example/**,org/example/**`."""

    excludesPattern: Annotated[str | None, Default("")] = unset()
    """Paths that are refused although `includesPattern` admits them: Ant-style patterns, separated
    by commas. Empty refuses nothing."""

    repoLayoutRef: Annotated[str, Ref("RepositoryLayout", open=True)] = unset()
    """Name of the layout that says what the parts of a path mean, such as `npm-default`. Better
    always declared: left out at creation, the server takes `maven-2-default` for every package
    type, where its own pages would choose by type."""


class StoringSpec(RepositorySpec):
    """A repository that keeps files of its own, uploaded or cached."""

    blackedOut: Annotated[bool, Default(False)] = unset()
    """Takes the repository out of service: nothing is read from it or written to it."""

    xrayIndex: Annotated[bool, Default(False), NO_XRAY] = unset()
    """Has Xray index the content."""

    propertySets: Annotated[
        list[str] | None, UNORDERED, CANNOT_CLEAR, Ref("PropertySet", open=True)
    ] = unset()
    """Names of the property sets offered for the artifacts. The server keeps the old list when it
    is asked for an empty one."""

    archiveBrowsingEnabled: Annotated[bool, Default(False)] = unset()
    """Serves single files out of archives to browsers, such as generated documentation. Only for
    content you trust."""

    downloadRedirect: Annotated[bool, Default(False)] = unset()
    """Answers downloads with a redirect to the cloud storage instead of streaming the file."""

    cdnRedirect: Annotated[bool, Default(False), CLOUD_ONLY] = unset()
    """Answers downloads with a redirect to the content delivery network."""

    priorityResolution: Annotated[bool, NotFor(*WITHOUT_PRIORITY), Default(False)] = unset()
    """Virtual repositories look here first and stop when they find the package."""


# --- rules -----------------------------------------------------------------------------------

MAX_KEY = 64
MAX_REMOTE_KEY = 58

_RESERVED = frozenset({".", "..", "&", "list", "release-bundles"})
_ASCII_FIRST = frozenset(ascii_letters + digits + "_")
_ASCII_LATER = _ASCII_FIRST | {"-", "."}
_USUAL_KEY = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NAME = ("metadata", "name")


def key_rule(longest: int) -> Rule:
    """The rule for a repository's key in a class whose keys have this length at most."""

    def rule(subject: Subject) -> Iterator[Fault]:
        key = subject.name
        if key in _RESERVED:
            yield Fault(
                _NAME,
                "key-reserved",
                f"'{key}' cannot be a repository key: the server keeps it for itself",
                "choose another name",
            )
            return
        if len(key) > longest:
            yield Fault(
                _NAME,
                "key-too-long",
                f"the key has {len(key)} characters; {_limit(longest)}",
                f"shorten it by {len(key) - longest}",
            )
        if bad := _bad_character(key):
            yield Fault(
                _NAME,
                "key-illegal-character",
                f"the key {bad}: a key is part of paths and addresses",
                "use letters, digits, '-', '_' and '.', and begin with a letter or a digit",
            )

    return rule


def _limit(longest: int) -> str:
    if longest == MAX_REMOTE_KEY:
        return f"a remote's may have {longest}, because the server appends '-cache'"
    return f"a repository's may have {longest}"


def _bad_character(key: str) -> str:
    """What is wrong with the characters of a key, as the end of a sentence; empty if nothing."""
    if _USUAL_KEY.fullmatch(key):
        return ""
    if not key:
        return "is empty"
    for char in key:
        if not _is_legal(char):
            return f"contains {_shown(char)}"
    return "" if _is_legal(key[0], first=True) else f"begins with {_shown(key[0])}"


def _is_legal(char: str, *, first: bool = False) -> bool:
    """Whether XML allows the character in a name; a digit may come first, a colon never."""
    if char.isascii():
        return char in (_ASCII_FIRST if first else _ASCII_LATER)
    return bool(_beyond_ascii(first).fullmatch(char))


@cache
def _beyond_ascii(first: bool) -> re.Pattern[str]:
    """Compiled when a key needs it, because few do and it takes milliseconds."""
    letters = (
        "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
        "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
    )
    return re.compile(f"[{letters}]" if first else f"[\u00b7\u0300-\u036f\u203f\u2040{letters}]")


def _shown(char: str) -> str:
    if char == " ":
        return "a blank"
    return f"'{char}'" if char.isprintable() else f"U+{ord(char):04X}"


def key_not_of_a_cache(subject: Subject) -> Iterator[Fault]:
    """The ending `-cache` belongs to the caches of remotes."""
    if subject.name.endswith("-cache"):
        yield Fault(
            _NAME,
            "key-ends-in-cache",
            "the key ends in '-cache', which the server keeps for the caches of remotes",
            "choose another ending",
        )


def class_rule(rclass: str) -> Rule:
    """The rule that the class has the package type, as far as the package type is known."""

    def rule(subject: Subject) -> Iterator[Fault]:
        package_type = subject.spec.get("packageType")
        if not isinstance(package_type, str):
            return
        classes = classes_of(package_type)
        if classes and rclass not in classes:
            yield Fault(
                ("spec", "packageType"),
                "class-package-type",
                f"there are no {rclass} repositories of type '{package_type}'",
                "it exists for: " + ", ".join(f"{c.capitalize()}Repository" for c in classes),
            )

    return rule


def proxy_conflict(subject: Subject) -> Iterator[Fault]:
    """A proxy and the order to use none contradict each other."""
    if subject.spec.get("proxy") and subject.spec.get("disableProxy") is True:
        yield Fault(
            ("spec", "proxy"),
            "proxy-conflict",
            "a proxy is named and disableProxy is true; the server would drop the proxy",
            "remove one of the two",
        )


def environments_without_project(subject: Subject) -> Iterator[Fault]:
    """Environments mean something inside a project only."""
    if subject.spec.get("environments") and not in_project(subject.spec):
        yield Fault(
            ("spec", "environments"),
            "environments-without-project",
            "environments have no effect on a repository outside of a project, and will drift",
            "set projectKey, or remove environments",
            severity="warning",
        )


def in_project(spec: Mapping[str, Any]) -> bool:
    """Whether a spec assigns the repository to a project."""
    return spec.get("projectKey") not in (None, "", NO_PROJECT)


def external_dependencies_patterns(subject: Subject) -> Iterator[Fault]:
    """The list of external dependencies needs its switch, and cannot be empty."""
    spec, at = subject.spec, ("spec", "externalDependenciesPatterns")
    if "externalDependenciesPatterns" not in spec:
        return
    if not spec["externalDependenciesPatterns"]:
        summary = "the server turns an empty list of patterns into '**', which admits everything"
        hint = "name the patterns, or set externalDependenciesEnabled to false and leave them out"
    elif spec.get("externalDependenciesEnabled", _follows_by_default(spec)) is not True:
        summary = "the patterns have no effect: external dependencies are not followed"
        hint = "set externalDependenciesEnabled to true"
    else:
        return
    yield Fault(at, "external-dependencies-patterns", summary, hint, severity="warning")


def _follows_by_default(spec: Mapping[str, Any]) -> bool:
    return spec.get("packageType") == "go"


# --- the platform ----------------------------------------------------------------------------


@dataclass(frozen=True)
class RepositoryListing:
    """All configurations in one answer, grouped by class."""

    service: str = "artifactory"
    since: str = "7.61.3"

    def read(self) -> Flow:
        """Raw answers by key; None when the token or the server does not allow it.

        An older server takes the last word of the path for a key and has no such repository.
        """
        request = Request("GET", "/artifactory/api/repositories/configurations")
        response: Response = yield request
        if response.status in (401, 403):
            return None
        if response.status in (400, 404) and is_error_document(response):
            return None
        found = _configurations(response) if response.status == 200 else None
        if found is None:
            raise unusable(request, response)
        return found

    def names(self) -> Flow:
        """The keys of all repositories the token may see (2.10.4); works on every version."""
        request = Request("GET", "/artifactory/api/repositories")
        response: Response = yield from send(request)
        try:
            short = response.json()
        except ValueError:
            short = None
        if not isinstance(short, list):
            raise unusable(request, response)
        return [str(raw["key"]) for raw in short if isinstance(raw, dict) and "key" in raw]

    def matches(self, kind_constants: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        """Whether the answer is of this class, and not one of the server's own repositories."""
        if str(raw.get("packageType", "")).lower().startswith("releasebundle"):
            return False
        return all(raw.get(name) == value for name, value in kind_constants.items())


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


@dataclass(frozen=True)
class RepositoryCollection(Collection):
    """The repositories of one class: created by PUT, changed by POST with the changed fields."""

    path: str = "/artifactory/api/repositories"
    missing: frozenset[int] = frozenset({400, 404})
    name_field: str = "key"
    complete_by: tuple[str, ...] = ("includesPattern", "repoLayoutRef")
    listing: Listing | None = field(default_factory=RepositoryListing)

    content: str = "{key}"
    """Key of the repository that holds the files; empty for a class that holds none."""

    content_may_lack: bool = False
    """Whether the place of the files may be missing because there were never any."""

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
            yield from send(self._write(self.update_by, write, body))
        if leaves:
            yield from _assign(write.name, None)

    def measure(self, address: Address) -> Flow:
        """Counts the files by listing them all: expensive for a big repository."""
        if not self.content:
            return None
        key = quote(self.content.format(key=address.name), safe="")
        request = Request("GET", f"/artifactory/api/storage/{key}", query=_ALL_FILES)
        response: Response = yield request
        if self.content_may_lack and response.status == 404 and is_error_document(response):
            return Content(0, 0)
        content = _content(response) if response.status == 200 else None
        if content is None:
            raise unusable(request, response)
        return content


_ALL_FILES = (("list", ""), ("deep", "1"), ("listFolders", "0"))


_OUTSIDE = (None, "", NO_PROJECT)
"""What stands for no project at all."""


def _assign(key: str, project: str | None) -> Flow:
    """Put a repository into a project, or take it out of the one it is in."""
    path = f"/access/api/v1/projects/_/attach/repositories/{quote(key, safe='')}"
    if project in _OUTSIDE:
        request = Request("DELETE", path)
        response: Response = yield request
        if not response.ok and response.status != 404:
            raise unusable(request, response)
    else:
        target = f"{path}/{quote(str(project), safe='')}"
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

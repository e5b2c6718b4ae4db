"""The nouns that travel between the stages: small, immutable, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal
from urllib.parse import unquote

from reconciler.errors import Diagnostic, Severity

JsonValue = Any
"""A value of JSON: None, bool, int, float, str, list or dict with text keys."""


Path = tuple[str | int, ...]
"""A way from a document's root to a place in it, such as `("spec", "repositories", 2)`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was written: a file relative to the workspace, line and column from 1.

    A manifest of a set was written in the template: `base` leads there from the root of the
    document that line and column lie in, and `combination` says what the matrix filled in, such as
    `team=payments`. `overlays` are the patches of the environment that changed it, in their order.
    `filled` says that a placeholder stood in it.
    """

    file: str
    line: int
    column: int = 1
    base: Path = ()
    combination: str = ""
    overlays: tuple[Overlay, ...] = ()
    filled: bool = False

    @property
    def is_derived(self) -> bool:
        """Whether the manifest differs from what the file says: then nothing may edit it there."""
        return self.filled or bool(self.base or self.overlays)

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """`file:line`, and which manifest of a set it is."""
        return f"{self.place} ({self.combination})" if self.combination else self.place

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 4; `combination` and `patches` only where there are any."""
        shown: dict[str, JsonValue] = {"file": self.file, "line": self.line}
        if self.combination:
            shown["combination"] = self.combination
        if self.overlays:
            shown["patches"] = [overlay.origin.place for overlay in self.overlays]
        return shown

    def at(self, path: Path) -> tuple[Origin, Path, int | None]:
        """Where the value at a path of the manifest was written: origin, path, document's index.

        The path leads from the root of the document in the file; the index is None where it is
        that of the manifest itself.
        """
        for overlay in reversed(self.overlays):
            for begin, written in overlay.written:
                if path[: len(begin)] == begin:
                    return overlay.origin, written + path[len(begin) :], overlay.index
        return self, self.base + path, None


@dataclass(frozen=True, slots=True)
class Overlay:
    """One patch that changed a manifest, and where it stands: a document of a file.

    `written` pairs each path of the manifest that the patch wrote with the patch's own path.
    """

    origin: Origin
    index: int
    written: tuple[tuple[Path, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document as plain data, and where it begins.

    `index` is its place among the documents of its file, from 0: with it, the exact position of
    any value in the document can be looked up later. Without `may_have_placeholders`, nobody has
    to look for any.
    """

    origin: Origin
    data: JsonValue
    index: int = 0
    may_have_placeholders: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """The identity of one object, printed the same everywhere.

    `[platform:]Kind/part[/part]`; parts are percent-encoded where they hold `/ % : #`, blanks or
    control characters. The platform is always known; it is printed when the workspace has several.
    """

    kind: str
    parts: tuple[str, ...]
    platform: str = "default"
    qualified: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """The object's own name, without its parents."""
        return self.parts[-1]

    @property
    def full(self) -> str:
        """The printed form with the platform, as the inventory keeps it."""
        return f"{_encode(self.platform)}:{self.unqualified}"

    @property
    def unqualified(self) -> str:
        """The printed form without the platform."""
        return "/".join([self.kind, *map(_encode, self.parts)])

    def __str__(self) -> str:
        return self.full if self.qualified else self.unqualified

    @classmethod
    def parse(cls, text: str, platform: str = "default", *, qualified: bool = False) -> Address:
        """Read a printed address; `platform` is taken when the text names none.

        Raises ValueError when the text is no address.
        """
        head, colon, rest = text.partition(":")
        if colon and "/" not in head:
            platform, text = unquote(head), rest
        kind, *parts = text.split("/")
        if not kind or not parts or not all(parts):
            raise ValueError(f"'{text}' is no address; an address looks like Kind/name")
        if "%" in text:
            parts = list(map(unquote, parts))
        return cls(kind, tuple(parts), platform, qualified)


_TO_ENCODE = re.compile("[/%:# \x00-\x1f\x7f]")


def _encode(part: str) -> str:
    if _TO_ENCODE.search(part) is None:  # nearly always, and asked tens of thousands of times
        return part
    return _TO_ENCODE.sub(lambda match: f"%{ord(match[0]):02X}", part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at a path of one document; `at` says whether its key or its value is meant.

    `quote` asks for a hint that shows the value as written, in quotes.
    """

    origin: Origin
    index: int
    path: Path
    rule: str
    summary: str
    hint: str = ""
    severity: Severity = "error"
    at: Literal["key", "value"] = "value"
    address: str | None = None
    detail: str = ""
    quote: bool = False


Manage = Literal["full", "create-only", "observe"]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How far an object is managed (`metadata.lifecycle`)."""

    protect: bool = False
    manage: Manage = "full"
    ignore: tuple[str, ...] = ()
    takeover: bool = False
    replace: bool = False
    release: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as its owner wants it, on one platform.

    `spec` holds only what the author wrote: an absent key is neither compared nor written, None
    means "clear it".
    """

    address: Address
    spec: Mapping[str, JsonValue]
    origin: Origin
    index: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    previous_names: tuple[str, ...] = ()

    def previous_addresses(self) -> Iterator[Address]:
        """The addresses the object may still be at (`metadata.previousNames`)."""
        for name in self.previous_names:
            yield replace(self.address, parts=(*self.address.parts[:-1], name))


@dataclass(frozen=True, slots=True)
class Live:
    """One object as the platform answers it.

    `raw` is the answer as it came. `complete` is False when the answer is the reduced one that a
    weaker token gets: then a field it lacks is unknown, not unset.
    """

    raw: Mapping[str, JsonValue]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """The platform said that the object does not exist."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The platform's answer allows no conclusion; never taken for absence."""

    reason: str
    status: int = 0


Observed = Live | Absent | Unreadable

SecretState = Literal["set", "changed", "unverifiable"]


class _Unset:
    """Stands for a value nobody has set; unlike None it is not a value of JSON."""

    _instance: _Unset | None = None

    def __new__(cls) -> _Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Any = _Unset()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One path whose desired value differs from the live one.

    | action          | before          | after          |
    |-----------------|-----------------|----------------|
    | create          | UNSET           | desired value  |
    | update, convert | live or UNSET   | desired value  |

    A secret has no values, only a state; `reference` names where its value will come from.
    `ordered` says of a list that its order has a meaning; sets come in a fixed order.
    """

    path: str
    before: JsonValue = UNSET
    after: JsonValue = UNSET
    secret: SecretState | None = None
    reference: str = ""
    ordered: bool = False

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15: absent means unset, null means null."""
        if self.secret is not None:
            return {"path": self.path, "secret": True, "state": self.secret}
        shown: dict[str, JsonValue] = {"path": self.path}
        if self.before is not UNSET:
            shown["before"] = self.before
        if self.after is not UNSET:
            shown["after"] = self.after
        return shown


class Action(StrEnum):
    """What a change does to its object."""

    DELETE = "delete"
    REPLACE = "replace"
    CONVERT = "convert"
    UPDATE = "update"
    CREATE = "create"
    DEPLOY = "deploy"
    ADOPT = "adopt"
    RELEASE = "release"

    @property
    def writes(self) -> bool:
        """Whether the platform is changed; adopt and release touch only the inventory."""
        return self not in (Action.ADOPT, Action.RELEASE)


Risk = Literal["safe", "notable", "disruptive", "destructive"]


@dataclass(frozen=True, slots=True)
class Block:
    """Why a change is not carried out. `code` is of a closed, published list."""

    code: str
    message: str
    override: str | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15."""
        return {"code": self.code, "message": self.message, "override": self.override}


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request a change will send."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a plan."""

    address: Address
    action: Action
    reason: str
    fields: tuple[FieldChange, ...] = ()
    adopting: bool = False
    risk: Risk = "notable"
    requires: tuple[Address, ...] = ()
    origin: Origin | None = None
    blocked: Block | None = None
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    requests: tuple[PlannedRequest, ...] = ()
    previous: Address | None = None
    """Where the object is now, if a rename or a conversion gives it this address."""

    @property
    def is_blocked(self) -> bool:
        """Whether the change is shown but not carried out."""
        return self.blocked is not None

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 4."""
        return {
            "address": str(self.address),
            "platform": self.address.platform,
            "kind": self.address.kind,
            "name": self.address.name,
            "action": self.action.value,
            "adopting": self.adopting,
            "risk": self.risk,
            "reason": self.reason,
            "fields": [change.as_json() for change in self.fields],
            "requires": [str(address) for address in self.requires],
            "origin": _origin_json(self.origin),
            "blocked": self.blocked.as_json() if self.blocked else None,
            "evidence": dict(self.evidence),
            "requests": [{"method": r.method, "path": r.path} for r in self.requests],
        }


def _origin_json(origin: Origin | None) -> dict[str, JsonValue] | None:
    return origin.as_json() if origin else None


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """What was learned of one platform at the start of a run."""

    name: str
    url: str
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def artifactory_version(self) -> str:
        """Artifactory's version, or the empty text where the probe did not tell."""
        return self.versions.get("artifactory", "")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of a workspace's objects, counted from 1."""

    index: int
    total: int

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


@dataclass(frozen=True, slots=True)
class Scope:
    """What `--only`, `--exclude` and `--shard` left of the workspace; empty means all of it."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    shard: Shard | None = None

    def __bool__(self) -> bool:
        return bool(self.only or self.exclude or self.shard)

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form; without a shard there is no such key."""
        shown: dict[str, JsonValue] = {"only": list(self.only), "exclude": list(self.exclude)}
        return shown | ({"shard": str(self.shard)} if self.shard else {})


ACTION_COUNTS = ("create", "update", "replace", "convert", "delete", "adopt", "deploy", "release")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply would do, as a value: saved, compared, shown, tested.

    `changes` are in the order in which they will be carried out. `partial` says that some object
    or field could not be read, so the plan may lack changes.
    """

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    platforms: tuple[PlatformInfo, ...] = ()
    scope: Scope = Scope()
    unmanaged: tuple[Address, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    tool: str = ""
    created: str = ""
    commit: str | None = None
    partial: bool = False
    by_reference: tuple[Address, ...] = ()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that write to a platform and are not blocked."""
        return tuple(c for c in self.changes if c.action.writes and not c.is_blocked)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """The changes that are shown but not carried out."""
        return tuple(c for c in self.changes if c.is_blocked)

    @property
    def is_empty(self) -> bool:
        """No create, update, replace, convert, delete or deploy."""
        return not self.pending and not self.blocked

    def summary(self) -> dict[str, int]:
        """How many changes of each action; blocked ones count in `blocked` only."""
        counts = dict.fromkeys(ACTION_COUNTS, 0)
        for change in self.changes:
            if not change.is_blocked:
                counts[change.action.value] += 1
        return counts | {"unchanged": self.unchanged, "blocked": len(self.blocked)}

    def with_digest(self, digest: str) -> Plan:
        """The same plan, carrying its digest."""
        return replace(self, digest=digest)


Result = Literal["done", "failed", "blocked", "not-attempted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `fields` names what the server did not keep as it was written; `status` is the HTTP status of
    the answer that made it fail, 0 where there was none.
    """

    change: Change
    result: Result
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    wrote: bool = False
    status: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15."""
        return {
            "address": str(self.change.address),
            "action": self.change.action.value,
            "result": self.result,
            "reason": self.reason,
            "fields": [f.as_json() for f in self.fields],
        }


DriftStatus = Literal["changed", "deleted", "not-tracked", "unreadable"]

DRIFT_STATUSES: tuple[DriftStatus, ...] = ("deleted", "changed", "unreadable", "not-tracked")
"""In the order in which they matter."""


@dataclass(frozen=True, slots=True)
class DriftEntry:
    """One object that is not as it was last applied, or whose state nobody can tell.

    `fields` hold what was last applied as `before` and what is live as `after`. A declared object
    that was never applied is `not-tracked`: it cannot have drifted.
    """

    address: Address
    status: DriftStatus
    fields: tuple[FieldChange, ...] = ()
    origin: Origin | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed on the platforms since the last apply; `tracked` counts the objects compared."""

    entries: tuple[DriftEntry, ...] = ()
    unmanaged: tuple[Address, ...] = ()
    tracked: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    scope: Scope = Scope()

    @property
    def drifted(self) -> tuple[DriftEntry, ...]:
        """The objects that differ: what makes the exit code 2."""
        return tuple(e for e in self.entries if e.status in ("changed", "deleted"))

    @property
    def is_incomplete(self) -> bool:
        """Whether some object could not be read."""
        return any(e.status == "unreadable" for e in self.entries)

    def summary(self) -> dict[str, int]:
        """How many objects of each status."""
        found = [entry.status for entry in self.entries]
        return {status: found.count(status) for status in DRIFT_STATUSES}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One object of a graph; without an origin it is named, but nobody declares it."""

    address: Address
    origin: Origin | None = None
    by_reference: bool = False


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One object names another; `fields` are the paths at which it does."""

    source: Address
    target: Address
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Who names whom: nodes and edges by address, each once."""

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """One object as a side declares it, everything written out."""

    address: Address
    document: Mapping[str, Any]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Differing:
    """An object both sides declare otherwise.

    `fields` hold the left value as `before`, the right one as `after`; `paths` lead to the same
    places in the document.
    """

    left: Declared
    right: Declared
    fields: tuple[FieldChange, ...]
    paths: tuple[Path, ...]

    def json_patch(self) -> list[dict[str, JsonValue]]:
        """The JSON Patch (RFC 6902) that makes the left document the right one."""
        return [_operation(p, f) for p, f in zip(self.paths, self.fields, strict=True)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sides differ; objects are in the order of their names."""

    left: str
    right: str
    only_left: tuple[Declared, ...] = ()
    only_right: tuple[Declared, ...] = ()
    differing: tuple[Differing, ...] = ()
    equal: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether both sides declare the same."""
        return not (self.only_left or self.only_right or self.differing)


def _operation(path: Path, field: FieldChange) -> dict[str, JsonValue]:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = "".join(f"/{step}" for step in steps)
    if field.after is UNSET:
        return {"op": "remove", "path": pointer}
    op = "add" if field.before is UNSET else "replace"
    return {"op": op, "path": pointer, "value": field.after}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a platform; `path` starts at the platform's base URL.

    `json` may hold `Secret` values; they are revealed only when the body is written to the wire.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: JsonValue = UNSET
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """Whether repeating it can change nothing."""
        return self.method in ("GET", "HEAD")

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


def reference_name(reference: Mapping[str, str]) -> str:
    """How a secret reference is named to people and in the digest: `env:NAME` or `file:PATH`."""
    ((source, name),) = reference.items()
    return f"{source}:{name}"


class Secret:
    """A resolved secret value. It never shows itself: not in repr, text, JSON or a traceback."""

    __slots__ = ("__value", "reference")

    def __init__(self, value: str, reference: str) -> None:
        self.__value = value
        self.reference = reference

    def reveal(self) -> str:
        """The value itself; only the client calls this, when it writes the body."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Entry:
    """What the inventory remembers of one owned object.

    `applied` holds the managed fields as last written; `secrets` a keyed fingerprint for each
    secret path; `rewritten` the fields the server answers differently from what was written, as
    path -> [wanted, got], so that they are told once and not planned for ever.
    """

    owner: str
    applied: Mapping[str, JsonValue] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    rewritten: Mapping[str, tuple[JsonValue, JsonValue]] = field(default_factory=dict)


@dataclass(frozen=True)
class Inventory:
    """The set of objects we own, by full address."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    @cached_property
    def _by_parts(self) -> Mapping[tuple[str, tuple[str, ...]], list[Address]]:
        found: dict[tuple[str, tuple[str, ...]], list[Address]] = {}
        for text in self.entries:
            address = Address.parse(text)
            found.setdefault((address.platform, address.parts), []).append(address)
        return found

    def namesakes(self, address: Address) -> Sequence[Address]:
        """The recorded addresses of any kind with the platform and parts of this one."""
        return self._by_parts.get((address.platform, address.parts), ())

    def get(self, address: Address) -> Entry | None:
        """The entry of one object, or None when nobody recorded it."""
        return self.entries.get(address.full)

    def addresses(self, platforms: Sequence[str], *, qualified: bool) -> Iterator[Address]:
        """The recorded addresses on the given platforms."""
        for text in self.entries:
            address = Address.parse(text, qualified=qualified)
            if address.platform in platforms:
                yield address

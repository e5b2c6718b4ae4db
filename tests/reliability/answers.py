"""Answers of a server in, what no server should answer out; and the commands that must bear it."""

from __future__ import annotations

import copy
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category
from unittest.mock import patch

import httpx
from hypothesis import note
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.pipeline.session import session
from reconciler.platform.connect import Wire
from tests.manifests.mutations import VALUES, parent_of, places
from tests.reliability.mixed import TOGETHER, Ground, Mixed, at, federated, made_of
from tests.reliability.trouble import Forward, Point, Sent, Sleep, Trouble
from tests.support.estate import local, manifest, remote, virtual

SLOW = 10.0
"""Seconds of processor time no command may take; usual are some milliseconds."""

OWNED = (
    manifest("Project", "ops", {"displayName": "Ops", "description": "old"}),
    manifest("Group", "operators", {"description": "old", "members": ["ann", "bob"]}),
    manifest("GlobalEnvironment", "QA"),
    local("own-a", "npm", description="old", projectKey="ops", environments=["PROD"]),
    remote("own-remote", description="old", password={"env": "FIRST_SECRET"}),
    virtual("own-virtual", "npm", repositories=["own-a"]),
    federated("own-federated", description="old"),
)
WANTED = (
    manifest("Project", "ops", {"displayName": "Ops", "description": "new"}),
    manifest("ProjectEnvironment", "perf", project="ops"),
    manifest("Group", "operators", {"description": "old", "members": ["bob", "dan"]}),
    manifest("GlobalEnvironment", "TEST", previousNames=["QA"]),
    local("own-a", "npm", description="new", projectKey="ops", environments=["PROD"]),
    local("new-a", "npm", description="new"),
    local("new-b", "npm", description="new"),
    local("found", "npm", description="theirs"),
    remote("own-remote", description="new", password={"env": "FIRST_SECRET"}),
    virtual("own-virtual", "npm", repositories=["own-a", "new-a"]),
    federated("own-federated", "west", description="old"),
    at("west", local("west-a", "npm")),
)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan", "--output", "json"),
    ("plan", "--unmanaged"),
    ("apply", "--yes", "--output", "json"),
    ("apply", "--yes"),
    ("drift", "--output", "json"),
    ("export", "-"),
    ("snapshot", "--out", "snapshot.json"),
    ("adopt", "--all"),
)
LIST_ONLY = "/environments"
"""Objects that are nothing but names in a list: what a well-formed list lacks is absent."""


@cache
def small() -> Ground:
    """A dozen objects on two platforms, some of them to be changed."""

    def found(estate: Mixed) -> None:
        estate.put("found", rclass="local", packageType="npm", description="theirs")
        estate.upload("own-a", "a/one.txt")

    return made_of(TOGETHER, OWNED, WANTED, found)


# --- commands ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str
    seconds: float


@contextmanager
def wired(estate: Mixed) -> Iterator[None]:
    """Commands of this process reach the platforms of an estate, and nothing else."""
    opened = partial(session, wire=Wire(estate.transport, estate.time.clock))
    environment = {**estate.environment, "RECONCILER_CACHE": "off"}
    with (
        patch("reconciler.cli.planning.session", opened),
        patch.dict(os.environ, environment, clear=True),
        chdir(estate.root),
    ):
        yield


def command(*words: str) -> Ended:
    """Run one command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    started = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(words))
    return Ended(code, out.getvalue(), err.getvalue(), time.process_time() - started)


@cache
def asked(words: tuple[str, ...]) -> tuple[Point, ...]:
    """The requests of a command that nothing disturbs."""
    with tempfile.TemporaryDirectory() as folder:
        estate = small().fresh(Path(folder))
        with wired(estate):
            estate.wire.spoil(None, None)
            ended = command(*words)
        assert ended.code in (0, 2), ended
        return tuple(dict.fromkeys(estate.wire.points))


def endured(words: tuple[str, ...], place: int, mangle: Trouble, times: int = 1) -> list[str]:
    """A command that meets a mangled answer; what is wrong with how it bears it.

    `place` chooses the request, whatever their number; with `times` other than 1, all answers to
    that path are mangled.
    """
    points = asked(words)
    point = points[place % len(points)]
    with tempfile.TemporaryDirectory() as folder:
        estate = small().fresh(Path(folder))
        before = names(estate)
        estate.wire.spoil(point, mangle)
        estate.wire.always = times != 1
        with wired(estate):
            ended = command(*words)
            wrong = [
                *unsound(words, ended),
                *harmful(before, estate.wire.sent, is_single=times == 1),
                *([] if estate.wire.hit else ["the request was never sent"]),
            ]
            if words[0] == "apply":
                estate.wire.spoil(None, None)
                wrong += recovered()
        return wrong


def recovered() -> Iterator[str]:
    """What is wrong once the answers are right again: an apply, and nothing is left to do."""
    again = command("apply", "--yes", "--output", "json")
    if again.code != 0:
        yield f"the apply afterwards ended {again.code}: {again.out[-600:]}"
    elif (after := command("plan", "--output", "json", "--detailed-exitcode")).code != 0:
        yield f"the plan afterwards ended {after.code}: {after.out[-600:]}"


def names(estate: Mixed) -> set[str]:
    """Every object that is live, as `platform: name`."""
    found = set()
    for site, held in estate.state().items():
        found |= {f"{site}: {name}" for name in (*held["repositories"], *held["projects"])}
        found |= {f"{site}: {group['name']}" for group in held["directory"]["groups"]}
    return found


def unsound(words: tuple[str, ...], ended: Ended) -> Iterator[str]:
    """What no answer may do to a command."""
    if ended.code not in range(7):
        yield f"exit code {ended.code}"
    if ended.seconds > SLOW:
        yield f"it took {ended.seconds:.1f} s"
    if "Traceback" in ended.err or "should not have happened" in ended.err:
        yield f"it fell over: {ended.err[-300:]}"
    if any(map(is_obeyed, ended.err + ended.out)):
        yield f"it printed what terminals obey: {ended.err[-300:]!r} {ended.out[-300:]!r}"
    if "json" in words:
        try:
            document = json.loads(ended.out)
        except ValueError:
            yield f"no JSON: {ended.out[:200]!r}"
            return
        if document["exitCode"] != ended.code:
            yield f"the document says {document['exitCode']}, the process {ended.code}"
        if any(found["rule"] == "unexpected" for found in document["diagnostics"]):
            yield f"it fell over: {document['diagnostics']}"


def is_obeyed(char: str) -> bool:
    """Whether a sign does something to a terminal or to the text around it, instead of showing."""
    controls = category(char) in ("Cc", "Cs", "Zl", "Zp") and char != "\n"
    return controls or bidirectional(char) in _TURNING


_TURNING = frozenset({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})


def harmful(before: set[str], sent: list[Sent], *, is_single: bool) -> Iterator[str]:
    """Writes that come of believing a mangled answer: deletes, and creates of what is there."""
    for one in sent:
        path = one.point.path
        if one.point.method == "DELETE" and "/attach/" not in path:
            yield f"{one.line} was sent"
        if is_single and one.point.method in ("PUT", "POST"):
            for name in creates(one):
                if f"{one.point.site}: {name}" in before:
                    yield f"{one.line} creates {name}, which is there"


def creates(one: Sent) -> list[str]:
    """The names of the objects a request is to create."""
    match one.point.method, one.point.path:
        case "PUT", "/artifactory/api/v2/repositories/batch":
            return [item["key"] for item in one.body]
        case "PUT", path if path.startswith("/artifactory/api/repositories/"):
            return [path.rpartition("/")[2]]
        case "POST", "/access/api/v2/groups":
            return [one.body["name"]]
        case "POST", "/access/api/v1/projects":
            return [one.body["project_key"]]
    return []


# --- mangled answers --------------------------------------------------------------------------

STATUSES = st.sampled_from(
    [200, 201, 202, 204, 206, 207, 301, 302, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413,
     418, 422, 423, 428, 429, 431, 451, 500, 501, 502, 503, 504, 507, 511, 520, 524, 599, 600, 999]
)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "retry-after", "location", "content-encoding", "date", "x-jfrog-version",
         "set-cookie", "transfer-encoding", "content-range", "x-artifactory-id"]
    ),
    st.sampled_from(
        ["", "text/html", "application/json; charset=utf-16", "nan", "-1", "1e308", "inf", "0", "7",
         "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 99 Foo", "gzip", "deflate", "br", "zstd", "chunked",
         "http://elsewhere.example.com/", "/", "a" * 9000, "9" * 400, "\t", "bytes 0-0/1"]
    ),
    max_size=2,
)  # fmt: skip
ODD_BODIES = st.sampled_from(
    [
        b"", b" ", b"null", b"true", b"0", b"-1", b"1e999", b"NaN", b"[]", b"{}", b'""', b"[[]]",
        b"[null]", b"[{}]", b'{"a":', b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"\x00" * 64,
        b"\xff\xfe\xfd", b'"\\ud800"', b'{"\\ud800":"\\ud800"}', b"<html>no</html>", b"9" * 5000,
        b"[" * 100_000, b'{"a":' * 50_000, b"[1e400]", b'{"errors":null}', b'{"errors":[]}',
        b'{"errors":[null]}', b'{"errors":[{"status":"x","message":{"a":1}}]}', b"{}{}", b"{} ,",
        b'{"errors":[{"status":404,"message":null}]}', b'{"version":"x","version":7}',
        b"x" * 1_000_000, "ünï\u2028\u202e\x1b[31m".encode(), b'"' + b"\\n" * 9000 + b'"',
    ]
)  # fmt: skip
ODD_VALUES = st.one_of(
    VALUES,
    st.sampled_from(
        [10**400, -(10**30), 1e308, "", " ", "x" * 20_000, "\ud800", "\x1b[31m", "\u202e", "a\nb",
         "../..", "a/b", "%2e", "null", [], {}, [[]], [None], {"": None}, True, "NO_PROJECT", "0",
         "https://[", "http://a:b@c/", "\x00", "9" * 400, "-1", "1e999", "unassigned", "default"]
    ),
)  # fmt: skip


def mangled(answer: httpx.Response, body: bytes, **changes: Any) -> httpx.Response:
    """The answer with other contents; headers that tell its length follow."""
    kept = {n: v for n, v in answer.headers.items() if n.lower() != "content-length"}
    headers = {**kept, **changes.get("headers", {})}
    status = changes.get("status", answer.status_code)
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def replaced(change: Callable[[bytes], tuple[bytes, dict[str, Any]]]) -> Trouble:
    """The request is carried out, and its answer changed on the way."""

    def trouble(forward: Forward, sleep: Sleep) -> httpx.Response:
        answer = forward()
        body, changes = change(answer.read())
        return mangled(answer, body, **changes)

    return trouble


@st.composite
def odd_answers(draw: st.DrawFn) -> Trouble:
    """Another status, headers or body, in any combination."""
    changes: dict[str, Any] = {"headers": draw(HEADERS)}
    if draw(st.booleans()):
        changes["status"] = draw(STATUSES)
    body = draw(st.none() | ODD_BODIES)
    note(f"{changes} {body[:60] if body is not None else 'its own body'!r}")
    return replaced(lambda real: (real if body is None else body, changes))


@st.composite
def scratched_answers(draw: st.DrawFn) -> Trouble:
    """Some bytes of the body cut out, doubled or replaced."""
    cuts = draw(
        st.lists(
            st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=4) | _SIGNS),
            min_size=1,
            max_size=3,
        )
    )

    note(str(cuts))

    def scratch(real: bytes) -> tuple[bytes, dict[str, Any]]:
        data = bytearray(real)
        for where, length, instead in cuts:
            start = int(where * len(data))
            data[start : start + length] = instead
        return bytes(data), {}

    return replaced(scratch)


_SIGNS = st.sampled_from([b"{", b"[", b'"', b",", b"null", b"0", b"\\", b"\xff", b"}", b"]", b":"])


@st.composite
def bent_answers(draw: st.DrawFn) -> Trouble:
    """Nodes of the document dropped, renamed, doubled or of another type; still JSON."""
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(0, 10_000),
                st.sampled_from(["drop", "rename", "double", "replace", "replace", "swap"]),
                ODD_VALUES,
            ),
            min_size=1,
            max_size=3,
        )
    )

    note(str(steps)[:500])

    def bend(real: bytes) -> tuple[bytes, dict[str, Any]]:
        try:
            document = json.loads(real)
        except ValueError:
            return real, {}
        held = {"": document}
        for number, action, value in steps:
            _bend(held, number, action, value)
        text = json.dumps(held.get(""), ensure_ascii=True)
        return text.encode(), {}

    return replaced(bend)


def with_value(path: tuple[Any, ...], value: Any) -> Trouble:
    """One node of the document replaced."""

    def put(real: bytes) -> tuple[bytes, dict[str, Any]]:
        document = json.loads(real)
        parent_of(document, path)[path[-1]] = value
        return json.dumps(document).encode(), {}

    return replaced(put)


def _bend(held: dict[str, Any], number: int, action: str, value: Any) -> None:
    alike: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for path in places(held):  # each field is as likely as any other, however often it is there
        alike.setdefault(tuple("*" if isinstance(p, int) else p for p in path), []).append(path)
    if not alike:
        return
    chosen = list(alike.values())[number % len(alike)]
    path = chosen[number // len(alike) % len(chosen)]
    parent, last = parent_of(held, path), path[-1]
    value = copy.deepcopy(value)  # or it could come to hold itself
    if action == "drop":
        del parent[last]
    elif action == "double" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[last]))
    elif action == "rename" and isinstance(parent, dict):
        parent[str(value)[:9]] = parent.pop(last)
    elif action == "swap" and isinstance(parent[last], list | dict):
        inner = parent[last]
        parent[last] = list(inner.items()) if isinstance(inner, dict) else dict(enumerate(inner))
    else:
        parent[last] = value

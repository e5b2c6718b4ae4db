"""How repositories reach the platform: the flows, with the server played by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.errors import AnswerError
from reconciler.kinds.access.group import KIND as GROUP
from reconciler.kinds.access.project_environment import KIND as PROJECT_ENVIRONMENT
from reconciler.kinds.repositories.local_repository import KIND as LOCAL
from reconciler.kinds.repositories.remote_repository import KIND as REMOTE
from reconciler.kinds.repositories.virtual_repository import KIND as VIRTUAL
from reconciler.kinds.rest import Content, Flow, Write
from reconciler.model import Absent, Address, Live, Request, Response

HERE = Address("LocalRepository", ("npm local",))
MISSING = {"errors": [{"status": 400, "message": "Bad Request"}]}
ATTACH = "/access/api/v1/projects/_/attach/repositories/npm%20local"


def answer(body: Any, status: int = 200) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {}, raw)


def play(flow: Flow, *answers: Response) -> tuple[list[Request], Any]:
    """Run a flow against prepared answers: the requests it sent and what it returned."""
    sent, waiting = [], list(answers)
    try:
        request = next(flow)
        while True:
            sent.append(request)
            request = flow.send(waiting.pop(0))
    except StopIteration as end:
        assert not waiting
        return sent, end.value


def lines(requests: list[Request]) -> list[str]:
    return [str(r) for r in requests]


@pytest.mark.parametrize("status", [400, 404])
def test_a_missing_repository(status: int) -> None:
    """Both statuses mean absent when the platform itself says so; a 404 may hide something."""
    (_, seen) = play(LOCAL.rest.read(HERE), answer(MISSING, status))
    assert seen == Absent(may_hide=status == 404)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"errors": []}'])
def test_a_page_of_a_gateway_is_not_absence(body: bytes) -> None:
    """Nobody is deleted or created because of an error page."""
    with pytest.raises(AnswerError):
        play(LOCAL.rest.read(HERE), answer(body, 404))


def test_a_reduced_answer_is_incomplete() -> None:
    """What a weaker token gets lacks the fields every configuration has."""
    weak, full = {"key": "x"}, {"key": "x", "includesPattern": "", "repoLayoutRef": "a"}

    assert play(LOCAL.rest.read(HERE), answer(weak))[1] == Live(weak, complete=False)
    assert play(LOCAL.rest.read(HERE), answer(full))[1] == Live(full, complete=True)


def test_create_sends_class_and_key() -> None:
    """One PUT with everything declared."""
    sent, _ = play(LOCAL.rest.create(Write(HERE, {"packageType": "npm"})), answer(b"ok"))

    assert lines(sent) == ["PUT /artifactory/api/repositories/npm%20local"]
    assert sent[0].json == {"key": "npm local", "rclass": "local", "packageType": "npm"}


@pytest.mark.parametrize(
    "body, expected",
    [
        ({}, []),
        ({"notes": "x"}, ["POST /artifactory/api/repositories/npm%20local"]),
        ({"projectKey": "pay"}, [f"PUT {ATTACH}/pay"]),
        ({"projectKey": ""}, [f"DELETE {ATTACH}"]),
        ({"projectKey": None}, [f"DELETE {ATTACH}"]),
        (
            {"projectKey": "pay", "notes": "x"},
            [f"PUT {ATTACH}/pay", "POST /artifactory/api/repositories/npm%20local"],
        ),
        (
            {"projectKey": None, "environments": []},
            ["POST /artifactory/api/repositories/npm%20local", f"DELETE {ATTACH}"],
        ),
    ],
)
def test_update(body: dict[str, Any], expected: list[str]) -> None:
    """The other fields are written inside the project: environments count nowhere else."""
    sent, _ = play(LOCAL.rest.update(Write(HERE, body)), *[answer(b"ok")] * len(expected))

    assert lines(sent) == expected
    assert all("projectKey" not in (r.json or {}) for r in sent if r.method == "POST")
    assert all(r.query == (("force", "true"),) for r in sent if r.method == "PUT")


def test_leaving_no_project_is_no_error() -> None:
    """A 404 says that the repository was in none; other refusals count."""
    write = Write(HERE, {"projectKey": None})

    play(LOCAL.rest.update(write), answer(MISSING, 404))
    with pytest.raises(AnswerError):
        play(LOCAL.rest.update(write), answer(MISSING, 403))


FILES = {
    "files": [
        {"uri": "/a", "size": 3, "lastModified": "2026-01-01T00:00:00.000Z", "folder": False},
        {"uri": "/b", "size": 4, "lastModified": "2026-02-01T00:00:00.000Z", "folder": False},
        {"uri": "/c", "size": -1, "lastModified": "2026-03-01T00:00:00.000Z", "folder": True},
    ]
}


def test_measure() -> None:
    """Files are counted, folders are not; a remote's are in its cache; a virtual holds none."""
    sent, content = play(LOCAL.rest.measure(HERE), answer(FILES))

    assert content == Content(2, 7, "2026-02-01T00:00:00.000Z")
    assert lines(sent) == ["GET /artifactory/api/storage/npm%20local"]
    assert sent[0].query == (("list", ""), ("deep", "1"), ("listFolders", "0"))
    assert lines(play(REMOTE.rest.measure(HERE), answer({"files": []}))[0]) == [
        "GET /artifactory/api/storage/npm%20local-cache"
    ]
    assert play(VIRTUAL.rest.measure(HERE)) == ([], None)


def test_measure_of_what_is_not_there() -> None:
    """A remote without a cache is empty; of a local one the same answer proves nothing."""
    assert play(REMOTE.rest.measure(HERE), answer(MISSING, 404))[1] == Content(0, 0)
    with pytest.raises(AnswerError):
        play(LOCAL.rest.measure(HERE), answer(MISSING, 404))
    with pytest.raises(AnswerError):
        play(REMOTE.rest.measure(HERE), answer(b"<html>", 404))


def listing(body: Any, status: int = 200) -> Any:
    assert LOCAL.rest.listing is not None
    return play(LOCAL.rest.listing.read(), answer(body, status))[1]


def test_listing() -> None:
    """All classes by key; the class comes from the group where the answer lacks it."""
    found = listing({"LOCAL": [{"key": "a"}], "VIRTUAL": [{"key": "b", "rclass": "virtual"}]})

    assert found == {"a": {"key": "a", "rclass": "local"}, "b": {"key": "b", "rclass": "virtual"}}
    assert LOCAL.rest.listing.matches(LOCAL.rest.constants, found["a"])
    assert not LOCAL.rest.listing.matches(LOCAL.rest.constants, found["b"])
    assert listing({}) == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_listing_that_is_not_allowed_or_not_there(status: int) -> None:
    """Then every repository is read on its own."""
    assert listing(MISSING, status) is None


@pytest.mark.parametrize(
    "body, status",
    [([], 200), ({"LOCAL": {}}, 200), ({"LOCAL": ["a"]}, 200), ({"LOCAL": [{}]}, 200),
     (b"<html>", 200), (b"<html>", 404), (MISSING, 500)],
)  # fmt: skip
def test_listing_that_cannot_be_used(body: Any, status: int) -> None:
    """A broken answer is never read as "there are none"."""
    with pytest.raises(AnswerError):
        listing(body, status)


def test_equal_listings_are_one() -> None:
    """The three kinds share one read."""
    assert LOCAL.rest.listing == REMOTE.rest.listing == VIRTUAL.rest.listing


@pytest.mark.parametrize("name", [".", ".."])
def test_no_request_leaves_the_place_of_its_object(name: str) -> None:
    """Clients take dots out of a path: such a name is refused before anything is sent."""
    with pytest.raises(AnswerError, match="would lead elsewhere"):
        play(GROUP.rest.read(Address("Group", (name,))))
    with pytest.raises(AnswerError, match="would lead elsewhere"):
        play(PROJECT_ENVIRONMENT.rest.read(Address("ProjectEnvironment", (name, "QA"))))
    with pytest.raises(AnswerError, match="would lead elsewhere"):
        play(LOCAL.rest.update(Write(HERE, {"projectKey": name})))


@pytest.mark.parametrize(
    "failed, told",
    [
        ({"npm local": "it is in use"}, "npm local: it is in use"),
        ([{"repoKey": "npm local", "error": "in use"}], "repoKey: npm local; error: in use"),
        (["npm local"], "npm local"),
        ([], "it gives no reason"),
    ],
)
def test_a_refused_conversion_says_why(failed: Any, told: str) -> None:
    """The refusal stands inside of a success, and is told in words, not as JSON."""
    conversion = LOCAL.rest.conversion("npm local", {"rclass": "federated", "members": []})
    assert conversion is not None
    with pytest.raises(AnswerError) as refused:
        play(conversion.flow(HERE), answer({"failedConversionRepositories": failed}))
    assert refused.value.summary == f"the server refused to convert 'npm local': {told}"


def test_a_live_password_is_not_told_with_the_members() -> None:
    """What keeps a conversion back names the members without their credentials."""
    live = {"rclass": "federated", "members": [{"url": "https://u:p4ss@west.example.com/x"}]}
    conversion = LOCAL.rest.conversion("npm", live)
    assert conversion is not None
    assert "west.example.com" in conversion.obstacle
    assert "p4ss" not in conversion.obstacle

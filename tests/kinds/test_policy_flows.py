"""What policies ask of the platform, with the server's part played by hand from the reference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.engine.diff import diff
from reconciler.errors import AnswerError, NotOfferedError
from reconciler.kinds.kind import Kind
from reconciler.kinds.policies._bundle_evidence import from_dry_run
from reconciler.kinds.policies.archive_policy import KIND as ARCHIVE
from reconciler.kinds.policies.package_cleanup_policy import KIND as PACKAGES
from reconciler.kinds.policies.release_bundle_cleanup_policy import KIND as BUNDLES
from reconciler.kinds.policies.release_bundle_retention import KIND as RETENTION
from reconciler.kinds.rest import Flow, Write
from reconciler.kinds.wire import update_body
from reconciler.model import (
    Absent,
    Address,
    FieldChange,
    Live,
    Manifest,
    Origin,
    Request,
    Response,
)

POLICIES = "/artifactory/api/cleanup/packages/policies"
BUNDLE_POLICIES = "/artifactory/api/cleanup/bundles/policies"
ARCHIVES = "/artifactory/api/retention/archive/policies"
ONE = Address("PackageCleanupPolicy", ("key1",))


def answer(status: int, body: Any = None) -> Response:
    return Response(status, {}, b"" if body is None else json.dumps(body).encode())


def refusal(status: int, message: str) -> Response:
    return answer(status, {"errors": [{"status": status, "message": message}]})


OK = answer(200, {})


def play(flow: Flow, *answers: Response) -> tuple[list[Request], Any]:
    """Drive a flow with these answers: the requests it sent, and its result."""
    sent: list[Request] = []
    left = list(answers)
    try:
        request = next(flow)
        while True:
            sent.append(request)
            request = flow.send(left.pop(0))
    except StopIteration as stop:
        assert not left
        return sent, stop.value


def lines(sent: list[Request]) -> list[str]:
    query = ["&".join(f"{n}={v}" for n, v in r.query) for r in sent]
    return [f"{r}{f'?{q}' if q else ''}" for r, q in zip(sent, query, strict=True)]


# --- reading ----------------------------------------------------------------------------------


def test_a_missing_policy_is_404() -> None:
    """The error table of the reference does not list it, servers answer it."""
    flow = PACKAGES.rest.read(ONE)
    assert play(flow, refusal(404, "Policy key1 not found"))[1] == Absent()


def test_a_400_that_speaks_of_absence_is_believed_if_the_list_agrees() -> None:
    """Some versions answer 400 for an unknown key; the list says whether that is true."""
    gone = refusal(400, "Policy key1 was not found")
    sent, found = play(PACKAGES.rest.read(ONE), gone, answer(200, [{"key": "key2"}]))
    assert lines(sent) == [f"GET {POLICIES}/key1", f"GET {POLICIES}"]
    assert found == Absent()

    with pytest.raises(AnswerError, match="400"):
        play(PACKAGES.rest.read(ONE), gone, answer(200, [{"key": "key1"}]))


def test_any_other_400_is_no_absence() -> None:
    """A validation error says nothing about the policy."""
    with pytest.raises(AnswerError, match="something else"):
        play(PACKAGES.rest.read(ONE), refusal(400, "something else"))


@pytest.mark.parametrize("wrapped", [False, True], ids=["array", "wrapped"])
def test_the_list_of_cleanup_policies_comes_in_two_forms(wrapped: bool) -> None:
    """A bare array, or the same under `policies`."""
    found = [{"key": "one"}, {"key": "two"}]
    body = {"policies": found} if wrapped else found
    assert PACKAGES.rest.listing is not None
    _, policies = play(PACKAGES.rest.listing.read(), answer(200, body))
    assert policies == {"one": {"key": "one"}, "two": {"key": "two"}}


def test_projects_are_learnt_from_their_own_lists() -> None:
    """The answers may lack the project; only those lists are read that can hold a policy."""
    assert PACKAGES.rest.listing is not None
    sent, policies = play(
        PACKAGES.rest.listing.read(),
        answer(200, [{"key": "pay-old"}, {"key": "pay-x", "projectKey": "pay-x"}, {"key": "web"}]),
        answer(200, [{"project_key": "pay"}, {"project_key": "web"}]),
        answer(200, [{"key": "pay-old"}]),
    )
    assert lines(sent) == [
        f"GET {POLICIES}",
        "GET /access/api/v1/projects",
        f"GET {POLICIES}?projectKey=pay",
    ]
    assert policies == {
        "pay-old": {"key": "pay-old", "projectKey": "pay"},
        "pay-x": {"key": "pay-x", "projectKey": "pay-x"},
        "web": {"key": "web"},
    }


def test_who_may_not_list_everything_reads_one_by_one() -> None:
    """A project's administrator must name a project."""
    assert PACKAGES.rest.listing is not None
    flow = PACKAGES.rest.listing.read()
    assert play(flow, refusal(400, "projectKey is required"))[1] is None


def test_who_may_not_list_everything_lists_project_by_project() -> None:
    """So an export finds what this token may read; one that may list nothing is told so."""
    assert PACKAGES.rest.listing is not None
    projects = answer(200, [{"project_key": "pay"}, {"project_key": "web"}])
    no = refusal(403, "forbidden")
    sent, names = play(
        PACKAGES.rest.listing.names(), no, projects, answer(200, [{"key": "pay-old"}]), no
    )
    assert lines(sent)[2:] == [f"GET {POLICIES}?projectKey=pay", f"GET {POLICIES}?projectKey=web"]
    assert names == ["pay-old"]
    with pytest.raises(AnswerError, match="forbidden"):
        play(PACKAGES.rest.listing.names(), no, projects, no, no)


def test_the_list_of_bundle_policies_is_only_a_view() -> None:
    """It has the keys, under another name; each policy is read by itself."""
    listing = BUNDLES.rest.listing
    assert listing is not None
    assert play(listing.read()) == ([], None)
    view = {"policies": [{"policyKey": "key2", "displayProject": "Global"}, {"policyKey": "test"}]}
    sent, names = play(listing.names(), answer(200, view))
    assert lines(sent) == [f"GET {BUNDLE_POLICIES}/"]
    assert names == ["key2", "test"]


def test_the_policies_of_bundles_come_whole_from_newer_servers() -> None:
    """A bare array of policies, of which the keys are used in the same way."""
    listing = BUNDLES.rest.listing
    assert listing is not None
    whole = [{"key": "release_test_2", "itemType": "releaseBundle", "searchCriteria": {}}]
    assert play(listing.names(), answer(200, whole))[1] == ["release_test_2"]
    told = play(from_dry_run({"key": "release_test_2"}, {}), answer(200, whole))[1]
    assert told.gaps == ("the last run was no complete dry run; `run ADDRESS dry-run` makes one",)


@pytest.mark.parametrize("as_array", [False, True], ids=["object", "array"])
def test_an_archive_policy_comes_in_two_forms(as_array: bool) -> None:
    """One answer of the reference is an array of one, another the object."""
    policy = {"key": "myPolicy2", "enabled": True, "aqlQuery": "items.find()"}
    flow = ARCHIVE.rest.read(Address("ArchivePolicy", ("myPolicy2",)))
    assert play(flow, answer(200, [policy] if as_array else policy))[1] == Live(policy)


def test_an_array_of_none_or_two_is_no_policy() -> None:
    """What cannot be told is not guessed."""
    bodies: list[Any] = [[], [{"key": "a"}, {"key": "b"}], ["a"], [{}]]
    for body in bodies:
        with pytest.raises(AnswerError):
            play(ARCHIVE.rest.read(Address("ArchivePolicy", ("a",))), answer(200, body))


def test_a_404_for_the_list_means_another_api() -> None:
    """The message names what the platform may have instead."""
    listing = ARCHIVE.rest.listing
    assert listing is not None
    with pytest.raises(NotOfferedError, match="smart archiving"):
        play(listing.read(), refusal(404, "Not Found"))


ODD: list[Any] = [
    None,
    5,
    "text",
    [],
    {},
    [5],
    [[]],
    {"policies": 5},
    {"policies": [5]},
    {"policies": [{"key": {}}]},
    [{"key": []}],
    [{"policyKey": None}],
    [{"key": "pay-a"}, {"key": "pay-a"}],
]


@pytest.mark.parametrize("kind", [PACKAGES, BUNDLES, ARCHIVE, RETENTION], ids=lambda k: k.name)
@pytest.mark.parametrize("body", ODD, ids=json.dumps)
def test_odd_answers_are_told_or_mean_nothing(kind: Kind, body: Any) -> None:
    """Whatever a server answers, a flow ends with a result or says what it could not use."""
    for status in (200, 400, 403, 404, 500):
        for raw in (json.dumps(body).encode(), b"", b"<html>", b"{"):
            odd = Response(status, {}, raw)
            listing = kind.rest.listing
            assert listing is not None
            for flow in (
                kind.rest.read(ONE),
                listing.read(),
                listing.names(),
                kind.rest.create(Write(ONE, {"enabled": True, "enable": True})),
            ):
                try:
                    request = next(flow)
                    for _ in range(20):
                        request = flow.send(odd)
                    pytest.fail(f"no end after {request}")
                except (StopIteration, AnswerError):
                    pass


# --- writing ----------------------------------------------------------------------------------


def write(body: dict[str, Any], live: dict[str, Any], *paths: str) -> Write:
    changes = tuple(FieldChange(path, None, True) for path in paths)
    return Write(ONE, body, changes, live)


def test_created_and_switched_on() -> None:
    """The body of the creation says off; the switch is a request of its own."""
    criteria = {"packageTypes": ["docker"], "createdBeforeInDays": 9}
    body = {"enabled": True, "searchCriteria": criteria}
    sent, _ = play(PACKAGES.rest.create(Write(ONE, body)), OK, OK)
    assert lines(sent) == [f"POST {POLICIES}/key1", f"POST {POLICIES}/key1/enablement"]
    assert sent[0].json == {
        "key": "key1",
        "enabled": False,
        "searchCriteria": {"excludedPackages": [], **criteria},
    }
    assert sent[1].json == {"enabled": True}


@pytest.mark.parametrize(
    ("path", "days"), [("createdBeforeInMonths", None), ("releaseBundles", 730)]
)
def test_the_days_of_bundles_follow_the_months(path: str, days: int | None) -> None:
    """Newer servers say both; those of months that are no more would contradict the new ones."""
    live = {"key": "key1", "searchCriteria": {"createdBeforeInMonths": 24}}
    live["searchCriteria"]["createdBeforeInDays"] = 730  # type: ignore[index]
    wanted = {"searchCriteria": {**live["searchCriteria"], "createdBeforeInMonths": 12}}  # type: ignore[dict-item]
    (put,), _ = play(BUNDLES.rest.update(write(wanted, live, f"spec.searchCriteria.{path}")), OK)
    assert put.json["searchCriteria"].get("createdBeforeInDays") == days


def test_another_property_takes_the_place_of_the_old_one() -> None:
    """A map inside an object that is sent whole is one value: the server takes one property."""
    live = {"key": "key1", "searchCriteria": {"includedProperties": {"stage": ["dev"]}, "x": 1}}
    spec = {"searchCriteria": {"includedProperties": {"team": ["pay"]}}}
    body = update_body(PACKAGES, spec, ["searchCriteria"], live, str)
    assert body == {"searchCriteria": {"includedProperties": {"team": ["pay"]}, "x": 1}}
    shown = PACKAGES.rest.intended(Write(ONE, spec, (), live))  # type: ignore[attr-defined]
    assert shown["searchCriteria"]["includedProperties"] == {"team": ["pay"]}


def test_a_new_condition_takes_the_others_out() -> None:
    """The server would refuse both; what was not declared was never ours to keep."""
    live = {
        "key": "key1",
        "enabled": True,
        "searchCriteria": {
            "packageTypes": ["docker"],
            "createdBeforeInMonths": 12,
            "lastDownloadedBeforeInMonths": 1,
            "keepLastNVersions": 0,
            "includedProperties": {"a": ["b"]},
        },
    }
    merged = {**live["searchCriteria"], "keepLastNVersions": 3}  # type: ignore[dict-item]
    flow = PACKAGES.rest.update(
        write({"searchCriteria": merged}, live, "spec.searchCriteria.keepLastNVersions")
    )
    (put,), _ = play(flow, OK)
    assert put.json["enabled"] is True
    assert put.json["searchCriteria"] == {
        "excludedPackages": [],
        "packageTypes": ["docker"],
        "keepLastNVersions": 3,
    }


def test_the_project_is_repeated_although_the_answer_lacks_it() -> None:
    """Else a PUT would make a global policy of it."""
    live = {"key": "pay-old", "enabled": False, "searchCriteria": {}}
    spec = {"projectKey": "pay", "description": "new"}
    body = update_body(PACKAGES, spec, ["description"], live, lambda _: None)
    assert body == {"description": "new", "projectKey": "pay"}
    assert update_body(PACKAGES, spec, ["description"], {"projectKey": "pay"}, lambda _: None) == {
        "description": "new"
    }


def test_a_project_that_the_answer_lacks_is_no_difference() -> None:
    """Where it is said, it counts, and is fixed."""
    criteria = {"packageTypes": ["npm"], "repos": ["a"], "includedPackages": ["**"]}
    spec = {"projectKey": "pay", "searchCriteria": criteria}
    manifest = Manifest(ONE, spec, Origin("a.yaml", 1))
    live = {"key": "pay-old", "searchCriteria": criteria}
    assert diff(PACKAGES, manifest, Live(live)).is_empty
    assert [f.path for f in diff(PACKAGES, manifest, Live({**live, "projectKey": "x"})).fixed] == [
        "spec.projectKey"
    ]


def test_an_archive_policy_is_written_without_what_its_runs_left() -> None:
    """The state of the last run is the server's."""
    live = {
        "key": "a",
        "enabled": True,
        "aqlQuery": "items.find()",
        "lastRunStatus": {"state": "COMPLETE"},
        "nextExecutionTime": 1,
    }
    change = FieldChange("spec.durationInMinutes", 0, 5)
    flow = ARCHIVE.rest.update(
        Write(Address("ArchivePolicy", ("a",)), {"durationInMinutes": 5}, (change,), live)
    )
    (put,), _ = play(flow, OK)
    assert (put.method, put.path) == ("PUT", f"{ARCHIVES}/a")
    assert put.json == {
        "key": "a",
        "enabled": True,
        "aqlQuery": "items.find()",
        "durationInMinutes": 5,
    }


def test_writes_say_what_a_running_policy_is_refused_with() -> None:
    """So that the client tries again, instead of failing at once."""
    for kind in (PACKAGES, BUNDLES, ARCHIVE):
        flow = kind.rest.delete(ONE)
        assert flow is not None
        (request,), _ = play(flow, OK)
        assert request.method == "DELETE"
        assert "running" in request.busy


# --- the one of its kind ----------------------------------------------------------------------

DEFAULT = Address("ReleaseBundleRetention", ("default",))
CONFIG = "/artifactory/api/v1/bundle/retention/config"
SHIPPED = {
    "automatic": False,
    "num_of_versions_to_keep_per_release_bundle": 2,
    "max_days_to_keep": 1100,
    "cron_pattern": "0 0 0 1 1 ? 2099",
    "max_deletions_per_background_run": 100,
}


def test_retention_is_read_from_two_places() -> None:
    """The figures, and whether they are in force."""
    sent, found = play(
        RETENTION.rest.read(DEFAULT), answer(200, SHIPPED), answer(200, {"enable": False})
    )
    assert lines(sent) == [f"GET {CONFIG}", f"GET {CONFIG}/enable"]
    assert found == Live({**SHIPPED, "enable": False})


@pytest.mark.parametrize("on", [True, False])
def test_retention_is_switched_on_last_and_off_first(on: bool) -> None:
    """Nothing is deleted by figures that are about to change."""
    body = {"enable": on, "max_days_to_keep": 30}
    sent, _ = play(RETENTION.rest.update(Write(DEFAULT, body)), OK, OK)
    figures, switch = f"POST {CONFIG}", f"POST {CONFIG}/enable"
    assert lines(sent) == ([figures, switch] if on else [switch, figures])
    assert {str(r): r.json for r in sent} == {
        figures: {"max_days_to_keep": 30},
        switch: {"enable": on},
    }


def test_retention_that_nobody_touched_is_known_as_such() -> None:
    """An export would else begin with a manifest of what every platform has."""
    assert RETENTION.rest.is_untouched({**SHIPPED, "enable": False})
    assert not RETENTION.rest.is_untouched({**SHIPPED, "enable": True})
    assert not RETENTION.rest.is_untouched({**SHIPPED, "enable": False, "max_days_to_keep": 5})


def test_there_is_no_second_retention() -> None:
    """A platform has one; whatever else is asked for is not there."""
    assert play(RETENTION.rest.read(Address("ReleaseBundleRetention", ("x",)))) == ([], Absent())

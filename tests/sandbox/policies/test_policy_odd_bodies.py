"""Whatever a client sends about policies, the platform answers; it never falls over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.policies.support import (
    AQL,
    ARCHIVE,
    BUNDLES,
    CLEANUP,
    PACKAGES,
    RETENTION,
    RUNS,
    SMART,
    bundle_policy,
    bundles,
    maven,
    package_policy,
    run,
    seed,
)
from tests.sandbox.policies.test_archive_policies import FORM, PACKAGE, QUERY
from tests.sandbox.support import CONFIGURATION, Api
from tests.sandbox.test_odd_bodies import ODD

SERVICE = "/artifactory/api/v1/bundle/retention"
ONE = {"bundle_name": "app", "bundle_version": "1"}
FULL = {
    "createdBeforeInDays": 1,
    "includedProperties": {"a": ["b"]},
    "excludedPackages": [],
    "excludedRepos": [],
    "description": "d",
    "cronExp": "0 0 2 * * ?",
    "durationInMinutes": 1,
    "projectKey": "",
}
WHOLE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{PACKAGES}/new", package_policy("new", **FULL)),
    ("POST", f"{SMART}/new", package_policy("new", **FULL)),
    ("POST", f"{BUNDLES}/new", bundle_policy("new", description="d", durationInMinutes=1)),
    ("POST", f"{PACKAGES}/old/enablement", {"enabled": True}),
    ("PUT", f"{RUNS}/1", {"action": "stop"}),
    ("POST", f"{ARCHIVE}/new", {**QUERY, "key": "new", "cronExp": "0 0 2 * * ?"}),
    ("POST", f"{ARCHIVE}/new", {**FORM, "key": "new", "description": "d"}),
    ("POST", f"{ARCHIVE}/new", {**PACKAGE, "key": "new", "durationInMinutes": 5}),
    ("POST", f"{ARCHIVE}/preview", FORM),
    ("POST", f"{ARCHIVE}/preview", PACKAGE),
    (
        "POST",
        f"{ARCHIVE}/convertToAql",
        {
            "properties": {"include": {"values": [{"propertyKey": "a", "propertyValue": "b"}]}},
            "names": {"exclude": {"operator": "and", "values": ["x"]}},
            "createdBefore": 1,
        },
    ),
    (
        "POST",
        f"{RETENTION}/searchPackages",
        {"packageType": "maven", "repositories": ["libs"], "name": "*", "archiveTimeFrom": 1},
    ),
    (
        "POST",
        f"{RETENTION}/restore",
        {
            "restoreType": "ARTIFACT_RESTORE",
            "restoreToOriginal": False,
            "centralDestinationPath": "libs",
            "fallbackDestinationPath": "libs",
            "addNamespace": True,
            "itemsToRestore": ["libs/"],
        },
    ),
    ("POST", f"{SERVICE}/config", {"automatic": True, "cron_pattern": "0 0 2 * * ?"}),
    ("POST", f"{SERVICE}/config", {"max_days_to_keep": 1, "max_deletions_per_background_run": 1}),
    ("POST", f"{SERVICE}/report", {"include_keep": True, "type": "MAX DAYS TO KEEP"}),
    ("POST", f"{SERVICE}/keep", {"keep": [ONE], "unkeep": [ONE]}),
]


@pytest.fixture
def full(api: Api) -> Api:
    """A platform with a file, a bundle, a policy and a run."""
    api.create("libs", package_type="maven")
    seed(api, "libs", *maven("1.0", 400))
    bundles(api, {"name": "app", "version": "1"})
    api.send("POST", f"{PACKAGES}/old", package_policy())
    run(api, PACKAGES, "old", dry=True)
    return api


def spoiled(body: Any, value: Any) -> Iterator[Any]:
    """A body in, the same with each of its parts in turn replaced by an odd value out."""
    yield value
    inside: list[Any] = []
    if isinstance(body, dict):
        inside = [(name, {**body}) for name in body]
    elif isinstance(body, list):
        inside = [(number, [*body]) for number in range(len(body))]
    for name, copy in inside:
        for part in spoiled(copy[name], value):
            yield {**copy, name: part} if isinstance(copy, dict) else [part]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_every_part_with_odd_values(full: Api, value: Any) -> None:
    """Each part of each body takes or refuses each odd value, and reading goes on."""
    for method, path, body in WHOLE:
        for sent in spoiled(body, value):
            answer = full.send(method, path, sent)
            assert answer.status in (200, 201, 202, 400, 404, 409), (path, sent, answer.text)
            if path.endswith("/new"):
                full.send("POST", f"{path}/trigger")
                full.send("POST", f"{path}/preview")
                run(full, path.removesuffix("/new"), "new", dry=True)
                full.send("PUT", f"{CLEANUP}/policies/runs/forceStopAll")
                full.send("DELETE", path)
    assert full.send("GET", PACKAGES).status == 200
    assert full.send("GET", ARCHIVE).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"items", b"items.find(", b'items.find("']
)
@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path, _ in WHOLE]
    + [("POST", AQL), ("POST", f"{RETENTION}/search"), ("POST", f"{SERVICE}/delete")],
)
def test_bodies_that_are_none(full: Api, method: str, path: str, body: bytes) -> None:
    """What cannot be read is refused."""
    assert full.send(method, path, body).status == 400


@pytest.mark.parametrize(
    "text",
    [
        "trashcanConfig:\n  enabled: perhaps\n  retentionPeriodDays: [1]",
        "trashcanConfig: off",
        "trashcanConfig: ~",
    ],
)
def test_trash_can_settings(full: Api, text: str) -> None:
    """Odd settings of the trash can do not stop anything."""
    assert full.send("PATCH", CONFIGURATION, text.encode()).status in (200, 400)
    assert full.send("GET", CONFIGURATION).status == 200
    assert run(full, PACKAGES, "old", dry=True).status in (201, 400)

"""Bodies of policies, and platforms with a past to try them on."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

from reconciler.sandbox import Response
from tests.sandbox.support import Api

CLEANUP = "/artifactory/api/cleanup"
PACKAGES = f"{CLEANUP}/packages/policies"
BUNDLES = f"{CLEANUP}/bundles/policies"
RUNS = f"{CLEANUP}/policies/runs"
SMART = "/artifactory/api/archive/v2/packages/policies"
RETENTION = "/artifactory/api/retention"
ARCHIVE = f"{RETENTION}/archive/policies"
EXECUTIONS = f"{RETENTION}/archive/executions"
AQL = "/artifactory/api/search/aql"

NOW = 1_767_225_600.0
"""The first of January 2026."""


def package_policy(key: str = "old", **changes: Any) -> dict[str, Any]:
    """A body for packages; what is no field of the policy is one of its criteria."""
    criteria = {
        "packageTypes": ["maven"],
        "repos": ["**"],
        "includedPackages": ["**"],
        "includeAllProjects": True,
        "includedProjects": [],
    }
    body: dict[str, Any] = {"key": key, "skipTrashcan": True}
    own = ("description", "cronExp", "durationInMinutes", "enabled", "skipTrashcan", "projectKey")
    for name, value in changes.items():
        (body if name in own else criteria)[name] = value
    if not set(changes) & {"createdBeforeInDays", "keepLastNVersions", "includedProperties"}:
        criteria.setdefault("createdBeforeInMonths", 12)
    return {**body, "searchCriteria": {n: v for n, v in criteria.items() if v is not None}}


def bundle_policy(key: str = "old", **changes: Any) -> dict[str, Any]:
    """A body for release bundles."""
    criteria = {
        "includeAllProjects": True,
        "includedProjects": [],
        "releaseBundles": [{"name": "**", "projectKey": ""}],
        "excludePromotedEnvironments": [],
        "createdBeforeInMonths": 24,
    }
    body: dict[str, Any] = {"key": key, "itemType": "releaseBundle"}
    own = ("description", "cronExp", "durationInMinutes", "enabled", "itemType")
    for name, value in changes.items():
        (body if name in own else criteria)[name] = value
    return {**body, "searchCriteria": {n: v for n, v in criteria.items() if v is not None}}


def frozen(api: Api, seconds: float = 60.0) -> None:
    """Time stands at `NOW`, and runs take so many seconds of it."""
    api.platform.sandbox.clock.freeze(NOW)
    assert api.send("PUT", "/_sandbox/retention", {"runSeconds": seconds}).status == 200


def pass_time(api: Api, seconds: float) -> None:
    """Seconds in; it is that much later."""
    assert api.send("POST", "/_sandbox/clock", {"advance": seconds}).status == 200


def seed(api: Api, repo: str, *files: dict[str, Any]) -> None:
    """Files in, stored with their ages."""
    rows = [{"repo": repo, **file} for file in files]
    stored = api.send("POST", "/_sandbox/artifacts", {"artifacts": rows})
    assert stored.status == 200, stored.text


def maven(version: str, days: float, name: str = "lib", **more: Any) -> list[dict[str, Any]]:
    """A version of a maven package in, its two files out: 10 bytes of pom, 90 of jar."""
    folder = f"org/acme/{name}/{version}/{name}-{version}"
    return [
        {"path": f"{folder}.pom", "size": 10, "createdDaysAgo": days, **more},
        {"path": f"{folder}.jar", "size": 90, "createdDaysAgo": days, **more},
    ]


def held(api: Api, place: str) -> list[str]:
    """A repository, or the trash can, in, the paths in it out."""
    return sorted(api.send("GET", "/_sandbox/artifacts").json().get(place, {}))


def bundles(api: Api, *rows: dict[str, Any]) -> None:
    """Versions of release bundles in, stored."""
    assert api.send("POST", "/_sandbox/bundles", {"bundles": list(rows)}).status == 200


def bundles_held(api: Api) -> list[tuple[str, str]]:
    """Every version of every release bundle."""
    rows = api.send("GET", "/_sandbox/bundles").json()["bundles"]
    return sorted((row["name"], row["version"]) for row in rows)


def run(api: Api, path: str, key: str, dry: bool = False) -> Response:
    """A policy in, the answer to its start out."""
    return api.send("PUT", f"{path}/{key}/run", query=(("dryRun", str(dry).lower()),))


def report(api: Api, key: str, number: int) -> Response:
    """A run in, its report out."""
    query = (("policyKey", key), ("runId", str(number)))
    return api.send("GET", f"{RUNS}/downloadReport", query=query)


def rows_of(answer: Response) -> list[dict[str, str]]:
    """A report in, the rows of its table out."""
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        (name,) = archive.namelist()
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def find(api: Api, text: str, path: str = AQL) -> Any:
    """A query in, the answer out."""
    answer = api.send("POST", path, text.encode())
    assert answer.status == 200, answer.text
    return answer.json()

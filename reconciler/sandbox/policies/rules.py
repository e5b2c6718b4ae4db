"""The body of a cleanup policy in, clean fields out, or the refusal. Most words are ours.

What nobody set is absent from what is printed, but for schedule and duration, which are printed
empty. Zero counts as not set for ages and for the number of versions to keep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.package_types import BY_CLASS, DOCKER_LIKE
from reconciler.sandbox.policies import quartz
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import all_text, boolean, integer
from reconciler.sandbox.versions import at_least

Json = Any
Fields = dict[str, Json]

KEY = re.compile(r"[A-Za-z0-9_-]{3,}")
DAYS_SINCE = "7.111.2"
DOCKER_VERSIONS_SINCE = "7.115.1"
TOGETHER_SINCE = "7.129.0"

MONTHS = ("createdBeforeInMonths", "lastDownloadedBeforeInMonths")
DAYS = ("createdBeforeInDays", "lastDownloadedBeforeInDays")
KEEP = "keepLastNVersions"
PROPERTIES = ("includedProperties", "excludedProperties")
TEXTS = (
    "packageTypes",
    "repos",
    "excludedRepos",
    "includedPackages",
    "excludedPackages",
    "includedProjects",
)
TYPES = frozenset(["yum"]).union(*BY_CLASS.values())
LARGEST = 2**63 - 1
NO_VERSIONS = ("generic",)
"""Types without versions to count: each file is a package of its own."""


def check_key(key: str, sent: Fields) -> None:
    """The key in the path; the body repeats it."""
    if KEY.fullmatch(key) is None:
        raise Refusal(
            400, f"Policy key '{key}' needs at least 3 letters, digits, underscores or hyphens"
        )
    if sent.get("key", key) != key:
        raise Refusal(400, f"Policy key '{sent['key']}' differs from '{key}' in the path")


def common(sent: Fields) -> Fields:
    """What all kinds have: description, schedule and duration."""
    made: Fields = {}
    if sent.get("description") is not None:
        made["description"] = text("description", sent["description"])
    made["cronExp"] = text("cronExp", sent.get("cronExp") or "").strip()
    check_cron(made["cronExp"])
    made["durationInMinutes"] = count("durationInMinutes", sent.get("durationInMinutes") or 0)
    return made


def check_cron(cron: str) -> None:
    """A schedule that is set must be one."""
    try:
        if cron:
            quartz.parse(cron)
    except quartz.CronError as error:
        raise Refusal(400, f"Invalid cron expression '{cron}': {error}") from error


def package_body(sent: Fields, version: str, projects: Mapping[str, Json], smart: bool) -> Fields:
    """A body for packages, of a cleanup policy or of the newer archive, in; its fields out."""
    made = common(sent)
    made["skipTrashcan"] = boolean("skipTrashcan", sent.get("skipTrashcan") or False)
    criteria = package_criteria(criteria_of(sent), version)
    if smart and "includedProjects" not in criteria:
        raise Refusal(400, "includedProjects is mandatory")
    check_project(sent, criteria, projects)
    made["searchCriteria"] = criteria
    return made


def criteria_of(sent: Fields) -> Fields:
    """The search criteria of a body."""
    criteria = sent.get("searchCriteria")
    if not isinstance(criteria, dict):
        raise Refusal(400, "searchCriteria is mandatory")
    return {name: value for name, value in criteria.items() if value is not None}


def package_criteria(sent: Fields, version: str) -> Fields:
    """Criteria as sent in, checked ones out, in the order they were sent."""
    made: Fields = {}
    numbers = (*MONTHS, KEEP, *(DAYS if at_least(version, DAYS_SINCE) else ()))
    for name, value in sent.items():
        if name in TEXTS:
            made[name] = texts(name, value)
        elif name in numbers:
            made[name] = count(name, value)
        elif name == "includeAllProjects":
            made[name] = boolean(name, value)
        elif name in PROPERTIES:
            made[name] = properties(name, value)
    for name in ("packageTypes", "repos"):
        if not made.get(name):
            raise Refusal(400, f"{name} needs at least one entry")
    check_packages(made)
    check_conditions(made, version)
    return made


def check_packages(made: Fields) -> None:
    """Which types, and which packages of them."""
    for name in made["packageTypes"]:
        if name not in TYPES:
            raise Refusal(400, f"Package type '{name}' is not supported")
    if len(made.get("includedPackages") or []) != 1:
        raise Refusal(400, "includedPackages needs exactly one entry")
    for name in made.get("excludedPackages") or []:
        if "*" in name or "?" in name:
            raise Refusal(400, f"excludedPackages takes explicit names only, not '{name}'")


def check_conditions(made: Fields, version: str) -> None:
    """At least one condition; what may stand together depends on the version.

    `excludedProperties` spares packages and is no condition by itself: it goes with all of them.
    """
    months = [name for name in MONTHS if made.get(name)]
    days = [name for name in DAYS if made.get(name)]
    marks = bool(made.get("includedProperties"))
    keep = made.get(KEEP)
    if months and days:
        raise Refusal(400, "Conditions in days and in months cannot be combined")
    ages = months + days
    if not (ages or marks or keep):
        raise Refusal(400, "At least one condition is mandatory")
    if keep and (ages or marks):
        raise Refusal(400, f"{KEEP} cannot be combined with other conditions")
    if ages and marks and not at_least(version, TOGETHER_SINCE):
        raise Refusal(400, "Conditions on time and on properties cannot be combined")
    late = () if at_least(version, DOCKER_VERSIONS_SINCE) else DOCKER_LIKE
    for name in made["packageTypes"]:
        if keep and name in (*NO_VERSIONS, *late):
            raise Refusal(400, f"{KEEP} is not supported for package type '{name}'")


def check_project(sent: Fields, criteria: Fields, projects: Mapping[str, Json]) -> None:
    """A policy of a project is named after it and reaches no other."""
    project = text("projectKey", sent.get("projectKey") or "")
    if not project:
        return
    if project not in projects:
        raise Refusal(400, f"Project with key '{project}' does not exist")
    if criteria.get("includeAllProjects"):
        raise Refusal(400, "Cannot include all projects for a project level policy")
    if criteria.get("includedProjects"):
        raise Refusal(400, "Cannot include projects for a project level policy")
    if not str(sent.get("key", "")).startswith(f"{project}-"):
        raise Refusal(400, f"The key of a policy of project '{project}' starts with '{project}-'")


BUNDLE_FIELDS = (
    "includeAllProjects",
    "includedProjects",
    "releaseBundles",
    "excludePromotedEnvironments",
    "createdBeforeInMonths",
)


def bundle_body(sent: Fields) -> Fields:
    """A body for release bundles in, its fields out."""
    if sent.get("itemType") != "releaseBundle":
        raise Refusal(400, "itemType must be 'releaseBundle'")
    criteria = criteria_of(sent)
    for name in BUNDLE_FIELDS:
        if name not in criteria:
            raise Refusal(400, f"{name} is mandatory")
    entries = criteria["releaseBundles"]
    if not isinstance(entries, list) or not entries:
        raise Refusal(400, "releaseBundles needs at least one entry")
    environments = "excludePromotedEnvironments"
    return {
        **common(sent),
        "itemType": "releaseBundle",
        "searchCriteria": {
            "includeAllProjects": boolean("includeAllProjects", criteria["includeAllProjects"]),
            "includedProjects": texts("includedProjects", criteria["includedProjects"]),
            "releaseBundles": [bundle_entry(entry) for entry in entries],
            environments: texts(environments, criteria[environments]),
            "createdBeforeInMonths": months(criteria["createdBeforeInMonths"]),
        },
    }


def months(sent: Json) -> int:
    """The one condition on bundles; zero would be none."""
    number = count("createdBeforeInMonths", sent)
    if number == 0:
        raise Refusal(400, "createdBeforeInMonths must be more than 0")
    return number


def bundle_entry(sent: Json) -> Fields:
    """One of the bundles a policy is about."""
    if not isinstance(sent, dict) or not sent.get("name"):
        raise Refusal(400, "releaseBundles: name is mandatory")
    return {
        "name": text("name", sent["name"]),
        "projectKey": text("projectKey", sent.get("projectKey") or ""),
    }


def text(name: str, value: Json) -> str:
    """A value in, the same out when it is a text."""
    if not isinstance(value, str):
        raise Refusal(400, f"{name} must be a text")
    return value


def texts(name: str, value: Json) -> list[str]:
    """A value in, the same out when it is a list of texts."""
    if not all_text(value):
        raise Refusal(400, f"{name} must be a list of texts")
    return list(value)


def count(name: str, value: Json) -> int:
    """A value in, the number out when it is not negative, nor more than servers can hold."""
    number = integer(name, value)
    if number < 0:
        raise Refusal(400, f"{name} must not be negative")
    if number > LARGEST:
        raise Refusal(400, f"{name} must not be more than {LARGEST}")
    return number


def properties(name: str, value: Json) -> dict[str, list[str]]:
    """One property with one value."""
    right = isinstance(value, dict) and all(
        all_text(values) and len(values) == 1 for values in value.values()
    )
    if not right or len(value) > 1:
        raise Refusal(400, f"{name} takes exactly one key with exactly one value")
    return dict(value)

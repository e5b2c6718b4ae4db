"""A policy and the time in, what a run at that time would hit out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import aql
from reconciler.sandbox.aql.evaluate import pattern
from reconciler.sandbox.aql.values import months_before
from reconciler.sandbox.aql_items import items
from reconciler.sandbox.package_types import ALIASES
from reconciler.sandbox.policies.archive_form import query_text
from reconciler.sandbox.policies.packages import PackageVersion, versions
from reconciler.sandbox.policies.retention import Bundle, Candidate, Policy
from reconciler.sandbox.repository_keys import CACHE_SUFFIX

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform
    from reconciler.sandbox.store import Repository

Json = Any

DAY = 86400
NO_PROJECT = "default"
"""Stands for the repositories of no project."""

CLEANED = ("local", "federated")
"""Policies on packages leave remote and virtual repositories alone."""


def candidates(platform: Platform, policy: Policy, now: float) -> list[Candidate]:
    """A policy of any kind in, what it hits out, the oldest first."""
    if policy.kind == "bundles":
        found = bundles(platform, policy, now)
    elif policy.kind == "archive":
        found = archived(platform, policy.body, now)
    else:
        found = cleaned(platform, policy, now)
    return sorted(found, key=lambda one: (one.created, one.repo, one.name, one.version))


# --- packages -------------------------------------------------------------------------------------


def cleaned(platform: Platform, policy: Policy, now: float) -> Iterator[Candidate]:
    """What a policy on packages hits."""
    criteria = policy.body["searchCriteria"]
    types = {ALIASES.get(name, name) for name in criteria["packageTypes"]}
    for repository in platform.store:
        if (
            repository.rclass in CLEANED
            and repository.package_type in types
            and fits(criteria["repos"], repository.key)
            and not fits(criteria.get("excludedRepos") or [], repository.key)
            and in_scope(policy, repository.project)
        ):
            yield from cleaned_here(platform, criteria, repository, now)


def cleaned_here(
    platform: Platform, criteria: Mapping[str, Json], repository: Repository, now: float
) -> Iterator[Candidate]:
    """What the criteria hit in one repository."""
    files = platform.store.artifacts.get(repository.key, {})
    wanted = [
        version
        for version in versions(repository.package_type, files)
        if fits(criteria["includedPackages"], version.name)
        and version.name not in (criteria.get("excludedPackages") or [])
    ]
    spared = criteria.get("excludedProperties") or {}
    keep = criteria.get("keepLastNVersions") or 0
    if keep:
        wanted = older(wanted, keep)
    else:
        wanted = [version for version in wanted if meets(criteria, version, now)]
    for version in wanted:
        if not has(version, spared):
            yield of_package(repository.package_type, repository.key, version)


def of_package(package_type: str, key: str, version: PackageVersion) -> Candidate:
    """A version of a package in, the candidate out."""
    return Candidate(
        version.name,
        version.version,
        package_type,
        key,
        list(version.paths),
        version.size,
        version.created,
        version.downloaded,
    )


def older(found: Iterable[PackageVersion], keep: int) -> list[PackageVersion]:
    """Versions in, all but the newest few of each package out."""
    by_name: dict[str, list[PackageVersion]] = {}
    for version in found:
        by_name.setdefault(version.name, []).append(version)
    rest: list[PackageVersion] = []
    for held in by_name.values():
        held.sort(key=lambda one: (one.created, one.version), reverse=True)
        rest += held[keep:]
    return rest


def meets(criteria: Mapping[str, Json], version: PackageVersion, now: float) -> bool:
    """Whether a version is old, unused and marked enough. What was never downloaded is unused."""
    edge = age(criteria, "createdBefore", now)
    if edge is not None and version.created >= edge:
        return False
    edge = age(criteria, "lastDownloadedBefore", now)
    if edge is not None and version.downloaded is not None and version.downloaded >= edge:
        return False
    included = criteria.get("includedProperties") or {}
    return not included or has(version, included)


def age(criteria: Mapping[str, Json], name: str, now: float) -> float | None:
    """The beginning of two field names in, the moment before which it counts out."""
    if criteria.get(f"{name}InDays"):
        return now - float(criteria[f"{name}InDays"]) * DAY
    if criteria.get(f"{name}InMonths"):
        return months_before(now, int(criteria[f"{name}InMonths"]))
    return None


def has(version: PackageVersion, wanted: Mapping[str, list[str]]) -> bool:
    """Whether the lead artifact has one of the properties."""
    held = version.properties
    return any(set(values) & set(held.get(key, [])) for key, values in wanted.items())


def fits(patterns: Iterable[str], text: str) -> bool:
    """Whether a text is one of the names or matches one of the patterns; `**` matches all."""
    return any(pattern(one).fullmatch(text) is not None for one in patterns)


def in_scope(policy: Policy, project: str | None) -> bool:
    """Whether a policy may touch what belongs to a project, None for to none."""
    if policy.project is not None:
        return project == policy.project
    criteria = policy.body["searchCriteria"]
    included = criteria.get("includedProjects") or []
    return bool(criteria.get("includeAllProjects")) or (project or NO_PROJECT) in included


# --- bundles --------------------------------------------------------------------------------------


def bundles(platform: Platform, policy: Policy, now: float) -> Iterator[Candidate]:
    """What a policy on release bundles hits."""
    criteria = policy.body["searchCriteria"]
    edge = age(criteria, "createdBefore", now)
    spared = criteria["excludePromotedEnvironments"]
    for bundle in platform.store.retention.bundles:
        if (
            chosen(criteria["releaseBundles"], bundle)
            and in_scope(policy, bundle.project or None)
            and not any(fits(spared, name) for name in bundle.environments)
            and (edge is None or bundle.created < edge)
        ):
            yield of_bundle(bundle)


def chosen(entries: Iterable[Mapping[str, str]], bundle: Bundle) -> bool:
    """Whether one of the entries names the bundle."""
    return any(
        fits([entry["name"]], bundle.name) and entry.get("projectKey", "") == bundle.project
        for entry in entries
    )


def of_bundle(bundle: Bundle) -> Candidate:
    """A version of a bundle in, the candidate out."""
    return Candidate(
        bundle.name, bundle.version, "releaseBundle", "", [], 0, bundle.created,
        project=bundle.project,
    )  # fmt: skip


# --- the classic archive --------------------------------------------------------------------------


def archived(platform: Platform, body: Mapping[str, Json], now: float) -> Iterator[Candidate]:
    """What an archive policy hits: versions of packages, or single files."""
    if body.get("packageRetention"):
        yield from archived_packages(platform, body["packageSearchCriteriaForm"])
        return
    query = aql.parse(body.get("aqlQuery") or query_text(body["searchCriteriaForm"], stored=True))
    for item in items(platform, query):
        if item.type == "file" and aql.matches(query, item, now):
            key = item.repo
            if platform.store.repository(key) is None:
                key = key.removesuffix(CACHE_SUFFIX)
            path = item.full_path
            yield Candidate(path, "", "file", key, [path], item.size, item.created, item.downloaded)


def archived_packages(platform: Platform, form: Mapping[str, Json]) -> Iterator[Candidate]:
    """What the package form hits. Its two ages are milliseconds since 1970."""
    store = platform.store
    for key in form["packageRepos"]:
        repository = store.repository(key)
        if repository is None or repository.package_type != form["packageType"]:
            continue
        for version in versions(repository.package_type, store.artifacts.get(key, {})):
            if (
                fits([form.get("componentName") or "*"], version.name)
                and fits([form.get("version") or "*"], version.version)
                and earlier(version.created, form.get("createdBefore"))
                and earlier(version.downloaded or 0.0, form.get("downloadedBefore"))
            ):
                yield of_package(repository.package_type, key, version)


def earlier(moment: float, milliseconds: int | None) -> bool:
    """Whether a moment is before an edge, if there is one."""
    return not milliseconds or moment * 1000 < milliseconds

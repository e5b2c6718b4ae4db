"""What a package cleanup policy would delete, estimated by queries that ask the same.

The platform has no preview of these policies. Which files make up a version is told by their
layout (`_layouts.py`); whether the version is old enough, by the server, whose clock decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.patterns import matches
from reconciler.kinds.policies._counting import Candidate, Tally
from reconciler.kinds.policies._fields import without_project
from reconciler.kinds.policies._layouts import LAYOUTS, Layout, StoredFile, Version
from reconciler.kinds.policies._stored import Found, Known, all_files, files_where, repositories
from reconciler.kinds.rest import Flow

NOUN = "package version"
_ALIASES = {"yum": "rpm"}
_UNITS = {"Days": "d", "Months": "mo"}


def estimate(policy: Mapping[str, Any], budget: Budget) -> Flow:
    """Returns the `Impact` of a policy as the API has it."""
    tally = Tally("estimate", NOUN)
    try:
        chosen = yield from _matched(policy, tally)
    except AnswerError as error:
        tally.gap(error.summary)
        return tally.impact()
    budget.matched(len(chosen))
    for repository in chosen:
        try:
            yield from _estimated(policy["searchCriteria"], repository, tally)
        except AnswerError as error:
            tally.unmeasured(repository.key, error.summary)
    return tally.impact()


def _matched(policy: Mapping[str, Any], tally: Tally) -> Flow:
    """The repositories a policy looks into."""
    criteria = policy["searchCriteria"]
    own = without_project(policy.get("projectKey") or "")
    everywhere = bool(criteria.get("includeAllProjects")) and own is None
    listed = (
        [own] if own else [without_project(key) for key in criteria.get("includedProjects") or ()]
    )
    known = yield from repositories([] if everywhere else [key for key in listed if key])
    types = {_ALIASES.get(kind, kind) for kind in criteria["packageTypes"]}
    found: list[Known] = []
    for repository in sorted(known, key=lambda one: one.key):
        if (
            repository.package_type not in types
            or not _fits(criteria["repos"], repository.key)
            or _fits(criteria.get("excludedRepos") or (), repository.key)
        ):
            continue
        if repository.project is None and not everywhere and None in listed:
            tally.unmeasured(repository.key, "the token may not see whether it is in a project")
        elif everywhere or (repository.project is not None and _in(listed, repository.project)):
            found.append(repository)
    return found


def _in(listed: Sequence[str | None], project: str) -> bool:
    return (without_project(project)) in listed


def _fits(patterns: Sequence[str], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)


def _estimated(criteria: Mapping[str, Any], repository: Known, tally: Tally) -> Flow:
    layout: Layout | None = LAYOUTS.get(repository.package_type)
    if layout is None:
        raise AnswerError(
            f"how the files of {repository.package_type} packages lie is not known here"
        )
    files: list[StoredFile] = yield from all_files(repository.key)
    wanted = [v for v in layout.versions(files) if _named(criteria, v)]
    found: list[Found] = []
    if wanted:
        found = yield from files_where([{"repo": repository.key}, *conditions(criteria)])
    downloads = {one.file.path: one.downloaded for one in found}
    if keep := criteria.get("keepLastNVersions"):
        wanted = older(wanted, keep)
    hit = [
        Candidate(
            f"{repository.key}: {version}",
            version.files,
            version.lead.created,
            downloads[version.lead.path],
        )
        for version in wanted
        if version.lead.path in downloads
    ]
    tally.measured(repository.key, hit, files)


def _named(criteria: Mapping[str, Any], version: Version) -> bool:
    kept = criteria.get("excludedPackages") or ()
    return _fits(criteria["includedPackages"], version.name) and version.name not in kept


def older(versions: Sequence[Version], keep: int) -> list[Version]:
    """All but the newest few of each package, by creation."""
    packages: dict[str, list[Version]] = {}
    for version in versions:
        packages.setdefault(version.name, []).append(version)
    return [
        version
        for held in packages.values()
        for version in sorted(held, key=lambda v: (v.lead.created, v.version), reverse=True)[keep:]
    ]


def conditions(criteria: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a query asks of a lead file."""
    for unit, letter in _UNITS.items():
        if age := criteria.get(f"createdBeforeIn{unit}"):
            yield {"created": {"$before": f"{age}{letter}"}}
        if age := criteria.get(f"lastDownloadedBeforeIn{unit}"):
            long_ago = {"stat.downloaded": {"$before": f"{age}{letter}"}}
            yield {"$or": [long_ago, {"stat.downloaded": {"$eq": None}}]}
    for key, values in (criteria.get("includedProperties") or {}).items():
        yield {"$or": [{f"@{key}": {"$eq": value}} for value in values]}
    for key, values in (criteria.get("excludedProperties") or {}).items():
        for value in values:
            yield {f"@{key}": {"$ne": value}}

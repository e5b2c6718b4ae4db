"""PackageCleanupPolicy: deletes versions of packages by age, last download or number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.evidence import Budget
from reconciler.kinds.kind import Fault, Kind, Limit, Subject
from reconciler.kinds.marks import (
    FIXED,
    UNORDERED,
    UNSAID,
    WHOLE,
    Default,
    Known,
    Ref,
    Same,
    Since,
)
from reconciler.kinds.policies import _cleanup_survey, _runs
from reconciler.kinds.policies._cleanup_operations import operations
from reconciler.kinds.policies._fields import (
    DELETES_MORE,
    FOR_GOOD,
    NONE_IS_ZERO,
    STARTS_TO_DELETE,
    Cron,
    Minutes,
    ProjectKey,
    Repositories,
    without_project,
)
from reconciler.kinds.policies._package_evidence import estimate
from reconciler.kinds.policies._projects import project_of_the_policy, somewhere
from reconciler.kinds.policies._rest import PolicyListing, SwitchedCollection
from reconciler.kinds.policies._rules import key_of_its_own, policy_key, schedule_rule
from reconciler.kinds.repositories._package_types import PACKAGE_TYPES
from reconciler.kinds.repositories._repository import SAME_PACKAGE_TYPE
from reconciler.kinds.rest import Flow, Write
from reconciler.kinds.risks import SAFE
from reconciler.kinds.spec import ObjectSpec, Spec, unset
from reconciler.model import DryRun, Impact

DAYS = Since("7.111.2")
Figure = Annotated[int | None, Field(ge=1), NONE_IS_ZERO]
Property = dict[str, list[str]]


class PackageCriteriaSpec(Spec):
    """Which versions of which packages are deleted. All that is given must hold."""

    packageTypes: Annotated[
        list[Annotated[str, Known(*PACKAGE_TYPES, "yum"), SAME_PACKAGE_TYPE]],
        Field(min_length=1),
        UNORDERED,
    ]
    """Package types to look at, such as `docker` and `maven`."""

    repos: Annotated[Repositories, Field(min_length=1)]
    """Repositories to look in: keys, or patterns such as `dev-*`. `**` is all of them."""

    excludedRepos: Annotated[Repositories, Default([])] = unset()
    """Repositories that are left alone: keys or patterns."""

    includedPackages: Annotated[list[str], Field(min_length=1, max_length=1)]
    """Exactly one name or pattern of packages, such as `com/acme*`; `**` is every package."""

    excludedPackages: Annotated[list[str], UNORDERED, Default([])] = unset()
    """Names of packages that are left alone. Names only, no patterns."""

    includeAllProjects: Annotated[bool, Default(False)] = unset()
    """Look into every project. For global policies only."""

    includedProjects: Annotated[list[ProjectKey], UNORDERED, Default([])] = unset()
    """Keys of the projects to look into; `default` stands for repositories in no project. For
    global policies only."""

    createdBeforeInDays: Annotated[Figure, DAYS] = unset()
    """Age in days: versions that were created longer ago are deleted. Servers before 7.111.2 count
    in months."""

    lastDownloadedBeforeInDays: Annotated[Figure, DAYS] = unset()
    """Days: versions that were last downloaded longer ago, or never, are deleted."""

    createdBeforeInMonths: Figure = unset()
    """Age in months: versions that were created longer ago are deleted. Newer servers count in
    days."""

    lastDownloadedBeforeInMonths: Figure = unset()
    """Months: versions that were last downloaded longer ago, or never, are deleted."""

    keepLastNVersions: Figure = unset()
    """So many versions of each package are kept, the newest by creation; all others are deleted.
    It stands alone, without an age or `includedProperties`. The server refuses it for `generic`,
    and before 7.115.1 for `docker`, `oci` and `helmoci`."""

    includedProperties: Property | None = unset()
    """Only versions with this property: one name with one value, such as `stage: [dev]`."""

    excludedProperties: Property | None = unset()
    """No version with this property: one name with one value, such as `keep: ["true"]`. It spares
    versions, and is no condition by itself."""


class PackageCleanupPolicySpec(ObjectSpec):
    """Deletes versions of packages by age, last download or number. It runs by its schedule, or by
    hand."""

    description: Annotated[str | None, SAFE] = unset()
    """What the policy is for."""

    cronExp: Cron | None = unset()
    """When it runs, as a Quartz cron expression such as `0 0 2 ? * SAT`: second, minute, hour, day
    of month, month, day of week, and perhaps year. Without it, it runs by hand only."""

    durationInMinutes: Minutes = unset()
    """Minutes after which a run is stopped, finished or not; 0 is no limit."""

    enabled: Annotated[bool, Default(False), STARTS_TO_DELETE] = unset()
    """Whether the policy may run, by schedule or by hand; a dry run is always possible. The server
    creates every policy switched off: switching it on is a request of its own."""

    skipTrashcan: Annotated[bool, Default(False), FOR_GOOD] = unset()
    """Deletes for good. `false` moves everything to the trash can, which must be switched on."""

    projectKey: Annotated[
        str | None,
        Ref("Project", check="live"),
        Same(without_project, "`default` stands for no project"),
        FIXED,
        UNSAID,
    ] = unset()
    """Key of the project that the policy belongs to and acts in; a global policy has none. The
    name of a project's policy begins with the project's key and `-`."""

    searchCriteria: Annotated[PackageCriteriaSpec, WHOLE, DELETES_MORE]
    """What is deleted."""


AGES = (
    "createdBeforeInDays",
    "lastDownloadedBeforeInDays",
    "createdBeforeInMonths",
    "lastDownloadedBeforeInMonths",
)
PROPERTIES = ("includedProperties", "excludedProperties")
COUNT = "keepLastNVersions"
MARK = "includedProperties"
WITHOUT_COUNT = ("generic",)
"""Package types that have no versions to count: the server answers 400 to `keepLastNVersions`.

The reference says that there are such types; which they are, the vendor's Terraform provider does
(package_cleanup_policy.md, "Supported Package Types").
"""
COUNTED_LATE = ("docker", "oci", "helmoci")
"""Package types whose versions are counted from `COUNTED_SINCE` on; same source."""
COUNTED_SINCE = "7.115.1"
_AT = ("spec", "searchCriteria")


def _given(criteria: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if criteria.get(name)]


def _conditions(subject: Subject) -> Iterator[Fault]:
    """One condition at least; the number of versions stands alone; days or months, not both."""
    criteria = subject.spec.get("searchCriteria") or {}
    ages, marks = _given(criteria, AGES), _given(criteria, (MARK,))
    if not ages and not marks and not criteria.get(COUNT):
        yield Fault(
            _AT,
            "policy-condition",
            "nothing says which versions are old enough to go",
            f"give {AGES[0]}, {AGES[1]} or both, {MARK}, or {COUNT}",
        )
    if criteria.get(COUNT) and (ages or marks):
        yield Fault(
            (*_AT, COUNT),
            "policy-condition",
            f"{COUNT} stands alone; {' and '.join([*ages, *marks])} cannot stand beside it",
            "take out one side",
        )
    months = [name for name in ages if name.endswith("Months")]
    if months and len(months) < len(ages):
        yield Fault(
            (*_AT, months[0]),
            "policy-condition",
            "ages are given in days and in months; the server takes only one of them",
            "write all of them in days, or for servers before 7.111.2 in months",
        )


def _counted(subject: Subject) -> Iterator[Fault]:
    """Versions are counted of package types that have versions."""
    criteria = subject.spec.get("searchCriteria") or {}
    for index, name in enumerate(criteria.get("packageTypes") or () if criteria.get(COUNT) else ()):
        if name.lower() in WITHOUT_COUNT:
            yield Fault(
                (*_AT, "packageTypes", index),
                "policy-package-type",
                f"{COUNT} cannot be used with '{name}': its packages have no versions to count, "
                "and the server refuses the policy",
                "let ages select them, in a policy of their own",
            )


def _one_property(subject: Subject) -> Iterator[Fault]:
    """One name with one value is all that the server takes."""
    criteria = subject.spec.get("searchCriteria") or {}
    for name in _given(criteria, PROPERTIES):
        written = criteria[name]
        if len(written) != 1 or any(len(values) != 1 for values in written.values()):
            yield Fault(
                (*_AT, name),
                "policy-property",
                "exactly one property with exactly one value is possible",
                'such as {stage: ["dev"]}; use one policy for each other property',
            )


def _plain_names(subject: Subject) -> Iterator[Fault]:
    """Excluded packages are named, not matched."""
    criteria = subject.spec.get("searchCriteria") or {}
    for index, name in enumerate(criteria.get("excludedPackages") or ()):
        if "*" in name or "?" in name:
            yield Fault(
                (*_AT, "excludedPackages", index),
                "policy-package-name",
                f"'{name}' is a pattern; packages are left alone by their names only, so it would "
                "protect nothing",
                "list the names, or write a narrower includedPackages",
            )


def _combined_later(subject: Subject) -> str:
    """Until 7.129 a policy had ages or a property, not both."""
    criteria = subject.spec.get("searchCriteria") or {}
    if _given(criteria, AGES) and _given(criteria, (MARK,)):
        return f"ages and {MARK} cannot stand together"
    return ""


def _counted_later(subject: Subject) -> str:
    """Until 7.115.1 the versions of images were not counted: that could break images of several
    platforms."""
    criteria = subject.spec.get("searchCriteria") or {}
    late = [name for name in criteria.get("packageTypes") or () if name.lower() in COUNTED_LATE]
    if not late or not criteria.get(COUNT):
        return ""
    return f"{COUNT} cannot be used with {' and '.join(late)}"


@dataclass(frozen=True)
class PackagePolicies(SwitchedCollection):
    """See `SwitchedCollection`; the conditions exclude each other, so that one takes others out."""

    def shaped(self, body: dict[str, Any], write: Write) -> dict[str, Any]:
        """The criteria without what is cleared or excluded by what is new."""
        criteria = dict(body.get("searchCriteria") or {})
        changed = {
            change.path.rpartition(".")[2]
            for change in write.changes
            if change.path.startswith("spec.searchCriteria.") and change.after
        }
        if write.live:
            for name in _excluded(changed):
                criteria.pop(name, None)
        cleared = {name for name in (*AGES, COUNT, *PROPERTIES) if not criteria.get(name)}
        criteria = {n: v for n, v in criteria.items() if v is not None and n not in cleared}
        return {**body, "searchCriteria": {"excludedPackages": [], **criteria}}


def _excluded(changed: set[str]) -> Iterator[str]:
    """The conditions that cannot stand beside one that is new."""
    if COUNT in changed:
        yield from (*AGES, MARK)
    if not changed.isdisjoint((*AGES, MARK)):
        yield COUNT
    for unit, other in (("Days", "Months"), ("Months", "Days")):
        if any(name.endswith(unit) for name in changed.intersection(AGES)):
            yield from (name for name in AGES if name.endswith(other))


POLICIES = "/artifactory/api/cleanup/packages/policies"

REST = PackagePolicies(
    POLICIES,
    maps=frozenset(PROPERTIES),
    listing=PolicyListing(
        POLICIES,
        since="7.98.2",
        instead="it has no package cleanup policies, or they are not switched on",
    ),
)


def evidence(write: Write, budget: Budget) -> Flow:
    """What the policy would delete: an estimate, and the last dry run of the same criteria."""
    policy = REST.intended(write)
    found: Impact = yield from estimate(policy, budget)
    number = _runs.number_in(write.run)
    if number is None or not _runs.is_same(write.run, policy):
        return found
    told: _runs.Summary | None = yield from _runs.summary(write.name, number)
    if told is None or not told.is_dry or told.status != _runs.COMPLETED:
        return found
    return found.beside(DryRun(told.started, told.items, told.bytes))


KIND = Kind(
    name="PackageCleanupPolicy",
    spec=PackageCleanupPolicySpec,
    rest=REST,
    evidence=evidence,
    operations=operations(POLICIES, "package versions"),
    survey=_cleanup_survey.packages,
    area="Policies",
    since="7.98.2",
    rules=(
        policy_key,
        key_of_its_own,
        schedule_rule("cronExp"),
        project_of_the_policy,
        _conditions,
        _counted,
        _one_property,
        _plain_names,
        somewhere,
    ),
    limits=(Limit("7.129.0", _combined_later), Limit(COUNTED_SINCE, _counted_later)),
    lost_on_replace="the reports of its runs",
)

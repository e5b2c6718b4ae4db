"""ArchivePolicy: moves files or packages from the live instance to cold storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.evidence import Budget
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.marks import FIXED, UNORDERED, WHOLE, Default, Known, Ref, Risk, Same
from reconciler.kinds.policies import aql
from reconciler.kinds.policies._archive_evidence import POLICIES, previewed
from reconciler.kinds.policies._archive_operations import OPERATIONS, survey
from reconciler.kinds.policies._fields import (
    ARCHIVES_MORE,
    FOR_GOOD,
    NONE_IS_ZERO,
    REPOSITORIES,
    STARTS_TO_ARCHIVE,
    Cron,
    Minutes,
    Repositories,
    repositories_in,
)
from reconciler.kinds.policies._rest import PolicyCollection, PolicyListing
from reconciler.kinds.policies._rules import key_of_its_own, policy_key, schedule_rule
from reconciler.kinds.repositories._package_types import PACKAGE_TYPES
from reconciler.kinds.repositories._repository import SAME_PACKAGE_TYPE
from reconciler.kinds.rest import Flow, Write, send
from reconciler.kinds.risks import SAFE, lowered
from reconciler.kinds.spec import ObjectSpec, Spec, unset
from reconciler.model import Observed, Request, Response

Operator = Annotated[str, Known("and", "or"), Default("or")]


class PropertySpec(Spec):
    """A property with one value."""

    propertyKey: str
    """Name of the property, such as `build.status`."""

    propertyValue: str
    """Its value, such as `released`."""


class PropertyGroupSpec(Spec):
    """Properties, and how they combine."""

    operator: Operator = unset()
    """How the values combine: `and` or `or`."""

    values: Annotated[list[PropertySpec], UNORDERED, Default([])] = unset()
    """The properties."""


class TextGroupSpec(Spec):
    """Names or patterns, and how they combine."""

    operator: Operator = unset()
    """How the values combine: `and` or `or`."""

    values: Annotated[list[str], UNORDERED, Default([])] = unset()
    """Names, or patterns with `*`."""


class RepositoryGroupSpec(Spec):
    """Repositories, and how they combine."""

    operator: Operator = unset()
    """How the values combine: `and` or `or`."""

    values: Annotated[Repositories, Default([])] = unset()
    """Keys of repositories, or patterns such as `dev-*`."""


class PropertiesSpec(Spec):
    """Properties that files have, or do not have."""

    include: PropertyGroupSpec = unset()
    """Files with these are archived."""

    exclude: PropertyGroupSpec = unset()
    """Files with these stay."""


class TextsSpec(Spec):
    """Texts that match, or do not match."""

    include: TextGroupSpec = unset()
    """What matches these is archived."""

    exclude: TextGroupSpec = unset()
    """What matches these stays."""


class RepositoriesSpec(Spec):
    """Repositories to look in, or to leave alone."""

    include: RepositoryGroupSpec = unset()
    """Files in these are archived."""

    exclude: RepositoryGroupSpec = unset()
    """Files in these stay."""


class ArtifactFormSpec(Spec):
    """Which files are archived, without AQL. All that is given must hold."""

    properties: PropertiesSpec = unset()
    """By their properties."""

    repositories: RepositoriesSpec = unset()
    """By the repository they lie in."""

    paths: TextsSpec = unset()
    """By the path they lie at."""

    names: TextsSpec = unset()
    """By their names."""

    createdBefore: Annotated[int | None, Field(ge=1), NONE_IS_ZERO] = unset()
    """Age in months: files that were created longer ago."""

    downloadedBefore: Annotated[int | None, Field(ge=1), NONE_IS_ZERO] = unset()
    """Months: files that were last downloaded longer ago."""


class PackageFormSpec(Spec):
    """Which packages are archived. All that is given must hold."""

    packageType: Annotated[str, Known(*PACKAGE_TYPES), SAME_PACKAGE_TYPE]
    """The one package type to look at, such as `docker`."""

    packageRepos: Annotated[list[str], Field(min_length=1), UNORDERED, Ref(*REPOSITORIES)]
    """Keys of the repositories to look in."""

    componentName: str | None = unset()
    """Name of the packages, or a pattern with `*`."""

    version: str | None = unset()
    """Version of the packages, or a pattern with `*`."""

    createdBefore: Annotated[int | None, Field(ge=1), NONE_IS_ZERO] = unset()
    """Packages that were created before this time: milliseconds since 1970, as the reference counts
    here."""

    downloadedBefore: Annotated[int | None, Field(ge=1), NONE_IS_ZERO] = unset()
    """Packages that were last downloaded before this time: milliseconds since 1970."""


class ArchivePolicySpec(ObjectSpec):
    """Moves files or packages from the live instance to cold storage. It selects by exactly one of
    `aqlQuery`, `searchCriteriaForm` and `packageSearchCriteriaForm`, the same as long as it
    exists."""

    description: Annotated[str | None, SAFE] = unset()
    """What the policy is for."""

    enabled: Annotated[bool, STARTS_TO_ARCHIVE]
    """Whether the policy may run, by schedule or by hand."""

    cronExp: Cron | None = unset()
    """When it runs, as a Quartz cron expression such as `0 15 10 L * ?`. Without it, it runs by
    hand only."""

    packageRetention: Annotated[
        bool,
        FIXED,
        Default(False),
        Same(lambda packages: packages or None, "the server does not say `false`"),
    ] = unset()
    """Archives packages; else files. `true` where `packageSearchCriteriaForm` is."""

    aqlQuery: Annotated[
        str,
        Same(
            aql.canonical,
            "quotes, blanks and the order of criteria make no difference",
            only_compared=True,
        ),
        Ref(*REPOSITORIES, check="pattern", found_in=repositories_in),
        ARCHIVES_MORE,
    ] = unset()
    """Which files are archived, as an AQL query of items such as
    `items.find({"repo": "docs-local", "created": {"$before": "2y"}})`."""

    searchCriteriaForm: Annotated[ArtifactFormSpec, WHOLE, ARCHIVES_MORE] = unset()
    """Which files are archived, without AQL: by at least one of properties, repositories, paths and
    names."""

    packageSearchCriteriaForm: Annotated[PackageFormSpec, WHOLE, ARCHIVES_MORE] = unset()
    """Which packages are archived."""

    durationInMinutes: Minutes = unset()
    """Minutes after which a run is stopped, finished or not; 0 is no limit."""

    expirationTimeInMonths: Annotated[
        int | None,
        Field(ge=0),
        NONE_IS_ZERO,
        Default(0),
        Risk("disruptive", "lowering it is disruptive: what is older is deleted for good", lowered),
    ] = unset()
    """Months after which archived copies are deleted from cold storage; 0 is never."""

    skipTrashcan: Annotated[bool, Default(False), FOR_GOOD] = unset()
    """Does not keep what was moved in the trash can of the live instance."""


MODES = ("aqlQuery", "searchCriteriaForm", "packageSearchCriteriaForm")
_FILES_BY = ("properties", "repositories", "paths", "names")


def _one_mode(subject: Subject) -> Iterator[Fault]:
    """Exactly one way of selecting."""
    given = [name for name in MODES if subject.spec.get(name)]
    if not given:
        yield Fault(
            ("spec",),
            "archive-mode",
            "nothing says what is archived",
            f"give one of {', '.join(MODES)}",
        )
    for name in given[1:]:
        yield Fault(
            ("spec", name),
            "archive-mode",
            f"{name} cannot stand beside {given[0]}: a policy selects in one way",
            "take out one of them",
        )


def _packages_or_files(subject: Subject) -> Iterator[Fault]:
    """`packageRetention` says the same as the form does."""
    spec = subject.spec
    about_packages = bool(spec.get("packageSearchCriteriaForm"))
    about_files = bool(spec.get("aqlQuery") or spec.get("searchCriteriaForm"))
    says = spec.get("packageRetention", False)
    if about_packages and not says:
        yield Fault(
            ("spec", "packageSearchCriteriaForm"),
            "archive-mode",
            "packages are archived where packageRetention is true",
            "write packageRetention: true",
        )
    if about_files and not about_packages and says:
        yield Fault(
            ("spec", "packageRetention"),
            "archive-mode",
            "with packageRetention a policy archives packages, and selects by "
            "packageSearchCriteriaForm",
            "take packageRetention out to archive files",
        )


def _form_says_something(subject: Subject) -> Iterator[Fault]:
    """Files are selected by more than their age."""
    form = subject.spec.get("searchCriteriaForm")
    if form and not any(_has_values(form.get(name)) for name in _FILES_BY):
        yield Fault(
            ("spec", "searchCriteriaForm"),
            "archive-criteria",
            "files are selected by at least one of properties, repositories, paths and names",
            "name the repositories: {repositories: {include: {values: [dev-*]}}}",
        )


def _has_values(part: Any) -> bool:
    groups = part.values() if isinstance(part, dict) else ()
    return any(isinstance(group, dict) and group.get("values") for group in groups)


def _query(subject: Subject) -> Iterator[Fault]:
    """The query is AQL, of items."""
    text = subject.spec.get("aqlQuery")
    if not text:
        return
    reading = aql.read(text)
    for fault in reading.faults:
        yield Fault(
            ("spec", "aqlQuery"),
            "aql",
            fault.problem,
            fault.hint or 'a query looks like items.find({"repo": "docs-local"})',
            offset=fault.offset,
        )
    for remark in reading.remarks:
        yield Fault(
            ("spec", "aqlQuery"),
            "aql-odd",
            remark.problem,
            remark.hint or "the server decides; --strict makes this an error",
            severity="warning",
            offset=remark.offset,
        )


@dataclass(frozen=True)
class ArchivePolicies(PolicyCollection):
    """One policy may come as an array of one."""

    def answered(self, request: Request, response: Response) -> Observed:
        """What one answer says, in either form."""
        single = _single(response)
        return self.live(single) if single is not None else super().answered(request, response)

    def create(self, write: Write) -> Flow:
        """One request; the server takes it as it is, also switched on."""
        body = {**self.named(write), **self.constants, **write.body}
        yield from send(Request("POST", self.url(write.address), json=self.shaped(body, write)))

    def shaped(self, body: dict[str, Any], write: Write) -> dict[str, Any]:
        """The body without what is cleared in the forms."""
        cleared = {
            name: {key: value for key, value in body[name].items() if value is not None}
            for name in MODES
            if isinstance(body.get(name), dict)
        }
        return {**body, **cleared}


def _single(response: Response) -> Mapping[str, Any] | None:
    """The policy of an array of one; None for every other answer."""
    try:
        raw = response.json() if response.status == 200 else None
    except ValueError:
        return None
    if isinstance(raw, list) and len(raw) == 1 and isinstance(raw[0], dict) and "key" in raw[0]:
        return raw[0]
    return None


REST = ArchivePolicies(
    POLICIES,
    drops=frozenset({"lastRunStatus", "nextExecutionTime"}),
    listing=PolicyListing(
        POLICIES,
        since="7.27.3",
        instead="it has no classic archive policies; what it may have are smart archiving "
        "policies (/artifactory/api/archive/v2/packages/policies), which are another API",
    ),
)


def evidence(write: Write, budget: Budget) -> Flow:
    """What the policy would archive."""
    return previewed(REST.intended(write), budget)


KIND = Kind(
    name="ArchivePolicy",
    spec=ArchivePolicySpec,
    rest=REST,
    evidence=evidence,
    operations=OPERATIONS,
    survey=survey,
    area="Policies",
    since="7.27.3",
    modes=MODES,
    rules=(
        policy_key,
        key_of_its_own,
        schedule_rule("cronExp"),
        _one_mode,
        _packages_or_files,
        _form_says_something,
        _query,
    ),
    lost_on_replace="the record of its runs",
)

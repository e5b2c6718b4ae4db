"""ReleaseBundleCleanupPolicy: deletes versions of release bundles (v2) by age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.evidence import Budget
from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import UNORDERED, WHOLE, Default, Ref, Risk
from reconciler.kinds.policies import _cleanup_survey
from reconciler.kinds.policies._bundle_evidence import POLICIES, from_dry_run, unknown
from reconciler.kinds.policies._cleanup_operations import operations
from reconciler.kinds.policies._fields import STARTS_TO_DELETE, Cron, Minutes, ProjectKey
from reconciler.kinds.policies._rest import PolicyView, SwitchedCollection
from reconciler.kinds.policies._rules import key_of_its_own, policy_key, schedule_rule
from reconciler.kinds.rest import Flow, Write
from reconciler.kinds.risks import SAFE
from reconciler.kinds.spec import ObjectSpec, Spec, unset

MONTHS = "createdBeforeInMonths"


class BundleSpec(Spec):
    """A release bundle whose versions may go."""

    name: str
    """Name of the bundle; `**` is every one."""

    projectKey: ProjectKey
    """Key of the project that the bundle belongs to; empty for a bundle in no project."""


class BundleCriteriaSpec(Spec):
    """Which versions of which release bundles are deleted."""

    includeAllProjects: bool
    """Look into every project."""

    includedProjects: Annotated[list[ProjectKey], UNORDERED]
    """Keys of the projects to look into; may be empty."""

    releaseBundles: Annotated[list[BundleSpec], Field(min_length=1), UNORDERED]
    """The bundles whose versions may go."""

    excludePromotedEnvironments: Annotated[
        list[str], UNORDERED, Ref("GlobalEnvironment", "ProjectEnvironment", check="server")
    ]
    """Versions that were promoted to one of these environments are kept, such as `PROD`; `**` keeps
    every version that was promoted at all."""

    createdBeforeInMonths: Annotated[int, Field(ge=1)]
    """Age in months: versions that were created longer ago are deleted."""


class ReleaseBundleCleanupPolicySpec(ObjectSpec):
    """Deletes versions of release bundles (v2) by age. It runs by its schedule, or by hand; what it
    deletes never goes to the trash can."""

    description: Annotated[str | None, SAFE] = unset()
    """What the policy is for."""

    cronExp: Cron | None = unset()
    """When it runs, as a Quartz cron expression such as `0 0 2 ? * SAT`. Without it, it runs by
    hand only."""

    durationInMinutes: Minutes = unset()
    """Minutes after which a run is stopped, finished or not; 0 is no limit."""

    enabled: Annotated[bool, Default(False), STARTS_TO_DELETE] = unset()
    """Whether the policy may run, by schedule or by hand; a dry run is always possible. The server
    creates every policy switched off: switching it on is a request of its own."""

    searchCriteria: Annotated[
        BundleCriteriaSpec,
        WHOLE,
        Risk("disruptive", "a change is disruptive: other release bundles are deleted"),
    ]
    """What is deleted."""


@dataclass(frozen=True)
class BundlePolicies(SwitchedCollection):
    """See `SwitchedCollection`; newer servers say the age in days too, which follows the months."""

    def shaped(self, body: dict[str, Any], write: Write) -> dict[str, Any]:
        """The body without the days of months that are no more."""
        criteria = dict(body.get("searchCriteria") or {})
        if any(change.path == f"spec.searchCriteria.{MONTHS}" for change in write.changes):
            criteria.pop("createdBeforeInDays", None)
        return {**body, "searchCriteria": criteria}


REST = BundlePolicies(
    POLICIES,
    constants={"itemType": "releaseBundle"},
    listing=PolicyView(f"{POLICIES}/", since="7.104.2"),
)


def evidence(write: Write, _budget: Budget) -> Flow:
    """What the policy would delete, as far as a dry run told."""
    if not write.live:
        return unknown("the platform has no preview; once it is there, `run ADDRESS dry-run` tells")
        yield
    return (yield from from_dry_run(REST.intended(write), write.run))


KIND = Kind(
    name="ReleaseBundleCleanupPolicy",
    spec=ReleaseBundleCleanupPolicySpec,
    rest=REST,
    evidence=evidence,
    operations=operations(POLICIES, "release bundle versions"),
    survey=_cleanup_survey.bundles,
    area="Policies",
    since="7.104.2",
    rules=(policy_key, key_of_its_own, schedule_rule("cronExp")),
    lost_on_replace="the reports of its runs",
)

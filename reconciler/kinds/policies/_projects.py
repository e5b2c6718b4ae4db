"""Policies of projects: what their names and criteria may say."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds.kind import Fault, Subject
from reconciler.kinds.policies._fields import NO_PROJECT

_CRITERIA = ("spec", "searchCriteria")


def project_of_the_policy(subject: Subject) -> Iterator[Fault]:
    """A project's policy has the project's key in its name, and looks into no other project."""
    project = subject.spec.get("projectKey")
    if not project or project == NO_PROJECT:
        return
    if not subject.name.startswith(f"{project}-"):
        yield Fault(
            ("metadata", "name"),
            "policy-project",
            f"the name of a policy of project '{project}' begins with '{project}-'",
            f"write {project}-{subject.name}",
        )
    criteria = subject.spec.get("searchCriteria") or {}
    for name in ("includeAllProjects", "includedProjects"):
        if criteria.get(name):
            yield Fault(
                (*_CRITERIA, name),
                "policy-project",
                f"a policy of project '{project}' acts in this project only",
                f"take {name} out, or projectKey for a global policy",
            )


def somewhere(subject: Subject) -> Iterator[Fault]:
    """A global policy says which projects it looks into; without one it looks nowhere."""
    criteria = subject.spec.get("searchCriteria")
    project = subject.spec.get("projectKey")
    if not criteria or (project and project != NO_PROJECT):
        return
    if not criteria.get("includeAllProjects") and not criteria.get("includedProjects"):
        yield Fault(
            _CRITERIA,
            "policy-nowhere",
            "a global policy that names no project looks into no repository",
            f"write includeAllProjects: true, or list includedProjects; '{NO_PROJECT}' stands for "
            "the repositories in no project",
            severity="warning",
        )

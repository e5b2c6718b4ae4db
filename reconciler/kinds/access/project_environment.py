"""ProjectEnvironment: a stage that only one project uses."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds.access._access import (
    LONGEST_ENVIRONMENT,
    PREDEFINED_ENVIRONMENTS,
    environment_name,
)
from reconciler.kinds.kind import CONFIGURATION_LANE, Fault, Kind, Subject
from reconciler.kinds.shapes import NameList
from reconciler.kinds.spec import ObjectSpec
from reconciler.model import Address


class ProjectEnvironmentSpec(ObjectSpec):
    """A stage that repositories and roles of one project may name. The manifest gives the short
    name; on the platform, and in a repository's `environments`, the project's key and '-' stand in
    front of it. `metadata.previousNames` renames it, and whatever names it follows."""


def _full_name(address: Address) -> str:
    return "-".join(address.parts)


def _whole_length(subject: Subject) -> Iterator[Fault]:
    """The project's key is part of the name, and counts."""
    full = "-".join((*subject.parents, subject.name))
    if len(full) > LONGEST_ENVIRONMENT >= len(subject.name):
        yield Fault(
            ("metadata", "name"),
            "name-too-long",
            f"on the platform the name is '{full}', which has {len(full)} characters; "
            f"{LONGEST_ENVIRONMENT} are allowed",
            f"shorten it by {len(full) - LONGEST_ENVIRONMENT}",
        )


def _without_prefix(subject: Subject) -> Iterator[Fault]:
    """A name that repeats the project's key would get it twice."""
    (project,) = subject.parents
    if subject.name.startswith(f"{project}-"):
        yield Fault(
            ("metadata", "name"),
            "environment-prefix",
            f"on the platform the name is '{project}-{subject.name}': the project's key is put in "
            "front of it",
            f"write {subject.name.removeprefix(f'{project}-')}",
            severity="warning",
        )


KIND = Kind(
    name="ProjectEnvironment",
    spec=ProjectEnvironmentSpec,
    rest=NameList(
        "/access/api/v1/projects/{0}/environments", prefix="{0}-", own=PREDEFINED_ENVIRONMENTS
    ),
    area="Environments",
    since="7.53.1",
    parents={"project": "Project"},
    referred_as=_full_name,
    lane=CONFIGURATION_LANE,
    rules=(environment_name, _whole_length, _without_prefix),
)

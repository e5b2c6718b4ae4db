"""Project: a group of repositories and members with administrators and a quota of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from reconciler.errors import AnswerError, OutcomeUnknownError
from reconciler.kinds.access._access import name_rule, snake_case
from reconciler.kinds.kind import CONFIGURATION_LANE, Kind
from reconciler.kinds.marks import WHOLE, WRITE_ONLY, Default, Risk, Same, Since
from reconciler.kinds.rest import Flow, send
from reconciler.kinds.risks import NOTABLE, SAFE, lowered, turned_off
from reconciler.kinds.shapes import ArrayListing, Collection
from reconciler.kinds.spec import ObjectSpec, Spec, unset
from reconciler.model import Address, Request


def _quota(size: int) -> int | None:
    return None if size in (0, -1) else size


class AdminPrivilegesSpec(Spec):
    """What the administrators of the project may do by themselves."""

    manageMembers: Annotated[bool, Default(False)] = unset()
    """Add and remove members of the project."""

    manageResources: Annotated[bool, Default(False)] = unset()
    """Add and remove repositories of the project."""

    manageRemoteRepository: Annotated[bool, Default(False), Since("7.134.0")] = unset()
    """Add and remove remote repositories of the project."""

    indexResources: Annotated[bool, WRITE_ONLY] = unset()
    """Turn Xray indexing of the project's repositories on and off."""


class ProjectSpec(ObjectSpec):
    """A group of repositories and members with administrators and a quota of its own."""

    displayName: Annotated[str, Field(min_length=1, max_length=128), SAFE]
    """Name shown to people."""

    description: Annotated[str | None, Default(""), SAFE] = unset()
    """What the project is for."""

    adminPrivileges: Annotated[AdminPrivilegesSpec, WHOLE, NOTABLE] = unset()
    """What the administrators of the project may do by themselves."""

    storageQuotaBytes: Annotated[
        int,
        Field(ge=-1),
        Default(-1),
        Same(_quota, "-1 and 0 both mean no quota"),
        Risk("disruptive", "lowering it is disruptive: uploads beyond it fail", lowered),
    ] = unset()
    """Storage the project may use, in bytes; -1 is no quota."""

    softLimit: Annotated[
        bool,
        Default(False),
        Risk(
            "disruptive",
            "switching it off is disruptive: uploads beyond the quota fail",
            turned_off,
        ),
    ] = unset()
    """Reports uploads beyond the quota instead of refusing them. Self-hosted servers only."""

    storageQuotaEmailNotification: Annotated[bool, Default(True), SAFE] = unset()
    """Mails the administrators of the project when the quota is nearly used up."""


PROJECTS = "/access/api/v1/projects"

LISTING = ArrayListing(PROJECTS, since="7.17.4", name_field="project_key")
"""All projects in one answer; a project's administrator gets only those of theirs."""


@dataclass(frozen=True)
class ProjectCollection(Collection):
    """Created by POST, changed by PUT of the whole, deleted when nothing belongs to it."""

    path: str = PROJECTS
    create_by: str = "POST"
    create_in: bool = True
    update_by: str = "PUT"
    delete_by: str = "DELETE"
    replaces: bool = True
    name_field: str = "project_key"

    def delete(self, address: Address) -> Flow:
        """One request; for a while the server still counts repositories that just left."""
        request = Request(self.delete_by, self.url(address))
        try:
            yield from send(request)
        except AnswerError as error:
            if error.status == 400 and _NOT_EMPTY in error.summary:
                raise OutcomeUnknownError(error.summary, status=error.status) from None
            raise


_NOT_EMPTY = "containing resources"
"""Part of the server's text for a project that has something in it, or had until just now."""


KIND = Kind(
    name="Project",
    spec=ProjectSpec,
    rest=ProjectCollection(listing=LISTING),
    area="Projects",
    since="7.17.4",
    lane=CONFIGURATION_LANE,
    rules=(
        name_rule(
            "a project",
            "[a-z][a-z0-9-]+",
            32,
            "use two or more small letters, digits and '-', and begin with a letter",
        ),
    ),
    wire_name=snake_case,
    lost_on_replace="its members, roles and environments, and every repository's place in it",
)

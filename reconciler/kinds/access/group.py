"""Group: users who get rights together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from reconciler.kinds.access._access import name_rule, snake_case
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.losses import Turn
from reconciler.kinds.marks import UNORDERED, Default, MayForce, Ref, Risk, Since
from reconciler.kinds.rest import Flow, Listing, Write, send, unusable
from reconciler.kinds.risks import GIVES_RIGHTS, NOTABLE, SAFE, loses, was_set
from reconciler.kinds.shapes import Collection
from reconciler.kinds.spec import ObjectSpec, unset
from reconciler.model import Loss, Request, Response, RightsLost

ROLES = Since("7.128.0")


class GroupSpec(ObjectSpec):
    """Users who get rights together."""

    description: Annotated[str | None, SAFE] = unset()
    """What the group is for."""

    members: Annotated[
        list[str] | None,
        UNORDERED,
        Ref("User", check="server"),
        Risk("disruptive", "taking one out is disruptive: rights are lost", loses()),
    ] = unset()
    """Names of the users in the group. Where it is declared, it is the whole membership: users who
    are not in it are taken out. The group is the one owner of membership."""

    autoJoin: Annotated[bool, Default(False), GIVES_RIGHTS] = unset()
    """New users join by themselves. Not for groups of administrators."""

    adminPrivileges: Annotated[
        bool,
        Default(False),
        Risk("disruptive", "a change is disruptive: it decides who rules the platform"),
    ] = unset()
    """Members are administrators of the platform."""

    externalId: Annotated[
        str | None,
        Risk("disruptive", "replacing it is disruptive: members lose the group", was_set),
    ] = unset()
    """The group's identifier at an external identity provider."""

    reportsManager: Annotated[bool, Default(False), ROLES, NOTABLE] = unset()
    """Members manage Xray reports."""

    watchManager: Annotated[bool, Default(False), ROLES, NOTABLE] = unset()
    """Members manage Xray watches."""

    policyManager: Annotated[bool, Default(False), ROLES, GIVES_RIGHTS] = unset()
    """Members manage Xray policies; they see them too."""

    policyViewer: Annotated[
        bool, Default(False), ROLES, MayForce("true where policyManager is"), NOTABLE
    ] = unset()
    """Members see Xray policies."""

    manageResources: Annotated[bool, Default(False), ROLES, GIVES_RIGHTS] = unset()
    """Members manage resources."""

    manageWebhook: Annotated[bool, Default(False), ROLES, NOTABLE] = unset()
    """Members manage webhooks."""


def _administrators_join_by_hand(subject: Subject) -> Iterator[Fault]:
    """The server refuses a group that makes every new user an administrator."""
    if subject.spec.get("autoJoin") is True and subject.spec.get("adminPrivileges") is True:
        yield Fault(
            ("spec", "autoJoin"),
            "auto-join-administrators",
            "a group with adminPrivileges cannot have autoJoin: every new user would be an "
            "administrator",
            "take one of the two out",
        )


def _managers_see(subject: Subject) -> Iterator[Fault]:
    """The server turns policyViewer on where policyManager is."""
    if subject.spec.get("policyManager") is True and subject.spec.get("policyViewer") is False:
        yield Fault(
            ("spec", "policyViewer"),
            "policy-viewer-forced",
            "the server sets policyViewer to true where policyManager is true",
            "take policyViewer out, or set it to true",
        )


def _members_are_names(subject: Subject) -> Iterator[Fault]:
    """Nobody has an empty name, and nobody is in a group twice."""
    seen: set[str] = set()
    for index, name in enumerate(subject.spec.get("members") or ()):
        path = ("spec", "members", index)
        if not name.strip():
            yield Fault(path, "group-member-empty", "a member is an empty text", "write the name")
        elif name in seen:
            yield Fault(
                path,
                "group-member-twice",
                f"'{name}' is listed twice",
                "remove one of them",
                severity="warning",
            )
        seen.add(name)


def _takes_away(turn: Turn) -> Iterator[Loss]:
    """Members lose what the group gives: who is taken out, and all of them where it gives less."""
    before, after = turn.before, turn.after
    members = _names(before.get("members"))
    rules = before.get("adminPrivileges") is True
    if after is None:
        yield RightsLost(turn.name, members, everyone=True, admin=rules)
        return
    stay = _names(after.get("members"))
    if gone := members - stay:
        yield RightsLost(turn.name, gone, admin=rules, stay=stay)
    if any(before.get(right) is True and after.get(right) is not True for right in _RIGHTS):
        no_more = rules and after.get("adminPrivileges") is not True
        yield RightsLost(turn.name, members, everyone=True, admin=no_more)


def _names(listed: Any) -> frozenset[str]:
    """The names of a list, whatever else a server puts there."""
    return frozenset(name for name in _list(listed) if isinstance(name, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_RIGHTS = (
    "adminPrivileges",
    "reportsManager",
    "watchManager",
    "policyManager",
    "policyViewer",
    "manageResources",
    "manageWebhook",
)
"""What a group gives its members beside what permissions give them."""

GROUPS = "/access/api/v2/groups"

PAGE = 1000
"""So many names are asked for at once."""


@dataclass(frozen=True)
class GroupListing(Listing):
    """The names of all groups, page by page; the groups themselves are read one by one."""

    path: str = GROUPS
    since: str = "7.49.3"

    @property
    def reads(self) -> bool:
        """There are only names."""
        return False

    def read(self) -> Flow:
        """There is no read of all groups."""
        return None
        yield

    def names(self) -> Flow:
        """Returns the names, following the cursor until it ends."""
        found: list[str] = []
        cursor: Any = None
        while True:
            after = (("cursor", cursor),) if cursor else ()
            request = Request("GET", self.path, query=(("limit", str(PAGE)), *after))
            response: Response = yield from send(request)
            lines, following = _page(response)
            if lines is None:
                raise unusable(request, response)
            found += lines
            if not lines or not following or following == cursor:
                return found
            cursor = following


def _page(response: Response) -> tuple[list[str] | None, str]:
    """The names of one page, None for anything that is none, and where the next one begins."""
    try:
        raw = response.json()
    except ValueError:
        return None, ""
    lines = raw.get("groups") if isinstance(raw, dict) else None
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return None, ""
    names = [line.get("group_name") for line in lines]
    if not all(isinstance(name, str) for name in names):
        return None, ""
    return [str(name) for name in names], str(raw.get("cursor") or "")


@dataclass(frozen=True)
class GroupCollection(Collection):
    """Created by POST, changed by PATCH; members come and go by a request of their own."""

    path: str = GROUPS
    create_by: str = "POST"
    create_in: bool = True
    update_by: str = "PATCH"
    delete_by: str = "DELETE"
    name_field: str = "name"

    def update(self, write: Write) -> Flow:
        """The fields, then the members who come and go."""
        fields = {name: value for name, value in write.body.items() if name != "members"}
        yield from super().update(replace(write, body=fields))
        if "members" in write.body:
            yield from self._change_members(write)

    def named(self, write: Write) -> dict[str, str]:
        """The name stands in the body of a create only."""
        return {} if write.live else super().named(write)

    def _change_members(self, write: Write) -> Flow:
        told = write.live.get("members")
        live = {name for name in told if isinstance(name, str)} if isinstance(told, list) else set()
        wanted = set(write.body["members"])
        change = {"add": sorted(wanted - live), "remove": sorted(live - wanted)}
        change = {verb: names for verb, names in change.items() if names}
        if change:
            yield from send(Request("PATCH", f"{self.url(write.address)}/members", json=change))


KIND = Kind(
    name="Group",
    spec=GroupSpec,
    rest=GroupCollection(listing=GroupListing()),
    area="Users and groups",
    since="7.49.3",
    rules=(
        name_rule(
            "a group",
            r".*\S.*",
            64,
            "use one character at least that is no blank, and no line breaks",
            wrong="it is blank, or has a line break in it",
        ),
        _administrators_join_by_hand,
        _managers_see,
        _members_are_names,
    ),
    wire_name=snake_case,
    takes_away=_takes_away,
    lost_on_replace="the rights that permissions give to it",
)

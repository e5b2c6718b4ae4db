"""Who is on a platform: its users, its groups, and who is in which group.

Membership is kept with the group only; both the user and the group API show it from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Json = Any


@dataclass
class User:
    """One user. Passwords are checked when they arrive and not kept."""

    username: str
    email: str = ""
    admin: bool = False
    profile_updatable: bool = True
    disable_ui_access: bool = False
    internal_password_disabled: bool = False
    realm: str = "internal"
    status: str = "enabled"

    roles: list[str] = field(default_factory=list)
    """Platform-wide roles of the user alone; only the old API knows them."""


@dataclass
class Group:
    """One group, as both the new and the old API see it."""

    name: str
    description: str | None = None
    auto_join: bool = False
    admin_privileges: bool = False
    realm: str = "internal"
    realm_attributes: str | None = None
    external_id: str | None = None

    roles: dict[str, bool] = field(default_factory=dict)
    """Which of the platform-wide roles the members have."""

    members: list[str] = field(default_factory=list)


class Directory:
    """All users and groups. A fresh server has two users and one group that everybody joins."""

    def __init__(self) -> None:
        self.users = {"admin": User("admin", admin=True), "anonymous": User("anonymous")}
        self.groups = {"readers": Group("readers", auto_join=True, members=["anonymous"])}

    def groups_of(self, username: str) -> list[Group]:
        """A user name in, the groups it is in out, by name."""
        return [group for _, group in sorted(self.groups.items()) if username in group.members]

    def join(self, group: Group, usernames: list[str]) -> None:
        """User names in; they are members afterwards, each once."""
        group.members = sorted({*group.members, *usernames})

    def leave(self, group: Group, usernames: list[str]) -> None:
        """User names in; they are no members afterwards."""
        group.members = [name for name in group.members if name not in usernames]

    def dump(self) -> dict[str, Json]:
        """Everything, as JSON."""
        return {
            "users": [asdict(user) for user in self.users.values()],
            "groups": [asdict(group) for group in self.groups.values()],
        }

    def load(self, data: dict[str, Json]) -> None:
        """What `dump` gave in; what it does not speak of stays as on a fresh server."""
        if "users" in data:
            self.users = {user["username"]: User(**user) for user in data["users"]}
        if "groups" in data:
            self.groups = {group["name"]: Group(**group) for group in data["groups"]}

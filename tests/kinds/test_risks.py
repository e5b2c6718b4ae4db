"""What a change of a field may do to those who use the object: the marks, kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.diff import Difference
from reconciler.engine.risk import risk_of
from reconciler.kinds.registry import builtin
from reconciler.model import FieldChange

KINDS = builtin()
WEST, EAST = ({"url": f"https://{name}.example.com/artifactory/x"} for name in ("west", "east"))
DISRUPTIVE: list[tuple[str, str, Any, Any]] = [
    ("Group", "adminPrivileges", False, True),
    ("Group", "members", ["ann", "bob"], ["ann"]),
    ("Project", "softLimit", True, False),
    ("Project", "storageQuotaBytes", -1, 100),
    ("Project", "storageQuotaBytes", 200, 100),
    ("LocalRepository", "blackedOut", False, True),
    ("LocalRepository", "projectKey", "one", "other"),
    ("LocalRepository", "projectKey", "one", None),
    ("LocalRepository", "includesPattern", "**/*", "com/**"),
    ("LocalRepository", "includesPattern", "com/**,org/**", "com/**"),
    ("LocalRepository", "excludesPattern", None, "secret/**"),
    ("LocalRepository", "maxUniqueTags", 0, 5),
    ("LocalRepository", "handleSnapshots", True, False),
    ("LocalRepository", "repoLayoutRef", "npm-default", "simple-default"),
    ("RemoteRepository", "url", "https://a.example.com", "https://b.example.com"),
    ("RemoteRepository", "offline", False, True),
    ("VirtualRepository", "repositories", ["a", "b"], ["b"]),
    ("VirtualRepository", "defaultDeploymentRepo", "a", None),
    ("FederatedRepository", "members", [WEST, EAST], [WEST]),
    ("FederatedRepository", "members", [WEST], [{**WEST, "enabled": False}]),
    ("FederatedRepository", "blackedOut", False, True),
]
NOTABLE: list[tuple[str, str, Any, Any]] = [
    ("Group", "members", ["ann"], ["ann", "bob"]),
    ("Group", "members", None, ["ann"]),
    ("Project", "softLimit", False, True),
    ("Project", "storageQuotaBytes", 100, -1),
    ("Project", "adminPrivileges.manageMembers", False, True),
    ("LocalRepository", "blackedOut", True, False),
    ("LocalRepository", "includesPattern", "com/**", "com/**, org/**"),
    ("LocalRepository", "includesPattern", "com/**", "**/*"),
    ("LocalRepository", "excludesPattern", "a/**,b/**", "b/**"),
    ("LocalRepository", "maxUniqueTags", 5, 0),
    ("LocalRepository", "xrayIndex", False, True),
    ("LocalRepository", "extra.brandNew", 1, 2),
    ("VirtualRepository", "repositories", ["a", "b"], ["b", "a", "c"]),
    ("VirtualRepository", "defaultDeploymentRepo", None, "a"),
    ("FederatedRepository", "members", [WEST], [EAST, {"url": f"{WEST['url']}/"}]),
]
SAFE: list[tuple[str, str, Any, Any]] = [
    ("Group", "description", "a", "b"),
    ("Project", "displayName", "a", "b"),
    ("Project", "storageQuotaEmailNotification", True, False),
    ("LocalRepository", "notes", None, "b"),
    ("RemoteRepository", "description", "a", None),
]


def risk(kind: str, *changes: tuple[str, Any, Any]) -> str:
    """The risk of an update of these fields."""
    made = tuple(FieldChange(f"spec.{name}", before, after) for name, before, after in changes)
    return risk_of(KINDS[kind], Difference(changes=made))


@pytest.mark.parametrize(
    "expected, kind, name, before, after",
    [
        *[("disruptive", *case) for case in DISRUPTIVE],
        *[("notable", *case) for case in NOTABLE],
        *[("safe", *case) for case in SAFE],
    ],
)
def test_one_field(expected: str, kind: str, name: str, before: Any, after: Any) -> None:
    """A field's risk depends on what changes, not only on its name."""
    assert risk(kind, (name, before, after)) == expected


def test_the_highest_risk_counts() -> None:
    """A description beside a switch does not make the switch safe."""
    change = ("notes", "a", "b")
    assert risk("LocalRepository", change, ("blackedOut", False, True)) == "disruptive"
    assert risk("LocalRepository", change, ("xrayIndex", False, True)) == "notable"


def test_every_condition_is_told() -> None:
    """Schemas and the reference say of each risky field when a change is more than notable."""
    for kind in KINDS:
        for field in kind.fields.values():
            for mark in field.risks:
                assert mark.level == "safe" or mark.note in field.notes

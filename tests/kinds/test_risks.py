"""What a change of a field may do to those who use the object: the marks, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reconciler.engine.diff import Difference
from reconciler.engine.risk import risk_of, too_risky
from reconciler.kinds.fields import FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import builtin
from reconciler.model import Action, Address, Block, Change, FieldChange, Plan, Risk

KINDS = builtin()
WEST, EAST = ({"url": f"https://{name}.example.com/artifactory/x"} for name in ("west", "east"))
DISRUPTIVE: list[tuple[str, str, Any, Any]] = [
    ("Group", "adminPrivileges", False, True),
    ("Group", "members", ["ann", "bob"], ["ann"]),
    ("Group", "autoJoin", False, True),
    ("Group", "policyManager", False, True),
    ("Group", "externalId", "cn=a", "cn=b"),
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
    ("LocalRepository", "xrayIndex", True, False),
    ("LocalRepository", "priorityResolution", True, False),
    ("LocalRepository", "primaryKeyPairRef", "old", "new"),
    ("LocalRepository", "archiveBrowsingEnabled", False, True),
    ("LocalRepository", "optionalIndexCompressionFormats", ["bz2", "xz"], ["xz"]),
    ("RemoteRepository", "cargoAnonymousAccess", False, True),
    ("RemoteRepository", "allowAnyHostAuth", False, True),
    ("RemoteRepository", "passThrough", False, True),
    ("RemoteRepository", "pypiRegistryUrl", "https://a.example.com", "https://b.example.com"),
    ("RemoteRepository", "blockMismatchingMimeTypes", True, False),
    ("VirtualRepository", "resolveDockerTagsByTimestamp", False, True),
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
    ("LocalRepository", "priorityResolution", False, True),
    ("LocalRepository", "primaryKeyPairRef", None, "new"),
    ("LocalRepository", "optionalIndexCompressionFormats", ["xz"], ["xz", "bz2"]),
    ("RemoteRepository", "allowAnyHostAuth", True, False),
    ("RemoteRepository", "contentSynchronisation.source.originAbsenceDetection", False, True),
    ("Group", "autoJoin", True, False),
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
                assert mark.level == "notable" or mark.note in field.notes


def unjudged(fields: FieldTable, path: str = "spec", told: bool = False) -> Iterator[str]:
    """The paths of values for which neither they nor a field around them have an entry."""
    for name, field in fields.items():
        known = told or bool(field.risks) or field.fixed
        inner = field.fields or (field.element.fields if field.element else {})
        if inner:
            yield from unjudged(inner, f"{path}.{name}", known)
        elif not known:
            yield f"{path}.{name}"


@pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.name)
def test_every_field_has_an_entry(kind: Kind) -> None:
    """Each field of each kind says what its change may do; NOTABLE is an answer, silence is none.

    Add a mark of `kinds/risks.py` to the field.
    """
    assert list(unjudged(kind.fields)) == []


def changed(risk: Risk, name: str = "spec.notes", action: Action = Action.UPDATE) -> Change:
    """A change of one repository."""
    field = FieldChange(name, False, True)
    address = Address("LocalRepository", (f"a-{risk}",))
    return Change(address, action, "field-differs", (field,), risk=risk)


def test_a_ceiling_names_what_is_above_it() -> None:
    """The message names each object and the field that makes it risky, worst first."""
    plan = Plan(
        (
            changed("safe"),
            changed("disruptive", "spec.blackedOut"),
            changed("destructive", action=Action.DELETE),
        )
    )
    (block,) = too_risky(plan, KINDS, "notable")

    assert block == Block(
        "max-risk",
        "--max-risk notable allows no such change: LocalRepository/a-destructive is destructive: "
        "it is deleted; LocalRepository/a-disruptive is disruptive: spec.blackedOut (switching it "
        "on is disruptive)",
        "--max-risk destructive",
    )


@pytest.mark.parametrize("most", ["", "destructive"])
def test_no_ceiling(most: str) -> None:
    """Nothing is above the highest risk, and without a ceiling every risk is allowed."""
    assert too_risky(Plan((changed("destructive"),)), KINDS, most) == []


def test_what_is_blocked_anyway_is_not_above_the_ceiling() -> None:
    """It is not carried out, and has its own message."""
    change = replace(changed("destructive"), blocked=Block("immutable", "m"))

    assert too_risky(Plan((change,)), KINDS, "safe") == []

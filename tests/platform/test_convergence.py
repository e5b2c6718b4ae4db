"""Apply, then plan: nothing is left to do (M5), and nothing undeclared was touched (M6)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox
from tests.support.estate import Applied, Estate, lifecycle, manifest
from tests.support.values import (
    KINDS,
    PROJECTS,
    SECRETS,
    Surroundings,
    applicable,
    every_type,
    forced,
    full_spec,
    package_types,
    specs,
)

EXAMPLES = int(os.environ.get("RECONCILER_FUZZ", "40"))
QUIRKS = (
    "reorder_sets",
    "encrypt_passwords",
    "unknown_fields",
    "numbers_as_strings",
    "bools_as_strings",
    "cache_suffix",
    "default_project",
)
each_class = pytest.mark.parametrize("rclass", KINDS)
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RECONCILER_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def furnish(estate: Estate, package_type: str) -> Surroundings:
    """Members of the type, created behind the tool's back."""
    members, deployable, remotes = [], [], []
    body = {"packageType": package_type}
    if package_type in package_types("local"):
        for key in ("base-one-local", "base-two-local"):
            estate.put(key, rclass="local", **body)
            members.append(key)
            deployable.append(key)
    if package_type in package_types("remote"):
        for key in ("base-one-remote", "base-two-remote"):
            estate.put(key, rclass="remote", url="https://registry.example.com/x", **body)
            members.append(key)
            remotes.append(key)
    return Surroundings(tuple(members), tuple(deployable), tuple(remotes))


@contextmanager
def fresh(package_type: str, quirks: Mapping[str, bool] | None = None) -> Iterator[Any]:
    """An estate with projects, secrets and members; hypothesis needs one for each example."""
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder), Sandbox(quirks=quirks))
        estate.environment |= SECRETS
        estate.project(*PROJECTS)
        yield estate, furnish(estate, package_type)


def rewritten(applied: Applied) -> set[str]:
    return {path for paths in applied.rewritten().values() for path in paths}


def assert_done(applied: Applied, allowed: set[str]) -> None:
    """Everything was done, and only documented fields came back as something else."""
    assert [c.blocked for c in applied.plan.blocked] == []
    assert set(applied.results().values()) <= {"done"}, [o.reason for o in applied.outcomes]
    assert rewritten(applied) <= allowed


def assert_converged(estate: Estate) -> None:
    """The plan is empty and applying again writes nothing."""
    plan = estate.plan()
    assert [(str(c.address), [f.path for f in c.fields]) for c in plan.changes] == []
    assert plan.partial is False
    estate.forget_requests()
    assert estate.apply().outcomes == []
    assert estate.writes() == []


@pytest.mark.parametrize("rclass, package_type", every_type())
def test_every_field_of_every_package_type_converges(rclass: str, package_type: str) -> None:
    """A manifest with every field that exists, none at its default, is applied and stays so."""
    kind = KINDS[rclass]
    with fresh(package_type) as (estate, around):
        spec = full_spec(kind, package_type, around)
        missing = set(applicable(kind, package_type)) - set(spec)
        assert missing <= {"defaultDeploymentRepo", "externalDependenciesRemoteRepo"}
        estate.declare(manifest(kind.name, "full", spec))
        assert_done(estate.apply(), forced(kind, package_type, spec))
        assert_converged(estate)


@pytest.mark.parametrize("rclass, package_type", every_type())
def test_every_field_can_be_changed_later(rclass: str, package_type: str) -> None:
    """The same fields, set by updates of a bare repository: the second way to the same state."""
    kind = KINDS[rclass]
    with fresh(package_type) as (estate, around):
        spec = full_spec(kind, package_type, around)
        bare = {n: v for n, v in spec.items() if n == "packageType" or kind.fields[n].required}
        fixed = {n: v for n, v in spec.items() if kind.fields[n].fixed}
        estate.declare(manifest(kind.name, "full", bare | fixed))
        assert_done(estate.apply(), set())
        estate.declare(manifest(kind.name, "full", spec))
        assert_done(estate.apply(), forced(kind, package_type, spec))
        assert_converged(estate)


@pytest.mark.parametrize("rclass, package_type", every_type())
def test_every_nullable_field_can_be_null(rclass: str, package_type: str) -> None:
    """Null at creation and null over a set value both clear the field, or say that they cannot."""
    kind = KINDS[rclass]
    with fresh(package_type) as (estate, around):
        spec = full_spec(kind, package_type, around)
        nothing = {
            n: None if kind.fields[n].nullable else spec[n]
            for n in spec
            if kind.fields[n].nullable or kind.fields[n].required
        }
        allowed = forced(kind, package_type, nothing)
        estate.declare(manifest(kind.name, "new", nothing))
        assert_done(estate.apply(), allowed)
        assert_converged(estate)

        estate.declare(manifest(kind.name, "new", nothing), manifest(kind.name, "full", spec))
        estate.apply()
        keeps = {n for n in nothing if kind.fields[n].cannot_clear}
        cleared = {n: v for n, v in nothing.items() if n not in keeps}
        estate.declare(manifest(kind.name, "new", nothing), manifest(kind.name, "full", cleared))
        assert_done(estate.apply(), allowed)
        assert_converged(estate)


def test_a_field_that_cannot_be_cleared_is_refused_by_name(estate: Estate) -> None:
    """Null for a field the server keeps is blocked with a code, not attempted for ever."""
    estate.put("x", rclass="local", packageType="npm", propertySets=["artifactory"])
    estate.declare(manifest("LocalRepository", "x", {"packageType": "npm", "propertySets": None}))
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "cannot-clear"
    assert "spec.propertySets" in change.blocked.message


def test_a_proxy_can_be_disabled_and_named_again(estate: Estate) -> None:
    """The server hides the proxy while proxies are disabled; that is no difference."""
    base = {"packageType": "npm", "url": "https://registry.example.com"}
    for spec in (
        {**base, "proxy": "corp", "disableProxy": False},
        {**base, "disableProxy": True},
        {**base, "proxy": "corp", "disableProxy": False},
        {**base, "proxy": None},
    ):
        estate.declare(manifest("RemoteRepository", "x", spec))
        assert_done(estate.apply(), set())
        assert_converged(estate)


def test_a_rewritten_field_is_told_once(estate: Estate) -> None:
    """A value the server replaces is named in the outcome, told in later plans, never planned."""
    estate.declare(
        manifest(
            "RemoteRepository",
            "tf",
            {
                "packageType": "terraform",
                "url": "https://registry.example.com",
                "bypassHeadRequests": False,
            },
        )
    )
    applied = estate.apply()
    (outcome,) = applied.outcomes
    assert outcome.result == "done"
    assert "server rewrote it: spec.bypassHeadRequests" in outcome.reason
    plan = estate.plan()
    assert plan.is_empty
    assert [d.rule for d in plan.diagnostics] == ["server-rewrites"]


@each_class
@FUZZ
@given(data=st.data())
def test_random_manifests_converge(rclass: str, data: st.DataObject) -> None:
    """Create with random fields, then update with other random fields, on a whimsical server.

    After each apply the plan is empty. A field may come back different only where the sandbox
    documents it, and is then named once. The update leaves everything it does not declare alone.
    """
    kind = KINDS[rclass]
    package_type = data.draw(st.sampled_from(package_types(rclass)))
    quirks = data.draw(st.fixed_dictionaries({name: st.booleans() for name in QUIRKS}))
    with fresh(package_type, quirks) as (estate, around):
        first = data.draw(specs(kind, package_type, around, {}))
        note(f"first: {first}")
        estate.declare(manifest(kind.name, "x", first))
        assert_done(estate.apply(), forced(kind, package_type, first))
        assert_converged(estate)

        second = data.draw(specs(kind, package_type, around, first))
        note(f"second: {second}")
        before = estate.stored("x")
        estate.declare(manifest(kind.name, "x", second))
        assert_done(estate.apply(), forced(kind, package_type, second))
        assert_converged(estate)
        touched = changed(before, estate.stored("x"))
        assert touched <= {kind.fields[n].wire for n in second} | consequences(second)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Names of stored fields that differ."""
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return {name.removeprefix("hidden ") for name in names}


def consequences(spec: Mapping[str, Any]) -> set[str]:
    """What the server itself changes along with a declared field."""
    found = {"enableComposerV1Indexing"} if "enableComposerv1Indexing" in spec else set()
    if "projectKey" in spec:
        found.add("environments")
    if "externalDependenciesEnabled" in spec:
        found.add("externalDependenciesPatterns")
    if "terraformRegistryUrl" in spec:
        found.add("bypassHeadRequests")
    return found


def test_an_unrelated_edit_does_not_blank_the_password(estate: Estate) -> None:
    """The vendor's own clients wiped the password on any update; here it is not even sent."""
    estate.environment |= SECRETS
    base = {
        "packageType": "npm",
        "url": "https://registry.example.com",
        "username": "robot",
        "password": {"env": "FIRST_SECRET"},
    }
    estate.declare(manifest("RemoteRepository", "x", base))
    estate.apply()
    estate.forget_requests()
    estate.declare(manifest("RemoteRepository", "x", {**base, "notes": "edited"}))
    estate.apply()
    assert estate.stored("x")["hidden password"] == SECRETS["FIRST_SECRET"]
    bodies = [body for method, _, body in estate.transport.bodies if method == "POST"]
    assert bodies == [b'{"key":"x","notes":"edited"}']


def test_a_partial_nested_object_keeps_its_other_parts(estate: Estate) -> None:
    """The server resets what a nested object leaves out; so it is sent merged with the live one."""
    estate.put(
        "x",
        rclass="remote",
        packageType="npm",
        url="https://registry.example.com",
        contentSynchronisation={"enabled": True, "statistics": {"enabled": True}},
    )
    wanted = {"properties": {"enabled": True}}
    estate.declare(
        manifest(
            "RemoteRepository",
            "x",
            {
                "packageType": "npm",
                "url": "https://registry.example.com",
                "contentSynchronisation": wanted,
            },
        )
    )
    estate.apply()
    assert estate.stored("x")["contentSynchronisation"] == {
        "enabled": True,
        "statistics": {"enabled": True},
        "properties": {"enabled": True},
        "source": {"originAbsenceDetection": False},
    }
    assert_converged(estate)


def test_a_default_proxy_is_told_once(estate: Estate) -> None:
    """A platform with a default proxy fills it in although the manifest says none."""
    estate.platform.store.default_proxy = "corp"
    estate.declare(
        manifest(
            "RemoteRepository",
            "x",
            {"packageType": "npm", "url": "https://registry.example.com", "proxy": None},
        )
    )
    applied = estate.apply()
    assert rewritten(applied) <= {"spec.proxy"}
    assert_converged(estate)


def test_what_is_ignored_is_not_written(estate: Estate) -> None:
    """`lifecycle.ignore` keeps the live value: in a new object, in an update, inside a nested
    object that is sent as a whole, and among the passed-through fields."""
    theirs = {"enabled": True, "statistics": {"enabled": True}}
    estate.put(
        "x",
        rclass="remote",
        packageType="npm",
        url="https://registry.example.com",
        notes="theirs",
        enableNormalizedVersion=True,
        contentSynchronisation=theirs,
    )
    spec = {
        "packageType": "npm",
        "url": "https://registry.example.com",
        "notes": "ours",
        "description": "ours",
        "contentSynchronisation": {"enabled": False, "properties": {"enabled": True}},
        "extra": {"enableNormalizedVersion": False, "maxUniqueTags": 4},
    }
    ignore = [
        "spec.notes",
        "spec.contentSynchronisation.enabled",
        "spec.extra.enableNormalizedVersion",
    ]
    estate.declare(
        *(lifecycle(manifest("RemoteRepository", name, spec), ignore=ignore) for name in ("x", "y"))
    )
    assert_done(estate.apply(), set())
    stored = estate.stored("x")
    assert (stored["notes"], stored["description"]) == ("theirs", "ours")
    assert stored["contentSynchronisation"]["enabled"] is True
    assert stored["contentSynchronisation"]["properties"] == {"enabled": True}
    assert (stored["enableNormalizedVersion"], stored["maxUniqueTags"]) == (True, 4)
    assert "notes" not in estate.stored("y")
    assert_converged(estate)


def test_a_rewritten_field_is_told_exactly_once(estate: Estate) -> None:
    """A later change of another field does not bring it up again; a new wish for it does."""
    base = {"packageType": "terraform", "url": "https://registry.example.com"}
    wish = {**base, "bypassHeadRequests": False}
    told = []
    for spec in (wish, {**wish, "notes": "a"}, {**wish, "notes": "b", "description": "c"}):
        estate.declare(manifest("RemoteRepository", "tf", spec))
        told.append(rewritten(estate.apply()))
        assert_converged(estate)
    assert told == [{"spec.bypassHeadRequests"}, set(), set()]
    estate.declare(manifest("RemoteRepository", "tf", {**base, "bypassHeadRequests": True}))
    assert estate.plan().is_empty


def test_the_inventory_follows_a_manifest_that_caught_up_with_live(estate: Estate) -> None:
    """When the manifest takes over what somebody changed live, an apply ends the drift, and a
    field that is no longer declared is told as released once."""
    spec = {"packageType": "npm", "description": "ours", "notes": "ours"}
    estate.declare(manifest("LocalRepository", "x", spec))
    estate.apply()
    estate.post("x", description="theirs")
    assert estate.drift().drifted
    estate.declare(
        manifest("LocalRepository", "x", {"packageType": "npm", "description": "theirs"})
    )
    assert "field-released" in [d.rule for d in estate.apply().plan.diagnostics]
    assert estate.plan().diagnostics == ()
    assert not estate.drift().drifted


@pytest.mark.parametrize("slow", [False, True])
def test_moving_into_a_project_with_environments(estate: Estate, slow: bool) -> None:
    """The assignment is asynchronous on real servers and environments count only after it."""
    estate.quirks(slow_attach=slow)
    estate.project("pay")
    estate.put("x", rclass="local", packageType="npm")
    spec = {"packageType": "npm", "projectKey": "pay", "environments": ["PROD"], "notes": "n"}
    estate.declare(manifest("LocalRepository", "x", spec))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert estate.stored("x")["environments"] == ["PROD"]


def test_a_project_that_does_not_exist_blocks(estate: Estate) -> None:
    """The server ignores the key without a word and creates the repository unassigned; later the
    missing assignment would pass for something the server rewrites."""
    estate.declare(manifest("LocalRepository", "x", {"packageType": "npm", "projectKey": "nobody"}))
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "missing-reference"

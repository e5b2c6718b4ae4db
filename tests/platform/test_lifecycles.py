"""`metadata.lifecycle` on every kind: each word keeps what it promises, whatever the object is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.registry import builtin
from reconciler.model import Plan
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import assert_done
from tests.support.estate import Estate, lifecycle, manifest
from tests.support.platforms import Sites


@dataclass(frozen=True)
class Sample:
    """An object of a kind, and a field of it that can have two values; none where there is none."""

    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    name: str = "thing-one"
    path: str = "description"
    ours: Any = "ours"
    theirs: Any = "theirs"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def manifest(self, value: Any = None, **words: Any) -> dict[str, Any]:
        """The manifest, with a value of the field and words of the lifecycle."""
        spec = json.loads(json.dumps(self.spec))
        *above, last = self.path.split(".")
        inner = spec
        for step in above:
            inner = inner.setdefault(step, {})
        if self.path and value is not None:
            inner[last] = value
        made = manifest(self.kind, self.name, spec, **self.metadata)
        return lifecycle(made, **words) if words else made


NPM = {"packageType": "npm"}
CRITERIA = {
    "packageTypes": ["npm"],
    "repos": ["**"],
    "includedPackages": ["**"],
    "includeAllProjects": True,
    "createdBeforeInDays": 90,
}
BUNDLES = {
    "includeAllProjects": True,
    "includedProjects": [],
    "releaseBundles": [{"name": "**", "projectKey": ""}],
    "excludePromotedEnvironments": ["PROD"],
    "createdBeforeInMonths": 24,
}
FORM = {"repositories": {"include": {"values": ["reports-*"]}}, "createdBefore": 24}
ISSUER = "https://token.actions.githubusercontent.com"
MAPPING = {
    "priority": 2,
    "claims": {"repository_id": "700000001"},
    "tokenSpec": {"username": "plan", "scope": "applied-permissions/user", "expiresIn": 600},
}
SAMPLES = (
    Sample("LocalRepository", NPM),
    Sample("RemoteRepository", {**NPM, "url": "https://registry.example.com/npm"}),
    Sample("VirtualRepository", NPM),
    Sample("FederatedRepository", NPM),
    Sample("Federation", {**NPM, "platforms": ["east", "west"]}, path="settings.description"),
    Sample("Project", {"displayName": "Thing"}, name="thing"),
    Sample("ProjectEnvironment", path="", name="qa", metadata={"project": "home"}),
    Sample("GlobalEnvironment", path="", name="QA"),
    Sample("Group"),
    Sample("OidcProvider", {"providerType": "GitHub", "issuerUrl": ISSUER}),
    Sample("OidcIdentityMapping", MAPPING, name="plan", metadata={"provider": "here"}),
    Sample("PackageCleanupPolicy", {"searchCriteria": CRITERIA}),
    Sample("ReleaseBundleCleanupPolicy", {"searchCriteria": BUNDLES}),
    Sample("ArchivePolicy", {"searchCriteriaForm": FORM, "enabled": False}),
    Sample("ReleaseBundleRetention", name="default", path="maxDaysToKeep", ours=500, theirs=700),
)
VARIED = [sample for sample in SAMPLES if sample.path]
MADE = [sample for sample in SAMPLES if sample.kind != "ReleaseBundleRetention"]
"""Those that a manifest makes; every platform has the others."""

each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
each_varied = pytest.mark.parametrize("sample", VARIED, ids=lambda sample: sample.kind)
each_made = pytest.mark.parametrize("sample", MADE, ids=lambda sample: sample.kind)


class Pair:
    """Our workspace and somebody else's, each with an inventory of its own, on one platform."""

    def __init__(self, root: Path, sample: Sample) -> None:
        self.sample = sample
        self.ours = _estate(root / "ours", sample)
        self.theirs = _estate(root / "theirs", sample, self.ours.sandbox)
        if "project" in sample.metadata:
            self.ours.project(str(sample.metadata["project"]))
        if "provider" in sample.metadata:
            body = {"name": "here", "provider_type": "GitHub", "issuer_url": ISSUER}
            self.ours.tell("POST", "/access/api/v1/oidc", body)
        self.ours.forget_requests()

    def live(self) -> Any:
        """What our plan compares with, as text: unchanged as long as nobody writes."""
        with self.ours.session() as run:
            seen = run.observer.observe([m.address for m in run.chosen])
            return {str(address): str(found) for address, found in seen.objects.items()}

    def they_apply(self, value: Any) -> None:
        """Somebody else writes the object."""
        self.theirs.declare(self.sample.manifest(value))
        assert_done(self.theirs.apply(), set())
        self.ours.forget_requests()

    def we_apply(self, value: Any, **words: Any) -> Plan:
        """We plan and apply our manifest; what was planned."""
        self.ours.declare(self.sample.manifest(value, **words))
        return self.ours.apply().plan


def _estate(root: Path, sample: Sample, sandbox: Sandbox | None = None) -> Estate:
    if sample.kind == "Federation":
        return Sites(root, "east", "west") if sandbox is None else _beside(root, sandbox)
    return Estate(root, sandbox)


def _beside(root: Path, sandbox: Sandbox) -> Sites:
    """Another workspace for the same platforms."""
    made = Sites(root, "east", "west")
    first = Sites.__new__(Sites)
    first.__dict__ |= made.__dict__
    first.made = first.sandbox = sandbox
    first.platform = sandbox.platforms["east"]
    first.transport = type(made.transport)(sandbox.platforms)  # type: ignore[call-arg,arg-type]
    first.environment |= {
        f"TOKEN_{name.upper()}": platform.tokens["admin"]
        for name, platform in sandbox.platforms.items()
    }
    first.workspace()
    return first


@pytest.fixture
def pair(tmp_path: Path, sample: Sample) -> Pair:
    """Two workspaces for one object of a kind."""
    return Pair(tmp_path, sample)


def codes(plan: Plan) -> set[str]:
    """Why changes are blocked."""
    return {change.blocked.code for change in plan.changes if change.blocked}


def test_every_kind_is_looked_at() -> None:
    """A new kind fails here until it has a sample. What is steered is in no inventory, and a device
    has a test of its own: nobody makes one."""
    steered = {kind.name for kind in builtin() if kind.steering is not None}
    assert {kind.name for kind in builtin()} == {s.kind for s in SAMPLES} | steered | {"Device"}


@each_made
def test_what_is_observed_is_not_made(pair: Pair, sample: Sample) -> None:
    """`manage: observe` says that it is missing, and sends nothing."""
    made = pair.we_apply(sample.ours, manage="observe")

    assert made.changes == ()
    assert {d.rule for d in made.diagnostics} >= {"observed-absent"}
    assert pair.ours.writes() == []


@each
def test_what_is_observed_is_not_changed_or_owned(pair: Pair, sample: Sample) -> None:
    """Neither written, nor adopted, nor deleted once the manifest is gone."""
    pair.they_apply(sample.theirs)
    made = pair.we_apply(sample.ours, manage="observe")
    assert made.changes == ()
    pair.ours.declare(manifest("Group", "another"))
    pair.ours.apply(prune=True)

    assert [w for w in pair.ours.writes() if not w.endswith("/groups")] == []
    assert [a for a in pair.ours.inventory().entries if "Group/another" not in a] == []


@each_varied
def test_what_is_created_only_is_left_alone_then(pair: Pair, sample: Sample) -> None:
    """`manage: create-only` makes it; what others change afterwards stays, and so does the object
    when its manifest is gone."""
    if sample in MADE:
        assert pair.we_apply(sample.ours, manage="create-only").changes
    pair.they_apply(sample.theirs)
    before = pair.live() if sample in MADE else None
    assert pair.we_apply(sample.ours, manage="create-only").changes == ()
    assert pair.ours.writes() == []
    assert before is None or pair.live() == before
    pair.ours.declare(manifest("Group", "another"))
    made = pair.ours.apply(prune=True).plan
    assert [c.address.kind for c in made.changes] == ["Group"]


@each_varied
def test_what_is_ignored_stays_theirs(pair: Pair, sample: Sample) -> None:
    """`ignore` leaves a field to others, in the plan and in the write."""
    pair.we_apply(sample.ours)
    pair.they_apply(sample.theirs)
    assert pair.we_apply(sample.ours).changes
    pair.they_apply(sample.theirs)

    made = pair.we_apply(sample.ours, ignore=[f"spec.{sample.path}"])
    assert [c for c in made.changes if c.action.writes] == []
    assert pair.ours.writes() == []
    assert pair.ours.drift().entries == ()


@each_made
def test_what_is_protected_is_not_deleted(pair: Pair, sample: Sample) -> None:
    """`protect` holds without the manifest, until it is applied as lifted; then it goes."""
    many = {"allow_deletes": (f"{sample.kind}=9",)}
    pair.we_apply(sample.ours, protect=True)
    pair.ours.forget_requests()
    pair.ours.declare(manifest("Group", "another"))
    made = pair.ours.apply(prune=True, **many).plan
    assert codes(made) == {"protected"}
    assert [w for w in pair.ours.writes() if not w.endswith("/groups")] == []

    pair.we_apply(sample.ours)
    pair.ours.declare(manifest("Group", "another"))
    last = pair.ours.apply(prune=True, **many)
    if sample.kind != "Federation":  # its members leave one after the other
        assert codes(last.plan) == set()
        assert set(last.results().values()) == {"done"}


@each
def test_what_another_owns_is_taken_only_if_said(pair: Pair, sample: Sample) -> None:
    """`takeover` takes it from its owner, and nothing else does."""
    pair.they_apply(sample.theirs)
    shared = pair.ours.root / ".reconciler" / "inventory.json"
    shared.parent.mkdir(exist_ok=True)
    text = (pair.theirs.root / ".reconciler" / "inventory.json").read_text()
    shared.write_text(text.replace('"acme"', '"somebody"'))
    assert codes(pair.we_apply(sample.ours)) == {"other-owner"}
    assert pair.ours.writes() == []

    pair.we_apply(sample.ours, takeover=True)
    assert {entry.owner for entry in pair.ours.inventory().entries.values()} == {"acme"}
    assert pair.we_apply(sample.ours, takeover=True).changes == ()


@each
def test_what_is_released_is_forgotten_and_stays(pair: Pair, sample: Sample) -> None:
    """`release` takes it out of the inventory, sends nothing, and may stay in the file."""
    pair.we_apply(sample.ours)
    before = pair.live()
    pair.ours.forget_requests()
    made = pair.we_apply(sample.theirs, release=True)
    assert {c.action.value for c in made.changes} == {"release"}
    assert dict(pair.ours.inventory().entries) == {}
    assert pair.we_apply(sample.theirs, release=True).changes == ()
    assert pair.ours.writes() == []
    assert pair.live() == before

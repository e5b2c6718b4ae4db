"""Random estates under two workspaces, with everything that can happen to them, in any order.

Manifests come and go, somebody meddles with the platform, the inventory gets lost or old, runs are
scoped, sharded, disturbed, killed, or made with a token that sees little. Whatever the order: every
run does only what its plan announces, and once nothing disturbs any more, one apply ends converged.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reconciler.errors import ReconcilerError
from reconciler.model import Shard
from tests.reliability.shared import WORKSPACES, Run, Shared, thing, violations
from tests.reliability.trouble import TROUBLES
from tests.support.estate import lifecycle, local, manifest, remote, virtual

EXAMPLES = int(os.environ.get("RECONCILER_FUZZ") or 25)
STEPS = 15
BOUNDED = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="RECONCILER_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)

LOCALS = ("visible-a", "b", "c")
TYPE = "helm"
"""The type of every repository: its local ones have a field that is fixed when they are made."""
TEXTS = st.sampled_from(["one", "two", None])
workspaces = st.sampled_from(WORKSPACES)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


LOCAL_FIELDS = optional(
    description=TEXTS,
    notes=TEXTS,
    xrayIndex=st.booleans(),
    projectKey=st.sampled_from(["pay", None]),
    forceMetadataNameVersion=st.booleans(),
)
MANIFESTS = st.one_of(
    st.builds(
        lambda name, spec: local(name, TYPE, **spec), st.sampled_from((*LOCALS, "r")), LOCAL_FIELDS
    ),
    st.builds(
        lambda spec: manifest("FederatedRepository", "b", {"packageType": TYPE, **spec}),
        optional(description=TEXTS),
    ),
    st.builds(
        lambda name, spec: remote(name, TYPE, password={"env": "FIRST_SECRET"}, **spec),
        st.sampled_from(["r", "r", "c"]),
        optional(description=TEXTS, notes=TEXTS),
    ),
    st.builds(
        lambda members, spec: virtual("v", TYPE, repositories=members, **spec),
        st.lists(st.sampled_from((*LOCALS, "r")), unique=True, max_size=3),
        optional(description=TEXTS),
    ),
    st.builds(
        lambda name, spec: manifest("Group", name, spec),
        st.sampled_from(["g", "h"]),
        optional(
            description=st.sampled_from(["one", "two"]),
            members=st.lists(st.sampled_from(["ann", "bob", "carol"]), unique=True),
        ),
    ),
    st.builds(
        lambda text: manifest("Project", "pay", {"displayName": "Pay", "description": text}),
        st.sampled_from(["one", "two"]),
    ),
    st.just(manifest("GlobalEnvironment", "STAGE")),
    st.just(manifest("GlobalEnvironment", "TEST", previousNames=["STAGE"])),
)
LIVES = st.one_of(
    optional(protect=st.booleans(), takeover=st.booleans()),
    optional(replace=st.booleans(), takeover=st.booleans()),
)
PRUNE = st.sampled_from([True, True, False])
ENDS = st.one_of(st.just("dies"), st.sampled_from(sorted(TROUBLES)))
"""How a run is disturbed: it dies, or one of the faults."""
SCOPES = st.one_of(
    st.just({}),
    st.just({}),
    st.just({"only": ("kind=LocalRepository",)}),
    st.just({"exclude": ("Group/*",)}),
    st.integers(1, 2).map(lambda index: {"shard": Shard(index, 2)}),
)


def told(error: ReconcilerError) -> str:
    """An error in all its words."""
    return "; ".join(f"{d.rule} {d.summary} {d.detail} {d.hint}" for d in error.diagnostics)


def _other(workspace: str) -> str:
    return next(name for name in WORKSPACES if name != workspace)


class Life(RuleBasedStateMachine):
    """One estate from its beginning to a converged end."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.estate = Shared(Path(self.folder.name))

    @initialize(
        found=st.lists(st.sampled_from(LOCALS), unique=True, max_size=2),
        first=st.lists(MANIFESTS, min_size=2, max_size=8),
        second=st.lists(MANIFESTS, max_size=3),
    )
    def begin(
        self, found: list[str], first: list[dict[str, Any]], second: list[dict[str, Any]]
    ) -> None:
        """Some repositories are there, and both workspaces declare something."""
        for key in found:
            self.estate.put(key, rclass="local", packageType=TYPE, notes="theirs")
        for workspace, documents in zip(WORKSPACES, (first, second), strict=True):
            for document in documents:
                self.declare(workspace, document, {})

    # --- what is declared

    @rule(workspace=workspaces, document=MANIFESTS, life=LIVES)
    def declare(self, workspace: str, document: dict[str, Any], life: dict[str, Any]) -> None:
        """A manifest comes, or another one for its name."""
        if document["kind"].endswith("Repository"):
            key = f"repository {document['metadata']['name']}"
        else:
            key = f"{document['kind']} {document['metadata']['name']}"
        declared = self.estate.declared[workspace]
        if document["kind"] == "GlobalEnvironment":
            declared.pop("GlobalEnvironment STAGE", None)
            declared.pop("GlobalEnvironment TEST", None)
        declared[key] = lifecycle(document, **life) if life else document
        self._without_contradiction(declared)

    def _without_contradiction(self, declared: dict[str, dict[str, Any]]) -> None:
        """A Tombstone is for what is not declared, or may be made anew."""
        names = {
            thing(f"{m['kind']}/{m['metadata']['name']}")
            for m in declared.values()
            if not (m["metadata"].get("lifecycle") or {}).get("replace")
        }
        for key, one in list(declared.items()):
            if one["kind"] == "Tombstone" and thing(one["spec"]["address"]) in names:
                del declared[key]

    @rule(workspace=workspaces, choices=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def undeclare(self, workspace: str, choices: list[int]) -> None:
        """Some manifests go."""
        declared = self.estate.declared[workspace]
        for choice in choices:
            if declared:
                del declared[sorted(declared)[choice % len(declared)]]

    @rule(workspace=workspaces, choices=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def apply_and_prune(self, workspace: str, choices: list[int]) -> None:
        """Manifests are applied, some of them go, and what they declared goes too."""
        self.apply(workspace, prune=False, scope={})
        self.undeclare(workspace, choices)
        self.apply(workspace, prune=True, scope={})

    @rule(workspace=workspaces, key=st.sampled_from(LOCALS), size=st.sampled_from([0, 1, 9]))
    def bury(self, workspace: str, key: str, size: int) -> None:
        """A Tombstone comes."""
        stone = manifest("Tombstone", f"t-{key}", {"address": f"LocalRepository/{key}"})
        stone["spec"]["maxBytes"] = size
        self.estate.declared[workspace][f"Tombstone {key}"] = stone
        self._without_contradiction(self.estate.declared[workspace])

    @rule(
        workspace=workspaces,
        key=st.sampled_from((*LOCALS, "r")),
        how=st.sampled_from(["field", "field", "class"]),
        content=st.sampled_from([0, 0, 1]),
        stone=st.sampled_from([None, 0, 9]),
        ends=st.none() | st.tuples(st.integers(0, 24), ENDS),
    )
    def make_anew(
        self,
        workspace: str,
        key: str,
        how: str,
        content: int,
        stone: int | None,
        ends: tuple[int, str] | None,
    ) -> None:
        """What is fixed at creation changes, with permission: undisturbed, with a fault, killed."""
        fixed = {"forceMetadataNameVersion": True}
        first = remote(key, TYPE) if how == "class" else local(key, TYPE, **fixed)
        self.declare(workspace, first, {})
        self.apply(workspace, prune=False, scope={})
        if content:
            self.upload(key, content)
        spec = {"forceMetadataNameVersion": how == "class"}
        self.declare(workspace, local(key, TYPE, **spec), {"replace": True})
        if stone is not None:
            address = f"{first['kind']}/{key}"
            grave = manifest("Tombstone", f"t-{key}", {"address": address, "maxBytes": stone})
            self.estate.declared[workspace][f"Tombstone {key}"] = grave
        number, end = ends or (-1, "")
        self.estate.wire.arm(number, end if end in TROUBLES else None, kills=end == "dies")
        self._judged(self.estate.run(workspace, prune=False), prune=False)
        self.estate.wire.arm(-1)

    # --- what others do

    @rule(key=st.sampled_from((*LOCALS, "r", "v")), field=st.sampled_from(["description", "notes"]))
    def meddle(self, key: str, field: str) -> None:
        """Somebody changes a field."""
        if self.estate.has(key):
            self.estate.post(key, **{field: "theirs"})

    @rule(key=st.sampled_from((*LOCALS, "r", "v")))
    def remove(self, key: str) -> None:
        """Somebody deletes a repository."""
        if self.estate.has(key):
            self.estate.delete(key)

    @rule(key=st.sampled_from(LOCALS), rclass=st.sampled_from(["local", "remote"]))
    def make(self, key: str, rclass: str) -> None:
        """Somebody makes a repository, not always the one that is wanted."""
        if not self.estate.has(key):
            url = {"url": "https://registry.example.com/x"} if rclass == "remote" else {}
            self.estate.put(key, rclass=rclass, packageType=TYPE, notes="theirs", **url)

    @rule(key=st.sampled_from(LOCALS), size=st.sampled_from([1, 5]))
    def upload(self, key: str, size: int) -> None:
        """Somebody uploads a file."""
        if self.estate.has(key) and self._takes_files(key):
            self.estate.upload(key, "file.bin", b"x" * size)

    def _takes_files(self, key: str) -> bool:
        repository = self.estate.platform.store.repositories[key]
        return repository.rclass in ("local", "federated") and not repository.get("blackedOut")

    @rule(what=st.sampled_from(["keep", "keep", "older", "lose"]))
    def inventory(self, what: str) -> None:
        """A copy of the inventory is made, or restored, or the inventory is lost."""
        getattr(self.estate, f"{what}_inventory")()

    # --- runs

    def _busy(self, workspace: str) -> str:
        """The workspace, or the other one if it declares nothing."""
        return workspace if self.estate.declared[workspace] else _other(workspace)

    @rule(workspace=workspaces, prune=PRUNE, scope=SCOPES)
    def apply(self, workspace: str, prune: bool, scope: dict[str, Any]) -> None:
        """A run that nothing disturbs."""
        self.estate.wire.arm(-1)
        self._judged(self.estate.run(self._busy(workspace), prune=prune, **scope), prune)

    @rule(
        workspace=workspaces,
        prune=PRUNE,
        number=st.integers(0, 45),
        trouble=st.sampled_from(sorted(TROUBLES)),
    )
    def apply_with_a_fault(self, workspace: str, prune: bool, number: int, trouble: str) -> None:
        """A run of which one request goes wrong."""
        self.estate.wire.arm(number, trouble)
        self._judged(self.estate.run(self._busy(workspace), prune=prune), prune)
        self.estate.wire.arm(-1)

    @rule(workspace=workspaces, prune=PRUNE, number=st.integers(0, 45))
    def apply_and_die(self, workspace: str, prune: bool, number: int) -> None:
        """A run that ends in the middle, without a last word."""
        self.estate.wire.arm(number, kills=True)
        self._judged(self.estate.run(self._busy(workspace), prune=prune), prune)
        self.estate.wire.arm(-1)

    @rule(workspace=workspaces, prune=PRUNE, right=st.sampled_from(["read", "partial"]))
    def apply_with_a_weak_token(self, workspace: str, prune: bool, right: str) -> None:
        """A run that sees little or may write nothing: it changes nothing."""
        self.estate.token(right)
        self.estate.wire.arm(-1)
        run = self.estate.run(self._busy(workspace), prune=prune)
        self.estate.token("admin")
        self._judged(run, prune)
        assert run.before == run.after

    @rule(workspace=workspaces, prune=PRUNE, data=st.data())
    def apply_while_others_meddle(self, workspace: str, prune: bool, data: st.DataObject) -> None:
        """Between the plan and the first write, somebody uploads, changes or deletes."""
        key = data.draw(st.sampled_from(LOCALS))
        what = data.draw(st.sampled_from([self.upload, self.meddle, self.remove]))
        extra = {"upload": (5,), "meddle": ("description",), "remove": ()}[what.__name__]
        held: dict[str, Any] = {}

        def between() -> None:
            what(key, *extra)
            held["before"] = self.estate.live()

        self.estate.wire.arm(-1)
        run = self.estate.run(self._busy(workspace), before=between, prune=prune)
        run.before = held.get("before", run.before)
        self._judged(run, prune)

    @rule(workspace=workspaces, prune=PRUNE)
    def settle(self, workspace: str, prune: bool) -> None:
        """Nothing disturbs any more: one apply, and then there is nothing left to do."""
        self._settled(self._busy(workspace), prune)

    def _settled(self, workspace: str, prune: bool) -> None:
        self.estate.wire.arm(-1)
        run = self.estate.run(workspace, prune=prune)
        self._judged(run, prune)
        if run.error is not None:
            # Who declares nothing cannot be told from who lost all files.
            assert self._is_empty(workspace), told(run.error)
            return
        assert run.is_whole, [(str(o.change.address), o.result, o.reason) for o in run.outcomes]
        plan = self.estate.plan_of(workspace, prune=prune)
        left = [c for c in plan.changes if not c.is_blocked]
        assert left == [], [(str(c.address), c.action, c.reason, c.fields) for c in left]
        self.estate.wire.arm(-1)
        again = self.estate.run(workspace, prune=prune)
        assert self.estate.wire.writes == []
        assert again.before == again.after

    def _is_empty(self, workspace: str) -> bool:
        return all(m["kind"] == "Tombstone" for m in self.estate.declared[workspace].values())

    def _judged(self, run: Run, prune: bool) -> None:
        ended = (run.error and told(run.error)) or sorted({o.result for o in run.outcomes})
        note(f"{run.workspace}: {ended}")
        if run.plan is not None:
            for change in run.plan.changes:
                note(f"  {change.action.value} {change.address} {change.blocked or ''}")
        found = list(violations(run, self.estate, prune=prune))
        assert found == []

    def teardown(self) -> None:
        """Every life ends converged."""
        try:
            for workspace in WORKSPACES:
                if self.estate.declared[workspace]:
                    self._settled(workspace, prune=False)
        finally:
            self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = BOUNDED


# --- what was found, and must not come back ---------------------------------------------------


def test_a_name_another_workspace_owns_under_another_kind(tmp_path: Path) -> None:
    """What we owned is gone, and somebody else made theirs: an old record makes it not ours."""
    estate = Shared(tmp_path)
    estate.declared["rival"]["b"] = manifest("FederatedRepository", "b", {"packageType": "npm"})
    assert estate.run("rival").is_whole
    estate.delete("b")
    estate.declared["acme"]["b"] = lifecycle(local("b", "npm"), takeover=True)
    assert estate.run("acme").is_whole

    (change,) = estate.plan_of("rival").changes

    assert change.blocked is not None
    assert change.blocked.code == "other-owner"
    assert "acme" in change.blocked.message


def test_a_name_somebody_else_owned_is_theirs_until_taken_over(tmp_path: Path) -> None:
    """Their record holds for the name, whatever kind we declare it as."""
    estate = Shared(tmp_path)
    estate.declared["rival"]["b"] = manifest("FederatedRepository", "b", {"packageType": "npm"})
    assert estate.run("rival").is_whole
    estate.delete("b")
    estate.declared["acme"]["b"] = local("b", "npm")

    (change,) = estate.plan_of("acme").changes

    assert change.blocked is not None
    assert change.blocked.code == "other-owner"

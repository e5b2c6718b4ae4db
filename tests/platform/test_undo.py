"""Random plans applied and undone: what is live is what it was before (X3)."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.pipeline.applying import carry_out
from reconciler.platform.connect import Wire
from reconciler.undoing import base, chosen, records, restored, undo_plan, undo_session
from tests.support.estate import Estate, local, manifest, remote, virtual

TEXTS = st.sampled_from(["", "one", "two words"])
PATTERNS = st.sampled_from(["**/*", "com/**", "com/**,org/**"])
SHARED = {"description": TEXTS, "notes": TEXTS, "includesPattern": PATTERNS}
LOCALS = st.fixed_dictionaries({}, optional={**SHARED, "blackedOut": st.booleans()})
REMOTES = st.fixed_dictionaries(
    {},
    optional={
        **SHARED,
        "offline": st.booleans(),
        "hardFail": st.booleans(),
        "retrievalCachePeriodSecs": st.integers(0, 9000),
        "contentSynchronisation": st.fixed_dictionaries({"enabled": st.booleans()}),
    },
)
GROUPS = st.fixed_dictionaries({}, optional={"description": TEXTS, "autoJoin": st.booleans()})


@st.composite
def estates(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What is declared at one time; names come from a small pool, so that two times overlap."""
    locals_ = draw(st.dictionaries(st.sampled_from(["l1", "l2", "l3"]), LOCALS))
    remotes = draw(st.dictionaries(st.sampled_from(["r1", "r2"]), REMOTES))
    groups = draw(st.dictionaries(st.sampled_from(["g1", "g2"]), GROUPS))
    found = [local(name, "npm", **spec) for name, spec in locals_.items()]
    found += [remote(name, **spec) for name, spec in remotes.items()]
    found += [manifest("Group", name, spec) for name, spec in groups.items()]
    if draw(st.booleans()):
        members = draw(st.permutations([*locals_, *remotes]))
        found.append(virtual("v", "npm", repositories=members[: draw(st.integers(0, 4))]))
    return [*found, local("always")]


def state(estate: Estate) -> dict[str, Any]:
    """Everything the platform stores of what the plans are about, and the inventory."""
    groups = estate.platform.store.directory.groups
    return {
        "repositories": {key: estate.stored(key) for key in map(str, estate.keys())},
        "groups": {name: estate.ask(f"/access/api/v2/groups/{name}") for name in sorted(groups)},
        "owned": sorted(estate.inventory().entries),
    }


def undo(estate: Estate, **flags: Any) -> list[str]:
    """Take back the last apply; what was told of losses."""
    given_ = estate.settings(**{"allow_deletes": ("LocalRepository=9", "Group=9"), **flags})
    wire = Wire(estate.transport, estate.time.clock)
    wanted = base(given_)
    found, inventory = records(given_, wanted, wire)
    record = chosen(found, None)
    with undo_session(given_, wanted, record, inventory, wire) as run:
        made = undo_plan(run, record)
        outcomes = carry_out(run, made, threading.Event())
        assert {o.result for o in outcomes} <= {"done"}, outcomes
        run.store.change(restored(record, made, outcomes))
    return [d.summary for d in made.diagnostics if d.rule == "undo-lost"]


@given(estates(), estates())
@settings(max_examples=40, deadline=None)
def test_a_random_plan_is_taken_back(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    """Creates, updates and deletes of four kinds: live and inventory are as they were."""
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder))
        estate.platform.store.directory.groups.clear()
        estate.declare(*first)
        assert {o.result for o in estate.apply().outcomes} <= {"done"}
        before, entries = state(estate), estate.inventory().entries
        estate.declare(*second)
        raised = ("LocalRepository=9", "RemoteRepository=9", "Group=9")
        applied = estate.apply(prune=True, allow_deletes=raised)
        assert {o.result for o in applied.outcomes} <= {"done"}, applied.outcomes
        if not applied.plan.changes:
            return
        told = undo(estate)

        assert state(estate) == before, told
        now = estate.inventory().entries
        for change in applied.plan.changes:
            assert now.get(change.address.full) == entries.get(change.address.full)

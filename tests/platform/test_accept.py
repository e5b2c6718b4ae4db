"""Accepted drift is settled, whatever drifted: no drift, an empty plan, valid manifests (D7)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.accepting import accept
from reconciler.pipeline.drifting import find_drift
from tests.platform.test_convergence import FUZZ, each_class, fresh
from tests.support.estate import Estate, manifest
from tests.support.values import KINDS, package_types, specs


def accept_all(estate: Estate) -> list[str]:
    """Accept what can be accepted; returns what was refused."""
    with estate.session() as run:
        found = accept(run, find_drift(run))
        for file in found.files:
            (estate.root / file.file).write_text(file.after, encoding="utf-8")
        run.store.change(found.entries)
        return [d.summary for d in found.refused]


@each_class
@FUZZ
@given(data=st.data())
def test_any_drift_can_be_accepted(rclass: str, data: st.DataObject) -> None:
    """Somebody else writes random fields; accepted, nothing is left, and nothing else moved."""
    kind = KINDS[rclass]
    package_type = data.draw(st.sampled_from(package_types(rclass)))
    with fresh(package_type) as (estate, around):
        ours = data.draw(specs(kind, package_type, around, {}))
        theirs = data.draw(specs(kind, package_type, around, ours))
        estate.declare(manifest(kind.name, "one", ours))
        estate.apply()
        inventory = estate.root / ".reconciler" / "inventory.json"
        kept = inventory.read_bytes()
        both = {**ours, **theirs}
        if both.get("proxy"):
            both["disableProxy"] = False  # validate refuses the two together
        estate.declare(manifest(kind.name, "one", both))
        estate.apply()
        inventory.write_bytes(kept)
        estate.declare(manifest(kind.name, "one", ours))

        drifted = {f.path.split(".")[1] for e in estate.drift().entries for f in e.fields}
        refused = accept_all(estate)

        assert refused == []
        assert estate.drift().entries == ()
        left = {f.path for c in estate.plan().changes for f in c.fields if f.secret is None}
        assert {p for p in left if p.split(".")[1] in drifted} == set()
        now = estate.desire().documents[0].data["spec"]
        assert {n for n in {*ours, *now} if ours.get(n) != now.get(n)} <= drifted

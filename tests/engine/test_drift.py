"""What changed behind our back: last applied against live, whatever the manifests say (M26)."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.drift import applied_spec, drift
from reconciler.model import Absent, Drift, Entry, Inventory, Live, Observed, Unreadable
from tests.engine.toys import REGISTRY, at, toy

APPLIED = {
    "spec.text": "a",
    "spec.tags": ["x", "y"],
    "spec.part.color": "red",
    "spec.hidden": "h",
    "spec.extra.new.field": 1,
}
LIVE = {"text": "a", "tags": ["y", "x"], "part": {"color": "red", "size": 7}, "new.field": 1}


def found(observed: Observed, *declared: Any, entry: Entry | None = None) -> Drift:
    owned = Inventory({"default:Widget/x": entry or Entry("us", APPLIED)})
    manifests = {m.address: m for m in declared}
    return drift([at("x")], manifests, {at("x"): observed}, owned, REGISTRY)


def test_no_drift() -> None:
    """Sets in another order, fields nobody applied and fields never returned are none."""
    result = found(Live(LIVE))
    assert (result.entries, result.tracked, bool(result.drifted)) == ((), 1, False)


def test_a_changed_manifest_is_no_drift() -> None:
    """A pending change is the plan's business."""
    assert found(Live(LIVE), toy("x", text="wanted", part={"color": "blue"})).entries == ()


@pytest.mark.parametrize(
    "change, path, before, after",
    [
        ({"text": "theirs"}, "spec.text", "a", "theirs"),
        ({"text": ""}, "spec.text", "a", ""),
        ({"tags": ["y"]}, "spec.tags", ["x", "y"], ["y"]),
        ({"part": {"color": None}}, "spec.part.color", "red", None),
        ({"part": None}, "spec.part.color", "red", None),
        ({"new.field": 2}, "spec.extra.new.field", 1, 2),
    ],
)
def test_a_live_change(change: dict[str, Any], path: str, before: Any, after: Any) -> None:
    """Before is what was applied, after is what is live now."""
    result = found(Live({**LIVE, **change}))
    (entry,) = result.entries
    (field,) = entry.fields
    assert (entry.status, field.path, field.before, field.after) == ("changed", path, before, after)
    assert bool(result.drifted)


def test_a_deleted_object() -> None:
    """An owned object that is gone was deleted by somebody else."""
    result = found(Absent())
    assert [e.status for e in result.entries] == ["deleted"]
    assert bool(result.drifted)


def test_an_unreadable_object_is_no_drift() -> None:
    """An outage is never read as drift; the answer is incomplete."""
    result = found(Unreadable("502"))
    assert (bool(result.drifted), result.is_incomplete) == (False, True)


def test_a_reduced_answer_is_no_drift() -> None:
    """What a weaker token does not see has not changed."""
    assert not found(Live({"text": "a"}, complete=False)).drifted


def test_what_nobody_applied_is_not_tracked() -> None:
    """A new manifest is listed as such, beside the drift of the others."""
    result = found(Live(LIVE), toy("new", text="a"))
    assert [(e.address.name, e.status) for e in result.entries] == [("new", "not-tracked")]
    assert not bool(result.drifted)


def test_what_the_server_rewrites_is_no_drift() -> None:
    """It was told when it was applied."""
    entry = Entry("us", {"spec.text": "ours"}, {}, {"spec.text": ("ours", "theirs")})
    assert not found(Live({"text": "theirs"}), entry=entry).drifted
    assert found(Live({"text": "third"}), entry=entry).drifted


def test_fixed_and_stuck_fields_drift_too() -> None:
    """Somebody deleted and created the object anew: drift, whatever we could do about it."""
    entry = Entry("us", {"spec.fixed": "a", "spec.sticky": None})
    result = found(Live({"fixed": "b", "sticky": "s"}), entry=entry)
    assert [f.path for f in result.entries[0].fields] == ["spec.fixed", "spec.sticky"]


def test_the_recorded_paths_are_a_spec_again() -> None:
    """Nested paths nest; passed-through names keep their dots."""
    assert applied_spec(APPLIED) == {
        "text": "a",
        "tags": ["x", "y"],
        "part": {"color": "red"},
        "hidden": "h",
        "extra": {"new.field": 1},
    }

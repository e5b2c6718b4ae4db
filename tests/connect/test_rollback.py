"""A wave whose gate failed gets an older version: that wave only, and only once."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import InvalidManifests
from reconciler.report.terminal import plan_text
from tests.connect.support import APP, Fleet, change_of, deployment, flow, standing
from tests.reliability.rolled import Deaths, Judge, taken_back

BACK = {
    "app": {"name": APP, "version": "1.0"},
    "flow": {"name": "camera-fw"},
    "parameters": {"image": "fw-1.0"},
}
WAVES = [{"name": "canary", "tag": "canary", "gate": {"minSuccess": "100%"}}]


def failing(fleet: Fleet, version: str = "2.0", **failure: Any) -> None:
    """A manifest that takes its canaries back when one of them fails."""
    failure = {"maxAttemptsPerDevice": 1, "rollback": BACK, **failure}
    fleet.deploy(version, waves=WAVES, onFailure=failure)


def canaries(fleet: Fleet) -> list[str]:
    """Four devices at 1.0, three of them canaries, one of which fails the next update."""
    fleet.add(1, apps={APP: "1.0"})
    good = fleet.add(2, apps={APP: "1.0"}, tags=["canary"])
    return [*good, *fleet.add(1, apps={APP: "1.0"}, tags=["canary"], fails=1)]


def comments(fleet: Fleet) -> list[str]:
    """What was sent, the oldest first, by the words for people."""
    return [one["comment"].partition(" #")[0] for one in by_age(fleet)]


def by_age(fleet: Fleet) -> list[dict[str, Any]]:
    """The deployments, the oldest first."""
    return sorted(fleet.sent(), key=lambda one: one["number"])


def test_the_failed_wave_goes_back(fleet: Fleet) -> None:
    """Those that succeeded and those that failed; nobody else; and halted it stays."""
    wave = canaries(fleet)
    failing(fleet)
    fleet.apply()
    fleet.later(60)
    made = fleet.plan()
    change = change_of(made)

    assert change.blocked is None
    text = " ".join(plan_text(made, color=False).split())
    assert "wave canary failed" in text
    assert f"rollback: {APP} 1.0 on 3 to-update" in text
    assert "rolled back" not in text
    fields = {field.path: field.after for field in change.fields}
    assert fields["app"] == f"{APP} 1.0"
    assert fields["devices"] == sorted(wave)

    fleet.apply()
    assert "RollingBack" in standing(fleet.plan())
    fleet.later(60)
    fleet.roll_halted()
    assert fleet.versions() == {"1.0": 4}
    assert comments(fleet) == ["camera 2.0", "camera 1.0"]
    assert set(by_age(fleet)[1]["entries"]) == set(wave)
    assert "rolled back to 1.0 since" in str(change_of(fleet.plan()).evidence["devices"])
    blocked = change_of(fleet.plan()).blocked
    assert blocked is not None
    assert blocked.code == "halted"
    assert f"rollback to {APP} 1.0: Converged (3 compliant)" in blocked.message


def test_the_next_version_goes_out_as_usual(fleet: Fleet) -> None:
    """A rollback is no obstacle, and what still waits of it is stopped first."""
    wave = canaries(fleet)
    failing(fleet)
    fleet.apply()
    fleet.later(60)
    fleet.api.change(wave[0], online=False)
    fleet.apply()
    fleet.later(60)
    assert by_age(fleet)[1]["entries"][wave[0]]["status"] == "pending"

    failing(fleet, "2.1")
    fleet.apply()
    assert by_age(fleet)[1]["entries"][wave[0]]["status"] == "aborted"
    fleet.api.change(wave[0], online=True)
    fleet.roll(seconds=60)
    assert fleet.versions() == {"2.1": 4}
    assert comments(fleet)[:3] == ["camera 2.0", "camera 1.0", "camera 2.1"]


def test_each_failed_version_has_its_own_rollback(fleet: Fleet) -> None:
    """That an earlier rollback of the same devices succeeded proves nothing."""
    wave = canaries(fleet)
    for version in ("2.0", "2.1"):
        fleet.api.change(wave[-1], fails=1)
        failing(fleet, version)
        for _ in range(6):
            fleet.apply()
            fleet.later(60)
    assert fleet.versions() == {"1.0": 4}
    assert comments(fleet) == ["camera 2.0", "camera 1.0", "camera 2.1", "camera 1.0"]


def test_a_rollback_that_fails_is_told(fleet: Fleet) -> None:
    """It is not tried for ever."""
    wave = canaries(fleet)
    fleet.api.change(wave[-1], fails=None)
    failing(fleet)
    for _ in range(8):
        fleet.apply()
        fleet.later(60)

    assert comments(fleet) == ["camera 2.0", "camera 1.0"]
    blocked = change_of(fleet.plan()).blocked
    assert blocked is not None
    assert "2 compliant, 1 quarantined" in blocked.message


def test_paused_means_that_nothing_goes_back(fleet: Fleet) -> None:
    """Somebody wants to look first."""
    canaries(fleet)
    failing(fleet)
    fleet.apply()
    fleet.later(60)
    once = {"maxAttemptsPerDevice": 1, "rollback": BACK}
    fleet.deploy(waves=WAVES, onFailure=once, paused=True)
    fleet.apply()

    assert comments(fleet) == ["camera 2.0"]


def test_it_dies_anywhere() -> None:
    """Whenever a run dies, each device of the wave gets the update once and the rollback once."""
    story = taken_back(40)
    found = Deaths(story, lambda number, method: number % 4 == 0 or method == "POST").play()

    assert found.played >= 10
    assert not found.faults, "\n".join(map(str, found.faults))
    assert len(Judge(story).calm[0]) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"app": {"name": APP, "version": "2.0"}}, "the version that failed"),
        ({"app": {"name": "other", "version": "1.0"}}, "no other app"),
        ({"flow": {}}, "named by 'name' or by 'uuid'"),
        ({"flow": {"name": "nobody"}}, "no manifest declares the UpdateFlow 'nobody'"),
        ({"parameters": {"image": 1}}, "text"),
    ],
)
def test_what_cannot_be_rolled_back_to(fleet: Fleet, change: dict[str, Any], told: str) -> None:
    """Told offline."""
    made = deployment(waves=WAVES, onFailure={"rollback": {**BACK, **change}})
    fleet.declare(flow(), made)
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()

    assert told in " ".join(d.summary for d in caught.value.diagnostics)


def test_removing_the_manifest_does_nothing(fleet: Fleet) -> None:
    """onRemove: leave. What waits goes on, nothing is rolled back, pruning or not."""
    fleet.add(2)
    fleet.add(1, online=False)
    fleet.deploy(onRemove="leave")
    fleet.apply()
    fleet.declare(flow())
    fleet.forget_requests()
    fleet.apply(prune=True)

    assert fleet.writes() == []
    assert [e["status"] for e in by_age(fleet)[0]["entries"].values()].count("pending") == 3


def test_on_remove_takes_nothing_else(fleet: Fleet) -> None:
    """Nobody remembers a manifest that is gone."""
    fleet.declare(flow(), deployment(onRemove="abort-pending"))
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()

    assert "run ADDRESS abort" in " ".join(d.hint for d in caught.value.diagnostics)

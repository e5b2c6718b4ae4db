"""Edge cases of waves and gates: frozen, counted, approved, paused."""

from __future__ import annotations

from typing import Any

from tests.connect.support import APP, Fleet, change_of, classes, standing

CANARY = {"name": "canary", "tag": "canary", "gate": {"minSuccess": "100%"}}


def test_a_rollout_in_three_waves(fleet: Fleet) -> None:
    """Each apply takes one step; in the end every device has it, each got it once."""
    fleet.add(2, tags=["canary"])
    fleet.add(18)
    early = {"name": "early", "take": {"percent": 25}, "gate": {"minSuccess": "100%"}}
    fleet.deploy(waves=[CANARY, early])
    fleet.roll()

    assert [len(one["entries"]) for one in reversed(fleet.sent())] in ([2, 5, 13], [13, 5, 2])
    assert set(fleet.received().values()) == {1}
    assert fleet.versions() == {"2.0": 20}
    assert fleet.tags() == set()


def test_28_more_than_there_is_is_told(fleet: Fleet) -> None:
    """Edge case 28: minFinished that can never be reached."""
    fleet.add(3, tags=["canary"])
    gate = {"minSuccess": "50%", "maxFailed": "3%", "minFinished": 20}
    fleet.deploy(waves=[{**CANARY, "gate": gate}])

    told = [d for d in fleet.plan().diagnostics if d.rule == "deployment-useless"]
    assert "can never be reached with 3 members" in told[0].summary


def test_28_shares_of_more_than_everybody(fleet: Fleet) -> None:
    """Edge case 28: told offline; the last one gets what is left."""
    fleet.add(10)
    waves = [{"name": n, "take": {"percent": 60}, "gate": {"minSuccess": "50%"}} for n in "ab"]
    fleet.deploy(waves=waves)
    plan = fleet.plan()

    (told,) = [d for d in plan.diagnostics if d.rule == "deployment-useless"]
    assert "the waves take 120 % of the devices" in told.summary
    shown: Any = change_of(plan).evidence["waves"]
    assert [wave["members"] for wave in shown] == [6, 4, 0]


def test_29_who_joins_late_waits_for_the_last_wave(fleet: Fleet) -> None:
    """Edge case 29: a frozen canary takes nobody in."""
    first = fleet.add(2, tags=["canary"])
    fleet.add(3)
    fleet.deploy(waves=[CANARY])
    fleet.apply()
    (late,) = fleet.add(1, tags=["canary"])
    fleet.roll()

    waves = {one["comment"].split(":")[3]: set(one["entries"]) for one in fleet.sent()}
    assert waves["w1"] == set(first)
    assert late in waves["w2"]


def test_30_a_canary_that_is_deleted(fleet: Fleet) -> None:
    """Edge case 30: the base shrinks, the gate still decides."""
    gone, _ = fleet.add(2, tags=["canary"])
    fleet.add(2)
    fleet.api.change(gone, online=False)
    fleet.deploy(waves=[CANARY])
    fleet.apply()
    fleet.later(120)
    assert "wave canary running" in standing(fleet.plan())

    fleet.api.control("DELETE", "connect/devices", {"select": {"devices": [gone]}})
    fleet.deploy(waves=[{**CANARY, "gate": {"soak": "1h"}}])
    (told,) = [d for d in fleet.plan().diagnostics if "left the fleet" in d.summary]
    assert told.summary == (
        f"wave canary: 1 of its devices left the fleet ({gone}) and do not count any more"
    )
    fleet.deploy(waves=[CANARY])
    fleet.roll()
    assert fleet.versions() == {"2.0": 3}


def test_31_silent_canaries_are_inconclusive(fleet: Fleet) -> None:
    """Edge case 31: at the deadline, neither passed nor failed; nothing more is sent."""
    fleet.add(2, tags=["canary"], online=False)
    fleet.add(5)
    fleet.deploy(waves=[{**CANARY, "gate": {"deadline": "6h"}}])
    fleet.apply()
    fleet.later(6 * 3600 + 60)
    plan = fleet.plan()

    assert standing(plan).startswith("Inconclusive: wave canary inconclusive, 0 of 2 succeeded")
    assert plan.is_empty
    assert len(fleet.sent()) == 1


def test_31_inconclusive_may_fail_or_pass(fleet: Fleet) -> None:
    """As the gate says."""
    fleet.add(1, tags=["canary"], online=False)
    fleet.add(2)
    gate = {"deadline": "1h", "inconclusive": "fail"}
    fleet.deploy(waves=[{**CANARY, "gate": gate}])
    fleet.apply()
    fleet.later(3700)
    blocked = change_of(fleet.plan()).blocked
    assert blocked is not None
    assert blocked.code == "halted"

    fleet.deploy(waves=[{**CANARY, "gate": {**gate, "inconclusive": "pass"}}])
    fleet.apply()
    fleet.later(120)
    assert fleet.versions()["2.0"] == 2


def test_33_a_manual_gate_waits_for_an_approval(fleet: Fleet) -> None:
    """Edge case 33: a second run changes nothing; one for an older payload does not count."""
    fleet.add(1, tags=["canary"])
    fleet.add(2)
    wave = {**CANARY, "gate": {"then": "manual"}}
    fleet.deploy(waves=[wave])
    payload = str(change_of(fleet.plan()).evidence["payload"])
    fleet.apply()
    fleet.later(120)
    for approval in (None, {"wave": "canary", "payload": "0" * 12, "by": "x"}):
        fleet.deploy(waves=[wave], **({"approvals": [approval]} if approval else {}))
        done = fleet.apply()
        assert done.plan.is_empty
        assert "WaitingApproval" in standing(done.plan)
        assert payload in standing(done.plan)

    fleet.deploy(waves=[wave], approvals=[{"wave": "canary", "payload": payload, "by": "4711"}])
    fleet.roll()
    assert fleet.versions() == {"2.0": 3}


def test_34_paused_in_the_middle(fleet: Fleet) -> None:
    """Edge case 34: nothing new starts; unpaused it goes on; a new version supersedes the old."""
    (silent,) = fleet.add(1, tags=["canary"], online=False)
    fleet.add(1, tags=["canary"])
    fleet.add(2)
    wave = {**CANARY, "gate": {"minSuccess": "50%"}}
    fleet.deploy(waves=[wave])
    fleet.apply()
    fleet.later(120)
    fleet.deploy(waves=[wave], paused=True)
    assert "Paused" in standing(fleet.plan())
    assert fleet.apply().plan.is_empty

    fleet.deploy("3.0", waves=[wave], paused=True)
    done = fleet.apply()
    assert done.results() == {"UpdateFlow/demo/camera-fw": "done"} | {
        "Deployment/demo/camera": "done"
    } or done.results() == {"Deployment/demo/camera": "done"}
    assert fleet.sent()[-1]["entries"][silent]["status"] == "aborted" or (
        fleet.sent()[0]["entries"][silent]["status"] == "aborted"
    )
    assert len(fleet.sent()) == 1
    fleet.deploy("3.0", waves=[wave])
    fleet.api.change(silent, online=True)
    fleet.roll()
    assert fleet.versions() == {"3.0": 4}


def test_35_a_revert_is_a_rollout_of_its_own(fleet: Fleet) -> None:
    """Edge case 35: old pending updates are aborted, and it goes back wave by wave."""
    fleet.add(2, tags=["canary"])
    fleet.add(4)
    fleet.deploy("1.0", waves=[CANARY])
    fleet.roll()
    fleet.deploy("2.0", waves=[CANARY])
    fleet.apply()
    fleet.later(120)
    assert fleet.versions() == {"1.0": 4, "2.0": 2}

    fleet.deploy("1.0", waves=[CANARY])
    first = change_of(fleet.apply().plan)
    assert len(next(f.after for f in first.fields if f.path == "devices")) == 2
    assert "a2#" in next(f.after for f in first.fields if f.path == "marker")
    fleet.roll()
    assert fleet.versions() == {"1.0": 6}


def test_36_the_first_deployment_ever(fleet: Fleet) -> None:
    """Edge case 36: no device has the app."""
    fleet.add(3)
    fleet.deploy()
    assert classes(fleet.plan()) == {"to-update": 3}
    fleet.roll()
    assert fleet.versions() == {"2.0": 3}


def test_a_failed_canary_stops_everything(fleet: Fleet) -> None:
    """Halted: exit code 3, and it stays so."""
    fleet.add(1, tags=["canary"], fails=None)
    fleet.add(5)
    fleet.deploy(waves=[CANARY])
    fleet.apply()
    fleet.later(120)
    for _ in range(2):
        blocked = change_of(fleet.apply().plan).blocked
        assert blocked is not None
        assert blocked.code == "halted"
        assert "wave canary failed" in blocked.message
    assert len(fleet.sent()) == 1


def test_a_failed_wave_aborts_what_waits(fleet: Fleet) -> None:
    """If asked to; then it is halted."""
    fleet.add(1, tags=["canary"], fails=None)
    (silent,) = fleet.add(1, tags=["canary"], online=False)
    fleet.deploy(waves=[CANARY], onFailure={"abortPending": True})
    fleet.apply()
    fleet.later(120)
    fleet.apply()

    (sent,) = fleet.sent()
    assert sent["entries"][silent]["status"] == "aborted"
    blocked = change_of(fleet.plan()).blocked
    assert blocked is not None
    assert blocked.code == "halted"


def test_soak_waits(fleet: Fleet) -> None:
    """The next wave begins after it, judged by the server's clock."""
    fleet.add(1, tags=["canary"])
    fleet.add(2)
    fleet.deploy(waves=[{**CANARY, "gate": {"soak": "30m"}}])
    fleet.apply()
    fleet.later(600)
    assert "soaking" in standing(fleet.plan())
    assert fleet.apply().plan.is_empty
    fleet.later(1800)
    fleet.apply()
    assert len(fleet.sent()) == 2


def test_46_the_server_s_clock_counts(fleet: Fleet) -> None:
    """Edge case 46: the runner's clock is of no interest; the sandbox lives in another year."""
    fleet.sandbox.clock.freeze(4_000_000_000.0)
    fleet.add(1, tags=["canary"])
    fleet.add(1)
    fleet.deploy(waves=[{**CANARY, "gate": {"soak": "30m"}}])
    fleet.apply()
    fleet.later(60)
    assert "soaking" in standing(fleet.plan())


def test_slices_keep_to_the_limit(fleet: Fleet) -> None:
    """maxInFlight: the next slice starts when places are free."""
    fleet.add(10)
    fleet.deploy(maxInFlight=4)
    fleet.apply()
    assert fleet.apply().plan.is_empty
    fleet.roll()

    assert sorted(len(one["entries"]) for one in fleet.sent()) == [2, 4, 4]
    assert set(fleet.received().values()) == {1}
    assert fleet.versions() == {"2.0": 10}


def test_offline_devices_are_queued_last(fleet: Fleet) -> None:
    """They get it when they are back; until then they are debt, not success."""
    fleet.add(3)
    (silent,) = fleet.add(1, online=False)
    fleet.deploy(maxInFlight=2)
    done = fleet.roll()
    assert "ConvergedWithDebt" in standing(done[-1].plan)
    assert "deployment-debt" in {d.rule for d in done[-1].plan.diagnostics}

    fleet.api.change(silent, online=True)
    fleet.later(120)
    fleet.roll()
    assert fleet.versions() == {"2.0": 4}
    assert set(fleet.received().values()) == {1}


def test_offline_devices_may_be_skipped(fleet: Fleet) -> None:
    """Then a later run takes them."""
    fleet.add(2)
    (silent,) = fleet.add(1, online=False)
    fleet.deploy(offline="skip")
    fleet.roll()
    assert silent not in fleet.received()
    fleet.api.change(silent, online=True)
    fleet.roll()
    assert fleet.versions() == {"2.0": 3}


def test_a_device_is_tried_so_often(fleet: Fleet) -> None:
    """Failing once, it gets it once more; failing twice, it is left alone."""
    (once,) = fleet.add(1, fails=1)
    (always,) = fleet.add(1, fails=None)
    fleet.add(2)
    fleet.deploy()
    fleet.roll()

    assert fleet.received() == {u: 2 if u in (once, always) else 1 for u in fleet.api.uuids()}
    assert fleet.versions() == {"2.0": 3, "None": 1}
    told = standing(fleet.plan())
    assert "ConvergedWithDebt" in told
    assert "1 quarantined" in told


def test_what_devices_have_already_is_left(fleet: Fleet) -> None:
    """Waves count everybody, deployments go to those that need it."""
    fleet.add(6, apps={APP: "2.0"})
    fleet.add(4)
    early: dict[str, Any] = {"name": "early", "take": {"percent": 50}}
    fleet.deploy(waves=[early])
    fleet.roll()

    assert sum(len(one["entries"]) for one in fleet.sent()) == 4

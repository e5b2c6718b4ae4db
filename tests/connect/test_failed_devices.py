"""What is told of a device on which an update failed: the step, its last lines, no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.operating import status
from reconciler.report.machine import plan_json
from reconciler.report.status import status_text
from reconciler.report.terminal import plan_text
from tests.connect.support import Fleet, change_of, deployment
from tests.support.estate import manifest

SECRET = "hunter2-very-secret"


def broken(fleet: Fleet, count: int = 1) -> list[str]:
    """Devices that fail always, beside two that do not."""
    fleet.add(2)
    return fleet.add(count, fails=None)


def halted(fleet: Fleet, *declared: dict[str, Any]) -> None:
    """A rollout that its first wave stopped."""
    once = {
        "waves": [{"name": "all", "take": {"percent": 100}, "gate": {"minSuccess": "100%"}}],
        "onFailure": {"maxAttemptsPerDevice": 1},
    }
    if declared:
        fleet.declare(*declared)
    else:
        fleet.deploy(**once)
    fleet.apply()
    fleet.later(120)


def texts(fleet: Fleet) -> str:
    """Everything a person sees."""
    made = fleet.plan()
    with fleet.session() as run:
        told = status_text(status(run, ()), color=False)
    return plan_text(made, color=False) + told + repr(plan_json(made, 0))


def reports(fleet: Fleet) -> dict[str, Any]:
    """What the plan tells of devices where it failed."""
    devices: Any = change_of(fleet.plan()).evidence["devices"]
    return {one["uuid"]: one["report"] for one in devices if "report" in one}


def said(fleet: Fleet, uuid: str, *steps: dict[str, Any]) -> None:
    """Have a device's update have said something else."""
    for one in fleet.connect.world.fleets["demo"].deployments.values():
        one.entries[uuid].steps = list(steps)


def test_the_step_that_failed_is_told(fleet: Fleet) -> None:
    """In plan and status, with what it wrote; exit code 0 is no success and is not shown."""
    (uuid,) = broken(fleet)
    halted(fleet)

    (one,) = reports(fleet).values()
    assert one["step"] == "install"
    assert one["said"] == ["sh: 1: install fw-2.0: not found"]
    told = texts(fleet)
    assert f"failed: {uuid}" in told
    assert " ".join(told.split()).count("step install: sh: 1: install fw-2.0: not found") == 2
    assert "exit code" not in told


def test_it_is_asked_for_few_devices_only(fleet: Fleet) -> None:
    """One request each, for ten of them; the budget counts them."""
    broken(fleet, 30)
    halted(fleet)
    fleet.forget_requests()

    assert len(reports(fleet)) == 10
    asked = [r for r in fleet.requests() if "/deployments/dp-" in r and "/devices/" in r]
    assert len(asked) == 10
    reads: Any = change_of(fleet.plan()).evidence["reads"]
    assert change_of(fleet.plan(budget=reads - 1)).evidence["reads"] == reads - 10


def test_long_and_hostile_output(fleet: Fleet) -> None:
    """The last three lines, cut off, and nothing a terminal or a CI log would obey."""
    (uuid,) = broken(fleet)
    halted(fleet)
    last = ["\x1b[31mred\x1b[0m\x07", "::add-mask::x", "x" * 5000 + "\u202e"]
    said(fleet, uuid, {"name": "in\nstall", "stderr": "y\n" * 100_000 + "\n".join(last)})

    (one,) = reports(fleet).values()
    assert [len(line) for line in one["said"]] == [13, 13, 200]
    made = plan_text(fleet.plan(), color=False)
    assert "\x1b" not in made
    assert "step in\\nstall" in made
    assert "\\x1b[31mred" in made


@pytest.mark.parametrize(
    "steps", [None, "x", [], [None], [{}], [{"name": 5, "stderr": ["x"], "exit_code": "9"}]]
)
def test_answers_of_any_shape(fleet: Fleet, steps: Any) -> None:
    """What cannot be read is not told; the plan is made all the same."""
    (uuid,) = broken(fleet)
    halted(fleet)
    for one in fleet.connect.world.fleets["demo"].deployments.values():
        one.entries[uuid].steps = steps

    assert "wave all failed" in texts(fleet)


def secret_flow(*names: str) -> dict[str, Any]:
    """A flow of two steps, of which some take the secret."""
    steps = [
        {"name": name, "run": f"{name} ${{{{ inputs.{'key' if name in names else 'image'} }}}}"}
        for name in ("fetch", "install")
    ]
    spec = {"steps": steps, "inputs": ["image", "key"]}
    return manifest("UpdateFlow", "camera-fw", spec, fleet="demo")


def with_secret() -> dict[str, Any]:
    """A deployment that gives the flow a secret, and stops at the first failure."""
    return deployment(
        secretParameters=[{"name": "key", "value": {"env": "CAMERA_KEY"}}],
        waves=[{"name": "all", "take": {"percent": 100}, "gate": {"minSuccess": "100%"}}],
        onFailure={"maxAttemptsPerDevice": 1},
    )


@pytest.mark.parametrize("value", [SECRET, "another one by now", None])
def test_53_output_of_a_step_with_a_secret(fleet: Fleet, value: str | None) -> None:
    """Edge case 53: it is not shown, whether the secret has its old value here, a new one, or
    none; the step is named all the same."""
    fleet.environment["CAMERA_KEY"] = SECRET
    broken(fleet)
    halted(fleet, secret_flow("install"), with_secret())
    sent = fleet.sent()[0]["entries"].values()
    assert SECRET in repr([entry["steps"] for entry in sent])  # the server would tell it
    if value is None:
        del fleet.environment["CAMERA_KEY"]
    else:
        fleet.environment["CAMERA_KEY"] = value

    (one,) = reports(fleet).values()
    assert (one["step"], one["hidden"], one["said"]) == ("install", True, [])
    assert SECRET not in texts(fleet)
    assert "it may hold a secret parameter" in texts(fleet)


def test_53_steps_before_it_are_shown(fleet: Fleet) -> None:
    """Edge case 53: what ran before the secret was given cannot know it; should it all the same,
    its value is masked."""
    fleet.environment["CAMERA_KEY"] = SECRET
    (uuid,) = broken(fleet)
    halted(fleet, secret_flow("install"), with_secret())
    said(fleet, uuid, {"name": "fetch", "exit_code": 4, "stderr": f"no route, {SECRET}"})

    (one,) = reports(fleet).values()
    assert (one["step"], one["exitCode"], one["said"]) == ("fetch", 4, ["no route, ***"])


def test_53_a_flow_whose_steps_nobody_knows(fleet: Fleet) -> None:
    """Edge case 53: drawn in the web UI and given a secret: nothing of its output is shown."""
    fleet.environment["CAMERA_KEY"] = SECRET
    (uuid,) = broken(fleet)
    made = fleet.api.control("POST", "connect/flows", {"name": "drawn", "inputs": ["image", "key"]})
    wanted = with_secret()
    wanted["spec"]["desired"]["flow"] = {"uuid": made["uuid"]}
    halted(fleet, wanted)
    said(fleet, uuid, {"name": "first", "stderr": SECRET})

    assert [one["hidden"] for one in reports(fleet).values()] == [True]
    assert SECRET not in texts(fleet)


def test_a_device_that_got_it_since_is_told_no_more(fleet: Fleet, tmp_path: Path) -> None:
    """It failed once, and the second attempt succeeded."""
    fleet.add(1, fails=1)
    fleet.deploy()
    fleet.roll()

    fleet.forget_requests()
    assert "ConvergedWithDebt" not in texts(fleet)
    assert not [r for r in fleet.requests() if r.count("/devices/") and "dp-" in r]

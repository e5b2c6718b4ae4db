"""A device and a deployment in, how long its flow takes there and what comes of it out."""

from __future__ import annotations

import re
from typing import Any

from reconciler.sandbox.connect.model import Deployment, Device, Flow
from reconciler.sandbox.connect.world import World

Json = Any

PLACEHOLDER = re.compile(r"\$\{\{\s*inputs\.([\w.-]+)\s*\}\}")


def duration(world: World, device: Device, deployment: Deployment) -> float:
    """Seconds; devices differ a little from one another, each is always as fast."""
    flow = world.flow(deployment.flow)
    pace = 0.8 + 0.4 * (device.number * 263 % 100) / 100
    count = len(flow.steps) if flow else 1
    reboot = world.settings.reboot_seconds if flow and flow.reboot else 0.0
    return pace * max(count, 1) * world.settings.step_seconds + reboot


def result(world: World, device: Device, deployment: Deployment) -> tuple[bool, list[Json]]:
    """Whether it failed, and what each step that ran said."""
    flow = world.flow(deployment.flow)
    steps = flow.steps if flow else []
    missing = flow is not None and bool(set(flow.inputs) - set(deployment.parameters))
    failed = missing or device.fails is None or device.fails > 0
    if device.fails and not missing:
        device.fails -= 1
    said = [report(step) for step in steps]
    if failed:
        at = failing_step(flow, deployment)
        said = [*said[:at], failure(steps[at] if steps else {}, deployment)]
    return failed, said


def failing_step(flow: Flow | None, deployment: Deployment) -> int:
    """The place of the step that fails: the first that lacks a parameter, else the last."""
    steps = flow.steps if flow else []
    for place, step in enumerate(steps):
        if set(PLACEHOLDER.findall(str(step))) - set(deployment.parameters):
            return place
    return max(len(steps) - 1, 0)


def report(step: Json) -> Json:
    """A step that went well in, what is told of it out."""
    return {"exit_code": 0, "name": step["name"], "stderr": "", "stdout": ""}


def failure(step: Json, deployment: Deployment) -> Json:
    """A step that went wrong in, what is told of it out.

    The exit code is 0, as in the sample of the reference: the status tells, not the code. The
    command is printed with its parameters filled in, secret ones too, as a shell does.
    """
    command = str(step.get("run") or step.get("uses") or "/usr/bin/python")
    filled = PLACEHOLDER.sub(lambda found: deployment.parameters.get(found[1], ""), command)
    return {
        "exit_code": 0,
        "name": step.get("name", "Script Block"),
        "stderr": f"sh: 1: {filled}: not found\n",
        "stdout": "Script exited with bad exit-code: 127",
    }

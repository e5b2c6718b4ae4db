"""A YAML document with update flows in, the flows out; and a flow in, its YAML out."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import yaml_subset, yaml_text
from reconciler.sandbox.connect.execution import PLACEHOLDER
from reconciler.sandbox.refusals import Refusal

Json = Any

PREPARED = ("connect/docker", "connect/download-artifact")
"""The prepared steps the reference shows; both need a registry."""


def read(body: bytes) -> tuple[dict[str, Json], list[str]]:
    """The body of a request in, its flows by name and the names of their inputs out."""
    try:
        document = yaml_subset.load(body.decode())
    except (yaml_subset.YamlError, UnicodeDecodeError) as error:
        raise Refusal(400, f"Invalid YAML format: {error}") from error
    if not isinstance(document, dict) or set(document) - {"flows", "on"}:
        raise Refusal(400, "Invalid data: only flows and on are known")
    flows = mapping(document.get("flows"), "flows")
    if not flows:
        raise Refusal(400, "Invalid data: flows is required")
    dispatch = mapping(mapping(document.get("on"), "on").get("workflow-dispatch"), "on")
    inputs = list(mapping(dispatch.get("inputs"), "inputs"))
    for name, flow in flows.items():
        check(name, mapping(flow, name), inputs)
    return flows, inputs


def mapping(value: Json, name: str) -> dict[str, Json]:
    """A value that should be a map in, the map out; nothing is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, f"Invalid data: {name} must be a map")
    return value


def check(name: str, flow: dict[str, Json], inputs: list[str]) -> None:
    """One flow in; refused when it is none."""
    steps = flow.get("steps")
    if not isinstance(steps, list) or not steps:
        raise Refusal(400, f"Invalid data: flow {name} has no steps")
    if not isinstance(flow.get("reboot-after-restart", False), bool):
        raise Refusal(400, f"Invalid data: reboot-after-restart of flow {name} must be a boolean")
    for step in steps:
        check_step(name, step)
    unknown = sorted(set(PLACEHOLDER.findall(str(steps))) - set(inputs))
    if unknown:
        raise Refusal(400, f"Invalid data: input {unknown[0]} of flow {name} is not declared")


def check_step(flow: str, step: Json) -> None:
    """One step in; refused when it is none."""
    if not isinstance(step, dict) or not isinstance(step.get("name"), str):
        raise Refusal(400, f"Invalid data: a step of flow {flow} has no name")
    where = f"step {step['name']} of flow {flow}"
    if ("uses" in step) == ("run" in step):
        raise Refusal(400, f"Invalid data: {where} needs either uses or run")
    if "run" in step:
        if not isinstance(step["run"], str):
            raise Refusal(400, f"Invalid data: run of {where} must be a text")
        return
    given = mapping(step.get("with"), "with")
    if step["uses"] in PREPARED and not given.get("registry"):
        raise Refusal(400, f"Invalid data: {where} needs a registry")


def text(name: str, flow: dict[str, Json], inputs: list[str]) -> str:
    """A flow in, what the server prints of it out.

    It prints its own text, not the one that was sent: `on` without quotes, and run options that
    were texts such as "true" as booleans.
    """
    document: dict[str, Json] = {
        "flows": {name: {**flow, "steps": [loosened(step) for step in flow["steps"]]}}
    }
    if inputs:
        document["on"] = {"workflow-dispatch": {"inputs": {key: {} for key in inputs}}}
    return yaml_text.dump(document)


def loosened(step: dict[str, Json]) -> dict[str, Json]:
    """A step in, the same with booleans among its run options out."""
    options = mapping(step.get("with"), "with").get("run-options")
    if not isinstance(options, dict):
        return step
    words: dict[Json, Json] = {"true": True, "false": False}
    loose = {
        key: words.get(value, value) if isinstance(value, str) else value
        for key, value in options.items()
    }
    return {**step, "with": {**step["with"], "run-options": loose}}

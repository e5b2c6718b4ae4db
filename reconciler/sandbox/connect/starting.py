"""What somebody wants deployed in, the deployment out, handed to its devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.connect import simulation
from reconciler.sandbox.connect.filters import population
from reconciler.sandbox.connect.model import Deployment, Fleet, Flow
from reconciler.sandbox.connect.settings import Settings
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.refusals import Refusal

Json = Any

API, MANUAL = "api-deployment", "manual"


def start(
    world: World,
    fleet: Fleet,
    user: str,
    wanted: Json,
    configuration: Json,
    vocabulary: Mapping[str, tuple[str, ...]],
    type: str = API,
) -> Deployment:
    """A filter and a configuration in, a new deployment out: every call makes one more.

    The devices are chosen now; those that match later are no part of it.
    """
    if not isinstance(configuration, dict):
        raise Refusal(400, "deployment_configuration must be an object")
    flow = chosen_flow(fleet, configuration)
    comment = kept_comment(world.settings, configuration.get("comment"))
    app = checked_app(fleet, configuration.get("app"))
    parameters = checked_parameters(world.settings, flow, configuration.get("parameters_mapping"))
    devices = population(world, fleet, wanted, vocabulary)
    if world.settings.trigger == "left out":
        devices = [device for device in devices if not device.trigger]
    if not devices and world.settings.zero_match == "refuse":
        raise Refusal(400, "No devices match the filter")
    deployment = Deployment(
        uuid=world.identifier("dp"),
        number=world.number(),
        user=user,
        created=world.now,
        flow=flow.uuid,
        comment=comment,
        type=type,
        app=app,
        parameters=parameters,
        filter=wanted,
    )
    fleet.deployments[deployment.uuid] = deployment
    simulation.hand_out(world, deployment, sorted(devices, key=lambda device: device.number))
    return deployment


def chosen_flow(fleet: Fleet, configuration: Mapping[str, Json]) -> Flow:
    """The flow of a configuration."""
    uuid = configuration.get("flow_uuid")
    if not isinstance(uuid, str) or not uuid:
        raise Refusal(400, "flow_uuid is required")
    if uuid not in fleet.flows:
        raise Refusal(404, "Update flow not found")
    return fleet.flows[uuid]


def kept_comment(settings: Settings, sent: Json) -> str:
    """A comment as sent in, as much of it as is kept out."""
    if sent is None:
        return ""
    if not isinstance(sent, str):
        raise Refusal(400, "comment must be of type: String")
    if len(sent) > settings.comment_limit and settings.comment_overflow == "refuse":
        raise Refusal(400, f"comment must not be longer than {settings.comment_limit} characters")
    return sent[: settings.comment_limit]


def checked_app(fleet: Fleet, sent: Json) -> dict[str, str]:
    """The app of a configuration; it must exist already."""
    if not sent:
        return {}
    texts = isinstance(sent, dict) and all(
        isinstance(sent.get(name), str) and sent[name] for name in ("name", "version")
    )
    if not texts:
        raise Refusal(400, "app needs a name and a version, both of type: String")
    if sent["name"] not in fleet.apps:
        raise Refusal(400, f"App {sent['name']} does not exist")
    return {"name": sent["name"], "version": sent["version"]}


def checked_parameters(settings: Settings, flow: Flow, sent: Json) -> dict[str, str]:
    """The values for the inputs of a flow; those it does not ask for are dropped."""
    given = {} if sent is None else sent
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise Refusal(400, "parameters_mapping must hold values of type: String")
    missing = [name for name in flow.inputs if name not in given]
    if missing and settings.missing_input == "refuse":
        raise Refusal(400, f"The update parameter {missing[0]} is missing")
    return {name: given[name] for name in flow.inputs if name in given}

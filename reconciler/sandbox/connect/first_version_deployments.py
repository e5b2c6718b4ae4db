"""The two older requests that start a deployment: neither tells which one it started."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.filters import LEGACY, V1
from reconciler.sandbox.connect.first_version import filtered
from reconciler.sandbox.connect.starting import start
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal

Json = Any


def deploy_v1(call: Call) -> Response:
    """`/v1/deploy_update`. The flow stands beside the filter, or in it as in the sample."""
    sent = call.body()
    wanted, metadata = sent.get("devices_filter"), sent.get("metadata")
    if not isinstance(metadata, dict):
        raise Refusal(400, "metadata is required")
    fleet, _ = filtered(call.world, wanted, V1)
    flow = sent.get("flow_id") or inner(wanted).get("flow_id")
    start(call.world, fleet, call.user, wanted, {**metadata, "flow_uuid": flow}, V1)
    return json_response({"message": "Success"})


def deploy_legacy(call: Call) -> Response:
    """`/v2/deploy_update`. It answers 201, which the code printed beside it takes for an error.

    The table and the samples of the reference disagree on two spellings; both are taken.
    """
    sent = call.body()
    wanted = sent.get("device_filter", sent.get("devices_filter"))
    configuration = {**sent, **inner(sent.get("deployment_configuration"))}
    fleet, _ = filtered(call.world, wanted, LEGACY)
    configuration["flow_uuid"] = configuration.get("flow_id")
    start(call.world, fleet, call.user, wanted, configuration, LEGACY)
    return json_response({"message": "Created"}, 201)


def inner(configuration: Json) -> dict[str, Json]:
    """A part of a body in, an object out."""
    if configuration is None:
        return {}
    if not isinstance(configuration, dict):
        raise Refusal(400, "an object is expected")
    return configuration


ENDPOINTS = (
    Endpoint("POST", "/v1/deploy_update", deploy_v1, writes=True),
    Endpoint("POST", "/v2/deploy_update", deploy_legacy, writes=True),
)

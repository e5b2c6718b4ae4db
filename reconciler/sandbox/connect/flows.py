"""Requests about update flows: create, list, show. Nothing changes or deletes one."""

from __future__ import annotations

from reconciler.sandbox.connect import flow_documents, times
from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.model import Flow
from reconciler.sandbox.connect.paging import page
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal

PATH = "/api/v2/{project_key}/update-flows"


def create_flows(call: Call) -> Response:
    """Every flow of a YAML document; a name that exists gets a second flow."""
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/yaml":
        raise Refusal(415, "Content-Type must be application/yaml")
    flows, inputs = flow_documents.read(call.request.body)
    made = []
    for name, definition in flows.items():
        flow = Flow(
            uuid=call.world.identifier("f"),
            number=call.world.number(),
            name=name,
            created=call.world.now,
            inputs=inputs,
            steps=definition["steps"],
            text=flow_documents.text(name, definition, inputs),
            reboot=definition.get("reboot-after-restart", False),
        )
        call.fleet.flows[flow.uuid] = flow
        made.append({"name": name, "uuid": flow.uuid})
    message = "Update flows created successfully."
    answer = {"status": "success", "message": message, "update_flows": made}
    return json_response(answer, call.world.settings.created_status)


def list_flows(call: Call) -> Response:
    """All flows, also those drawn in the web UI. A cursor comes only with a full page."""
    found, info = page(call.world.settings, call.request, call.fleet.flows.values())
    shown = {
        "status": "success",
        "update_flows": [
            {
                "name": flow.name,
                "uuid": flow.uuid,
                "update_parameters": flow.inputs,
                "created_time": times.plain(flow.created),
                "cve_severity": flow.severity,
            }
            for flow in found
        ],
    }
    return json_response({**shown, "pagination_info": info} if info.get("after") else shown)


def get_flow(call: Call) -> Response:
    """The definition of a flow; one drawn in the web UI has none."""
    flow = call.fleet.flows.get(call.params["update_flow_uuid"])
    if flow is None or flow.text is None:
        raise Refusal(404, "Update flow with uuid / yaml not found")
    return Response(200, {"Content-Type": "application/yaml"}, flow.text.encode())


ENDPOINTS = (
    Endpoint("POST", PATH, create_flows, writes=True),
    Endpoint("GET", PATH, list_flows),
    Endpoint("GET", f"{PATH}/{{update_flow_uuid}}", get_flow),
)

"""Requests about deployments in v2: start, list, show, follow, abort.

What was deployed cannot be read again: an answer has the comment and little else, and no status.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.connect import simulation, times
from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.filters import V2
from reconciler.sandbox.connect.model import OPEN, PENDING, SUCCESS, Deployment, Entry
from reconciler.sandbox.connect.paging import page
from reconciler.sandbox.connect.settings import Settings
from reconciler.sandbox.connect.starting import start
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal

Json = Any

PATH = "/api/v2/{project_key}/deployments"
ONE = f"{PATH}/{{deployment_uuid}}"
DEVICES = f"{ONE}/devices"
DEVICE = f"{DEVICES}/{{device_uuid}}"
ODD_WORDS = {("succeeded", SUCCESS): "Succeeded", ("queued", PENDING): "Queued"}
SEVERITIES = {"Critical": 0, "High": 0, "Low": 0, "Medium": 0}


def deploy(call: Call) -> Response:
    """Start a deployment; the same request again starts another one."""
    sent = call.body()
    configuration = sent.get("deployment_configuration")
    made = start(call.world, call.fleet, call.user, sent.get("device_filter"), configuration, V2)
    answer = {"deployment_uuid": made.uuid}
    return json_response(answer, call.world.settings.created_status)


def list_deployments(call: Call) -> Response:
    """The caller's deployments."""
    settings = call.world.settings
    visible = [
        deployment
        for deployment in call.fleet.deployments.values()
        if (deployment.user == call.user or not settings.per_user)
        and deployment.created + settings.list_delay <= call.world.now
    ]
    found, info = page(settings, call.request, visible, settings.list_order)
    shown = [record(settings, deployment) for deployment in found]
    return json_response({"deployments": shown, "pagination_info": info})


def get_deployment(call: Call) -> Response:
    """One deployment, whoever started it."""
    return json_response(record(call.world.settings, chosen(call)))


def list_statuses(call: Call) -> Response:
    """How far a deployment is on its devices. No steps here, in spite of the reference."""
    settings = call.world.settings
    entries = chosen(call).entries
    uuids = {entry.number: uuid for uuid, entry in entries.items()}
    found, info = page(settings, call.request, entries.values())
    shown = {
        key(settings, uuids[entry.number]): {
            "finished_time": times.or_null(entry.finished),
            "started_time": times.or_null(entry.started),
            "status": word(settings, entry.status),
        }
        for entry in found
    }
    return json_response({"deployment_by_device_uuid": shown, "pagination_info": info})


def get_status(call: Call) -> Response:
    """How far a deployment is on one device, with what each step said."""
    entry = chosen_entry(call)
    return json_response(
        {
            "finished_time": times.or_null(entry.finished),
            "started_time": times.or_null(entry.started),
            "status": word(call.world.settings, entry.status),
            "steps": entry.steps,
        }
    )


def abort_deployment(call: Call) -> Response:
    """Stop it wherever it is not over."""
    deployment = chosen(call)
    check_open(call, deployment.entries.values())
    for uuid in deployment.entries:
        simulation.abort(call.world, deployment, uuid)
    return json_response({"message": "Deployment aborted successfully"}, 201)


def abort_device(call: Call) -> Response:
    """Stop it on one device, if it is not over there."""
    check_open(call, [chosen_entry(call)])
    simulation.abort(call.world, chosen(call), call.params["device_uuid"])
    return json_response({"message": "Deployment for device aborted successfully"}, 201)


def check_open(call: Call, entries: Iterable[Entry]) -> None:
    """What somebody wants to abort in; where that is refused once it is over, it is."""
    over = not any(entry.status in OPEN for entry in entries)
    if over and call.world.settings.abort_over == "refuse":
        raise Refusal(400, "The deployment is already over")


def chosen(call: Call) -> Deployment:
    """The deployment of the path."""
    found = call.fleet.deployments.get(call.params["deployment_uuid"])
    if found is None:
        raise Refusal(404, "Deployment not found")
    return found


def chosen_entry(call: Call) -> Entry:
    """What the deployment of the path did on the device of the path."""
    found = chosen(call).entries.get(call.params["device_uuid"])
    if found is None:
        raise Refusal(404, "Device not found in deployment")
    return found


def record(settings: Settings, deployment: Deployment) -> Json:
    """What can be read of a deployment."""
    severity: dict[str, Json] = {"cve_severity": dict(SEVERITIES)}
    if settings.cve_severity == "beside":
        severity = {"cve_severity": None, **SEVERITIES}
    return {
        "comment": deployment.comment,
        "created_time": times.plain(deployment.created),
        **severity,
        "deployment_uuid": deployment.uuid,
        "type": deployment.type,
    }


def key(settings: Settings, uuid: str) -> str:
    """The name of a device among the statuses of a deployment."""
    return uuid if settings.uuid_prefix else uuid.removeprefix("d-")


def word(settings: Settings, status: str) -> str:
    """A status as it is spelt here."""
    if settings.status_words == "canonical":
        return status
    if (settings.status_words, status) in ODD_WORDS:
        return ODD_WORDS[settings.status_words, status]
    return status.replace("_", " ").title()


ENDPOINTS = (
    Endpoint("POST", PATH, deploy, writes=True),
    Endpoint("GET", PATH, list_deployments),
    Endpoint("GET", ONE, get_deployment),
    Endpoint("GET", DEVICES, list_statuses),
    Endpoint("GET", DEVICE, get_status),
    Endpoint("POST", f"{ONE}/abort", abort_deployment, writes=True),
    Endpoint("POST", f"{DEVICE}/abort", abort_device, writes=True),
)

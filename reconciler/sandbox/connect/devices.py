"""Requests about devices in v2: list, show, change, move, fetch files."""

from __future__ import annotations

from reconciler.sandbox.connect import device_views, patches
from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.paging import page
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal

PATH = "/api/v2/{project_key}/devices"
ONE = f"{PATH}/{{device_uuid}}"
PATCH_TYPES = {
    "any": ("application/json-patch+json", "application/json"),
    "json-patch": ("application/json-patch+json",),
    "json": ("application/json",),
}
FILES = "https://artifacts.example.com/artifactory/connect-default-generic/upswift-general/devices"


def list_devices(call: Call) -> Response:
    """Devices of a fleet, of one group, carrying any of some tags."""
    group, tags = call.request.value("group_name"), set(call.request.values("tags"))
    wanted = [
        device
        for device in call.fleet.devices.values()
        if (group is None or device.group == group) and (not tags or tags & set(device.tags))
    ]
    found, info = page(call.world.settings, call.request, wanted)
    enriched = call.request.flag("enrich_info")
    shown = [device_views.summary(call.world, device, enriched) for device in found]
    wrapping = call.world.settings.device_list
    if wrapping == "sample" and len(shown) == 1:
        return json_response(shown[0])
    if wrapping in ("list", "sample"):
        return json_response(shown)
    if wrapping == "data":
        return json_response({"data": shown, "after": info.get("after")})
    return json_response({"devices": shown, "pagination_info": info})


def get_device(call: Call) -> Response:
    """One device."""
    enriched = call.request.flag("enrich_info")
    return json_response(device_views.detail(call.world, call.device, enriched))


def patch_device(call: Call) -> Response:
    """Change a device; the answer is all of it."""
    device = call.device
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PATCH_TYPES[call.world.settings.patch_type]:
        raise Refusal(415, "Unsupported Media Type")
    vars(device).update(patches.changes(call.world.settings, device, call.body()))
    return json_response(device_views.detail(call.world, device, enriched=True))


def move_device(call: Call) -> Response:
    """Into a group of another fleet; what was deployed to it stays with the fleet it leaves."""
    device, sent = call.device, call.body()
    fleet = call.world.fleets.get(str(sent.get("destination_project_key")))
    if fleet is None or sent.get("destination_group_name") not in fleet.groups:
        raise Refusal(400, "The destination project or group does not exist")
    del call.fleet.devices[device.uuid]
    device.fleet, device.group = fleet.key, sent["destination_group_name"]
    fleet.devices[device.uuid] = device
    return json_response({"message": "Device moved successfully"})


def fetch_files(call: Call) -> Response:
    """Ask a device for files; they come later, or never."""
    device, sent = call.device, call.body()
    if not isinstance(sent.get("files_path"), str) or not sent["files_path"]:
        raise Refusal(400, "files_path is required")
    number = call.world.number()
    url = f"{FILES}/{device.uuid}/files/user_requested/logs_application/{number}"
    return json_response({"download_url": url})


ENDPOINTS = (
    Endpoint("GET", PATH, list_devices),
    Endpoint("GET", ONE, get_device),
    Endpoint("PATCH", ONE, patch_device, writes=True),
    Endpoint("POST", f"{ONE}/move", move_device, writes=True),
    Endpoint("POST", f"{ONE}/logs", fetch_files, writes=True),
)

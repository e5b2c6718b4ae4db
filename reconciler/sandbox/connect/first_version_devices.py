"""Requests of v1 about devices: state, details, tags, apps, the update trigger."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connect import device_views, simulation
from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.filters import V1
from reconciler.sandbox.connect.first_version import (
    filtered,
    own_device,
    paged,
    selected,
    supported,
)
from reconciler.sandbox.connect.model import Device
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal

Json = Any

DETAILS = "/v1/devices_details"
SUCCESS = {"message": "Success"}


def get_state(call: Call) -> Response:
    """Whether one device is online, found by its token, its number or its uuid."""
    sent = call.body()
    if sent.get("device_token"):
        device = own_device(call, sent)
    else:
        device = supported(by_identifier(call, sent.get("device_id")))
    state = {"device_status": device.status, "device_id": device.uuid}
    return json_response({"message": state})


def by_identifier(call: Call, identifier: Json) -> Device:
    """A number or a uuid in, the device out."""
    for device in call.world.devices.values():
        if str(identifier) in (device.uuid, str(device.number)):
            return device
    raise Refusal(400, "device_token or device_id is missing or wrong")


def get_states(call: Call) -> Response:
    """Whether devices are online, at most fifty at once."""
    sent = call.body()
    last = call.world.devices.get(str(sent.get("offset")))
    if sent.get("offset") is not None and last is None:
        raise Refusal(400, "offset must be the device_uuid of a device")
    devices, _ = paged(selected(call.world, sent), sent, last.number if last else 0)
    shown = [
        {
            "device_status": device.status,
            "device_uuid": device.uuid,
            "device_name": device.name,
        }
        for device in devices
    ]
    return json_response({"message": shown})


def get_details(call: Call) -> Response:
    """All about devices. With the token of one nothing else is looked at."""
    sent = call.body()
    if sent.get("device_token"):
        shown = [device_views.old_detail(call.world, own_device(call, sent))]
        return json_response({"more": False, "message": shown})
    offset = sent.get("offset", 0)
    if not isinstance(offset, int) or isinstance(offset, bool):
        raise Refusal(400, "offset must be the device_id of a device")
    name = sent.get("device_name")
    devices = [one for one in selected(call.world, sent) if name is None or one.name == name]
    found, more = paged(devices, sent, offset)
    shown = [device_views.old_detail(call.world, device) for device in found]
    return json_response({"more": more, "message": shown})


def change_details(call: Call) -> Response:
    """Change one device, by its token. A tag is added, everything else replaced."""
    sent = call.body()
    device = own_device(call, sent)
    values = new_values(call, device, sent)
    vars(device).update(values)
    return json_response(SUCCESS)


def new_values(call: Call, device: Device, sent: dict[str, Json]) -> dict[str, Json]:
    """What was sent in, the new attributes of the device out."""
    fleet = call.world.fleets[device.fleet]
    values: dict[str, Json] = {}
    for field, name in TEXTS.items():
        if sent.get(field) is not None:
            values[name] = text(field, sent[field])
    if "group" in values and values["group"] not in fleet.groups:
        raise Refusal(400, f"Group {values['group']} does not exist")
    if (sent.get("lat") is None) != (sent.get("lng") is None):
        raise Refusal(400, "lat and lng must be set together")
    if sent.get("lat") is not None:
        values |= {name: coordinate(name, sent[name]) for name in ("lat", "lng")}
    if sent.get("tag") is not None:
        values["tags"] = list(dict.fromkeys([*device.tags, text("tag", sent["tag"])]))
    if sent.get("apps") is not None:
        values["apps"] = {**device.apps, **new_apps(fleet.apps, sent["apps"])}
    return values


TEXTS = {
    "device_name": "name",
    "group": "group",
    "description": "description",
    "address": "address",
}


def text(field: str, value: Json) -> str:
    """A value that must be a text in, the text out."""
    if not isinstance(value, str):
        raise Refusal(400, f"{field} must be of type: String")
    return value


def coordinate(field: str, value: Json) -> float:
    """A number in, written as a text, the number out."""
    try:
        return float(text(field, value))
    except ValueError as error:
        raise Refusal(400, f"{field} must be a number") from error


def new_apps(known: list[str], sent: Json) -> dict[str, str]:
    """Apps as sent in, versions by name out; an app must exist already."""
    items = sent if isinstance(sent, list) else [None]
    found: dict[str, str] = {}
    for item in items:
        if not isinstance(item, dict) or item.get("app_name") not in known:
            raise Refusal(400, "apps must name apps that exist")
        found[item["app_name"]] = text("version", item.get("version"))
    return found


def delete_tag(call: Call) -> Response:
    """Take a tag off the devices a filter names. It must exist."""
    sent = call.body()
    fleet, devices = filtered(call.world, sent.get("device_filter"), V1)
    name = sent.get("tag_name")
    if not any(name in device.tags for device in fleet.devices.values()):
        raise Refusal(400, f"Tag {name} does not exist")
    for device in devices:
        device.tags = [tag for tag in device.tags if tag != name]
    return json_response(SUCCESS)


def delete_app(call: Call) -> Response:
    """Take an app label off the devices a filter names; with an empty one off the whole fleet."""
    sent = call.body()
    fleet, devices = filtered(call.world, sent.get("device_filter"), V1)
    name = sent.get("app_name")
    if name not in fleet.apps:
        raise Refusal(400, f"App {name} does not exist")
    for device in devices:
        device.apps.pop(name, None)
    return json_response(SUCCESS)


def set_trigger(call: Call) -> Response:
    """`true` means that the device takes no updates."""
    sent = call.body()
    device = own_device(call, sent)
    if not isinstance(sent.get("trigger_set"), bool):
        raise Refusal(400, "trigger_set must be a boolean")
    device.trigger = sent["trigger_set"]
    simulation.notice(call.world, device)
    return json_response(SUCCESS)


ENDPOINTS = (
    Endpoint("GET", "/v1/get_device_state", get_state),
    Endpoint("GET", "/v1/get_devices_state", get_states),
    Endpoint("GET", DETAILS, get_details),
    Endpoint("POST", DETAILS, change_details, writes=True),
    Endpoint("DELETE", "/v1/device_tags", delete_tag, writes=True),
    Endpoint("DELETE", "/v1/device_apps", delete_app, writes=True),
    Endpoint("POST", "/v1/set_update_trigger", set_trigger, writes=True),
)

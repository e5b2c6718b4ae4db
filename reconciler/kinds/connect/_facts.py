"""Answers of JFrog Connect in, facts out: every shape the reference shows or leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.deployments.facts import (
    Detail,
    Device,
    Entry,
    Run,
    Update,
    moment,
    status_of,
    uuid_of,
)
from reconciler.deployments.marker import parse
from reconciler.kinds.connect._paging import records

SHOWN_TAGS = 100
"""Tags of a device that a list shows; a device may have more."""


def devices(body: Any) -> Iterator[tuple[str, Device]] | None:
    """The devices of one page."""
    found = records(body, ("devices", "data"), "device_uuid")
    return None if found is None else ((uuid, device(raw)) for uuid, raw in found)


def device(raw: Mapping[str, Any]) -> Device:
    """One device of a list."""
    names, is_whole = tags_of(raw.get("tags"))
    return Device(
        raw["device_uuid"],
        _text(raw.get("device_name")),
        _text(raw.get("group_name")),
        _text(raw.get("device_status")).lower() == "online",
        raw.get("is_update_trigger_set") is True,
        moment(raw.get("last_keepalive")),
        names,
        is_whole,
    )


def tags_of(raw: Any) -> tuple[frozenset[str], bool]:
    """Tags in either shape, and whether these are all."""
    if isinstance(raw, list):
        return frozenset(filter(None, map(_text, raw))), True
    if isinstance(raw, dict) and isinstance(raw.get("names"), list):
        names = frozenset(filter(None, map(_text, raw["names"])))
        is_cut = bool(raw.get("message")) or len(raw["names"]) > SHOWN_TAGS
        is_cut = is_cut or ("message" not in raw and len(raw["names"]) == SHOWN_TAGS)
        return names, not is_cut
    return frozenset(), False


def detail(raw: Mapping[str, Any]) -> Detail:
    """What a device's own record adds."""
    apps = raw.get("apps")
    updates = raw.get("updates")
    found = [one for one in apps if isinstance(one, dict)] if isinstance(apps, list) else []
    return Detail(
        {_text(one.get("app_name")): _text(one.get("version")) for one in found},
        tuple(_update(one) for one in updates if isinstance(one, dict))
        if isinstance(updates, list)
        else (),
        tags_of(raw.get("tags"))[0],
    )


def _update(raw: Mapping[str, Any]) -> Update:
    comment = _text(raw.get("comment"))
    apps = raw.get("apps_updated")
    found = [one for one in apps if isinstance(one, dict)] if isinstance(apps, list) else []
    return Update(
        status_of(raw.get("deployment_status")),
        parse(comment),
        comment,
        {_text(one.get("app_name")): _text(one.get("app_new_version")) for one in found},
        _text(raw.get("deployment_schedule_time")),
    )


def runs(body: Any) -> Iterator[tuple[str, Run]] | None:
    """The deployments of one page."""
    found = records(body, ("deployments",), "deployment_uuid")
    return None if found is None else ((uuid, run(raw)) for uuid, raw in found)


def run(raw: Mapping[str, Any]) -> Run:
    """One deployment, without its devices."""
    comment = _text(raw.get("comment"))
    return Run(raw["deployment_uuid"], comment, moment(raw.get("created_time")), parse(comment))


def entries(body: Any) -> Iterator[tuple[str, Entry]] | None:
    """How a deployment stands on the devices of one page."""
    found = body.get("deployment_by_device_uuid") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        return None
    return ((uuid_of(uuid), entry(raw)) for uuid, raw in found.items())


def entry(raw: Mapping[str, Any]) -> Entry:
    """How a deployment stands on one device."""
    return Entry(
        status_of(raw.get("status")),
        moment(raw.get("started_time")),
        moment(raw.get("finished_time")),
    )


def flows(body: Any) -> Iterator[tuple[str, Mapping[str, Any]]] | None:
    """The update flows of one page."""
    return records(body, ("update_flows",), "uuid")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)

"""The retention service for release bundles: one switch, one configuration, reports, keep marks.

A version is a candidate by number when its bundle has newer ones enough, and by age when it was
distributed too long ago; one of the two is enough. Off, the service ignores keep marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.aql.evaluate import pattern
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.policies import quartz
from reconciler.sandbox.policies.retention import Bundle
from reconciler.sandbox.policies.rules import check_cron, count, text
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import boolean, parse, parse_object
from reconciler.sandbox.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform

Json = Any
DAY = 86400

DEFAULTS: dict[str, Json] = {
    "automatic": False,
    "num_of_versions_to_keep_per_release_bundle": 2,
    "max_days_to_keep": 1100,
    "cron_pattern": "0 0 0 1 1 ? 2099",
    "max_deletions_per_background_run": 100,
}
READERS: dict[str, Callable[[str, Json], Json]] = {
    "automatic": boolean,
    "num_of_versions_to_keep_per_release_bundle": count,
    "max_days_to_keep": count,
    "cron_pattern": text,
    "max_deletions_per_background_run": count,
}
BY_NUMBER, BY_AGE = "MAX VERSIONS PER RELEASE BUNDLE", "MAX DAYS TO KEEP"
REPORT_ORDER: dict[str, Callable[[Bundle], Json]] = {
    "bundle_name": lambda one: one.name,
    "bundle_version": lambda one: one.version,
    "distribution_time": lambda one: one.distributed,
    "keep": lambda one: one.keep,
}
AUDIT_ORDER = ("bundle_name", "bundle_version", "operation", "created", "created_by")


def settings(platform: Platform) -> dict[str, Json]:
    """A platform in, its configuration out, switch included."""
    return {"enable": False, **DEFAULTS, **platform.store.retention.bundle_settings}


def get_switch(call: Call) -> Response:
    """Whether the service is on."""
    return json_response({"enable": settings(call.platform)["enable"]})


def set_switch(call: Call) -> Response:
    """`{"enable": ...}` in."""
    sent = parse_object(call.request.body)
    if sent.get("enable") is None:
        raise Refusal(400, "enable is mandatory")
    return changed(call, {"enable": boolean("enable", sent["enable"])})


def get_settings(call: Call) -> Response:
    """The configuration."""
    held = settings(call.platform)
    return json_response({name: held[name] for name in DEFAULTS})


def set_settings(call: Call) -> Response:
    """Some of the configuration in; what it leaves out stays, and nothing can be unset."""
    sent = parse_object(call.request.body)
    values = {name: sent[name] for name in DEFAULTS if sent.get(name) is not None}
    values = {name: READERS[name](name, value) for name, value in values.items()}
    check_cron(values.get("cron_pattern", ""))
    return changed(call, values)


def changed(call: Call, values: dict[str, Json]) -> Response:
    """New values in; the schedule counts from now on."""
    retention = call.platform.store.retention
    retention.bundle_settings.update(values)
    plan_next(call.platform)
    return Response(200)


def plan_next(platform: Platform) -> None:
    """The next background run, if the service is on and meant to work by itself."""
    held = settings(platform)
    wanted = held["enable"] and held["automatic"]
    schedule = quartz.parse(held["cron_pattern"]) if wanted else None
    now = platform.sandbox.clock.now()
    platform.store.retention.bundle_next_run = schedule.next_after(now) if schedule else None


def settle(platform: Platform) -> None:
    """A background run that was due has been."""
    retention = platform.store.retention
    due, now = retention.bundle_next_run, platform.sandbox.clock.now()
    if due is None or due > now:
        return
    found = {id(one): one for kind in (BY_NUMBER, BY_AGE) for one in matching(platform, kind, due)}
    oldest = sorted(
        (one for one in found.values() if not one.keep), key=lambda one: one.distributed
    )
    for one in oldest[: settings(platform)["max_deletions_per_background_run"]]:
        retention.bundles.remove(one)
        note(platform, one, "DELETE", "system", due)
    plan_next(platform)


def matching(platform: Platform, kind: str, now: float) -> list[Bundle]:
    """A rule in, the versions that break it out."""
    bundles, held = platform.store.retention.bundles, settings(platform)
    if kind == BY_AGE:
        edge = now - held["max_days_to_keep"] * DAY
        return [one for one in bundles if one.distributed < edge]
    by_name: dict[tuple[str, str], list[Bundle]] = {}
    for one in sorted(bundles, key=lambda one: one.distributed, reverse=True):
        by_name.setdefault((one.project, one.name), []).append(one)
    keep = held["num_of_versions_to_keep_per_release_bundle"]
    return [one for versions in by_name.values() for one in versions[keep:]]


def report(call: Call) -> Response:
    """A rule in, the versions it would have deleted out."""
    sent = parse_object(call.request.body)
    kind = str(sent.get("type", "")).replace("_", " ")
    if kind not in (BY_NUMBER, BY_AGE):
        raise Refusal(400, f"Unknown type '{sent.get('type')}'")
    name = pattern((call.request.value("pattern") or "*").lower())
    keep = boolean("include_keep", sent.get("include_keep") or False)
    found = [
        one
        for one in matching(call.platform, kind, call.platform.sandbox.clock.now())
        if (keep or not one.keep)
        and any(name.fullmatch(part.lower()) for part in (one.name, one.version))
    ]
    order = chosen(call, "order_by", tuple(REPORT_ORDER), "distribution_time")
    down = chosen(call, "direction", ("asc", "desc"), "asc") == "desc"
    found.sort(key=REPORT_ORDER[order], reverse=down)
    rows = [
        {
            "bundle_name": one.name,
            "bundle_version": one.version,
            "creation_time": int(one.created * 1000),
            "distribution_time": int(one.distributed * 1000),
            "keep": one.keep,
        }
        for one in found
    ]
    return json_response({"total": len(rows), "items": page(call, rows)})


def audit(call: Call) -> Response:
    """What was deleted, kept and released."""
    order = chosen(call, "order_by", AUDIT_ORDER, "created")
    down = chosen(call, "direction", ("asc", "desc"), "desc") == "desc"
    rows = sorted(
        call.platform.store.retention.bundle_audit, key=lambda row: row[order], reverse=down
    )
    return json_response({"total": len(rows), "items": page(call, rows)})


def delete(call: Call) -> Response:
    """Names and versions in; they are gone, unless it was a trial or they are kept.

    What the real service answers is not in the reference; here it is the versions it took.
    """
    sent = parse(call.request.body)
    protect = settings(call.platform)["enable"]
    found = [one for one in named(call, sent) if not (protect and one.keep)]
    if not call.request.flag("dryRun"):
        for one in found:
            call.platform.store.retention.bundles.remove(one)
            note_now(call, one, "DELETE")
    return json_response(
        [{"bundle_name": one.name, "bundle_version": one.version} for one in found]
    )


def mark(call: Call) -> Response:
    """Versions to keep and to keep no longer in."""
    sent = parse_object(call.request.body)
    for name, keep in (("keep", True), ("unkeep", False)):
        for one in named(call, sent.get(name) or []):
            one.keep = keep
            note_now(call, one, name.upper())
    return json_response({})


def named(call: Call, sent: Json) -> list[Bundle]:
    """A list of names and versions in, the bundles out; all of them must be there."""
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise Refusal(400, "Bad request: a list of bundle_name and bundle_version is expected")
    wanted = {
        (text("bundle_name", one.get("bundle_name")), text("version", one.get("bundle_version")))
        for one in sent
    }
    found = [
        one for one in call.platform.store.retention.bundles if (one.name, one.version) in wanted
    ]
    if len({(one.name, one.version) for one in found}) < len(wanted):
        raise Refusal(404, "Release bundle version was not found")
    return found


def note_now(call: Call, one: Bundle, operation: str) -> None:
    """Something a caller did in; it is in the history."""
    note(call.platform, one, operation, call.caller, call.platform.sandbox.clock.now())


def note(platform: Platform, one: Bundle, operation: str, who: str, at: float) -> None:
    """Something that was done in; it is in the history."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    platform.store.retention.bundle_audit.append(
        {
            "bundle_name": one.name,
            "bundle_version": one.version,
            "operation": operation,
            "created": stamp.replace("+00:00", "+0000"),
            "created_by": who,
        }
    )


def chosen(call: Call, name: str, allowed: Iterable[str], default: str) -> str:
    """A query name in, its value out when it is one of those allowed."""
    value = call.request.value(name) or default
    if value not in allowed:
        raise Refusal(400, f"Invalid {name} '{value}'")
    return value


def page(call: Call, rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """All rows in, those the caller asked for out."""
    numbers = {}
    for name, default in (("offset", 0), ("limit", 100)):
        numbers[name] = count(name, call.request.value(name) or default)
    return rows[numbers["offset"] : numbers["offset"] + numbers["limit"]]


PATH = "/artifactory/api/v1/bundle/retention"

ROUTES = tuple(
    Route(method, f"{PATH}/{path}", handler, needs="admin", since="7.55.1")
    for method, path, handler in (
        ("GET", "config/enable", get_switch),
        ("POST", "config/enable", set_switch),
        ("GET", "config", get_settings),
        ("POST", "config", set_settings),
        ("POST", "report", report),
        ("GET", "audit", audit),
        ("POST", "delete", delete),
        ("POST", "keep", mark),
    )
)

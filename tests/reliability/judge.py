"""What a disturbed apply and its re-run are judged by, told as sentences; none means all is well.

The end is that of an undisturbed run; nothing was done twice; every write that was sent is one the
approved plan announced, with the values it announced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from reconciler.kinds.registry import builtin
from reconciler.model import Action, Change, FieldChange, Plan
from tests.reliability.trouble import Sent

REPOSITORIES = "/artifactory/api/repositories/"
BATCH = "/artifactory/api/v2/repositories/batch"
ATTACH = "/access/api/v1/projects/_/attach/repositories/"
CONVERT = ("/artifactory/api/federation/migrate/", "/artifactory/api/federation/convertToLocal")
GROUPS = "/access/api/v2/groups"
PROJECTS = "/access/api/v1/projects"
NAMING = ("key", "rclass", "packageType", "name", "project_key")
"""Fields of a body that only say which object is meant."""

# --- every write is announced -----------------------------------------------------------------


def unannounced(plan: Plan, sent: Iterable[Sent]) -> Iterator[str]:
    """The writes that a plan does not announce."""
    announced: dict[tuple[str, str], list[Change]] = {}
    for change in plan.changes:
        if not change.is_blocked and change.action.writes:
            key = (change.address.platform or "default", change.address.name)
            announced.setdefault(key, []).append(change)
    for one in sent:
        if one.point.is_read or one.is_record:
            continue
        for kinds, name, verb, body in parts(one):
            changes = [
                change
                for change in announced.get((one.point.site, name), ())
                if change.address.kind.endswith(kinds)
            ]
            reasons = [_excess(change, verb, body) for change in changes]
            if "" not in reasons:
                yield f"{one.line} is not in the plan ({name}: {' or '.join(reasons) or 'absent'})"


def parts(one: Sent) -> Iterator[tuple[tuple[str, ...], str, str, Mapping[str, Any]]]:
    """The objects a write is about: kinds, name, what is done to it, what is sent of it."""
    method, path, body = one.point.method, unquote(one.point.path), one.body
    if path == BATCH:
        for item in body:
            verb = {"PUT": "create", "POST": "update", "DELETE": "delete"}[method]
            yield ("Repository",), item["key"], verb, item
    elif path.startswith(REPOSITORIES):
        verb = {"PUT": "create", "POST": "update", "DELETE": "delete"}[method]
        yield ("Repository",), path.removeprefix(REPOSITORIES), verb, body or {}
    elif path.startswith(ATTACH):
        name, _, project = path.removeprefix(ATTACH).partition("/")
        yield ("Repository",), name, "move", {"projectKey": project or None}
    elif path.startswith(CONVERT):
        for name in [path.removeprefix(CONVERT[0])] if path != CONVERT[1] else body:
            yield ("Repository",), name, "convert", {}
    elif path.endswith("/environments"):
        yield ("Environment",), _short(body["name"], path), "create", {}
    elif path.endswith("/rename"):
        yield ("Environment",), _short(body["new_name"], path), "rename", {}
    elif "/environments/" in path:
        yield ("Environment",), _short(path.rpartition("/")[2], path), "delete", {}
    elif path.startswith(GROUPS):
        name, _, members = path.removeprefix(GROUPS).strip("/").partition("/")
        verb = "members" if members else {"POST": "create", "PATCH": "update"}.get(method, "delete")
        yield ("Group",), name or body["name"], verb, body or {}
    elif path.startswith(PROJECTS):
        name = path.removeprefix(PROJECTS).strip("/")
        verb = {"POST": "create", "PUT": "update"}.get(method, "delete")
        yield ("Project",), name or body["project_key"], verb, body or {}
    else:
        yield ("?",), path, method, {}


def _short(name: str, path: str) -> str:
    project = path.removeprefix(PROJECTS + "/").partition("/")[0] if PROJECTS in path else ""
    return name.removeprefix(f"{project}-") if project else name


def _excess(change: Change, verb: str, body: Mapping[str, Any]) -> str:
    """What a request has that a change does not announce; empty when there is nothing."""
    fields = _by_wire(change)
    if verb == "members":
        planned = fields.get("members")
        before, after = (set(getattr(planned, side, None) or ()) for side in ("before", "after"))
        is_fine = (
            set(body.get("add", ())) <= after and set(body.get("remove", ())) <= before - after
        )
        return "" if planned is not None and is_fine else "other members"
    if change.action is Action.DELETE and verb == "update":
        return "" if _takes_out(change, body) else "more than out of service"
    if change.action is Action.REPLACE and verb == "update" and _takes_out(change, body):
        return ""
    if verb not in _VERBS[change.action] and not (verb == "rename" and change.previous):
        return f"{verb} for {change.action.value}"
    if change.address.kind == "Project" and verb == "update":  # a PUT repeats the live object
        body = {name: value for name, value in body.items() if name in fields}
    for name, value in body.items():
        if name in NAMING:
            continue
        if name not in fields and change.action is Action.REPLACE:
            continue  # what does not differ is sent again: the end shows whether it is the same
        if name not in fields:
            return f"field {name}"
        planned = fields[name]
        if planned is None or planned.secret is not None or not _is_plain(planned.after):
            continue
        if planned.after != value:
            return f"{name}: {value!r} instead of {planned.after!r}"
    return ""


_VERBS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE: ("create", "update", "move"),
    Action.UPDATE: ("update", "move"),
    Action.CONVERT: ("convert", "update", "move"),
    Action.DELETE: ("delete", "update"),
    Action.REPLACE: ("delete", "create", "update", "move"),
}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | bool)


def _takes_out(change: Change, body: Mapping[str, Any]) -> bool:
    """Whether a body does no more than take an object out of service."""
    return set(body) <= {*NAMING, *_out_of_service(change)}


def _out_of_service(change: Change) -> set[str]:
    """The fields by which an object is taken out of service before it is deleted."""
    kind = builtin()[(change.previous or change.address).kind]
    return {kind.fields[name].wire for name in kind.rest.out_of_service}


def _by_wire(change: Change) -> dict[str, FieldChange | None]:
    """The announced fields by their name in the API; None for one announced in parts."""
    kind = builtin()[change.address.kind]
    found: dict[str, FieldChange | None] = {}
    for planned in change.fields:
        name = planned.path.removeprefix("spec.")
        top = name.partition(".")[0].partition("[")[0]
        known = kind.fields.get(top)
        wire = known.wire if known is not None else top
        found[wire] = planned if name == top else None
    return found


# --- nothing is done twice --------------------------------------------------------------------


def doubled(sent: Iterable[Sent]) -> Iterator[str]:
    """What landed although it had landed before, and nothing undid it in between."""
    done: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sent:
        if not one.landed or one.point.is_read or one.is_record:
            continue
        for kinds, name, verb, body in parts(one):
            thing = done.setdefault((one.point.site, f"{kinds[0]}/{name}"), {})
            if verb in ("create", "update"):
                values = {f"field {n}": v for n, v in body.items() if n not in NAMING}
            else:
                values = {verb: json.dumps(body, sort_keys=True)}
            if verb in ("create", "delete"):
                values[verb] = True
            if values and all(thing.get(n, UNSEEN) == v for n, v in values.items()):
                yield f"{one.line} did to {name} what was done before: {values}"
            if verb == "delete":
                thing.clear()
            if verb == "move":  # the server may change them along with the project
                thing.pop("field environments", None)
            thing.update(values)


UNSEEN = object()
"""What no request holds."""


# --- the same end -----------------------------------------------------------------------------


def differences(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Where two states differ."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for name in sorted({*found, *expected}, key=str):
            where = f"{path}.{name}" if path else str(name)
            if name not in found:
                yield f"{where} is missing"
            elif name not in expected:
                yield f"{where} is too much: {_short_of(found[name])}"
            else:
                yield from differences(found[name], expected[name], where)
    elif found != expected:
        yield f"{path} is {_short_of(found)} instead of {_short_of(expected)}"


def _short_of(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else f"{text[:117]}..."


def told(reasons: Iterable[str], most: int = 5) -> str:
    """Some reasons as one text."""
    every: Sequence[str] = list(reasons)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more

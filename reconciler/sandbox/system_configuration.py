"""A patch of the configuration descriptor in, what it sets kept and shown again.

Only proxies, property sets, layouts and backups are kept, whose names share one namespace with
repositories, and the settings of the trash can. Everything else is counted and forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox import descriptor, yaml_subset
from reconciler.sandbox.messages import Response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.store import Store

Json = Any

NAMED = {
    "proxies": "proxies",
    "propertySets": "propertySets",
    "repoLayouts": "layouts",
    "backups": "backups",
}
"""Sections of the descriptor that are kept, and where."""

TRASH = "trashcanConfig"
"""Whether deleted files go to the trash can, and for how long."""

NOT_IN_THE_CLOUD = (
    "Artifactory Online does not support accessing this API endpoint, please contact "
    "support@jfrog.com for further assistance if required."
)


def get_configuration(call: Call) -> Response:
    """What patches have set, as XML. The cloud takes patches, but does not show the result."""
    if call.platform.sandbox.quirks["cloud"]:
        raise Refusal(400, NOT_IN_THE_CLOUD)
    held = call.platform.store.names.others
    sections = {section: held[kept] for section, kept in NAMED.items()}
    sections[TRASH] = call.platform.store.retention.trashcan
    body = descriptor.document(sections, call.platform.store.base_url)
    return Response(200, {"Content-Type": "application/xml"}, body)


def patch_configuration(call: Call) -> Response:
    """YAML in, merged: what it names is made or changed, what it sets to nothing is removed."""
    tree = parse(call.request.body)
    for section, kept in NAMED.items():
        if section in tree:
            remember(call.platform.store, kept, tree[section])
    if is_map(tree.get(TRASH)):
        held = call.platform.store.retention.trashcan
        call.platform.store.retention.trashcan = descriptor.merge(held, tree[TRASH])
    return text_response(f"{changes(tree)} changes to config merged successfully")


def parse(body: bytes) -> dict[str, Json]:
    """Bytes in, the map in them out."""
    try:
        tree = yaml_subset.load(body.decode())
    except ValueError as error:
        raise Refusal(400, f"Bad request: cannot parse the body: {error}") from error
    if not isinstance(tree, dict):
        raise Refusal(400, "Bad request: a YAML map is expected")
    for section in NAMED:
        if isinstance(tree.get(section), (str, int, float)):
            raise Refusal(400, f"Bad request: {section} must be a map")
    return tree


def changes(tree: Json) -> int:
    """A tree in, how many values it sets out; an empty map or list counts as one."""
    inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return sum(changes(part) for part in inside) or 1


def remember(store: Store, kept: str, section: Json) -> None:
    """A section in; its parts are merged or forgotten afterwards."""
    held = store.names.others[kept]
    parts = dict.fromkeys(held) if section is None else by_name(section)
    for name, part in parts.items():
        if part is None:
            held.pop(name, None)
        else:
            held[name] = descriptor.merge(held.get(name, {}), part if is_map(part) else {})
        if kept == "proxies":
            choose_default(store, name, part)


def by_name(section: Json) -> dict[str, Json]:
    """A section as a map or as a list of things with a key in, the map out."""
    if isinstance(section, dict):
        return section
    parts = [part for part in section if isinstance(part, dict)]
    named = ((part.get("key") or part.get("name"), part) for part in parts)
    return {str(name): part for name, part in named if name}


def is_map(part: Json) -> bool:
    """Whether a part has fields."""
    return isinstance(part, dict)


def choose_default(store: Store, name: str, part: Json) -> None:
    """A proxy in; it becomes, stays or stops being the one new remotes take."""
    wanted = part.get("platformDefault") if isinstance(part, dict) else None
    if wanted is True:
        store.default_proxy = name
    elif store.default_proxy == name and (part is None or wanted is False):
        store.default_proxy = None


ROUTES = (
    Route("GET", "/artifactory/api/system/configuration", get_configuration, needs="admin"),
    Route(
        "PATCH",
        "/artifactory/api/system/configuration",
        patch_configuration,
        needs="admin",
        configures=True,
    ),
)

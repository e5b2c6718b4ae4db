"""A patch of the configuration descriptor in, the names it makes or removes kept.

Only proxies, property sets, layouts and backups are looked at, and of them only their names: they
share one namespace with repositories. Everything else is counted and forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox import yaml_subset
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
"""Sections of the descriptor whose names are kept, and where."""


def patch_configuration(call: Call) -> Response:
    """YAML in, merged: what it names is made or changed, what it sets to nothing is removed."""
    tree = parse(call.request.body)
    for section, kept in NAMED.items():
        if section in tree:
            remember(call.platform.store, kept, tree[section])
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
    """A section in; its names are known or forgotten afterwards."""
    names = store.names.others[kept]
    parts = dict.fromkeys(names) if section is None else by_name(section)
    for name, part in parts.items():
        if part is None and name in names:
            names.remove(name)
        elif part is not None and name not in names:
            names.append(name)
        if kept == "proxies":
            choose_default(store, name, part)


def by_name(section: Json) -> dict[str, Json]:
    """A section as a map or as a list of things with a key in, the map out."""
    if isinstance(section, dict):
        return section
    parts = [part for part in section if isinstance(part, dict)]
    named = ((part.get("key") or part.get("name"), part) for part in parts)
    return {str(name): part for name, part in named if name}


def choose_default(store: Store, name: str, part: Json) -> None:
    """A proxy in; it becomes, stays or stops being the one new remotes take."""
    wanted = part.get("platformDefault") if isinstance(part, dict) else None
    if wanted is True:
        store.default_proxy = name
    elif store.default_proxy == name and (part is None or wanted is False):
        store.default_proxy = None


ROUTES = (
    Route(
        "PATCH",
        "/artifactory/api/system/configuration",
        patch_configuration,
        needs="admin",
        configures=True,
    ),
)

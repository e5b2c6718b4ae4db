"""The fields of a query: what they are called, of which type, and how an item answers them."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.sandbox.aql.items import Item

Held = str | float | int | None

STRINGS: dict[str, Callable[[Item], Held]] = {
    "repo": lambda item: item.repo,
    "path": lambda item: item.path,
    "name": lambda item: item.name,
    "created_by": lambda item: item.created_by,
    "modified_by": lambda item: item.modified_by,
    "type": lambda item: item.type,
    "original_md5": lambda item: item.md5 or None,
    "actual_md5": lambda item: item.md5 or None,
    "original_sha1": lambda item: item.sha1 or None,
    "actual_sha1": lambda item: item.sha1 or None,
    "sha256": lambda item: item.sha256 or None,
    "stat.downloaded_by": lambda item: item.downloaded_by,
}
DATES: dict[str, Callable[[Item], Held]] = {
    "created": lambda item: item.created,
    "modified": lambda item: item.modified,
    "updated": lambda item: item.updated,
    "stat.downloaded": lambda item: item.downloaded,
}
NUMBERS: dict[str, Callable[[Item], Held]] = {
    "size": lambda item: item.size,
    "depth": lambda item: item.depth,
    "stat.downloads": lambda item: item.downloads,
}
EMPTY = frozenset(
    [
        "virtual_repos",
        "stat.remote_downloaded_by",
        "stat.remote_origin",
        "stat.remote_path",
        "artifact.name",
        "artifact.type",
        "artifact.sha1",
        "artifact.md5",
        "artifact.module.name",
        "artifact.module.build.url",
        "artifact.module.build.name",
        "artifact.module.build.number",
        "artifact.module.build.created_by",
        "archive.entry.name",
        "archive.entry.path",
    ]
)
"""Known names nothing here has a value for: no builds, no archive indexes, no smart remotes."""

EMPTY_DATES = frozenset(["stat.remote_downloaded", "artifact.module.build.created"])
EMPTY_NUMBERS = frozenset(["stat.remote_downloads"])

PROPERTY_FIELDS = ("property.key", "property.value")

DEFAULT_OUTPUT = (
    "repo",
    "path",
    "name",
    "type",
    "size",
    "created",
    "created_by",
    "modified",
    "modified_by",
    "updated",
)
ITEM_FIELDS = (
    *DEFAULT_OUTPUT,
    "depth",
    "actual_md5",
    "actual_sha1",
    "original_md5",
    "original_sha1",
    "sha256",
    "virtual_repos",
)
STAT_FIELDS = tuple(
    f"stat.{name}"
    for name in (
        "downloaded",
        "downloads",
        "downloaded_by",
        "remote_downloads",
        "remote_downloaded",
        "remote_downloaded_by",
        "remote_origin",
        "remote_path",
    )
)
TYPES = ("file", "folder", "any")
COMPARISONS = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
MATCHES = ("$match", "$nmatch")
RELATIVE = ("$before", "$last")


def kind(name: str) -> str | None:
    """A field in, `string`, `date` or `number` out, None when no item has such a field."""
    if name in STRINGS or name in EMPTY or name in PROPERTY_FIELDS:
        return "string"
    if name in DATES or name in EMPTY_DATES:
        return "date"
    return "number" if name in NUMBERS or name in EMPTY_NUMBERS else None


def held(name: str, item: Item) -> Held:
    """A field and an item in, its value out."""
    getter = STRINGS.get(name) or DATES.get(name) or NUMBERS.get(name)
    return getter(item) if getter else None


def operators(name: str) -> tuple[str, ...]:
    """A known field in, the operators that fit it out."""
    more = {"string": MATCHES, "date": RELATIVE}.get(kind(name) or "", ())
    return (*COMPARISONS, *more)

"""Names in, settings out: where the reference is silent, servers may differ, and so can this one.

Each default is the likeliest reading; the other ones are there so that clients can be tried on
them. Durations are seconds of the sandbox's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Json = Any

CHOICES: dict[str, tuple[Json, ...]] = {
    "comment_overflow": ("truncate", "refuse"),
    "status_words": ("words", "succeeded", "canonical", "queued"),
    "created_status": (201, 200),
    "device_list": ("devices", "list", "data", "sample"),
    "last_page": ("null", "empty", "absent", "repeat"),
    "cursor": ("item", "offset"),
    "list_order": ("newest", "oldest", "shuffled"),
    "is_not_version": ("A", "B", "C"),
    "empty_groups": ("fleet", "nobody"),
    "unknown_group": ("nobody", "refuse"),
    "zero_match": ("create", "refuse"),
    "missing_input": ("refuse", "fail"),
    "pending_order": ("oldest", "newest"),
    "abort_running": ("stops", "finishes"),
    "abort_over": ("accept", "refuse"),
    "trigger": ("pending", "left out"),
    "cve_severity": ("beside", "nested"),
    "patch_type": ("any", "json-patch", "json"),
    "patch_add": ("union", "replace"),
    "patch_remove": ("named", "all"),
    "retry_after": ("seconds", "date", "absent"),
}


@dataclass
class Settings:
    """How this Connect behaves."""

    heartbeat: float = 25.0
    """Seconds between two calls of an agent; only then it takes work or stops."""

    step_seconds: float = 5.0
    """How long one step of a flow takes, about."""

    reboot_seconds: float = 60.0
    comment_limit: int = 255
    """Characters of a comment that are kept."""

    comment_overflow: str = "truncate"
    status_words: str = "words"
    """Spelling of a status: `In Progress`; Succeeded for Success; or `in_progress` and so on; or
    Queued for Pending, which no reference mentions."""

    created_status: int = 201
    """What a request that created something answers."""

    uuid_prefix: bool = False
    """Device statuses of a deployment are keyed with the `d-` of the device."""

    device_list: str = "devices"
    """What the device list is wrapped in; nobody documents it, and the sample is a single device
    without anything around it."""

    last_page: str = "null"
    """What `after` is when a page was not full."""

    cursor: str = "item"
    """What the opaque cursor remembers: the last item, or how many were seen (those may shift)."""

    list_order: str = "newest"
    list_delay: float = 0.0
    """Seconds until a new deployment appears in the list."""

    per_user: bool = True
    """The list of deployments shows the caller's own only."""

    is_not_version: str = "A"
    """`app is_not` with a version. A: not exactly that one. B: the app, in another version.
    C: not the app at all."""

    empty_groups: str = "fleet"
    unknown_group: str = "nobody"
    zero_match: str = "create"
    ignored_keys: str = ""
    """Keys of a filter the server drops without a word, separated by commas."""

    missing_input: str = "refuse"
    """A flow asks for a parameter that was not given."""

    pending_order: str = "oldest"
    """Which of several waiting deployments a device takes first."""

    abort_running: str = "stops"
    """What a running update does when it is aborted."""

    abort_over: str = "accept"
    """What aborting something that is over answers."""

    trigger: str = "pending"
    """What becomes of a device that takes no updates: it waits, or it is no part of it."""

    cve_severity: str = "beside"
    """Counters beside a null, as in the sample, or inside it, as in the schema."""

    patch_type: str = "any"
    """The Content-Type a change of a device needs."""

    patch_add: str = "union"
    patch_remove: str = "named"
    patch_paths: str = "tags,device_name,description,address,lat,lng"
    """What of a device can be changed; only `tags` is documented."""

    rate_limit: int = 0
    """Requests per minute and token, 0: any number."""

    retry_after: str = "seconds"

    def dump(self) -> dict[str, Json]:
        """All of them."""
        return asdict(self)

    def change(self, sent: Mapping[str, Json]) -> None:
        """Some of them in; a name or a value that is not known is an error, and nothing changes."""
        changed = {name: self.checked(name, value) for name, value in sent.items()}
        vars(self).update(changed)

    def checked(self, name: str, value: Json) -> Json:
        """A name and a value in, the value out. Raises ValueError."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        if name not in known:
            raise ValueError(f"unknown setting '{name}'; known: {', '.join(known)}")
        if name in CHOICES and value not in CHOICES[name]:
            words = ", ".join(CHOICES[name])
            raise ValueError(f"'{value}' is not a value of '{name}'; known: {words}")
        if not fits(known[name], value):
            raise ValueError(f"'{value}' is not a value of '{name}'")
        return value

    def has(self, name: str, word: str) -> bool:
        """Whether one of the settings that are lists has a word in it."""
        return word in [part.strip() for part in str(getattr(self, name)).split(",")]


def fits(before: Json, value: Json) -> bool:
    """Whether a value may follow another: the same type, whole numbers for any, none negative."""
    if isinstance(value, bool) or isinstance(before, bool):
        return isinstance(value, bool) and isinstance(before, bool)
    if isinstance(before, float):
        return isinstance(value, (int, float)) and value >= 0
    return type(value) is type(before) and (isinstance(value, str) or value >= 0)

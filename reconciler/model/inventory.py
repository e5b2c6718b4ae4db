"""The objects a workspace owns, as last applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from reconciler.model.address import Address
from reconciler.model.manifest import Lifecycle
from reconciler.model.origin import JsonValue


@dataclass(frozen=True, slots=True)
class Entry:
    """What the inventory remembers of one owned object.

    `applied` holds the managed fields as last written; `secrets` a keyed fingerprint for each
    secret path; `rewritten` the fields the server answers differently from what was written, as
    path -> [wanted, got], so that they are told once and not planned for ever.

    `protect` and `manage` (empty for full) are what the manifest last said of its lifecycle: they
    hold when the manifest is gone. `withdrawn` holds the fields of the spec that a delete
    changed to take the object out of service, with their values from before, until it has ended.
    `run` is what its kind finds the run of it again by that was started from here last.
    """

    owner: str
    applied: Mapping[str, JsonValue] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    rewritten: Mapping[str, tuple[JsonValue, JsonValue]] = field(default_factory=dict)
    protect: bool = False
    manage: str = ""
    withdrawn: Mapping[str, JsonValue] = field(default_factory=dict)
    run: Mapping[str, JsonValue] = field(default_factory=dict)

    def under(self, lifecycle: Lifecycle) -> Entry:
        """The same, remembering what a manifest says of its lifecycle."""
        manage = "" if lifecycle.manage == "full" else lifecycle.manage
        return replace(self, protect=lifecycle.protect, manage=manage)


@dataclass(frozen=True)
class Inventory:
    """The set of objects we own, by full address; and the plans that were used, with the time."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    used_plans: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], list[Address]]:
        found: dict[tuple[str, str], list[Address]] = {}
        for text in self.entries:
            address = Address.parse(text)
            found.setdefault((address.platform, address.name), []).append(address)
        return found

    def namesakes(self, address: Address) -> Sequence[Address]:
        """The recorded addresses of any kind with the platform and own name of this one."""
        return self._by_name.get((address.platform, address.name), ())

    def get(self, address: Address) -> Entry | None:
        """The entry of one object, or None when nobody recorded it."""
        return self.entries.get(address.full)

    def addresses(self, platforms: Sequence[str], *, qualified: bool) -> Iterator[Address]:
        """The recorded addresses on the given platforms."""
        for text in self.entries:
            address = Address.parse(text, qualified=qualified)
            if address.platform in platforms:
                yield address

"""How the reconciler reaches one device of a fleet: its record, and its tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.deployments.marker import PREFIX
from reconciler.kinds.connect._facts import tags_of
from reconciler.kinds.connect._paging import Pages, all_pages, base, records
from reconciler.kinds.connect._tags import write_tags
from reconciler.kinds.rest import Bulk, Flow, Listing, Shape, Write, object_of, segment, unusable
from reconciler.model import Absent, Address, Live, Request, Response

ENRICHED = (("enrich_info", "true"),)

EVERY_TAG = "all tags"
"""Where a live device has its tags with those the reconciler keeps itself; no field of the API."""


@dataclass(frozen=True)
class DeviceListing(Listing):
    """All devices of one fleet; one whose tags are cut off is left out, and read by itself."""

    def read(self) -> Flow:
        """Returns the devices by uuid."""
        pages: Pages = yield from all_pages(self.path, _whole_records, ENRICHED)
        return {uuid: raw for uuid, raw in pages.found.items() if tags_of(raw.get("tags"))[1]}


def _whole_records(body: Any) -> Any:
    return records(body, ("devices", "data"), "device_uuid")


@dataclass(frozen=True)
class DeviceShape(Shape):
    """Devices register themselves: nothing here creates one, and nothing deletes one."""

    constants: Mapping[str, Any] = field(default_factory=dict)
    listing: Listing | None = None
    bulk: Bulk | None = None

    def url(self, address: Address) -> str:
        """The device's own path."""
        fleet, uuid = address.parts
        return f"{base(fleet)}/devices/{segment(uuid)}"

    def listing_of(self, address: Address) -> Listing | None:
        """The fleet's list."""
        return DeviceListing(f"{base(address.parts[0])}/devices", "connect")

    def read(self, address: Address) -> Flow:
        """One GET of the device's record."""
        request = Request("GET", self.url(address), ENRICHED)
        response: Response = yield request
        if response.status == 404 and not response.body.lstrip().startswith(b"<"):
            return Absent()
        if not response.ok:
            raise unusable(request, response)
        raw = object_of(request, response)
        if raw.get("device_uuid") != address.name:
            raise unusable(request, response)
        return self.live(raw)

    def live(self, raw: Mapping[str, Any]) -> Live:
        """A device with its tags as a plain list, without those the reconciler keeps itself."""
        names, is_whole = tags_of(raw.get("tags"))
        shown = {name for name in names if not name.startswith(PREFIX)}
        return Live({**raw, "tags": sorted(shown), EVERY_TAG: sorted(names)}, complete=is_whole)

    def uncreatable(self, address: Address) -> str:
        """A device that is not there registers itself through its agent."""
        fleet, uuid = address.parts
        return (
            f"there is no device {uuid} in the fleet '{fleet}'; a device registers itself through "
            "its agent, and no request creates one"
        )

    def create(self, write: Write) -> Flow:
        """Never asked for; see `uncreatable`."""
        return self.read(write.address)

    def update(self, write: Write) -> Flow:
        """Add what is missing; remove the others where the tags are declared exactly."""
        fleet, uuid = write.address.parts
        have = frozenset(write.live.get(EVERY_TAG) or ())
        wanted = frozenset(write.body.get("tags") or ())
        exact = any(change.path == "spec.exactTags" for change in write.changes)
        gone = frozenset(write.live.get("tags") or ()) - wanted if exact else frozenset()
        yield from write_tags(fleet, {uuid: (have, wanted - have, gone)})

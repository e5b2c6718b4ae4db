"""Device: an edge device of a fleet; its tags can be managed, the rest is its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from reconciler.deployments.marker import PREFIX
from reconciler.kinds.connect._device_rest import DeviceShape
from reconciler.kinds.connect._fleet import fleet_key
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.marks import UNORDERED, Implied, Risk, Wire
from reconciler.kinds.spec import ObjectSpec, unset

_UUID = re.compile("d-[0-9a-z]{4}-[0-9a-z]{4}")

SELECTS = Risk(
    "disruptive",
    "taking one away is disruptive: a deployment that selects by it leaves the device out",
    lambda before, after: not set(before or ()) <= set(after or ()),
)


class DeviceSpec(ObjectSpec):
    """An edge device that registered itself through its agent. It can be adopted only: no request
    creates a device, and none deletes one. `metadata.name` is its uuid, `metadata.fleet` the key of
    its fleet. Group, apps and state are not managed."""

    tags: Annotated[
        list[str],
        UNORDERED,
        SELECTS,
        Implied(lambda item: True, "tags that are not named stay as they are"),
    ] = unset()
    """Tags the device has to have, such as `indoor`; others may be there too."""

    exactTags: Annotated[list[str], UNORDERED, SELECTS, Wire("tags")] = unset()
    """The tags of the device, and no others; those the reconciler writes for its own deployments
    are left out of it."""


def _name(subject: Subject) -> Iterator[Fault]:
    if not _UUID.fullmatch(subject.name):
        yield Fault(
            ("metadata", "name"),
            "name-illegal",
            f"'{subject.name}' is no device uuid",
            "take it from the device's page or the list of devices; it looks like d-4cfe-4e51",
        )


def _tags(subject: Subject) -> Iterator[Fault]:
    if "tags" in subject.spec and "exactTags" in subject.spec:
        yield Fault(
            ("spec", "exactTags"),
            "deployment-illegal",
            "'tags' and 'exactTags' do not go together",
            "write exactTags alone; it holds all tags of the device",
        )
    for name in ("tags", "exactTags"):
        for index, tag in enumerate(subject.spec.get(name) or ()):
            if tag.startswith(PREFIX):
                yield Fault(
                    ("spec", name, index),
                    "name-illegal",
                    f"tags that begin with '{PREFIX}' are those of running deployments",
                    "take another name",
                )


KIND = Kind(
    name="Device",
    spec=DeviceSpec,
    rest=DeviceShape(),
    area="Devices",
    service="connect",
    home="connect",
    parents={"fleet": "Fleet"},
    rules=(fleet_key, _name, _tags),
)

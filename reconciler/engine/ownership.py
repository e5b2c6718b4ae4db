"""One object and the inventory in, whether we may touch it out."""

from __future__ import annotations

from reconciler.kinds.registry import Registry
from reconciler.model import Address, Block, Entry, Inventory, Manifest


def refused(manifest: Manifest, entry: Entry | None, owner: str) -> Block | None:
    """The block for an object that another workspace owns, unless the manifest takes it over."""
    if entry is None or entry.owner == owner or manifest.lifecycle.takeover:
        return None
    return Block(
        "other-owner",
        f"workspace '{entry.owner}' owns this object",
        "metadata.lifecycle.takeover: true",
    )


def predecessor(inventory: Inventory, registry: Registry, address: Address) -> Address | None:
    """The address under which the inventory knows a live object that changed its kind.

    Kinds of one namespace share their names, so the object of that name is the same one.
    """
    space = registry[address.kind].namespace
    if not space:
        return None
    for other in inventory.namesakes(address):
        is_another = other.kind != address.kind and other.kind in registry
        if is_another and registry[other.kind].namespace == space:
            return other
    return None

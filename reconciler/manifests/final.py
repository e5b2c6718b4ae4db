"""A manifest in, the document it would be if everything were written out in it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.manifests.workspace import API_VERSION
from reconciler.model import Manifest


def final_document(manifest: Manifest, kind: Kind) -> dict[str, Any]:
    """The document of one object on its one platform; of one that several hold, all of it."""
    address, is_spread = manifest.address, kind.sites is not None
    metadata: dict[str, Any] = {"name": address.parts[0] if is_spread else address.name}
    metadata |= zip(kind.parents, address.parts, strict=False)
    if manifest.labels:
        metadata["labels"] = dict(manifest.labels)
    if address.qualified and not is_spread:
        metadata["platforms"] = [address.platform]
    if lifecycle := _lifecycle(manifest):
        metadata["lifecycle"] = lifecycle
    if manifest.previous_names:
        metadata["previousNames"] = list(manifest.previous_names)
    return {
        "apiVersion": API_VERSION,
        "kind": address.kind,
        "metadata": metadata,
        "spec": dict(manifest.spec),
    }


def once(manifests: Iterable[Manifest], registry: Registry) -> Iterator[Manifest]:
    """The manifests, and of an object that several platforms hold only the first."""
    seen: set[tuple[str, str]] = set()
    for manifest in manifests:
        address = manifest.address
        if registry[address.kind].sites is not None:
            whole = (address.kind, address.parts[0])
            if whole in seen:
                continue
            seen.add(whole)
        yield manifest


def _lifecycle(manifest: Manifest) -> dict[str, Any]:
    lifecycle = manifest.lifecycle
    written: dict[str, Any] = {
        "protect": lifecycle.protect,
        "manage": lifecycle.manage if lifecycle.manage != "full" else None,
        "ignore": list(lifecycle.ignore),
        "takeover": lifecycle.takeover,
        "replace": lifecycle.replace,
        "release": lifecycle.release,
    }
    return {name: value for name, value in written.items() if value}

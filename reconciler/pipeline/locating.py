"""Manifests that name platforms in, the same with their URLs out: what each site is to be like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from reconciler.model import Manifest
from reconciler.pipeline.desiring import Desire
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.platform.snapshot.model import Snapshot


def located(
    wanted: Desire, chosen: Iterable[Manifest], settings: Settings, snapshot: Snapshot | None
) -> tuple[Desire, tuple[Manifest, ...]]:
    """Objects of several platforms as each of these is to have them.

    Raises UsageError for a platform nobody says the URL of.
    """
    from reconciler.platform.connect import url_of

    spread = {
        kind: function
        for kind in {m.address.kind for m in wanted.manifests}
        if (function := wanted.registry[kind].located) is not None
    }
    if not spread:
        return wanted, tuple(chosen)

    @cache
    def url(platform: str) -> str:
        if snapshot is not None and platform in snapshot.platforms:
            return snapshot.platforms[platform].info.url
        return url_of(wanted.workspace, settings, platform)

    def at_its_place(manifest: Manifest) -> Manifest:
        address = manifest.address
        if address.kind not in spread:
            return manifest
        spec = spread[address.kind](manifest.spec, address.parts[0], address.platform, url)
        return replace(manifest, spec=spec)

    resolved = wanted.resolved
    manifests = tuple(map(at_its_place, resolved.manifests))
    found = replace(wanted, resolved=replace(resolved, manifests=manifests))
    return found, tuple(map(at_its_place, chosen))

"""Manifests that name platforms in, the same with their URLs out: what each site is to be like.

A platform is first taken to have the base URL it is reached at, or the workspace's `baseUrl`. What
it calls itself is known once it was read, and counts: its members on other platforms have that URL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Live, Manifest, Observed
from reconciler.pipeline.desiring import Desire
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.engine.observation import Observation
    from reconciler.pipeline.session import Session
    from reconciler.platform.snapshot.model import Snapshot

Spread = Mapping[Address, Manifest]
"""The objects of several platforms, as their manifests say it: without URLs."""


def spread(wanted: Desire) -> Spread:
    """What is yet to be located."""
    kinds = {
        kind for kind in {m.address.kind for m in wanted.manifests} if _is_spread(wanted, kind)
    }
    return {m.address: m for m in wanted.manifests if m.address.kind in kinds} if kinds else {}


def _is_spread(wanted: Desire, kind: str) -> bool:
    return wanted.registry[kind].located is not None


def located(
    wanted: Desire,
    chosen: Iterable[Manifest],
    named: Spread,
    url_of: Callable[[str], str],
) -> tuple[Desire, tuple[Manifest, ...]]:
    """Objects of several platforms as each of these is to have them."""
    if not named:
        return wanted, tuple(chosen)

    def at_its_place(manifest: Manifest) -> Manifest:
        address = manifest.address
        if address not in named:
            return manifest
        locate = wanted.registry[address.kind].located
        assert locate is not None
        spec = locate(named[address].spec, address.parts[0], address.platform, url_of)
        return replace(manifest, spec=spec)

    resolved = wanted.resolved
    manifests = tuple(map(at_its_place, resolved.manifests))
    found = replace(wanted, resolved=replace(resolved, manifests=manifests))
    return found, tuple(map(at_its_place, chosen))


def written_url(
    wanted: Desire, settings: Settings, snapshot: Snapshot | None
) -> Callable[[str], str]:
    """Where the workspace says that a platform is; it raises UsageError where nobody says it."""
    from reconciler.platform.connect import url_of

    @cache
    def url(platform: str) -> str:
        if base := (wanted.workspace.platforms.get(platform) or {}).get("baseUrl"):
            return str(base)
        if snapshot is not None and platform in snapshot.platforms:
            return snapshot.platforms[platform].info.url
        return url_of(wanted.workspace, settings, platform)

    return url


def relocate(run: Session, seen: Observation) -> Observation:
    """Locate the manifests of a run anew, by what the platforms call themselves.

    A platform is asked where nothing on it tells it; one that cannot be asked keeps its URL.
    """
    named = {a: m for a, m in run.spread.items() if a.platform in run.observer.sources}
    if not named:
        return seen
    written = written_url(run.desire, run.settings, run.snapshot)
    told = dict(_told(run, named, seen.objects))
    for platform in sorted({a.platform for a in named} - told.keys() - seen.unreachable.keys()):
        if base := _asked(run, platform, named):
            told[platform] = base

    def url(platform: str) -> str:
        return told.get(platform) or written(platform)

    run.url_of = url
    if any(told[platform] != written(platform).rstrip("/") for platform in told):
        run.desire, run.chosen = located(run.desire, run.chosen, run.spread, url)
    down = {name: url(name) for name in seen.unreachable if name in {a.platform for a in named}}
    return replace(seen, unreachable={**seen.unreachable, **down})


def _told(
    run: Session, named: Spread, objects: Mapping[Address, Observed]
) -> Iterator[tuple[str, str]]:
    """The platforms of which a live object tells the URL."""
    for address in named:
        observed, own = objects.get(address), _kind(run, address).own_url
        if not isinstance(observed, Live) or own is None:
            continue
        if base := own.said_by(address, observed.raw):
            yield address.platform, base


def _asked(run: Session, platform: str, named: Spread) -> str:
    own = next(_kind(run, a).own_url for a in named if a.platform == platform)
    if own is None or platform not in run.clients:
        return ""
    try:
        return str(run.clients[platform].run(own.asked()))
    except ReconcilerError:  # who cannot be asked is known as before
        return ""


def _kind(run: Session, address: Address) -> Kind:
    return run.registry[address.kind]

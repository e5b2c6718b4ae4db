"""A plan in, the same with a picture's worth of evidence for what several platforms hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.engine.observation import Observation
from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Connections, SiteView
from reconciler.model import Change, Live, Manifest, Plan, Topology
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.session import Session

EVIDENCE = "topology"
"""Under this name a change carries the topology of the whole it is a site of."""


def with_topologies(made: Plan, run: Session, seen: Observation) -> Plan:
    """The plan; the first change of each federation shows all sites of it."""
    spread = {name for name in {c.address.kind for c in made.changes} if _is_spread(run, name)}
    if not spread:
        return made
    wholes: dict[tuple[str, str], list[Manifest]] = {}
    for manifest in run.desire.manifests:
        if manifest.address.kind in spread:
            whole = (manifest.address.kind, manifest.address.parts[0])
            wholes.setdefault(whole, []).append(manifest)
    changes: list[Change] = []
    asking = _Asking(run)
    for change in made.changes:
        sites = wholes.pop((change.address.kind, change.address.parts[0]), None)
        if sites is not None:
            found = _topology(run, sites, made, seen, asking)
            change = replace(change, evidence={**change.evidence, EVIDENCE: found.as_json()})
        changes.append(change)
    return replace(made, changes=tuple(changes))


def declared_topologies(wanted: Desire, chosen: Iterable[Manifest]) -> list[Topology]:
    """What manifests say of each federation in scope; no platform is asked, so nothing is known of
    their health. A platform stands for its URL, which needs not be known."""
    names = {(m.address.kind, m.address.parts[0]) for m in chosen}
    wholes: dict[tuple[str, str], list[Manifest]] = {}
    for manifest in wanted.manifests:
        whole = (manifest.address.kind, manifest.address.parts[0])
        if whole in names:
            wholes.setdefault(whole, []).append(manifest)
    found: list[Topology] = []
    for (kind, name), manifests in sorted(wholes.items()):
        make, locate = wanted.registry[kind].topology, wanted.registry[kind].located
        if make is not None and locate is not None:
            views = [
                SiteView(m.address, spec := locate(m.spec, name, m.address.platform, _as_url), spec)
                for m in sorted(manifests, key=lambda m: m.address.full)
            ]
            found.append(make(name, views, _as_url))
    return found


def _as_url(platform: str) -> str:
    return f"https://{platform}"


def _is_spread(run: Session, kind: str) -> bool:
    return kind in run.registry and run.registry[kind].topology is not None


MOST_ASKED = 30
"""Sites whose connections a plan asks for: there is one request for each that has trouble."""


@dataclass
class _Asking:
    """Asks sites for their connections, as long as they are few."""

    run: Session
    left: int = MOST_ASKED

    def told(self, views: Sequence[SiteView]) -> list[SiteView]:
        """The sites with their connections, unless all is well."""
        ways = self.run.registry[views[0].address.kind].connections
        if ways is None or not any(v.live and ways.are_troubled(v.live) for v in views):
            return list(views)
        return [v._replace(connections=self._asked(ways, v)) for v in views]

    def _asked(self, ways: Connections, view: SiteView) -> Sequence[Mapping[str, Any]]:
        client = self.run.clients.get(view.address.platform)
        if view.live is None or client is None or not view.reachable or not self.left:
            return ()
        self.left -= 1
        try:
            return list(client.run(ways.asked(view.address, view.live)) or ())
        except ReconcilerError:  # the picture is only drawn with less
            return ()


def _topology(
    run: Session, sites: Iterable[Manifest], made: Plan, seen: Observation, asking: _Asking
) -> Topology:
    planned = {c.address: c for c in made.changes}
    views: list[SiteView] = []
    for manifest in sites:
        address = manifest.address
        live, change = seen.objects.get(address), planned.get(address)
        words = f"{change.action}{' blocked' if change.is_blocked else ''}" if change else ""
        raw = live.raw if isinstance(live, Live) else None
        reachable = address.platform not in seen.unreachable
        views.append(SiteView(address, manifest.spec, raw, words, reachable))
    views = asking.told(views)
    make = run.registry[views[0].address.kind].topology
    assert make is not None
    return make(views[0].address.parts[0], views, lambda name: run.observer.sources[name].url)

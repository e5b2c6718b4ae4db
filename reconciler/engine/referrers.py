"""Objects that may be deleted in, who still names each of them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.engine.observation import Observation
from reconciler.engine.obstacles import is_of
from reconciler.engine.resolve import Resolved, declares, names_of, parents_of, references, target
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.model import UNSET, Address, Block, Change, Live, Manifest, Origin

_NOWHERE = Origin("", 0)


class Referrers:
    """Who names the candidates of a plan: manifests, other candidates, and live objects.

    `left` are the candidates as they were last applied, `live` those of them that exist; `changes`
    are those of the declared objects.
    """

    def __init__(
        self,
        left: Mapping[Address, Manifest],
        resolved: Resolved,
        observation: Observation,
        registry: Registry,
        changes: Sequence[Change],
        live: Mapping[Address, Live],
    ) -> None:
        self.registry, self.left = registry, left
        self._names = names_of(left, registry)
        self._changes = {c.address: c for c in changes}
        self._declared = declares(resolved.manifests if left else (), registry)
        self._by_manifest = self._collected(resolved.manifests if left else ())
        known = [*left.values(), *(self._as_live(a, seen.raw) for a, seen in live.items())]
        self._by_candidate = self._collected(known)
        listed = self._listed(observation) if left else ()
        self._by_live = self._collected(m for m in listed if m.address not in left)
        self._decided: list[Address] = []

    def of(self, address: Address, kept: Collection[Address]) -> tuple[list[Address], Block | None]:
        """What must be done before an object is deleted, and what keeps it from being deleted.

        `kept` are the candidates that stay. What names others is asked about before what is named.
        """
        self._decided.append(address)
        for who, field in self._by_manifest.get(address, {}).items():
            return [], _still(who, field)
        first: list[Address] = []
        for who, field in self._by_candidate.get(address, {}).items():
            if who in kept:
                return [], _still(who, field)
            if who in self._decided:
                first.append(who)
        for who, field in self._by_live.get(address, {}).items():
            change = self._letting_go(who, field)
            if change is None:
                return [], _still(who, field)
            first.append(change.address)
        return first, None

    def _letting_go(self, who: Address, field: str) -> Change | None:
        """The change by which a live object will name the candidate no more."""
        manifest = self._declared(who)
        change = self._changes.get(manifest.address) if manifest else None
        if change is None or change.is_blocked or not change.action.writes:
            return None
        return change if any(f.path.startswith(field) for f in change.fields) else None

    def _collected(self, manifests: Iterable[Manifest]) -> Mapping[Address, Mapping[Address, str]]:
        """For each candidate who names it, and the field that does."""
        found: dict[Address, dict[Address, str]] = defaultdict(dict)
        for manifest in manifests:
            for named, field in self._named(manifest):
                if named != manifest.address:
                    found[named].setdefault(manifest.address, field)
        return found

    def _named(self, manifest: Manifest) -> Iterator[tuple[Address, str]]:
        for reference in references(self.registry, manifest):
            if (named := target(reference, manifest, self._names)) is not None:
                yield named, ".".join(str(step) for step in reference.path[:2])
        for parent in parents_of(manifest, self.registry):
            if parent.address in self.left:
                yield parent.address, "metadata"

    def _listed(self, observation: Observation) -> Iterator[Manifest]:
        for (platform, space), listed in observation.listed.items():
            kinds = [kind for kind in self.registry if kind.namespace == space]
            for name, raw in listed.items():
                kind = next((kind for kind in kinds if is_of(kind, raw)), None)
                if kind is not None:
                    qualified = next(iter(self.left)).qualified
                    yield self._as_live(Address(kind.name, (name,), platform, qualified), raw)

    def _as_live(self, address: Address, raw: Mapping[str, Any]) -> Manifest:
        """What a live object names, as a manifest."""
        return Manifest(address, _naming(self.registry[address.kind], raw), _NOWHERE)


def _naming(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: known.live_value(raw, UNSET) for name, known in kind.naming_fields.items()}
    return {name: value for name, value in values.items() if value is not UNSET}


def _still(who: Address, field: str) -> Block:
    by = "lives in it" if field == "metadata" else f"names it in {field}"
    return Block("still-referenced", f"{who} {by}, and stays")

"""A plan, manifests and live objects in, what rules see of each object out.

Rules see values as manifests write them. Of secrets they see references at most, and no user or
password in a URL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.engine.as_manifest import as_spec, laid_over
from reconciler.engine.guardrails.judge import UNCHANGED, Shown
from reconciler.engine.observation import Observation
from reconciler.engine.obstacles import is_of
from reconciler.engine.sending import sendable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import without_credentials
from reconciler.model import Action, Address, Change, Live, Manifest, Plan

DEEPEST = 12
"""Objects that name each other are followed so far."""


@dataclass(frozen=True)
class Showing:
    """What is known of a plan's objects: their manifests and what is live.

    `chosen` are those in scope: the others are not written, whatever their manifests say.
    """

    manifests: Mapping[Address, Manifest]
    chosen: Collection[Address]
    observation: Observation
    registry: Registry

    def shown(self, plan: Plan, chosen: Sequence[Manifest]) -> Iterator[Shown]:
        """Every change of a plan, then the declared objects that need none."""
        changed = {change.address for change in plan.changes}
        for change in plan.changes:
            yield Shown(change.address, self._change(change), change.origin)
        for manifest in chosen:
            if manifest.address not in changed:
                still = Change(manifest.address, Action.ADOPT, UNCHANGED, risk="safe")
                document = self._change(still) | {"action": UNCHANGED}
                yield Shown(manifest.address, document, manifest.origin)

    def _change(self, change: Change) -> dict[str, Any]:
        manifest = self.manifests.get(change.address)
        kind = self.registry[change.address.kind]
        at = change.previous or change.address
        before = self._live(at)
        goes = change.action in (Action.DELETE, Action.RELEASE)
        after = None if goes else self._after(kind, manifest, before, at)
        return {
            "action": change.action.value,
            "adopting": change.adopting,
            "address": str(change.address),
            "platform": change.address.platform,
            "kind": change.address.kind,
            "name": change.address.name,
            "parents": list(change.address.parts[:-1]),
            "labels": dict(manifest.labels) if manifest else {},
            "risk": change.risk,
            "reason": change.reason,
            "blocked": change.blocked.code if change.blocked else None,
            "before": before,
            "after": after,
            "fields": [without_credentials(field.as_json()) for field in change.fields],
            "evidence": dict(change.evidence),
            "references": self._references(kind, change.address, after or before or {}, 0),
        }

    def _after(
        self,
        kind: Kind,
        manifest: Manifest | None,
        before: Mapping[str, Any] | None,
        at: Address,
    ) -> dict[str, Any]:
        """An object as it will be: what the run does not write of it stays as it is."""
        if manifest is None:
            return dict(before or {})
        is_written = manifest.lifecycle.manage == "full" and manifest.address in self.chosen
        if before is not None and not is_written:
            return dict(before)
        seen = self.observation.objects.get(at)
        raw = seen.raw if isinstance(seen, Live) else None
        return laid_over(before or {}, sendable(kind, manifest, raw))

    def _live(self, address: Address) -> dict[str, Any] | None:
        seen = self.observation.objects.get(address)
        if not isinstance(seen, Live) or address.kind not in self.registry:
            return None
        return as_spec(self.registry[address.kind].fields, seen.raw)

    def _listed(self, kind: Kind, address: Address) -> dict[str, Any] | None:
        """An object that nobody asked for, where a listing has it whole."""
        listed = self.observation.listed.get((address.platform, kind.namespace), {})
        raw = listed.get(address.name)
        return as_spec(kind.fields, raw) if raw is not None and is_of(kind, raw) else None

    def _references(
        self, kind: Kind, address: Address, spec: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        """The objects that the fields at the top of a spec name, by field."""
        found: dict[str, Any] = {}
        for name, field in kind.fields.items():
            refs = field.refs or (field.element.refs if field.element else ())
            if refs and spec.get(name) is not None and depth < DEEPEST:
                value = spec[name]
                names = value if isinstance(value, list) else [value]
                told = [self._named(refs, address, str(one), depth + 1) for one in names]
                found[name] = told if isinstance(value, list) else told[0]
        return found

    def _named(self, kinds: Sequence[str], near: Address, name: str, depth: int) -> dict[str, Any]:
        for kind_name in kinds:
            if kind_name not in self.registry:
                continue
            address = Address(kind_name, (name,), near.platform, near.qualified)
            kind = self.registry[kind_name]
            manifest = self.manifests.get(address)
            live = self._live(address) or self._listed(kind, address)
            if manifest is None and live is None:
                continue
            spec = self._after(kind, manifest, live, address)
            return {
                "name": name,
                "kind": kind_name,
                "labels": dict(manifest.labels) if manifest else {},
                "spec": spec,
                "references": self._references(kind, address, spec, depth),
            }
        return {"name": name, "kind": None, "labels": {}, "spec": None, "references": {}}

"""A write in, what other platforms have against it out: one is down, holds something else under the
name, or would be cut off with content that is nowhere else yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reconciler.engine.diff import diff
from reconciler.engine.observation import Observation
from reconciler.engine.obstacles import stuck
from reconciler.engine.resolve import Resolved
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Write
from reconciler.model import Address, Block, Live, Manifest


@dataclass
class Elsewhere:
    """The other sites of the objects that several platforms hold together."""

    resolved: Resolved
    observation: Observation
    registry: Registry

    def block(self, kind: Kind, write: Write) -> Block | None:
        """A block for a write that other platforms are not ready for."""
        urls = list(kind.rest.reaches(write))
        if site := self.observation.out_of_reach(urls):
            return Block("site-unreachable", f"it is on '{site}' too, which does not answer")
        if urls and (told := self._taken(kind, write.address)):
            return Block("site-taken", told)
        told = kind.rest.stranding(write)
        return Block("would-strand", told) if told else None

    def _taken(self, kind: Kind, address: Address) -> str:
        """Which other site is something else for good, and what; empty for none."""
        for manifest in self._sites.get((kind.name, address.parts[0]), ()):
            live = self.observation.objects.get(manifest.address)
            if manifest.address == address or not isinstance(live, Live):
                continue
            if manifest.lifecycle.replace:  # it is made anew, or blocked by itself
                continue
            found = stuck(kind, diff(kind, manifest, live))
            if found is not None and found.code == "immutable":
                told = found.message.partition(";")[0]
                return f"{manifest.address} cannot be the same: there {told}"
        return ""

    @cached_property
    def _sites(self) -> Mapping[tuple[str, str], list[Manifest]]:
        found: dict[tuple[str, str], list[Manifest]] = {}
        for key, manifest in self._spread():
            found.setdefault(key, []).append(manifest)
        return found

    def _spread(self) -> Iterator[tuple[tuple[str, str], Manifest]]:
        for manifest in self.resolved.manifests:
            if self.registry[manifest.address.kind].sites is not None:
                yield (manifest.address.kind, manifest.address.parts[0]), manifest

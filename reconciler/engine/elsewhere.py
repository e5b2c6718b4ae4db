"""A write in, what other platforms have against it out: one is down, holds something else under the
name, or would be cut off with content that is nowhere else yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reconciler.engine.acceptance import field_of
from reconciler.engine.diff import Difference, diff
from reconciler.engine.observation import Observation
from reconciler.engine.obstacles import stuck
from reconciler.engine.resolve import Resolved
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Write
from reconciler.kinds.values import same, without_implied
from reconciler.model import (
    UNSET,
    Address,
    Block,
    Entry,
    FieldChange,
    Inventory,
    Live,
    Manifest,
)


@dataclass
class Elsewhere:
    """The other sites of the objects that several platforms hold together."""

    resolved: Resolved
    observation: Observation
    registry: Registry
    inventory: Inventory

    def contested(
        self, kind: Kind, manifest: Manifest, live: Live, entry: Entry | None, found: Difference
    ) -> Block | None:
        """A block for what somebody else may keep as well, on platforms that are not ours.

        What is written here travels there, and what they write comes here: two that both put things
        back would never come to an end. So a value is only replaced by who wrote it last; who did
        not has to say that it is to be theirs.
        """
        if kind.outside is None or manifest.lifecycle.takeover:
            return None
        sites = self._sites[kind.name, manifest.address.parts[0]]
        reached = [info.url for info in self.observation.platforms]
        others = kind.outside(manifest.spec, live.raw, [site.spec for site in sites], reached)
        if not others:
            return None
        strange = [
            change
            for change in found.changes
            if self._is_strange(kind, manifest, live, entry, sites, change)
        ]
        if not strange:
            return None
        paths = ", ".join(field.path.removeprefix("spec.") for field in strange)
        return Block(
            "contested",
            f"{paths} is not what was applied here last, and {', '.join(others)} may be kept by "
            "somebody else, who would put it back"
            if entry is not None
            else f"{paths} differs from what {', '.join(others)} may be kept at by somebody else",
        )

    def _is_strange(
        self,
        kind: Kind,
        manifest: Manifest,
        live: Live,
        entry: Entry | None,
        sites: Sequence[Manifest],
        field: FieldChange,
    ) -> bool:
        """Whether a value that is to be replaced was written by nobody we know of."""
        if field.path in kind.own_to_a_site or not field.path.startswith("spec."):
            return False
        known = [self.inventory.get(s.address) for s in sites if s.address != manifest.address]
        owned = [one for one in (entry, *known) if one is not None]
        if not owned:
            return True  # ours is none of it
        written = [one.applied.get(field.path, UNSET) for one in owned]
        mine = entry.applied.get(field.path, UNSET) if entry is not None else UNSET
        if mine is UNSET:
            return False
        return not any(_is_still(kind, field, value, live) for value in written)

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


def _is_still(kind: Kind, field: FieldChange, written: Any, live: Live) -> bool:
    """Whether a live value is the one that was written, whatever is wanted in its place now."""
    known = field_of(kind, field.path)
    if known is None:
        return bool(written == field.before)
    have = field.before
    if known.implied is not None:  # what the server adds counts only if it was written too
        have = without_implied(known, written, known.live_value(live.raw, None))
    return same(known, written, have)

"""What was seen of the platforms: the value that `observe` fills and the plan is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reconciler.engine.diff import NOTHING_KNOWN, SecretKnowledge
from reconciler.kinds.steering import Stance
from reconciler.model import Address, Observed, PlatformInfo, Unreadable

NOT_READ = Unreadable("it was not read")

Group = tuple[str, str]
"""A platform's name and a namespace of object names."""


@dataclass(frozen=True)
class Observation:
    """The live side of a plan.

    `objects` holds every address that was asked for. `listed` holds, for each platform and
    namespace that could be read in bulk, the raw answers by name; it is used for neighbours and
    unmanaged objects, never to conclude that something is absent.
    """

    objects: Mapping[Address, Observed] = field(default_factory=dict)
    listed: Mapping[Group, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict, repr=False
    )
    platforms: tuple[PlatformInfo, ...] = ()
    secrets: Mapping[Address, SecretKnowledge] = field(default_factory=dict)
    unlisted: frozenset[tuple[str, str]] = frozenset()
    """Platforms and the kinds whose objects could not be listed there though the server can."""
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """The URLs of the platforms that did not answer as a whole, by name."""
    stances: Mapping[Address, Stance | Unreadable] = field(default_factory=dict)
    """How the objects stand that are steered."""

    def version(self, platform: str, service: str) -> str:
        """The version of a service, or the empty text where it is not known."""
        for info in self.platforms:
            if info.name == platform:
                return info.versions.get(service, "")
        return ""

    def out_of_reach(self, urls: Iterable[str]) -> str | None:
        """The first platform that does not answer and that one of these URLs leads to."""
        for name, base in self.unreachable.items():
            if any(f"{url}/".startswith(f"{base.rstrip('/')}/") for url in urls):
                return name
        return None

    def secret_knowledge(self, address: Address) -> SecretKnowledge:
        """What is known of one object's secrets."""
        return self.secrets.get(address, NOTHING_KNOWN)

    def other_spelling(self, address: Address, namespace: str) -> str | None:
        """A live name that differs from the address's only in case, where names ignore case."""
        spellings = self._spellings.get((address.platform, namespace), {})
        for name in spellings.get(address.name.casefold(), ()):
            if name != address.name:
                return name
        return None

    @cached_property
    def _spellings(self) -> Mapping[Group, Mapping[str, list[str]]]:
        """The listed names by what they are when case is ignored."""
        found: dict[Group, dict[str, list[str]]] = {}
        for group, listed in self.listed.items():
            names = found.setdefault(group, {})
            for name in listed:
                names.setdefault(name.casefold(), []).append(name)
        return found

"""Federations at work: what one platform still has to tell the others, delivered over time.

A platform can be taken down and put up again, and news can be made to take a while. Each member
remembers what it told each other one of its files; what is not told yet is the queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.messages import ConnectionReset
from reconciler.sandbox.store import Repository

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform, Sandbox

Json = Any
Route = tuple[str, str, str, str]
"""Platform and key of the one that tells, platform and key of the one that is told."""


@dataclass(frozen=True)
class Link:
    """One member of a federated repository as another one sees it."""

    url: str
    enabled: bool
    platform: Platform | None
    """Where it is; None for one outside of this sandbox."""
    key: str
    repository: Repository | None
    """The repository itself, if it is there and federated."""


@dataclass
class Mesh:
    """What the platforms of one sandbox have told each other."""

    sandbox: Sandbox
    down: set[str] = field(default_factory=set)
    delay: float = 0.0
    """Seconds of the sandbox's time until news arrive."""
    told: dict[Route, dict[str, str]] = field(default_factory=dict)
    """The files told, by path with their sums."""
    high: set[tuple[str, str]] = field(default_factory=set)
    """Platform and key of the repositories with high priority."""
    running: set[tuple[str, str]] = field(default_factory=set)
    """Repositories whose full sync was asked for and has not come to its end."""

    @property
    def is_used(self) -> bool:
        """Whether there is anything to remember."""
        return bool(self.down or self.delay or self.told or self.high)

    def meet(self, service: str) -> None:
        """A request comes in: nobody answers where a platform is down, else news arrive first."""
        if service in self.down:
            raise ConnectionReset(landed=False)
        if self._has_files():
            with self.sandbox.lock:
                self.deliver()

    def _has_files(self) -> bool:
        return any(platform.store.artifacts for platform in self.sandbox.platforms.values())

    def switch(self, platform: str, *, down: bool) -> None:
        """Take a platform down or put it up again."""
        (self.down.add if down else self.down.discard)(platform)
        self.deliver()

    def is_up(self, link: Link) -> bool:
        """Whether the member can be told anything at all."""
        return link.platform is not None and link.platform.name not in self.down

    def links(self, platform: Platform, repository: Repository) -> Iterator[Link]:
        """The other members of a federated repository."""
        from reconciler.sandbox.federation import locate, own_url, same_url

        own = own_url(platform, repository.key)
        for member in repository.get("members") or ():
            if same_url(member["url"], own):
                continue
            found = locate(platform, member["url"])
            there, key = found if found else (None, member["url"].rpartition("/")[2])
            mirror = there.store.repository(key) if there else None
            mirror = mirror if mirror is not None and mirror.rclass == "federated" else None
            yield Link(member["url"], bool(member.get("enabled", True)), there, key, mirror)

    def federated(self, platform: Platform) -> Iterator[Repository]:
        """The federated repositories of a platform."""
        for repository in platform.store.repositories.values():
            if repository.rclass == "federated":
                yield repository

    def waiting(
        self, platform: Platform, repository: Repository, link: Link
    ) -> dict[str, Artifact | None]:
        """The files a member is still to be told of: the file, or None for one that is gone."""
        is_gone = link.repository is None and self.is_up(link)
        if not link.enabled or link.platform is None or is_gone:
            return {}
        told = self.told.get((platform.name, repository.key, link.platform.name, link.key), {})
        here = platform.store.artifacts.get(repository.key, {})
        news: dict[str, Artifact | None] = {
            path: file for path, file in here.items() if told.get(path) != file.sha1
        }
        return news | {path: None for path in told if path not in here}

    def deliver(self) -> None:
        """Everything that is due arrives: at members that are there, up and enabled."""
        if not (self.told or self.running or self._has_files()):
            return
        now = self.sandbox.clock.now()
        current: set[Route] = set()
        for platform in self.sandbox.platforms.values():
            current |= self._routes(platform)
            if platform.name in self.down:
                continue
            for repository in list(self.federated(platform)):
                for link in self.links(platform, repository):
                    if self.is_up(link) and link.repository is not None:
                        self._tell(platform, repository, link, now - self.delay)

        for route in self.told.keys() - current:
            del self.told[route]

    def _routes(self, platform: Platform) -> set[Route]:
        """Whom a platform tells anything: who is no member any more is forgotten."""
        return {
            (platform.name, repository.key, link.platform.name, link.key)
            for repository in self.federated(platform)
            for link in self.links(platform, repository)
            if link.platform is not None and (link.repository or not self.is_up(link))
        }

    def _tell(self, platform: Platform, repository: Repository, link: Link, due: float) -> None:
        assert link.platform is not None
        route = (platform.name, repository.key, link.platform.name, link.key)
        back = (link.platform.name, link.key, platform.name, repository.key)
        files = link.platform.store.artifacts.setdefault(link.key, {})
        for path, file in self.waiting(platform, repository, link).items():
            told = self.told.setdefault(route, {})
            if file is None:
                told.pop(path, None)
                files.pop(path, None)
                self.told.get(back, {}).pop(path, None)
            elif file.modified <= due or (platform.name, repository.key) in self.running:
                told[path] = file.sha1
                files[path] = replace(file)
                self.told.setdefault(back, {})[path] = file.sha1
        self.running.discard((platform.name, repository.key))

    def status(self, platform: Platform, repository: Repository, link: Link) -> str:
        """The state of a connection (2.11.10.3)."""
        if not link.enabled:
            return "DISABLED"
        if link.platform is None or not self.is_up(link):
            return "NOT_AVAILABLE"
        if link.repository is None:
            return "ERROR"
        if (platform.name, repository.key) in self.running:
            return "FULL_SYNC_RUNNING"
        return "DELAYED" if self.waiting(platform, repository, link) else "HEALTHY"

    def lag(self, platform: Platform, repository: Repository, link: Link) -> int:
        """Milliseconds the oldest news has been waiting."""
        files = self.waiting(platform, repository, link).values()
        since = [file.modified for file in files if file is not None]
        return int(1000 * (self.sandbox.clock.now() - min(since))) if since else 0

    def dump(self) -> Json:
        """The state as JSON."""
        return {
            "down": sorted(self.down),
            "delay": self.delay,
            "high": sorted(map(list, self.high)),
            "told": [[*route, paths] for route, paths in sorted(self.told.items())],
        }

    def load(self, state: Json) -> None:
        """What `dump` gave in."""
        self.down = set(state.get("down", ()))
        self.delay = float(state.get("delay", 0))
        self.told = {(a, b, c, d): dict(paths) for a, b, c, d, paths in state.get("told", ())}
        self.high = {(platform, key) for platform, key in state.get("high", ())}
        self.running.clear()

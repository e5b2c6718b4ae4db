"""What one platform holds: repositories, artifacts, projects, people, and the names that are taken.

Every object keeps the JSON bytes of its answers beside it, dropped on each write: ten thousand
repositories are listed by joining bytes, not by encoding objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reconciler.sandbox import repository_defaults as tables
from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.directory import Directory
from reconciler.sandbox.package_types import LAYOUT_NAMES
from reconciler.sandbox.policies.retention import Retention

Json = Any


@dataclass
class Repository:
    """One repository: what was set, over the defaults of its class and type."""

    key: str
    rclass: str
    package_type: str
    version: str
    """The server version that created it; it decides the defaults."""

    own: dict[str, Json] = field(default_factory=dict)
    """Values that were set and are printed."""

    hidden: dict[str, Json] = field(default_factory=dict)
    """Values that were set and are never printed: passwords and the like."""

    views: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """Ready JSON bytes by kind of answer."""

    @property
    def defaults(self) -> Mapping[str, Json]:
        """Every field with the value it has when nobody set it."""
        return tables.defaults(self.rclass, self.package_type, self.version)

    def get(self, name: str) -> Json:
        """A field name in, its value out, None when it is absent."""
        return self.own[name] if name in self.own else self.defaults.get(name)

    def put(self, name: str, value: Json) -> None:
        """A field and its value in; a value that equals the default is not kept."""
        self.views.clear()
        if name in self.defaults and self.defaults[name] == value:
            self.own.pop(name, None)
        else:
            self.own[name] = value

    def drop(self, name: str) -> None:
        """A field name in; it is absent or at its default afterwards."""
        self.views.clear()
        self.own.pop(name, None)

    @property
    def project(self) -> str | None:
        """The project that owns it."""
        project: str | None = self.own.get("projectKey")
        return project

    def copy(self) -> Repository:
        """The same repository again, to try a change on."""
        return Repository(
            self.key,
            self.rclass,
            self.package_type,
            self.version,
            dict(self.own),
            dict(self.hidden),
        )

    def dump(self) -> dict[str, Json]:
        """Everything but the cached bytes."""
        return {
            "key": self.key,
            "rclass": self.rclass,
            "packageType": self.package_type,
            "version": self.version,
            "own": self.own,
            "hidden": self.hidden,
        }

    @classmethod
    def load(cls, data: dict[str, Json]) -> Repository:
        """What `dump` gave in, the repository out."""
        return cls(
            data["key"],
            data["rclass"],
            data["packageType"],
            data["version"],
            dict(data["own"]),
            dict(data["hidden"]),
        )


@dataclass
class PendingAttach:
    """A project assignment that was accepted and is not visible yet."""

    project: str | None
    reads: int


@dataclass
class Share:
    """Who besides its owner may use a repository."""

    projects: list[str] = field(default_factory=list)
    everyone: bool = False

    read_only: bool = False
    """One flag for the repository, though it is sent with each share."""


class Names:
    """The one namespace: a key must differ, whatever its case, from everything else in here."""

    def __init__(self) -> None:
        self.others: dict[str, dict[str, dict[str, Json]]] = {
            "layouts": {name: {} for name in LAYOUT_NAMES},
            "propertySets": {"artifactory": {}},
            "proxies": {},
            "backups": {"backup-daily": {}, "backup-weekly": {}},
            "ldapSettings": {},
        }
        """By section: the names in it, and what patches of the configuration have set in each."""

    def load(self, data: dict[str, Json]) -> None:
        """What a dump said of them in; a list of names will do as well."""
        for section, names in data.items():
            fields = names if isinstance(names, dict) else {name: {} for name in names}
            self.others[section] = fields

    def taken(self, key: str) -> bool:
        """Whether something that is not a repository has this name."""
        wanted = key.lower()
        return any(wanted == name.lower() for names in self.others.values() for name in names)


class Store:
    """Everything a platform remembers."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.keys: dict[str, str] = {}
        self.names = Names()
        self.key_pairs: dict[str, dict[str, Json]] = {}
        self.artifacts: dict[str, dict[str, Artifact]] = {}
        self.projects: dict[str, dict[str, Json]] = {}
        self.pending: dict[str, PendingAttach] = {}
        self.leaving: dict[str, int] = {}
        """By project: how many deletions are still refused, though nothing is in it any more."""
        self.shares: dict[str, Share] = {}
        self.environments: list[str] = ["DEV", "PROD"]
        self.project_environments: dict[str, list[str]] = {}
        self.directory = Directory()
        self.retention = Retention()
        self.storage_summary: dict[str, Json] | None = None
        self.base_url: str | None = None
        self.default_proxy: str | None = None
        self.oidc: dict[str, dict[str, Json]] = {}
        """OIDC integrations by name, each with its identity mappings."""
        self.issued: dict[str, dict[str, Json]] = {}
        """Access tokens that were exchanged for ID tokens: their right, and until when."""

    def __iter__(self) -> Iterator[Repository]:
        return iter(self.repositories.values())

    def repository(self, key: str) -> Repository | None:
        """An exact key in, its repository out."""
        return self.repositories.get(key)

    def taken(self, key: str) -> bool:
        """Whether a key is in use, in any case, by a repository or anything else."""
        lower = key.lower()
        policies = (name.lower() for name in self.retention.policies)
        return lower in self.keys or self.names.taken(key) or lower in policies

    def save(self, repository: Repository) -> None:
        """A new or changed repository in."""
        self.repositories[repository.key] = repository
        self.keys[repository.key.lower()] = repository.key

    def remove(self, key: str) -> None:
        """A key in; the repository, its content and every virtual's mention of it are gone."""
        self.repositories.pop(key)
        self.keys.pop(key.lower())
        self.artifacts.pop(key, None)
        self.pending.pop(key, None)
        self.shares.pop(key, None)
        for virtual in self:
            if virtual.rclass == "virtual":
                forget_member(virtual, key)

    def assign(self, key: str, project: str | None) -> None:
        """A repository and its new project in, None for no project any more."""
        self.move(self.repositories[key], project)

    def move(self, repository: Repository, project: str | None) -> None:
        """The same for a repository that is not stored yet.

        Global environments come along, into a project and out of one; those of the project that is
        left stay behind. DEV is what a project's repository gets when it has none.
        """
        foreign = self.foreign_environments(project)
        kept = [name for name in repository.get("environments") or [] if name not in foreign]
        if project is None:
            repository.drop("projectKey")
        else:
            repository.put("projectKey", project)
            kept = kept or ["DEV"]
        repository.drop("environments")
        if kept:
            repository.put("environments", kept)

    def known_environments(self, project: str | None) -> list[str]:
        """A project in, the environments its repositories may have out, the global ones first."""
        return [*self.environments, *self.project_environments.get(project or "", [])]

    def foreign_environments(self, project: str | None) -> set[str]:
        """A project in, the environments of all other projects out."""
        others = self.project_environments.items()
        return {name for owner, names in others if owner != project for name in names}

    def settle(self, key: str) -> None:
        """A key in; the assignment it was waiting for is visible now."""
        pending = self.pending.pop(key, None)
        if pending is not None and key in self.repositories:
            self.assign(key, pending.project)

    def forget_views(self) -> None:
        """All cached bytes are dropped: something changed how answers look."""
        for repository in self:
            repository.views.clear()

    def dump(self) -> dict[str, Json]:
        """Everything, as JSON."""
        return {
            "repositories": [repository.dump() for repository in self],
            "names": self.names.others,
            "keyPairs": self.key_pairs,
            "artifacts": {
                key: {path: asdict(artifact) for path, artifact in files.items()}
                for key, files in self.artifacts.items()
            },
            "projects": self.projects,
            "pending": {key: asdict(pending) for key, pending in self.pending.items()},
            "leaving": self.leaving,
            "shares": {key: asdict(share) for key, share in self.shares.items()},
            "environments": self.environments,
            "projectEnvironments": self.project_environments,
            "directory": self.directory.dump(),
            "retention": self.retention.dump(),
            "storageSummary": self.storage_summary,
            "baseUrl": self.base_url,
            "defaultProxy": self.default_proxy,
            "oidc": self.oidc,
            "issued": self.issued,
        }

    def load(self, data: dict[str, Json]) -> None:
        """What `dump` gave in; it replaces everything."""
        vars(self).update(vars(Store()))
        for item in data.get("repositories", []):
            self.save(Repository.load(item))
        self.names.load(data.get("names", {}))
        self.key_pairs = data.get("keyPairs", {})
        self.artifacts = {
            key: {path: Artifact(**file) for path, file in files.items()}
            for key, files in data.get("artifacts", {}).items()
        }
        self.projects = data.get("projects", {})
        self.pending = {key: PendingAttach(**p) for key, p in data.get("pending", {}).items()}
        self.leaving = data.get("leaving", {})
        self.shares = {key: Share(**share) for key, share in data.get("shares", {}).items()}
        self.environments = data.get("environments", self.environments)
        self.project_environments = data.get("projectEnvironments", {})
        self.directory.load(data.get("directory", {}))
        self.retention.load(data.get("retention", {}))
        self.storage_summary = data.get("storageSummary")
        self.base_url = data.get("baseUrl")
        self.default_proxy = data.get("defaultProxy")
        self.oidc = data.get("oidc", {})
        self.issued = data.get("issued", {})


def forget_member(virtual: Repository, key: str) -> None:
    """A virtual repository and a deleted key in; the virtual no longer mentions it."""
    members = virtual.get("repositories")
    if key in members:
        virtual.put("repositories", [member for member in members if member != key])
    if virtual.get("defaultDeploymentRepo") == key:
        virtual.drop("defaultDeploymentRepo")

"""Resources in, which project each repository is in out: where Terraform says so elsewhere.

The repository's own resource may be silent about its project: `project_repository` is a resource
that does nothing but assign, and `repos` of `project` is a list that does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.repositories._repository import NO_PROJECT
from reconciler.terraform.state import Resource

ASSIGNING = "project_repository"
"""The resource type that is an assignment and no object."""


@dataclass
class Assignments:
    """The project of each repository by the repository's key, with who says so; those that were
    asked for are in `used`."""

    projects: Mapping[str, tuple[str, str]]
    sources: frozenset[str] = frozenset()
    """Addresses of the resources that do nothing but assign."""
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Assignments:
        """Everything the resources say of it; the first word counts."""
        projects: dict[str, tuple[str, str]] = {}
        sources: set[str] = set()
        for resource in resources:
            for key, project in _assigned(resource):
                projects.setdefault(key, (project, resource.address))
                if resource.type == ASSIGNING:
                    sources.add(resource.address)
        return cls(projects, frozenset(sources))

    def applied(self, kind: Kind, resource: Resource, name: str) -> Resource:
        """The repository's resource with its project; what it says by itself is not overruled."""
        if "projectKey" not in kind.fields or name not in self.projects:
            return resource
        self.used.add(name)
        if resource.attributes.get("project_key") not in (None, "", NO_PROJECT):
            return resource
        project, _ = self.projects[name]
        return replace(resource, attributes={**resource.attributes, "project_key": project})

    def unused(self) -> Iterator[tuple[str, str]]:
        """Who assigns a repository that is not in the state, and the repository's key."""
        for key, (_, source) in self.projects.items():
            if key not in self.used:
                yield source, key


def _assigned(resource: Resource) -> Iterator[tuple[str, str]]:
    attributes = resource.attributes
    key = attributes.get("key")
    if resource.type == ASSIGNING:
        pair = (key, attributes.get("project_key"))
        if isinstance(pair[0], str) and isinstance(pair[1], str) and all(pair):
            yield pair[0], pair[1]
    elif resource.type == "project" and isinstance(key, str) and key:
        repositories = attributes.get("repos")
        for name in repositories if isinstance(repositories, list) else ():
            if isinstance(name, str) and name:
                yield name, key

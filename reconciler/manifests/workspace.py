"""The workspace file in, a checked `Workspace` out.

The workspace is the root every path is relative to. Without a file, the environment names one
platform and the command line names the manifests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reconciler.kinds.spec import SecretRef, unset
from reconciler.manifests.environment import NO_ENVIRONMENT, Environment

API_VERSION = "reconciler/v1"
DEFAULT_PLATFORM = "default"
DEFAULT_INVENTORY = ".reconciler/inventory.json"

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Percent = Annotated[int, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class PlatformSpec(_Part):
    """One JFrog Platform: where it is, and how to sign in there."""

    url: str | SecretRef = unset()
    """Base URL, such as `https://acme.example.com`; or `{env: NAME}`."""

    baseUrl: str = unset()  # noqa: N815 - the manifest's spelling
    """The platform's own base URL, where that is not the one it is reached at: other members of a
    federation know it by this one. Read from the platform where it can be asked."""

    token: SecretRef = unset()
    """Where the access token comes from: `{env: NAME}` or `{file: PATH}`."""

    oidcProvider: str = unset()  # noqa: N815 - the manifest's spelling
    """Name of the platform's OIDC integration, for keyless sign-in from CI."""


class ConnectSpec(_Part):
    """JFrog Connect: where it is, and how to sign in there."""

    url: str | SecretRef = unset()
    """Base URL, such as `https://api.connect.jfrog.io`; or `{env: NAME}`."""

    token: SecretRef = unset()
    """Where the access token of its API v2 comes from: `{env: NAME}` or `{file: PATH}`."""

    requests: Annotated[int, Field(ge=1)] = unset()
    """Requests that looking at one deployment may take. Default: 2000."""


class InventorySpec(_Part):
    """Where the record of owned objects is kept: in a file, or in a repository of a platform."""

    file: str = unset()
    """A file, relative to the workspace."""

    platform: str = unset()
    """Name of the platform that keeps the inventory, with `repository`."""

    repository: Name = unset()
    """Key of a generic repository there, which nothing else uses."""


class LimitSpec(_Part):
    """How much one run may change of one kind."""

    percent: Percent = unset()
    """Share of the owned objects, applied from 10 owned objects on."""

    count: Count = unset()
    """Number of objects."""


class PolicyLimitSpec(_Part):
    """How much a changed cleanup or archive policy may hit. Without it there is no limit."""

    percentOfRepository: Percent = unset()  # noqa: N815
    """Share of one repository: of its files or of its bytes, whichever is greater."""

    artifacts: Count = unset()
    """Number of files in all; of packages where the platform does not count files."""


class LimitsSpec(_Part):
    """Limits that block a plan before anything is written."""

    deletes: LimitSpec = unset()
    """For deletes and replaces. Default: 20 percent, 10 objects."""

    updates: LimitSpec = unset()
    """For updates and conversions. Default: 30 percent."""

    policy: PolicyLimitSpec = unset()
    """For what a created or changed policy would delete or archive. Default: none."""


class FenceSpec(_Part):
    """What this workspace may declare at all."""

    projects: list[str] = unset()
    """Project keys its objects must belong to."""

    names: list[str] = unset()
    """Patterns (`pay-*`) its objects' names must match."""


class WorkspaceSpec(_Part):
    """What the workspace file says."""

    manifests: list[str] = unset()
    """Folders and files that hold the manifests, relative to the workspace."""

    platforms: dict[Name, PlatformSpec] = unset()
    """The platforms by name."""

    defaultPlatforms: list[str] = unset()  # noqa: N815
    """Platforms of a manifest that names none; may be left out with one platform."""

    connect: ConnectSpec = unset()
    """JFrog Connect, for devices and what is deployed to them."""

    inventory: InventorySpec = unset()
    """Where ownership is recorded. Default: the file `.reconciler/inventory.json`."""

    fingerprintKey: SecretRef = unset()  # noqa: N815
    """Key of the fingerprints by which a changed secret is noticed."""

    defaults: dict[str, dict[str, Any]] = unset()
    """Fields merged under every manifest of a kind."""

    prune: bool = unset()
    """Delete owned objects that are no longer declared."""

    limits: LimitsSpec = unset()
    """How much one run may change."""

    fence: FenceSpec = unset()
    """What this workspace may declare."""


class WorkspaceMetadata(_Part):
    """The workspace's own name."""

    name: Name
    """Recorded as the owner of what this workspace creates and adopts."""


class WorkspaceFile(_Part):
    """The whole document."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["Workspace"]
    """Always `Workspace`."""

    metadata: WorkspaceMetadata
    """The workspace's name."""

    spec: WorkspaceSpec
    """Platforms, manifests, rules."""


@dataclass(frozen=True, slots=True)
class InventoryPlace:
    """A folder of a repository that keeps an inventory."""

    platform: str
    repository: str
    folder: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """The root folder and what its file says; `spec` holds only what is written there.

    `secret_dirs` are further folders secret files may lie in, named on the command line. `spec` is
    as the `environment` of the run has it; `environments` are all there are, and
    `reserved_variables` those that hold tokens of the others.
    """

    root: Path
    name: str = "default"
    spec: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    secret_dirs: tuple[Path, ...] = ()
    environment: Environment = NO_ENVIRONMENT
    environments: tuple[str, ...] = ()
    reserved_variables: tuple[str, ...] = ()

    @property
    def environment_name(self) -> str:
        """The environment of the run; empty for none."""
        return self.environment.name

    @property
    def platforms(self) -> Mapping[str, Mapping[str, Any]]:
        """The platforms the file names; none without a file."""
        return self.spec.get("platforms") or {}

    @property
    def platform_names(self) -> list[str]:
        """The platforms' names; one called `default` without any."""
        return list(self.platforms) or [DEFAULT_PLATFORM]

    @property
    def is_plural(self) -> bool:
        """Whether addresses are printed with their platform."""
        return len(self.platform_names) > 1

    @property
    def base_urls(self) -> Mapping[str, tuple[str, ...]]:
        """The base URLs that are written down of each platform."""
        found = {n: (p.get("url"), p.get("baseUrl")) for n, p in self.platforms.items()}
        return {name: tuple(u for u in both if isinstance(u, str)) for name, both in found.items()}

    @property
    def default_platforms(self) -> list[str]:
        """The platforms of a manifest that names none."""
        return list(self.spec.get("defaultPlatforms") or self.platform_names)

    @property
    def inventory_file(self) -> Path:
        """Where the file inventory lies."""
        written = (self.spec.get("inventory") or {}).get("file")
        file = self.root / str(written or DEFAULT_INVENTORY)
        if not self.environment.name:
            return file
        # What is owned in one environment is not owned in another, whatever its platforms' names.
        return file.with_name(f"{file.stem}.{self.environment.name}{file.suffix}")

    @property
    def inventory_place(self) -> InventoryPlace | None:
        """Where a platform keeps the inventory; None where it is a file."""
        written = self.spec.get("inventory") or {}
        if "repository" not in written:
            return None
        folder = f"{self.name}/{self.environment.name}".rstrip("/")
        return InventoryPlace(written["platform"], written["repository"], folder)

    def fence_holds(self, name: str, project: object) -> bool:
        """Whether `spec.fence` lets this workspace have an object of that name and project."""
        fence = self.spec.get("fence") or {}
        names, projects = fence.get("names"), fence.get("projects")
        fits = not names or any(fnmatchcase(name, pattern) for pattern in names)
        return fits and (not projects or project in projects)

    def defaults_for(self, kind: str) -> Mapping[str, Any]:
        """Fields merged under every manifest of a kind."""
        return (self.spec.get("defaults") or {}).get(kind) or {}

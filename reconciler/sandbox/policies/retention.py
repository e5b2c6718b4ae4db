"""What policies have to remember: themselves, their runs, bundles, the trash can, cold storage."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from reconciler.sandbox.artifacts import Artifact

Json = Any

TRASH = "auto-trashcan"
RUN_SECONDS = 2.0
HARD_LIMIT = 500_000


@dataclass
class Policy:
    """One policy of any kind, its body as it is printed."""

    key: str
    kind: str
    """packages, bundles, smart (the newer archive) or archive (the classic one)."""

    body: dict[str, Json]
    enabled: bool = False
    project: str | None = None
    next_run: float | None = None
    """When its schedule starts it next, whether it is enabled or not."""

    last_run: int | None = None


@dataclass
class Candidate:
    """One thing a run deletes or moves: a version of a package, a file, a version of a bundle."""

    name: str
    version: str
    type: str
    repo: str
    paths: list[str]
    size: int
    created: float
    downloaded: float | None = None

    project: str = ""
    """Whose it is, when it is a bundle."""


@dataclass
class Run:
    """One run of a policy. What it hits is settled when it starts, and done bit by bit."""

    id: int
    policy: str
    kind: str
    dry: bool
    started: float
    seconds: float
    candidates: list[Candidate]
    by: str
    skip_trash: bool = True
    limit_seconds: float | None = None
    expires_months: int = 0
    done: int = 0
    done_bytes: int = 0
    finished: float | None = None
    status: str = "IN_PROGRESS"
    report_downloaded: bool = False


@dataclass
class Bundle:
    """One version of a release bundle."""

    name: str
    version: str
    created: float
    distributed: float
    project: str = ""
    environments: list[str] = field(default_factory=list)
    """Where it was promoted to."""

    keep: bool = False


@dataclass
class ColdFile:
    """One archived file."""

    repo: str
    path: str
    file: Artifact
    archived: float
    expires: float | None = None
    package_type: str | None = None
    package: str = ""
    version: str = ""

    @property
    def manifest(self) -> str:
        """The name under which an archived package is found and restored."""
        stem = self.package.rsplit("/", 1)[-1]
        return f"{stem}-{self.version}-{int(self.archived * 1000)}.json"


@dataclass
class Restore:
    """One restore from cold storage. They end at once."""

    id: str
    started: float
    destination: str
    type: str
    total: int
    failed: int
    bytes: int


class Retention:
    """Everything about policies one platform remembers."""

    def __init__(self) -> None:
        self.policies: dict[str, Policy] = {}
        self.runs: dict[int, Run] = {}
        self.bundles: list[Bundle] = []
        self.trash: dict[str, Artifact] = {}
        """By repository and path in one."""

        self.trashcan: dict[str, Json] = {"enabled": True, "retentionPeriodDays": 14}
        self.cold: list[ColdFile] = []
        self.restores: list[Restore] = []
        self.run_seconds = RUN_SECONDS
        self.hard_limit = HARD_LIMIT
        self.bundle_settings: dict[str, Json] = {}
        self.bundle_audit: list[dict[str, Json]] = []
        self.bundle_next_run: float | None = None

    @property
    def trash_enabled(self) -> bool:
        """Whether the trash can is on."""
        return str(self.trashcan.get("enabled", True)).lower() == "true"

    def running(self, key: str) -> Run | None:
        """A policy key in, the run of it that goes on out."""
        last = self.policies[key].last_run
        run = self.runs.get(last) if last is not None else None
        return run if run is not None and run.finished is None else None

    def dump(self) -> dict[str, Json]:
        """Everything, as JSON."""
        data = dict(vars(self))
        data["policies"] = [asdict(policy) for policy in self.policies.values()]
        data["runs"] = [asdict(run) for run in self.runs.values()]
        data["bundles"] = [asdict(bundle) for bundle in self.bundles]
        data["trash"] = {path: asdict(file) for path, file in self.trash.items()}
        data["cold"] = [asdict(file) for file in self.cold]
        data["restores"] = [asdict(restore) for restore in self.restores]
        return data

    def load(self, data: dict[str, Json]) -> None:
        """What `dump` gave in; it replaces everything."""
        vars(self).update({**vars(Retention()), **data})
        policies = [Policy(**policy) for policy in data.get("policies", [])]
        self.policies = {policy.key: policy for policy in policies}
        self.runs = {run["id"]: load_run(run) for run in data.get("runs", [])}
        self.bundles = [Bundle(**bundle) for bundle in data.get("bundles", [])]
        self.trash = {path: Artifact(**file) for path, file in data.get("trash", {}).items()}
        self.cold = [load_cold(file) for file in data.get("cold", [])]
        self.restores = [Restore(**restore) for restore in data.get("restores", [])]


def load_run(data: dict[str, Json]) -> Run:
    """A dumped run in, the run out."""
    return Run(**{**data, "candidates": [Candidate(**one) for one in data["candidates"]]})


def load_cold(data: dict[str, Json]) -> ColdFile:
    """A dumped archived file in, the file out."""
    return ColdFile(**{**data, "file": Artifact(**data["file"])})

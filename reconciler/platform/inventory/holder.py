"""Who has a lease: a run of CI by its link, else a person at a machine."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.report.sanitise import safe_url, visible


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease: `name` is the link of a CI run, or `user@host`.

    `process` and `started` (UTC, by the clock of that machine) help to find the run; nothing is
    decided by them.
    """

    name: str
    process: int
    started: str

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Holder:
        """The reverse. Raises LookupError, TypeError or ValueError for other JSON."""
        return cls(visible(str(raw["name"])), int(raw["process"]), visible(str(raw["started"])))

    def __str__(self) -> str:
        return f"{self.name} (process {self.process})"


UNKNOWN = Holder("an unknown run", 0, "")
"""Stands for whoever left no readable name."""


def this_run(environment: Mapping[str, str]) -> Holder:
    """The run we are."""
    name = run_link(environment) or f"{_user()}@{platform.node() or 'unknown'}"
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Holder(visible(name), os.getpid(), started)


def run_link(environment: Mapping[str, str]) -> str:
    """Where a run of GitHub, GitLab or Jenkins can be looked at; empty elsewhere."""
    server = environment.get("GITHUB_SERVER_URL", "").rstrip("/")
    repository, number = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_RUN_ID")
    if server and repository and number:
        return safe_url(f"{server}/{repository}/actions/runs/{number}")
    return safe_url(environment.get("CI_JOB_URL") or environment.get("BUILD_URL") or "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        return "unknown"

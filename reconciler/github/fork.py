"""A pull request that may have no secrets in, what can be told of it without any out.

With a snapshot of the base branch that is a plan; without, whether the manifests are valid, and how
what they declare differs from the base. No platform is asked, and no token is looked for.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

from reconciler.comparing import compare_desires
from reconciler.errors import Diagnostic, has_errors
from reconciler.github import work
from reconciler.github.context import Pull
from reconciler.github.work import Result
from reconciler.model import Comparison
from reconciler.pipeline.desiring import desire
from reconciler.pipeline.git import place_in_repository, repository_of
from reconciler.settings import Settings

FROM_SNAPSHOT = "Planned without credentials, from a snapshot of the base branch."
COMPARED = "Not planned: this run has no credentials. The manifests were compared with the base."
CHECKED = (
    "Not planned: this run has no credentials. The manifests were checked; for a comparison with "
    "the base, check out with fetch-depth: 2."
)
_SECONDS = 120


def without_credentials(settings: Settings, snapshot: Path | None, pull: Pull | None) -> Result:
    """What can be told: a plan, or a comparison, or at least whether the manifests are valid."""
    if snapshot is not None and snapshot.is_file():
        planned = work.plan(replace(settings, snapshot=snapshot))
        return replace(planned, note=FROM_SNAPSHOT)
    checked = work.validate(settings)
    told = replace(checked, command="plan", note=CHECKED)
    if snapshot is not None:
        missing = Diagnostic(
            "snapshot-missing",
            "warning",
            f"there is no snapshot at {snapshot.name}, so there is no plan",
            hint="publish one from the base branch: docs/how-to/pull-requests-from-forks.md",
        )
        told = replace(told, found=(*told.found, missing))
    if checked.code or pull is None or checked.root is None:
        return told
    with tempfile.TemporaryDirectory() as folder:
        comparison = _compared(settings, checked.root, pull, Path(folder).resolve())
    if comparison is None:
        return told
    return replace(told, comparison=comparison, note=COMPARED)


def _compared(settings: Settings, root: Path, pull: Pull, folder: Path) -> Comparison | None:
    """How the manifests differ from the base's; None where the base cannot be told."""
    top = repository_of(root)
    base = _base_of(top, pull) if top else None
    if top is None or base is None:
        return None
    place = place_in_repository(root)
    packed = _git(top, "archive", "--format=tar", base, *(["--", place] if place else []))
    if packed is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    before = desire(replace(settings, workspace=folder / place), dangling=False)
    after = desire(settings, dangling=False)
    if has_errors(before.diagnostics) or has_errors(after.diagnostics):
        return None
    return compare_desires(("base", "this pull request"), before, after)


def _base_of(top: Path, pull: Pull) -> str | None:
    """The commit to compare with: what was merged into, else the base of the event."""
    if _commit(top, "HEAD^2") == pull.head:
        return _commit(top, "HEAD^1")
    return _commit(top, pull.base)


def _commit(top: Path, name: str) -> str | None:
    found = _git(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") if name else None
    return found.decode().strip() if found else None


def _git(top: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails or is missing."""
    program = shutil.which("git")
    if program is None:
        return None
    # The checkout may belong to another user, as in containers.
    command = [program, "-c", f"safe.directory={top}", "-C", str(top), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and commits we looked up
            command, capture_output=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout

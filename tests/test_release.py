"""What a release has: an action that is whole by itself, and names what it was made of."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler import __version__
from scripts import release
from tests.support.composite import ROOT, blocks

MANIFEST = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec: {packageType: npm}
"""


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The archive of some platform, unpacked."""
    wheel = tmp_path / "some-1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    folder = tmp_path / "action"
    with tarfile.open(fileobj=io.BytesIO(release.action_archive([wheel]))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_the_action_of_a_release_runs_by_itself(unpacked: Path, tmp_path: Path) -> None:
    """Its step, from the unpacked archive alone: nothing it needs was left out."""
    workspace, output = tmp_path / "checkout", tmp_path / "output"
    (workspace / "manifests").mkdir(parents=True)
    (workspace / "manifests" / "a.yaml").write_text(MANIFEST)
    (workspace / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Workspace\nmetadata: {name: acme}\n"
        "spec: {manifests: [manifests]}\n"
    )
    action: Any = yaml.safe_load((unpacked / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "ACTION_FOLDER": str(unpacked),
        "ACTION_COMMAND": "validate",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "RECONCILER_VENV": sys.prefix,
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        env=environment,
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert blocks(output.read_text())["outcome"] == "no-changes"


def test_it_has_wheels_and_no_tests(unpacked: Path) -> None:
    """What is installed lies beside action.yml, and nothing that only developers need."""
    assert [f.name for f in (unpacked / "wheelhouse").iterdir()] == ["some-1.0-py3-none-any.whl"]
    assert not (unpacked / "tests").exists()
    assert not list(unpacked.rglob("__pycache__"))


def test_the_archive_is_the_same_twice() -> None:
    """Whoever builds it again can compare."""
    assert release.action_archive([]) == release.action_archive([])


def test_another_tag_is_refused(tmp_path: Path) -> None:
    """A tag that is not that of the version makes no release."""
    assert release.main(["--tag", f"v{__version__}9", "--out", str(tmp_path / "dist")]) == 1
    assert not (tmp_path / "dist").exists()


def test_the_workflow_attests_what_it_publishes() -> None:
    """Each file has a provenance; only the job that publishes may write."""
    document: Any = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    build, publish = document["jobs"]["build"], document["jobs"]["publish"]
    used = [step.get("uses", "").partition("@")[0] for step in build["steps"]]

    assert document["permissions"] == {}
    assert used.index("actions/attest-build-provenance") < used.index("actions/upload-artifact")
    assert build["permissions"]["attestations"] == build["permissions"]["id-token"] == "write"
    assert "contents" not in {n for n, v in build["permissions"].items() if v == "write"}
    assert publish["environment"] == "release"
    assert publish["permissions"] == {"contents": "write"}

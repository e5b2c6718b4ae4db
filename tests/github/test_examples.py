"""The example pipelines agree with the action: every input and output they name exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler.cli.main import COMMANDS, cli
from reconciler.github.inputs import CHOICES, SWITCHES
from scripts.shell import faults, scripts
from tests.support.composite import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS = sorted(
    [*(ROOT / "examples/workflows").glob("*.yml"), ROOT / ".github/workflows/reconcile.yml"]
)
PIPELINES = [ROOT / "examples/ci/.gitlab-ci.yml", ROOT / "examples/ci/azure-pipelines.yml"]
OURS = "acme/reconciler@v0"


def read(file: Path) -> dict[Any, Any]:
    """A pipeline; `on` is `True` for this reader, and nobody asks for it."""
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """Every step of a workflow."""
    for job in read(file)["jobs"].values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_inputs_and_outputs_exist(file: Path) -> None:
    """Nothing is misspelt: a runner only warns of an unknown input."""
    for step in steps(file):
        if step.get("uses") == OURS:
            given = step["with"]
            assert set(given) <= set(ACTION["inputs"])
            for name in set(given) & set(CHOICES):
                assert "${{" in given[name] or given[name] in CHOICES[name]
            assert all(isinstance(given[name], bool) for name in set(given) & set(SWITCHES))
    for name in re.findall(r"steps\.plan\.outputs\.([\w-]+)", file.read_text(encoding="utf-8")):
        assert name in ACTION["outputs"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_workflows_grant_little(file: Path) -> None:
    """No right but what a job names, no credentials left in the checkout, actions by commit."""
    document = read(file)
    assert document["permissions"] == {}
    assert all("permissions" in job for job in document["jobs"].values())
    for step in steps(file):
        uses = step.get("uses", OURS)
        assert uses == OURS or re.search(r"@[0-9a-f]{40}$", uses)
        if uses.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_whoever_applies_is_approved_and_alone(file: Path) -> None:
    """An apply has an environment, a group that drops nobody, and the digest of another job."""
    for job in read(file)["jobs"].values():
        for step in job.get("steps", []):
            if step.get("with", {}).get("command") == "apply":
                assert job["environment"]
                assert job["concurrency"]["cancel-in-progress"] is False
                assert job["concurrency"]["queue"] == "max"
                assert step["with"]["expect-digest"] == "${{ needs.plan.outputs.digest }}"


@pytest.mark.parametrize("file", [*WORKFLOWS, *PIPELINES], ids=lambda f: f.name)
def test_scripts_are_sound(file: Path) -> None:
    """shellcheck finds nothing, and no expression stands in a script."""
    if shutil.which("shellcheck", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("shellcheck is not installed")
    for script in scripts(read(file)):
        assert faults(script) == ""


@pytest.mark.parametrize(
    "file", [*PIPELINES, ROOT / "examples/ci/Jenkinsfile"], ids=lambda f: f.name
)
def test_commands_of_other_systems_exist(file: Path) -> None:
    """Every `reconciler` line has a command and flags we know."""
    lines = re.findall(r"\breconciler ((?:validate|plan|apply|drift)\b[^'\n>]*)", file.read_text())
    assert lines
    for line in lines:
        name, *words = shlex.split(line)
        command = cli.get_command(click.Context(cli), name)
        assert name in COMMANDS
        assert command is not None
        known = {flag for option in command.params for flag in option.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_the_reusable_workflow_is_called_with_its_inputs() -> None:
    """The example names inputs the workflow has."""
    called = read(ROOT / "examples/workflows/reusable.yml")["jobs"]["reconcile"]
    workflow = read(ROOT / ".github/workflows/reconcile.yml")
    offered = workflow[True]["workflow_call"]["inputs"]
    tokens = {
        name: step["with"]["token"]
        for name, job in workflow["jobs"].items()
        for step in job["steps"]
        if step["uses"] == OURS
    }

    assert called["uses"] == "acme/reconciler/.github/workflows/reconcile.yml@v0"
    assert set(called["with"]) <= set(offered)
    assert tokens == {name: f"${{{{ secrets.{name}-token }}}}" for name in ("plan", "apply")}


def test_shellcheck_would_find_something() -> None:
    """The check itself works."""
    if shutil.which("shellcheck", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("shellcheck is not installed")

    assert "SC2086" in faults("rm $1")
    assert "expression" in faults("echo ${{ github.ref }}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/shell.py"), str(ROOT / "action.yml")], check=False
    )
    assert done.returncode == 0

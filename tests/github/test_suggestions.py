"""Suggestions of a review: what findings know better, one click away (D5)."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from tests.github.bench import PULL, Bench
from tests.support.composite import Ran

FILE = "manifests/all.yaml"
BROKEN = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec:
  pakageType: npm
  description: 12
"""
PATCH = "@@ -1,4 +1,6 @@\n apiVersion: reconciler/v1\n kind: LocalRepository\n-old\n metadata\n"


@pytest.fixture
def broken(bench: Bench) -> Bench:
    """A pull request that adds two mistakes."""
    bench.write(FILE, BROKEN)
    shown(bench, 4, 5, 6)
    return bench


def shown(bench: Bench, *lines: int) -> None:
    """The lines that the pull request's difference has."""
    text = f"{PATCH}{''.join('+x' + chr(10) for _ in lines)}".rstrip("\n")
    bench.github.changed[PULL] = [{"filename": FILE, "patch": text, "lines": lines}]


def plan(bench: Bench, **inputs: str) -> Ran:
    """Plan with suggestions."""
    return bench.plan(suggestions="true", **inputs)


def replaced(suggested: list[dict[str, Any]]) -> str:
    """The file with every suggestion taken."""
    lines = BROKEN.split("\n")
    for one in suggested:
        body = one["body"].partition("```suggestion\n")[2].partition("\n```")[0]
        lines[one["line"] - 1] = body
    return "\n".join(lines)


def test_mistakes_get_suggestions(broken: Bench) -> None:
    """On their lines, for the head of the pull request; taken, the manifests are valid."""
    ran = plan(broken)
    made = broken.github.suggested
    broken.write(FILE, replaced(made))

    assert ran.code == 1
    assert [(one["path"], one["line"], one["side"]) for one in made] == [
        (FILE, 5, "RIGHT"),
        (FILE, 6, "RIGHT"),
    ]
    assert ran.annotated("warning") == []
    assert plan(broken).code == 0


def test_they_are_what_the_patch_says(broken: Bench) -> None:
    """The same findings, the same words: `git apply` makes the same file of it."""
    plan(broken)
    taken = replaced(broken.github.suggested)
    git = shutil.which("git") or "git"
    subprocess.run([git, "init", "-q", str(broken.root)], check=True)
    made = broken.write("made.patch", broken("validate", "--output", "patch").out)
    subprocess.run([git, "-C", str(broken.root), "apply", str(made)], check=True)

    assert (broken.root / FILE).read_text() == taken


def test_they_are_made_once(broken: Bench) -> None:
    """A push that leaves the mistake gets no second suggestion."""
    for _ in range(3):
        plan(broken)

    assert len(broken.github.suggested) == 2


def test_lines_outside_of_the_difference_get_none(broken: Bench) -> None:
    """GitHub would refuse the whole review."""
    shown(broken, 4, 5)
    ran = plan(broken)

    assert [one["line"] for one in broken.github.suggested] == [5]
    assert ran.annotated("warning") == []


def test_off_by_default_and_never_fatal(broken: Bench) -> None:
    """Nothing without the input; a refusal is a warning."""
    broken.plan()
    assert broken.github.suggested == []
    broken.github.fault("POST", "*/reviews", times=9, status=422)
    ran = plan(broken)

    assert ran.code == 1
    assert "the suggestions could not be shown" in ran.annotated("warning")[0]

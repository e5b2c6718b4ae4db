"""`validate --output patch`: what findings know better, as `git apply` takes it (D5)."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Diagnostic, Fix
from reconciler.report.patch import fixed, patch
from tests.cli.support import Desk, local, remote

BROKEN = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec: {pakageType: npm, description: 12} # ü
---
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: b
spec:
  packageType: npm\r
  xrayIndx: yes # kept"""


def test_it_applies_cleanly_and_the_manifests_are_valid(desk: Desk) -> None:
    """From a workspace in a folder; nothing but the wrong words changes, line ends included."""
    git = shutil.which("git") or "git"
    desk.write("infra/reconciler.yaml", (desk.root / "reconciler.yaml").read_text())
    file = desk.write("infra/manifests/a.yaml", BROKEN)
    subprocess.run([git, "init", "-q", str(desk.root)], check=True)
    seen = desk("validate", "--workspace", "infra", "--output", "patch")
    made = desk.write("made.patch", seen.out)
    subprocess.run([git, "-C", str(desk.root), "apply", str(made)], check=True)
    expected = BROKEN.replace("pakageType", "packageType").replace("description: 12", QUOTED)

    assert seen.code == 1
    assert "error[unknown-field]" in seen.err
    assert file.read_bytes().decode() == expected.replace("xrayIndx", "xrayIndex")


QUOTED = 'description: "12"'


def test_nothing_to_fix_is_no_patch(desk: Desk) -> None:
    """Valid manifests, and findings that people have to think about."""
    desk.declare(local("a"))
    fine = desk("validate", "--output", "patch")
    desk.write("manifests/b.yaml", BROKEN.replace("pakageType", "completelyElse").split("---")[0])
    wrong = desk("validate", "--output", "patch")

    assert (fine.code, fine.out) == (0, "")
    assert wrong.code == 1
    assert '+spec: {completelyElse: npm, description: "12"}' in wrong.out


def test_fixes_are_in_sarif_too(desk: Desk) -> None:
    """Readers of SARIF offer them."""
    desk.write("manifests/a.yaml", BROKEN.split("---")[0])
    found = desk("validate", "--output", "sarif").document["runs"][0]["results"]
    fixes = [change for r in found for f in r["fixes"] for change in f["artifactChanges"]]

    assert [c["replacements"][0]["insertedContent"]["text"] for c in fixes] == [
        "packageType",
        '"12"',
    ]
    assert fixes[0]["replacements"][0]["deletedRegion"] == {
        "startLine": 4,
        "startColumn": 8,
        "endColumn": 18,
    }


def test_what_is_not_there_any_more_is_left_alone() -> None:
    """A fix is about a text that was read; another one is not touched."""
    finding = Diagnostic("x", "error", "x", file="a", line=1, column=1, fix=Fix("old", "new"))

    assert fixed("other\n", [finding]) == "other\n"
    assert patch([finding], lambda file: None) == ""


def test_a_file_with_a_secret_in_it_is_not_shown(desk: Desk) -> None:
    """A patch has lines as they are: none of a file in which somebody wrote a password."""
    for field in ("password", "pasword", "passwrd", "pw_secret"):
        broken = remote("r", xrayIndx=True, **{field: "correct-horse"})
        desk.write("manifests/a.yaml", yaml.safe_dump(broken))
        seen = desk("validate", "--output", "patch")
        assert "xrayIndx" in seen.err
        assert seen.out == "", field


@given(text=st.text(), line=st.integers(0, 5), column=st.integers(0, 20), old=st.text(max_size=3))
def test_any_finding_on_any_text(text: str, line: int, column: int, old: str) -> None:
    """No place is out of reach of a mistake; only the text that is meant changes."""
    finding = Diagnostic("x", "error", "x", file="a", line=line, column=column, fix=Fix(old, old))

    assert fixed(text, [finding]) == text


@pytest.mark.parametrize("key", ['"pakageType"', "pakageType"])
def test_keys_in_quotes_are_left_to_people(desk: Desk, key: str) -> None:
    """The place is that of the quote."""
    desk.write("manifests/a.yaml", BROKEN.split("---")[0].replace("pakageType", key))
    seen = desk("validate", "--output", "patch")

    assert ("packageType: npm" in seen.out) is (key == "pakageType")

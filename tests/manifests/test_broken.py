"""Broken workspaces in, what `reconciler validate` says of them out: every word is compared.

A folder below `broken/` is a workspace; `expected.txt` is what stderr must hold, `args.txt` further
words of the command line. What cannot be kept in Git is built by a function below.
`UPDATE_GOLDEN=1` rewrites the expectations: read them as a stranger would before they are kept.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import rules
from reconciler.cli.main import run

BROKEN = Path(__file__).parent / "broken"
MANIFEST = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec: {packageType: npm, xrayIndex: 1}
"""
WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec:
  manifests: [manifests]
"""
CANARY = "hunter2"


def _workspace(folder: Path, **files: str) -> Path:
    (folder / "manifests").mkdir()
    (folder / "reconciler.yaml").write_text(WORKSPACE)
    for name, text in files.items():
        (folder / "manifests" / f"{name}.yaml").write_text(text)
    return folder


def _too_large(folder: Path) -> None:
    _workspace(folder, a=MANIFEST + "# " + "x" * 20_000_000)


def _link_to_file(folder: Path) -> None:
    outside = folder.parent / "outside.yaml"
    outside.write_text("password: " + CANARY)
    (_workspace(folder, a=MANIFEST) / "manifests" / "link.yaml").symlink_to(outside)


def _link_to_folder(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "b.yaml").write_text("password: " + CANARY)
    (_workspace(folder, a=MANIFEST) / "manifests" / "link").symlink_to(outside)


def _links_below_the_workspace(folder: Path) -> None:
    inside = _workspace(folder, a=MANIFEST) / "manifests"
    (inside / "again").symlink_to(inside)
    (inside / "nowhere.yaml").symlink_to(inside / "nothing")


def _workspace_folder_is_a_link(folder: Path) -> None:
    outside = folder.parent / "elsewhere"
    outside.mkdir()
    (outside / "b.yaml").write_text("password: " + CANARY)
    (folder / "reconciler.yaml").write_text(WORKSPACE)
    (folder / "manifests").symlink_to(outside)


def _folder_named_like_a_file(folder: Path) -> None:
    (_workspace(folder) / "manifests" / "a.yaml").mkdir()


def _hidden_characters_in_file_names(folder: Path) -> None:
    _workspace(folder, **{"a\x1b[31mred": MANIFEST, "b\u202elmay": MANIFEST})


def _aliases_without_end(folder: Path) -> None:
    many = "".join(f"    k{i}: *one\n" for i in range(300))
    _workspace(folder, a=MANIFEST.replace(" 1}", " true, extra: {one: &one a}}") + f"more:\n{many}")


MADE: dict[str, Callable[[Path], None]] = {
    "made-file-too-large": _too_large,
    "made-link-to-file": _link_to_file,
    "made-link-to-folder": _link_to_folder,
    "made-links-below-the-workspace": _links_below_the_workspace,
    "made-workspace-folder-is-a-link": _workspace_folder_is_a_link,
    "made-folder-named-like-a-file": _folder_named_like_a_file,
    "made-hidden-characters-in-file-names": _hidden_characters_in_file_names,
    "made-aliases-without-end": _aliases_without_end,
}


def _arguments(name: str) -> list[str]:
    file = BROKEN / name / "args.txt"
    return file.read_text().split() if file.exists() else []


def validate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `reconciler validate` in one broken workspace."""
    folder = BROKEN / name
    if name in MADE:
        folder = tmp_path / "workspace"
        folder.mkdir()
        MADE[name](folder)
    for variable in list(os.environ):
        if variable.startswith(("JF", "RECONCILER_", "GITHUB_", "NO_COLOR", "FORCE_COLOR")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("CORP_PASSWORD", "a value nobody may see")
    monkeypatch.chdir(folder)
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    code = run(["validate", *more, "--no-color", *_arguments(name)])
    return code, out.getvalue(), err.getvalue()


NAMES = sorted({*(path.name for path in BROKEN.iterdir() if path.is_dir()), *MADE})


@pytest.mark.parametrize("name", NAMES)
def test_says_exactly_this(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault is told once, at its place, in these words; the exit code follows from them."""
    golden = BROKEN / name / "expected.txt"

    code, out, err = validate(name, tmp_path, monkeypatch)

    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(err, encoding="utf-8")
    assert err == golden.read_text(encoding="utf-8")
    assert code == (1 if " error[" in f" {err}" else 0)
    assert "Traceback" not in err
    assert CANARY not in out + err


OFFLINE = {
    **rules.TEXT,
    **rules.FILES,
    **rules.STRUCTURE,
    **rules.SETS,
    **rules.ENVIRONMENTS,
    **rules.TOMBSTONES,
    **rules.GUARDRAILS,
    **rules.WORKSPACE,
    **rules.REFERENCES,
    **rules.SECRETS,
    **rules.REPOSITORIES,
    **rules.ACCESS,
    **rules.POLICIES,
}


def test_every_offline_rule_has_a_case() -> None:
    """No rule that `validate` can break is without an example of its words."""
    told = "".join((BROKEN / name / "expected.txt").read_text("utf-8") for name in NAMES)

    assert {*re.findall(r"(?:error|warning)\[([a-z-]+)\]", told)} == {
        *OFFLINE,
        "usage",
    } - {"cannot-format", "derived", "file-exists"}  # of `fmt` and `export`


def test_severities_are_those_of_the_catalogue() -> None:
    """What the catalogue calls a warning is one, unless `--strict` was given."""
    for name in NAMES:
        told = (BROKEN / name / "expected.txt").read_text("utf-8")
        for severity, rule_id in re.findall(r"(error|warning)\[([a-z-]+)\]", told):
            if "--strict" not in _arguments(name):
                assert severity == rules.RULES[rule_id].severity, (name, rule_id)


SOME = [
    "api-version-wrong",
    "encoding-latin-1",
    "extra-field-strict",
    "many-faults",
    "names-with-hidden-characters",
    "no-workspace",
    "package-type-unknown",
    "secret-literal",
    "workspace-secret-literal",
    "wrong-type-many-lines",
]


@pytest.mark.parametrize("name", SOME)
def test_json_says_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--output json`, stdout is one document whose diagnostics are those of the text."""
    text = (BROKEN / name / "expected.txt").read_text("utf-8")

    code, out, _ = validate(name, tmp_path, monkeypatch, "--output", "json")
    document = json.loads(out)
    found = document["diagnostics"]

    assert document["exitCode"] == code
    assert CANARY not in out
    if name != "no-workspace":
        assert document["format"] == "reconciler.validation/v1"
        assert document["valid"] is (code == 0)
        errors = [d for d in found if d["severity"] == "error"]
        assert document["counts"]["errors"] == len(errors)
    assert re.findall(r"^(?:\S.*)?(?:error|warning)\[([a-z-]+)\]:", text, re.M) == [
        d["rule"] for d in found
    ]
    for diagnostic in found:
        assert set(diagnostic) == {
            "rule", "severity", "summary", "detail", "hint", "file", "line", "column", "address",
        }  # fmt: skip
        if diagnostic["line"]:
            place = "{file}:{line}:{column}".format(**diagnostic)
            assert place in text


def test_github_annotations_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most ten annotations of a severity, each on its line; the last one counts the rest."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "reconciler.yaml").write_text(WORKSPACE)
    for i in range(25):
        file = tmp_path / "manifests" / f"{i:02}, 100%.yaml"
        file.write_text(MANIFEST.replace("name: a", f"name: a{i}"))
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)

    code = run(["validate", "--output", "github"])
    lines = out.getvalue().splitlines()

    assert code == 1
    assert lines[0] == (
        "::error file=manifests/00%2C 100%25.yaml,line=4,col=37,title=wrong-type::"
        "'xrayIndex' must be true or false, not a number%0Ahelp: write true"
    )
    assert len(lines) == 10
    assert lines[-1] == "::error::and 16 more errors, see the log"


@pytest.mark.parametrize("name", [*SOME, "made-hidden-characters-in-file-names"])
def test_github_annotations_are_whole_lines(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a manifest holds, every line is one command of ours and repeats no secret."""
    _, out, _ = validate(name, tmp_path, monkeypatch, "--output", "github")

    assert CANARY not in out
    for line in out.splitlines():
        assert re.match(r"::(error|warning)( file=[^:]+,title=[a-z-]+| title=[a-z-]+)?::\S", line)

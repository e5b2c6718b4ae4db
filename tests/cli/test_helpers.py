"""The commands around the run: init, fmt, render, kinds, schema, explain, completion, sandbox."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler.cli.main import COMMANDS
from reconciler.kinds.registry import builtin
from tests.cli.support import COMMAND, REPOSITORIES, Desk, local

TOOLS = Path(sys.executable).parent


# --- help


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_help(desk: Desk, name: str) -> None:
    """The help says what the command does, in a sentence, and explains every flag."""
    seen = desk(name, "--help")

    assert seen.code == 0
    assert f"Usage: reconciler {name}" in seen.out
    assert seen.err == ""
    flags = [line for line in seen.out.splitlines() if line.startswith("  -")]
    assert flags


def test_the_help_lists_every_command(desk: Desk) -> None:
    """`--help` names each command with its sentence."""
    seen = desk("--help")

    for name, words in COMMANDS.items():
        assert name in seen.out
        assert words.split(",")[0] in seen.out


def test_version(desk: Desk) -> None:
    """`--version` prints one line."""
    from reconciler import __version__

    assert desk("--version").out == f"reconciler, version {__version__}\n"


# --- init


def test_init_writes_a_workspace_that_validates(desk: Desk) -> None:
    """What init writes is valid, formatted, and plans."""
    seen = desk("init", "new")
    desk.patch.chdir(desk.root / "new")

    assert seen.code == 0, seen.both
    assert "created new/reconciler.yaml" in seen.out
    assert desk("validate").code == 0
    assert desk("fmt", "--check").code == 0
    assert desk("plan").code == 0
    assert (desk.root / "new/.reconciler/schemas/manifest.schema.json").exists()


def test_init_points_editors_at_schemas_that_exist(desk: Desk) -> None:
    """Every schema header of the files it writes leads to a file."""
    desk("init", "new")
    found = list((desk.root / "new").rglob("*.yaml"))
    for file in found:
        header = file.read_text().splitlines()[0]
        assert (file.parent / header.partition("$schema=")[2]).resolve().exists(), header

    assert len(found) == 2


def test_exported_files_point_editors_at_the_same_schemas(desk: Desk) -> None:
    """So do exported manifests."""
    desk("init", "new")
    desk.make("a")
    desk.patch.chdir(desk.root / "new")
    desk("export")
    file = desk.root / "new/manifests/LocalRepository/a.yaml"
    header = file.read_text().splitlines()[0]

    assert (file.parent / header.partition("$schema=")[2]).resolve().exists(), header


@pytest.mark.parametrize("name", ["reconciler.yaml", "manifests/example.yaml"])
def test_init_overwrites_nothing(desk: Desk, name: str) -> None:
    """One file that exists already stops it before the first is written."""
    desk.write(f"new/{name}", "mine")
    seen = desk("init", "new")

    assert seen.code == 1
    assert name in seen.err
    assert [f for f in (desk.root / "new").rglob("*") if f.is_file()] == [desk.root / "new" / name]
    assert (desk.root / "new" / name).read_text() == "mine"


@pytest.mark.parametrize("folder", ["UPPER case", "-dash-", "ümlaut", "7"])
def test_init_names_the_workspace_after_any_folder(desk: Desk, folder: str) -> None:
    """Odd folder names become valid workspace names."""
    assert desk("init", "--", folder).code == 0
    desk.patch.chdir(desk.root / folder)

    assert desk("validate").code == 0


@pytest.mark.parametrize("name", ["two words", "", "a: b", "-x"])
def test_init_refuses_names_that_are_none(desk: Desk, name: str) -> None:
    """A name that would make an invalid workspace is refused before anything is written."""
    seen = desk("init", "new", f"--name={name}")

    assert seen.code == 1
    assert not (desk.root / "new").exists()


ZIZMOR = Path(__file__).resolve().parent.parent.parent / ".github" / "zizmor.yml"


def test_init_github(desk: Desk) -> None:
    """The workflow it writes passes the linters that are installed."""
    desk("init", "new", "--github")
    workflow = desk.root / "new/.github/workflows/artifactory.yml"
    checks = {
        "check-jsonschema": ["--builtin-schema", "vendor.github-workflows", str(workflow)],
        "zizmor": ["--offline", "--quiet", "--config", str(ZIZMOR), str(workflow)],
    }
    ran = 0
    for tool, args in checks.items():
        path = shutil.which(tool, path=str(TOOLS))
        if path is not None:
            done = subprocess.run(
                [path, *args], capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            ran += 1
    if not ran:
        pytest.skip("neither check-jsonschema nor zizmor is installed")


# --- fmt

UNTIDY = """\
# top

apiVersion:   reconciler/v1
kind: LocalRepository   # what it is
metadata:
    name: 'a'
    labels: { team:   pay }
spec:
      packageType: generic
      # why
      description:   "x"
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_fmt(desk: Desk, ends: str) -> None:
    """Formatting keeps comments, line ends and meaning, and done twice changes nothing."""
    file = desk.write("manifests/a.yaml", UNTIDY.replace("\n", ends))
    before = desk("plan", "--output", "json").document["digest"]
    check = desk("fmt", "--check")
    unchanged = file.read_bytes()
    done = desk("fmt")
    text = file.read_bytes().decode()
    again = desk("fmt", "--check")

    assert check.code == 1
    assert "would format manifests/a.yaml" in check.out
    assert unchanged == UNTIDY.replace("\n", ends).encode()
    assert done.code == 0, done.both
    assert "formatted manifests/a.yaml" in done.out
    for comment in ("# top", "# what it is", "# why"):
        assert comment in text
    assert text.count("\r\n") == (text.count("\n") if ends == "\r\n" else 0)
    assert again.code == 0, again.both
    assert desk("plan", "--output", "json").document["digest"] == before


def test_fmt_of_one_file(desk: Desk) -> None:
    """A path limits it."""
    desk.write("manifests/a.yaml", UNTIDY)
    other = desk.write("manifests/b.yaml", UNTIDY.replace("'a'", "'b'"))
    desk("fmt", "manifests/a.yaml")

    assert other.read_text() == UNTIDY.replace("'a'", "'b'")


def test_fmt_of_broken_yaml(desk: Desk) -> None:
    """A file that is no YAML is told with its place; no file is changed."""
    good = desk.write("manifests/a.yaml", UNTIDY)
    desk.write("manifests/b.yaml", "a: [1,\nb: 2\n")
    seen = desk("fmt")

    assert seen.code == 1
    assert "manifests/b.yaml:" in seen.err
    assert good.read_text() == UNTIDY


# --- render


def test_render(desk: Desk) -> None:
    """Final documents with the workspace's defaults merged in, each with its origin."""
    desk.workspace(defaults={"LocalRepository": {"xrayIndex": True, "notes": "default"}})
    desk.declare(local("a", notes="own"), local("b", metadata={"labels": {"team": "pay"}}))
    seen = desk("render")
    documents = list(yaml.safe_load_all(seen.out))

    assert seen.code == 0, seen.both
    assert documents[0]["spec"] == {"packageType": "generic", "notes": "own", "xrayIndex": True}
    assert documents[1]["spec"]["notes"] == "default"
    assert documents[1]["metadata"]["labels"] == {"team": "pay"}
    assert "# manifests/all.yaml:1" in seen.out
    assert "# manifests/all.yaml:3" in seen.out


def test_rendered_documents_are_manifests(desk: Desk) -> None:
    """What render prints is valid again, and plans the same."""
    desk.workspace(defaults={"LocalRepository": {"xrayIndex": True}})
    desk.declare(local("a", lifecycle={"protect": True, "ignore": ["spec.notes"]}), local("b"))
    digest = desk("plan", "--output", "json").document["digest"]
    text = desk("render").out
    desk.write("manifests/all.yaml", text)

    assert desk("plan", "--output", "json").document["digest"] == digest


def test_render_of_two_platforms(pair: Desk) -> None:
    """One document for each platform an object is meant for."""
    pair.declare(local("a", metadata={"platforms": ["east", "west"]}))
    documents = list(yaml.safe_load_all(pair("render").out))

    assert [d["metadata"]["platforms"] for d in documents] == [["east"], ["west"]]


# --- kinds, schema, explain, completion


def test_kinds(desk: Desk) -> None:
    """Every kind of the code, in both formats."""
    text = desk("kinds").out
    names = [k["name"] for k in desk("kinds", "--output", "json").document["kinds"]]

    assert names == list(builtin().names())
    for name in names:
        assert name in text


def test_schema(desk: Desk) -> None:
    """One kind, the umbrella, or all into a folder: valid schemas that take valid manifests."""
    umbrella = json.loads(desk("schema").out)
    one = json.loads(desk("schema", "LocalRepository").out)
    seen = desk("schema", "--write", "schemas")
    files = {f.name for f in (desk.root / "schemas").iterdir()}

    for schema in (umbrella, one):
        jsonschema.Draft202012Validator.check_schema(schema)
    assert {"manifest.schema.json", "Workspace.schema.json", "LocalRepository.schema.json"} <= files
    assert f"{len(files)} schemas" in seen.err
    assert jsonschema.Draft202012Validator(one).is_valid(local("a"))
    assert not jsonschema.Draft202012Validator(one).is_valid(local("a", descripton="x"))


def test_schema_misspelt(desk: Desk) -> None:
    """A misspelt kind is answered with the nearest."""

    assert "did you mean 'LocalRepository'?" in desk("schema", "LocalRepositry").err


@pytest.mark.parametrize(
    "target, words",
    [
        ("LocalRepository", "packageType"),
        ("LocalRepository.xrayIndex", "true or false"),
        ("LocalRepository.spec.xrayIndex", "true or false"),
        ("RemoteRepository.contentSynchronisation.statistics.enabled", "true or false"),
        ("RemoteRepository.contentSynchronisation.statistics", "statistics"),
        ("VirtualRepository.repositories", "names a"),
        ("RemoteRepository.password", "secret"),
    ],
)
def test_explain(desk: Desk, target: str, words: str) -> None:
    """A kind, a field, a nested field: documentation in lines of a terminal's width."""
    seen = desk("explain", target)

    assert seen.code == 0, seen.both
    assert words in seen.out
    assert max(map(len, seen.out.splitlines())) <= 100


@pytest.mark.parametrize(
    "target, near",
    [
        ("LocalRepositry", "LocalRepository"),
        ("localrepository", "LocalRepository"),
        ("LocalRepository.xrayIndx", "xrayIndex"),
        ("LocalRepository.xray_index", "xrayIndex"),
        ("RemoteRepository.contentSynchronisation.statistic", "statistics"),
    ],
)
def test_explain_misspelt(desk: Desk, target: str, near: str) -> None:
    """What is misspelt is answered with the nearest."""
    seen = desk("explain", target)

    assert seen.code == 1
    assert f"did you mean '{near}'?" in seen.err


def test_every_field_can_be_explained(desk: Desk) -> None:
    """No field of any kind lacks its documentation."""
    for kind in builtin():
        assert desk("explain", kind.name).code == 0
        for name in kind.fields:
            seen = desk("explain", f"{kind.name}.{name}")
            assert seen.code == 0
            assert len(seen.out.splitlines()) > 2, seen.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(desk: Desk, shell: str) -> None:
    """Each shell gets a script that it can read; nothing else is written."""
    seen = desk("completion", shell)
    path = shutil.which(shell)

    assert seen.code == 0
    assert "_RECONCILER_COMPLETE" in seen.out
    assert seen.err == ""
    if path is not None:
        done = subprocess.run([path, "-n"], input=seen.out, text=True, timeout=10, check=False)
        assert done.returncode == 0


def test_completing_a_command(desk: Desk) -> None:
    """The script's question is answered with commands and flags."""
    import os

    def ask(words: str, position: int) -> str:
        variables = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": words}
        done = subprocess.run(
            COMMAND,
            env={**os.environ, **variables, "COMP_CWORD": str(position)},
            cwd=desk.root,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.stdout + done.stderr

    assert "plain,plan" in ask("reconciler pl", 1)
    assert "plain,--detailed-exitcode" in ask("reconciler plan --det", 2)


# --- sandbox


@contextmanager
def sandbox(desk: Desk, *args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The sandbox as a process, and what it said when it was ready."""
    process = subprocess.Popen(
        [*COMMAND, "sandbox", *args],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def answer(platform: dict[str, str], path: str) -> Any:
    """What a platform answers to a GET."""
    request = urllib.request.Request(
        platform["url"] + path, headers={"Authorization": f"Bearer {platform['token']}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_sandbox_keeps_its_state(desk: Desk) -> None:
    """One JSON line when ready; SIGTERM ends it with 0; --state keeps repositories."""
    desk.declare(local("a"))
    with sandbox(desk, "--state", "state.json", "--version", "7.104.2") as (process, ready):
        main = ready["platforms"]["default"]
        version = answer(main, "/artifactory/api/system/version")["version"]
        desk.patch.setenv("JFROG_URL", main["url"])
        desk.patch.setenv("JFROG_ACCESS_TOKEN", main["token"])
        applied = desk("apply", "--yes")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    with sandbox(desk, "--state", "state.json") as (_, ready):
        found = answer(ready["platforms"]["default"], REPOSITORIES)

    assert version == "7.104.2"
    assert applied.code == 0, applied.both
    assert (process.returncode, out, err) == (0, "", "")
    assert [r["key"] for r in found] == ["a"]


def test_sandbox_of_two_platforms(desk: Desk) -> None:
    """Each has its own address and token; Ctrl-C ends it with 0."""
    with sandbox(desk, "--platforms", "east, west") as (process, ready):
        platforms = ready["platforms"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert set(platforms) == {"east", "west"}
    assert platforms["east"]["url"] != platforms["west"]["url"]
    assert platforms["east"]["token"] != platforms["west"]["token"]
    assert process.returncode == 0


def test_sandbox_with_a_damaged_state(desk: Desk) -> None:
    """A state file that is none is told in words, and kept."""
    file = desk.write("state.json", "{")
    seen = desk("sandbox", "--state", "state.json")

    assert seen.code == 1
    assert "state.json" in seen.err
    assert "should not have happened" not in seen.err
    assert file.read_text() == "{"


def test_sandbox_at_a_taken_port(desk: Desk) -> None:
    """A port that is taken is told in words."""
    port = desk.urls["default"].rpartition(":")[2]
    seen = desk("sandbox", "--port", port)

    assert seen.code == 1
    assert "should not have happened" not in seen.err
    assert port in seen.err

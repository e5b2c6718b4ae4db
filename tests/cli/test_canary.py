"""A secret's value is sent to the platform, and is found nowhere else: in every command."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import click
import pytest

from reconciler.cli.main import COMMANDS, cli
from tests.cli.canary import (
    HEADER,
    PASSWORD,
    VALUES,
    Watch,
    declared,
    furnish,
    leaks,
)
from tests.cli.support import Desk, local
from tests.support.written import watched

CASES: dict[str, list[str]] = {
    "init": ["init made --github"],
    "validate": [
        "validate",
        "validate --output json",
        "validate --output github",
        "validate --output sarif",
        "validate --output junit",
        "validate --output patch",
        "validate --online",
    ],
    "render": ["render", "render --output json", "render --environment prod"],
    "compare": [
        "compare dev prod",
        "compare dev prod --output json",
        "compare dev prod --output markdown",
    ],
    "fmt": ["fmt --check", "fmt"],
    "plan": [
        "plan --out plan.json",
        "plan --output json --unmanaged",
        "plan --output markdown",
        "plan --output html",
        "plan --output sarif",
        "plan --output junit",
        "plan --snapshot state.json.gz",
        "plan --rotate RemoteRepository/r#spec.password",
        "plan --rotate RemoteRepository/r#spec.pass",
    ],
    "apply": [
        "apply --yes --output json",
        "apply --yes --rotate RemoteRepository/r#spec.password",
        "apply --yes --output markdown --rotate RemoteRepository/t#spec.customHttpHeaders[0].value",
        "apply --yes --output html --rotate RemoteRepository/f#spec.password",
        "apply --plan plan.json",
        "apply --plan plan.json --shrink-only",
    ],
    "drift": [
        "drift",
        "drift --output json",
        "drift --output html",
        "drift --unmanaged",
        "drift --accept --dry-run",
        "drift --accept",
    ],
    "graph": ["graph --format svg", "graph --format mermaid", "graph --format dot --out g.dot"],
    "export": [
        "export exported",
        "export -",
        "export --output json other",
        "export --update",
    ],
    "snapshot": ["snapshot --out state.json", "snapshot --out state.json.gz --output json"],
    "import": [
        "import terraform terraform.json --out imported",
        "import terraform terraform.json --output json --out twice",
    ],
    "adopt": ["adopt --all", "adopt RemoteRepository/live --output json"],
    "release": ["release RemoteRepository/r", "release RemoteRepository/f --output json"],
    "status": ["status", "status --output json", "status RemoteRepository/r"],
    "run": [
        "run RemoteRepository/r full-sync --yes",
        "run FederatedRepository/fed full-sync --yes --output json",
    ],
    "doctor": ["doctor", "doctor --output json --bundle made.zip"],
    "undo": [
        "undo --list",
        "undo --plan-only",
        "undo --plan-only --output markdown",
        "undo --plan-only --output html",
        "undo --yes --output json",
    ],
    "test": ["test", "test --output json"],
    "unlock": ["unlock nobody", "unlock nobody --output json"],
    "kinds": ["kinds", "kinds --output json"],
    "schema": ["schema", "schema RemoteRepository", "schema --write made-schemas"],
    "explain": [
        "explain RemoteRepository.password",
        "explain RemoteRepository/r",
        "explain RemoteRepository/r --output json",
        "explain RemoteRepository/r --plan plan.json",
        "explain RemoteRepository/live --offline",
    ],
    "sandbox": ["sandbox --version nonsense", "sandbox --state secret.txt"],
    "completion": ["completion bash", "completion zsh", "completion fish"],
}
"""Command lines that make every command tell as much as it can; each is run in every state."""


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """A workspace with secrets in every place there can be one."""
    return furnish(desk)


def test_every_command_has_a_case() -> None:
    """A new command is looked at too; so is every form of output it has."""
    assert set(CASES) == set(COMMANDS)
    for name, lines in CASES.items():
        for option in ("--output", "--format"):
            forms = _choices(name, option)
            shown = {form for form in forms for line in lines if f"{option} {form}" in line}
            assert forms <= {*shown, _default(name, option)}, name


def _command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def _option(name: str, option: str) -> click.Parameter | None:
    return next((p for p in _command(name).params if option in p.opts), None)


def _choices(name: str, option: str) -> set[str]:
    found = _option(name, option)
    return set(found.type.choices) if found and isinstance(found.type, click.Choice) else set()


def _default(name: str, option: str) -> object:
    found = _option(name, option)
    return found.default if found else None


TALKING = ("adopt", "apply", "drift", "export", "plan", "snapshot")
"""Commands that certainly talk to a platform."""

STATES = ["fresh", "applied", "changed", "without values"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", CASES)
def test_no_command_tells(watch: Watch, name: str, state: str) -> None:
    """Before the first apply, after it, once secrets changed, and without any of them."""
    desk = watch.desk
    if _needs_state(name):
        prepare(watch, state)
    elif state != "fresh":
        return
    for line in CASES[name]:
        args = shlex.split(line)
        for flag, value in (("--verbose", None), ("--trace", "trace.jsonl")):
            if _option(name, flag) is not None:
                args += [flag, *([value] if value else [])]
        seen = watch(*args)
        assert "should not have happened" not in seen.err, (line, seen.err)
        assert "Traceback" not in seen.err, (line, seen.err)
        assert "No such option" not in seen.err, (line, seen.err)
    assert (desk.root / "trace.jsonl").exists() or name not in TALKING


def _needs_state(name: str) -> bool:
    return _option(name, "--workspace") is not None


def prepare(watch: Watch, state: str) -> None:
    """Bring the desk into a state; every step of it is watched."""
    desk = watch.desk
    if state != "fresh":
        assert watch("apply", "--yes").code == 0
        assert watch("snapshot", "--out", "state.json.gz").code == 0
    if state == "changed":
        desk.patch.setenv("R_PASSWORD", f"{PASSWORD}!")
        desk.meddle("r", notes="somebody's")
        desk.declare(*declared(description="new"))
    if state == "without values":
        desk.patch.delenv("R_PASSWORD")
        desk.patch.delenv("RECONCILER_FINGERPRINT_KEY")
        (desk.root / "secret.txt").unlink()
    watch("plan", "--out", "plan.json")


def test_values_do_arrive(watch: Watch) -> None:
    """All this would mean little if nothing were sent: the server has every value."""
    desk = watch.desk
    assert watch("apply", "--yes").code == 0
    stored = desk.send("GET", "/_sandbox/state").text

    assert {PASSWORD, HEADER} <= {value for value, _ in leaks(stored.encode())}
    assert "hmac-sha256:" in (desk.root / ".reconciler/inventory.dev.json").read_text()


def test_the_watch_sees(tmp_path: Path) -> None:
    """The test tests: files that are gone, renamed or hidden are seen, and every form is known."""
    with watched() as written:
        (tmp_path / "gone").write_text("1 gone")
        (tmp_path / "gone").unlink()
        (tmp_path / "fresh").write_text("2 fresh")
        (tmp_path / "fresh").replace(tmp_path / ".target")
        (tmp_path / "twice").write_text("3 first")
        (tmp_path / "twice").write_text("4 second")
        shutil.copyfile(tmp_path / "twice", tmp_path / "copy")
    found = {text.decode() for _, text in written.contents()}

    assert {"1 gone", "2 fresh", "3 first", "4 second"} <= found
    for value in VALUES:
        assert list(leaks(f"x{json.dumps({'a': value})}".encode()))


def test_a_changed_secret_is_noticed_without_being_told(watch: Watch) -> None:
    """A new value is a change; neither the old nor the new one is shown."""
    watch("apply", "--yes")
    watch.desk.patch.setenv("R_PASSWORD", HEADER)
    seen = watch("plan", "--detailed-exitcode")

    assert seen.code == 2, seen.both
    assert "secret, changed" in seen.out
    assert watch("apply", "--yes").code == 0
    assert watch("plan", "--detailed-exitcode").code == 0


def test_rotate(watch: Watch) -> None:
    """--rotate writes a secret that nothing shows to have changed."""
    watch("apply", "--yes")
    watch.desk.sandbox.reset_requests()
    seen = watch("apply", "--yes", "--rotate", "RemoteRepository/r#spec.password")

    assert seen.code == 0, seen.both
    assert len(watch.desk.writes()) == 1


def test_tokens_in_urls(desk: Desk) -> None:
    """A user name and a password in a platform's URL are refused, and shown nowhere."""
    desk.declare(local("a"))
    host = desk.urls["default"].removeprefix("http://")
    desk.patch.setenv("JFROG_URL", f"http://someone:url-canary@{host}")
    seen = desk("plan", "--verbose", "--trace", "trace.jsonl")

    assert seen.code == 1
    assert "holds a user name or password" in seen.err
    files = (f.read_text() for f in desk.root.rglob("*") if f.is_file())
    for text in (seen.both, *files):
        assert "url-canary" not in text

"""What goes to stdout and to stderr, in which dress, and who is asked what."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.cli import test_exit_codes as situations
from tests.cli.support import COMMAND, Desk, Stream, local, remote

SCHEMAS = Path(__file__).parents[2] / "schemas" / "documents"
ESC = "\x1b"

JSON_CASES: list[tuple[situations.Prepare, str, int, str]] = [
    (situations.nothing_to_do, "validate", 0, "validation"),
    (situations.nothing_to_do, "validate --online", 0, "validation"),
    (situations.nothing_to_do, "plan", 0, "plan"),
    (situations.nothing_to_do, "apply", 0, "outcome"),
    (situations.nothing_to_do, "drift", 0, "drift"),
    (situations.nothing_to_do, "export", 0, "export"),
    (situations.nothing_to_do, "adopt --all", 0, "adopt"),
    (situations.nothing_to_do, "release LocalRepository/a", 0, "release"),
    (situations.nothing_to_do, "release LocalRepository/b", 1, "error"),
    (situations.nothing_to_do, "render", 0, "render"),
    (situations.nothing_to_do, "kinds", 0, "kinds"),
    (situations.pending, "plan", 0, "plan"),
    (situations.pending, "plan --detailed-exitcode", 2, "plan"),
    (situations.pending, "apply", 1, "error"),
    (situations.pending, "apply --yes", 0, "outcome"),
    (situations.pending, "apply --expect-digest sha256:" + "0" * 64, 4, "error"),
    (situations.pending, "plan --only kind=VirtualRepository", 1, "error"),
    (situations.pending, "plan --nonsense", 1, "error"),
    (situations.pending, "plam", 1, "error"),
    (situations.pending, "apply --prune manifests", 1, "error"),
    (situations.drifted, "drift", 2, "drift"),
    (situations.invalid, "validate", 1, "validation"),
    (situations.invalid, "plan", 1, "validation"),
    (situations.invalid, "apply --yes", 1, "validation"),
    (situations.invalid, "render", 1, "validation"),
    (situations.empty, "plan", 1, "validation"),
    (situations.blocked, "plan", 3, "plan"),
    (situations.blocked, "apply --yes", 3, "outcome"),
    (situations.over_limit, "plan", 3, "plan"),
    (situations.over_limit, "apply --yes", 3, "error"),
    (situations.partial, "apply --yes", 5, "outcome"),
    (situations.gone, "plan", 6, "error"),
    (situations.gone, "drift", 6, "error"),
    (situations.gone, "export", 6, "error"),
    (situations.refused, "apply --yes", 6, "error"),
]


def validator(name: str) -> jsonschema.protocols.Validator:
    """A validator of a published document, with the schemas beside it at hand."""
    found = {p.name: json.loads(p.read_text()) for p in SCHEMAS.glob("*.json")}
    resources = [(key, Resource.from_contents(text)) for key, text in found.items()]
    resources += [(t["$id"], Resource.from_contents(t)) for t in found.values() if "$id" in t]
    schema = found[f"{name}.v1.schema.json"]
    return jsonschema.Draft202012Validator(schema, registry=Registry().with_resources(resources))


@pytest.mark.parametrize(
    "prepare, line, code, form",
    JSON_CASES,
    ids=[f"{p.__name__}: {line}" for p, line, _, _ in JSON_CASES],
)
def test_json_is_one_document(
    desk: Desk, prepare: situations.Prepare, line: str, code: int, form: str
) -> None:
    """With --output json stdout is one document that knows its format, exit code and findings."""
    prepare(desk)
    seen = desk(*line.split(), "--output", "json")
    document = seen.document

    assert (seen.code, document["exitCode"]) == (code, code), seen.both
    assert document["format"] == f"reconciler.{form}/v1"
    assert isinstance(document["diagnostics"], list)
    validator(form).validate(document)


@pytest.mark.parametrize("flags", [["-o", "json"], ["-ojson"], ["--output=json"]])
@pytest.mark.parametrize("line", ["plan --nonsense", "plan"])
def test_json_however_it_is_asked_for(desk: Desk, flags: list[str], line: str) -> None:
    """Every spelling of the flag is understood, in usage errors too."""
    desk.declare(local("a"))

    assert "format" in desk(*line.split(), *flags).document


def test_json_of_a_crash(desk: Desk) -> None:
    """A mistake of ours is told as one document too; the traceback is only for --verbose."""
    desk.declare(local("a"))
    desk.patch.setattr("reconciler.cli.commands.plan.make_plan", crash)
    seen = desk("plan", "--output", "json")
    loud = desk("plan", "--output", "json", "--verbose")

    assert seen.code == seen.document["exitCode"] == 1
    assert seen.document["format"] == "reconciler.error/v1"
    assert "RuntimeError: boom" in seen.err
    assert "--verbose" in seen.err
    assert "Traceback" not in seen.both
    assert "Traceback" in loud.err
    assert loud.document["exitCode"] == 1


def crash(*_: Any, **__: Any) -> None:
    """A bug."""
    raise RuntimeError("boom")


def test_results_on_stdout_and_the_rest_on_stderr(desk: Desk) -> None:
    """A plan goes to stdout; what is wrong goes to stderr."""
    desk.declare(local("a"))
    plan = desk("plan")
    situations.invalid(desk)
    wrong = desk("validate")

    assert "LocalRepository/a" in plan.out
    assert plan.err == ""
    assert wrong.out == ""
    assert "did you mean 'description'" in wrong.err


COLOURS = [
    ({}, [], False, False),
    ({}, [], True, True),
    ({}, ["--no-color"], True, False),
    ({"NO_COLOR": "1"}, [], True, False),
    ({"TERM": "dumb"}, [], True, False),
    ({"FORCE_COLOR": "1"}, [], False, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False, False),
    ({"FORCE_COLOR": "1"}, ["--no-color"], False, False),
]


@pytest.mark.parametrize("variables, flags, terminal, colored", COLOURS)
def test_colours(
    desk: Desk, variables: dict[str, str], flags: list[str], terminal: bool, colored: bool
) -> None:
    """Colours only on a terminal, never against --no-color or NO_COLOR, always with FORCE_COLOR."""
    desk.patch.setenv("TERM", "xterm")
    for name, value in variables.items():
        desk.patch.setenv(name, value)
    desk.declare(local("a"))
    plan = desk("plan", *flags, terminal=terminal)
    wrong = desk("plan", "--nonsense", *flags, terminal=terminal)

    assert (ESC in plan.out) is colored
    assert (ESC in wrong.err) is colored
    if not terminal:
        assert plan.err == ""


def test_json_has_no_colour_and_no_progress(desk: Desk) -> None:
    """JSON on a terminal is still only JSON."""
    desk.declare(local("a"))
    seen = desk("plan", "--output", "json", terminal=True)

    assert seen.document["changes"]
    assert seen.err == ""
    assert ESC not in seen.out


def test_progress_only_on_a_terminal(desk: Desk) -> None:
    """Bars are drawn on a terminal's stderr and nowhere else."""
    desk.declare(local("a"), local("b"))

    assert desk("plan").err == ""
    assert ESC in desk("plan", terminal=True).err


def test_nobody_is_asked_without_a_terminal(desk: Desk) -> None:
    """Without a terminal apply refuses before any write, even when stdin says yes."""
    desk.declare(local("a"))
    seen = desk("apply", stdin="y\ny\n")

    assert seen.code == 1
    assert "--yes" in seen.err
    assert desk.writes() == []
    assert "Apply this plan?" not in seen.both


def test_hostile_texts_stay_texts(desk: Desk) -> None:
    """Control characters of a live value reach no terminal."""
    desk.declare(local("a", description="fine"))
    desk.make("a", description="\x1b[2J\x07::error::x")
    seen = desk("plan")

    assert ESC not in seen.both
    assert "\\x1b[2J" in seen.out


def on_a_terminal(desk: Desk, *args: str, keys: bytes) -> tuple[int, str]:
    """Run a command at a terminal and press some keys when it asks; b"" is Ctrl-C."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *args],
        cwd=desk.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b""
    asked = False
    while True:
        if not select.select([ours], [], [], 20)[0]:
            process.kill()
            break
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        seen += piece
        if not asked and b"[y/N]" in seen:
            asked = True
            if keys:
                os.write(ours, keys)
            else:
                time.sleep(0.2)
                process.send_signal(signal.SIGINT)
    code = process.wait(20)
    os.close(ours)
    return code, seen.decode()


@pytest.mark.parametrize(
    "keys, code, applied", [(b"n\n", 1, False), (b"\n", 1, False), (b"y\n", 0, True)]
)
def test_a_person_is_asked(desk: Desk, keys: bytes, code: int, applied: bool) -> None:
    """At a terminal the plan is shown and a question asked; only yes writes."""
    desk.declare(local("a"))
    ended, seen = on_a_terminal(desk, "apply", keys=keys)

    assert ended == code, seen
    assert "Apply this plan? [y/N]" in seen
    assert "LocalRepository/a" in seen.partition("Apply this plan?")[0]
    assert desk.exists("a") is applied
    assert bool(desk.writes()) is applied


def test_ctrl_c_at_the_question(desk: Desk) -> None:
    """Ctrl-C at the question writes nothing and tells no traceback."""
    desk.declare(local("a"))
    ended, seen = on_a_terminal(desk, "apply", keys=b"")

    assert ended == 1
    assert "Traceback" not in seen
    assert desk.writes() == []


def test_a_broken_pipe_is_silent(desk: Desk) -> None:
    """`reconciler plan | head -1` prints one line and nothing about pipes."""
    desk.declare(*(remote(f"r{i}", description="x" * 200) for i in range(800)))
    command = " ".join([*COMMAND, "plan", "--no-color", "--verbose"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=desk.root,
        timeout=30,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "0"


def test_a_broken_pipe_does_not_stop_an_apply(desk: Desk) -> None:
    """An apply whose reader went away goes on to its end."""
    desk.declare(*(remote(f"r{i}", description="x" * 500) for i in range(300)))
    command = " ".join([*COMMAND, "apply", "--yes"])
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=desk.root,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.strip() == "0"
    assert desk.exists("r299")


def test_the_streams_of_these_tests_are_no_terminals() -> None:
    """The stand-in for a stream says of itself what it is told."""

    assert Stream(True).isatty()
    assert not Stream().isatty()

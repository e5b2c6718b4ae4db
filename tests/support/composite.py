"""`action.yml` in, what its step leaves behind out: the part of a runner an action sees.

Inputs get their defaults, the few expressions we allow are filled in, the step runs as the runner
runs it, the files it writes are read strictly, and the log obeys commands and masks as GitHub's
does. A step is run in this process where nothing speaks against it, which is faster.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reconciler.github.driver import Step

ROOT = Path(__file__).resolve().parent.parent.parent
PAYLOADS = ROOT / "tests" / "github" / "payloads"
STEP = 'exec python3 -I "$ACTION_FOLDER/reconciler/github/bootstrap.py"\n'
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_COMMAND = re.compile(r"^\s*::([\w-]+)(?: ([^:]*))?::(.*)$")


@dataclass
class Ran:
    """What a step left behind."""

    code: int
    raw: str
    outputs: dict[str, str]
    summary: str
    commands: list[tuple[str, str, str]] = field(default_factory=list)
    log: str = ""

    def annotated(self, severity: str) -> list[str]:
        """The messages of the annotations of one severity."""
        return [message for name, _, message in self.commands if name == severity]

    @property
    def told(self) -> str:
        """Everything, for the message of a failed test."""
        return f"code {self.code}\n{self.outputs}\n{self.log}"


@dataclass
class Runner:
    """A machine with a checkout; `environment` is what the workflow sets beside the inputs."""

    workspace: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    token: str = ""
    attempt: int = 1

    def __post_init__(self) -> None:
        self.action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())

    def run(self, event: str, payload: Any = None, *, process: bool = False, **inputs: str) -> Ran:
        """Run the action for an event; a payload's name is that of a recorded one."""
        environment = self._environment(event, payload, inputs)
        if process:
            return self._read(*self._finished(self.start(environment)))
        (step,) = self.action["runs"]["steps"]
        assert step["run"].endswith(STEP)
        log = io.StringIO()
        before = Path.cwd()
        os.chdir(self.workspace)
        try:
            code = Step(environment, log, sleep=lambda seconds: None).run()
        finally:
            os.chdir(before)
        return self._read(code, log.getvalue())

    def started(self, event: str, payload: Any = None, **inputs: str) -> subprocess.Popen[str]:
        """The step as a process of its own, just begun."""
        return self.start(self._environment(event, payload, inputs))

    def start(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start the step's shell as the runner does."""
        (step,) = self.action["runs"]["steps"]
        assert step["shell"] == "bash"
        script = self.folder / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def _finished(process: subprocess.Popen[str]) -> tuple[int, str]:
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def ended(self, process: subprocess.Popen[str]) -> Ran:
        """What a started step left behind, once it is over."""
        return self._read(*self._finished(process))

    # --- before

    def _environment(self, event: str, payload: Any, inputs: Mapping[str, str]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        unknown = set(given) - set(self.action["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        values = {
            name: given.get(name, self._filled(str(known.get("default", "")), {}))
            for name, known in self.action["inputs"].items()
        }
        (step,) = self.action["runs"]["steps"]
        filled = {name: self._filled(text, values) for name, text in step["env"].items()}
        for name in ("output", "summary"):
            (self.folder / name).write_text("")
        event_file = self.folder / "event.json"
        event_file.write_text(json.dumps(recorded(payload) if payload is not None else {}))
        return {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(self.folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_REPOSITORY": "acme/platform",
            "GITHUB_SHA": "d" * 40,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "RECONCILER_VENV": sys.prefix,
            "RECONCILER_CACHE": "off",
            **self.environment,
            **filled,
        }

    def _filled(self, text: str, inputs: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            expression = found[1]
            if expression == "github.token":
                return self.token
            if expression == "github.action_path":
                return str(ROOT)
            assert expression.startswith("inputs."), f"an expression we do not allow: {expression}"
            return inputs[expression.removeprefix("inputs.")]

        return _EXPRESSION.sub(value, text)

    # --- after

    def _read(self, code: int, raw: str) -> Ran:
        outputs = blocks((self.folder / "output").read_text(encoding="utf-8"))
        named = {
            name: _EXPRESSION.fullmatch(known["value"])
            for name, known in self.action["outputs"].items()
        }
        mapped = {
            name: outputs.get(found[1].removeprefix("steps.run.outputs."), "")
            for name, found in named.items()
            if found is not None
        }
        assert set(outputs) <= set(mapped), "the step sets an output the action does not have"
        summary = (self.folder / "summary").read_text(encoding="utf-8")
        assert len(summary.encode()) <= 1024 * 1024
        commands, log = obeyed(raw)
        return Ran(code, raw, mapped, summary, commands, log)


def recorded(payload: Any) -> Any:
    """A payload by its name, or the payload that is given."""
    if not isinstance(payload, str):
        return payload
    return json.loads((PAYLOADS / f"{payload}.json").read_text(encoding="utf-8"))


def blocks(text: str) -> dict[str, str]:
    """What a runner reads from an output file; anything it would refuse is an error."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, mark, delimiter = line.partition("<<")
        if not mark:
            name, mark, value = line.partition("=")
            assert mark, f"the runner refuses the line {line!r}"
            found[name] = value
            continue
        value_lines: list[str] = []
        for inner in lines:
            if inner == delimiter:
                break
            value_lines.append(inner)
        else:
            raise AssertionError(f"{name} never ends")
        found[name] = "\n".join(value_lines)
    return found


def obeyed(raw: str) -> tuple[list[tuple[str, str, str]], str]:
    """The commands a runner takes from a log, and the log as it shows it, masked."""
    commands: list[tuple[str, str, str]] = []
    masks: list[str] = []
    shown: list[str] = []
    stopped = ""
    for line in raw.split("\n"):
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
        elif (found := _COMMAND.match(line)) is not None:
            name, message = found[1], unescaped(found[3])
            commands.append((name, found[2] or "", message))
            if name == "add-mask":
                masks.append(message)
                continue
            if name == "stop-commands":
                stopped = message
        shown.append(line)
    log = "\n".join(shown)
    for mask in sorted(masks, key=len, reverse=True):
        log = log.replace(mask, "***")
    return commands, log


def unescaped(text: str) -> str:
    """The message of a command as the runner reads it."""
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")

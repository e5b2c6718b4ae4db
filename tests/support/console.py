"""A page of documentation in, the same page with what its commands really print out.

Blocks of a page are played from top to bottom in one empty folder beside a fresh platform:

* ```` ```console ````: lines that begin with `$ ` are run, the lines below are what they print.
  A line `...` stands for any number of lines. A command that shows nothing is only run.
* ```` ```yaml ```` whose first line is `# some/file.yaml` is written to that file, and
  ```` ```json some/file.json ```` to the file it names.

A command must end with 0, unless `$ echo $?` follows and shows another code. `make generate`
replaces what is shown under a command that prints something else.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shlex
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest import mock

import httpx

from reconciler.cli.main import run
from reconciler.platform import connect
from reconciler.platform.client import Clock
from reconciler.sandbox import Sandbox
from reconciler.sandbox.connect.service import Connect
from reconciler.sandbox.server import Server, announcement
from tests.support.transport import InProcess

URL = "http://127.0.0.1:8081"
"""Where the pages tell readers to start the sandbox."""

FIRST_PORT = 8081
"""Of several platforms, which are at one port after the other."""

CONNECT_PORT = 8082
"""Where it serves JFrog Connect then."""

ELSEWHERE = ("docker", "git", "make", "pip", "pre-commit", "python3", "uv")
"""Programs whose commands are not run: they need a network, a terminal or another machine."""

_FILE = re.compile(r"# ([\w./-]+\.ya?ml)$")
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"in [\d.]+ s\b"), "in N s"),
    (re.compile(r"\d+ (second|minute)s? ago"), "N seconds ago"),
)


class DocumentationError(AssertionError):
    """A page says something that does not happen."""


@dataclass
class Block:
    """One fenced block: its language, its lines, and where it is in the page."""

    language: str
    start: int
    lines: list[str] = field(default_factory=list)


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    current: Block | None = None
    for number, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            if current is not None:
                yield current
                current = None
            else:
                current = Block(line.removeprefix("```").strip(), number + 1)
        elif current is not None:
            current.lines.append(line)


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown below it."""
    told: list[tuple[str, list[str]]] = []
    for line in block.lines:
        if line.startswith("$ "):
            told.append((line.removeprefix("$ "), []))
        elif told and told[-1][0].endswith("\\") and not told[-1][1]:
            told[-1] = (f"{told[-1][0]}\n{line}", [])
        elif told:
            told[-1][1].append(line)
        else:
            raise DocumentationError(f"line {block.start}: a console block begins with '$ '")
    yield from told


def play(text: str, folder: Path) -> str:
    """The page with fresh outputs; raises DocumentationError when a command fails."""
    console = Console(folder)
    lines = text.splitlines()
    fresh = list(lines)
    shift = 0
    with console.here():
        for block in blocks(text):
            if block.language == "yaml" and block.lines and (name := _FILE.match(block.lines[0])):
                console.write(name[1], "\n".join(block.lines) + "\n")
            if block.language.startswith("json "):
                console.write(block.language.removeprefix("json "), "\n".join(block.lines) + "\n")
            if block.language == "console":
                played = list(_played(console, block))
                start = block.start + shift
                fresh[start : start + len(block.lines)] = played
                shift += len(played) - len(block.lines)
    return "\n".join(fresh) + "\n"


def _played(console: Console, block: Block) -> Iterator[str]:
    told = list(commands(block))
    for number, (command, shown) in enumerate(told):
        following = told[number + 1][0] if number + 1 < len(told) else ""
        printed = console.run(command, may_fail=following.startswith("echo $?"))
        yield from f"$ {command}".split("\n")
        gap = [""] if shown and not shown[-1].strip() and number + 1 < len(told) else []
        wanted = shown[: len(shown) - len(gap)]
        yield from wanted if matches(wanted, printed) else printed
        yield from gap


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether the shown lines are the printed ones; `...` stands for any lines."""
    if not shown:
        return True
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == "..." else re.escape(_steady(line)) + "\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(_steady(line) + "\n" for line in printed)) is not None


def _steady(line: str) -> str:
    for varying, name in _VARYING:
        line = varying.sub(name, line)
    return line.rstrip()


class Console:
    """A reader at a terminal, in an empty folder, with a platform at `URL`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = Sandbox(["default"])
        self.platform = self.sandbox.platforms["default"]
        self.platform.url = URL
        self.transport = InProcess(self.platform)
        self.code = 0
        self.programs: Mapping[str, Callable[[list[str]], str]] = {
            "reconciler": self._reconciler,
            "curl": self._curl,
            "cat": lambda args: Path(args[0]).read_text(encoding="utf-8"),
            "cd": self._cd,
            "echo": lambda args: " ".join(args),
            "export": self._export,
            "ls": self._ls,
            "mkdir": self._mkdir,
            "mv": self._mv,
            "rm": self._rm,
            "unset": self._unset,
        }

    @contextmanager
    def here(self) -> Iterator[None]:
        """Be in the folder, with the platform's address and token in the environment."""
        before = Path.cwd()
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", ""),
            "JFROG_URL": URL,
            "JFROG_ACCESS_TOKEN": self.platform.tokens["admin"],
            "TERM": "dumb",
            "RECONCILER_CACHE": "off",
        }
        wire = connect.Wire(self.transport, Clock(sleep=lambda seconds: None))
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chdir(self.folder)
        try:
            with (
                mock.patch.dict(os.environ, environment, clear=True),
                mock.patch.object(connect, "Wire", return_value=wire),
            ):
                yield
        finally:
            os.chdir(before)

    def write(self, name: str, text: str) -> None:
        """Write a file the page shows."""
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, command: str, *, may_fail: bool = False) -> list[str]:
        """Run one line; returns the lines it printed."""
        expanded = command.replace("\\\n", " ").replace("$?", str(self.code))
        words = shlex.split(expanded)
        words = [string.Template(word).safe_substitute(os.environ) for word in words]
        program, *args = words
        target = None
        if len(args) > 1 and args[-2] == ">":
            *args, _, target = args
        self.code = 0
        printed = self._program(program, args)
        if self.code and not may_fail:
            raise DocumentationError(f"'{command}' ended with {self.code}:\n{printed}")
        if target is not None:
            self.write(target, printed)
            return []
        return [line.rstrip() for line in printed.rstrip("\n").split("\n")] if printed else []

    def _program(self, program: str, args: list[str]) -> str:
        if program in ELSEWHERE:
            return ""
        if program not in self.programs:
            raise DocumentationError(f"'{program}' is no program this page's test knows")
        return self.programs[program](args)

    def _reconciler(self, args: list[str]) -> str:
        if args[0] == "sandbox":
            return self._serving(args)
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            self.code = run(args)
        return printed.getvalue()

    def _serving(self, args: list[str]) -> str:
        """The sandbox is there already; the command line is only read."""
        from reconciler.cli.commands.sandbox import command

        asked = command.make_context("sandbox", [arg for arg in args[1:] if arg != "&"])
        names = asked.params["platforms"].split(",")
        if names != ["default"]:
            self._several(names)
        if asked.params["connect"]:
            self.sandbox.connect = made = Connect(self.sandbox)
            made.url = f"http://127.0.0.1:{CONNECT_PORT}"
            self.transport.others[CONNECT_PORT] = made
        urls = {name: made.url for name, made in self.sandbox.platforms.items()}
        server = SimpleNamespace(sandbox=self.sandbox, urls=urls)
        return json.dumps(announcement(cast(Server, server)))

    def _several(self, names: list[str]) -> None:
        """Platforms at one port after the other, the first at `URL`."""
        self.sandbox = Sandbox(names)
        for port, (name, made) in enumerate(self.sandbox.platforms.items(), FIRST_PORT):
            made.url = f"http://127.0.0.1:{port}"
            self.transport.others[port] = made
            if name == names[0]:
                self.platform = self.transport.platform = made

    def _curl(self, args: list[str]) -> str:
        parser = argparse.ArgumentParser("curl")
        parser.add_argument("-s", action="store_true")
        parser.add_argument("-X", default="GET")
        parser.add_argument("-H", action="append", default=[])
        parser.add_argument("-d")
        parser.add_argument("url")
        asked = parser.parse_args(args)
        headers = dict(header.split(": ", 1) for header in asked.H)
        with httpx.Client(transport=self.transport) as client:
            answer = client.request(asked.X, asked.url, headers=headers, content=asked.d)
        if answer.is_error:
            raise DocumentationError(f"curl {asked.url}: {answer.status_code} {answer.text}")
        return answer.text

    def _cd(self, args: list[str]) -> str:
        os.chdir(args[0])
        return ""

    def _export(self, args: list[str]) -> str:
        for arg in args:
            name, _, value = arg.partition("=")
            os.environ[name] = value
        return ""

    def _unset(self, args: list[str]) -> str:
        for name in args:
            os.environ.pop(name, None)
        return ""

    def _ls(self, args: list[str]) -> str:
        folder = Path(args[0] if args else ".")
        return "\n".join(sorted(p.name for p in folder.iterdir() if p.name[0] != "."))

    def _mkdir(self, args: list[str]) -> str:
        Path(args[-1]).mkdir(parents=True, exist_ok=True)
        return ""

    def _mv(self, args: list[str]) -> str:
        Path(args[0]).rename(args[1])
        return ""

    def _rm(self, args: list[str]) -> str:
        Path(args[-1]).unlink()
        return ""

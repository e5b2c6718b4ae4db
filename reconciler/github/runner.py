"""What a step tells its runner in, the files and log lines the runner reads out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from reconciler.report.github import add_mask

MOST_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; a longer one is dropped as a whole."""


class Runner:
    """The runner, as a step talks to it: files named by variables, and commands in the log."""

    def __init__(self, environment: Mapping[str, str], log: TextIO) -> None:
        self._output = environment.get("GITHUB_OUTPUT", "")
        self._summary = environment.get("GITHUB_STEP_SUMMARY", "")
        self._log = log

    def outputs(self, values: Mapping[str, str]) -> None:
        """Set outputs of the step; a later value of one name wins.

        The delimiter is random, so that no value can end its block and set another output.
        """
        lines: list[str] = []
        for name, value in values.items():
            delimiter = f"end-{secrets.token_hex(16)}"
            lines += [f"{name}<<{delimiter}", value, delimiter]
        self._append(self._output, "".join(f"{line}\n" for line in lines))

    def summary(self, markdown: str) -> None:
        """Show Markdown on the page of the run."""
        size = len(markdown.encode("utf-8", "replace"))
        if size < MOST_SUMMARY:
            self._append(self._summary, markdown)

    def mask(self, secret: str) -> None:
        """Have the runner hide a value in every log from here on."""
        self.command(add_mask(secret))

    def command(self, text: str) -> None:
        """Write lines that are commands of ours, their data escaped by whoever made them."""
        self._log.write(text if text.endswith("\n") or not text else f"{text}\n")
        self._log.flush()

    def log(self, text: str, title: str = "") -> None:
        """Write text for people; nothing in it is obeyed, whoever wrote it."""
        if not text:
            return
        token = secrets.token_hex(16)
        opened, closed = (f"::group::{title}\n", "::endgroup::\n") if title else ("", "")
        body = text if text.endswith("\n") else f"{text}\n"
        self.command(f"{opened}::stop-commands::{token}\n{body}::{token}::\n{closed}")

    @staticmethod
    def _append(file: str, text: str) -> None:
        if file and text:
            with Path(file).open("a", encoding="utf-8", errors="replace", newline="\n") as opened:
                opened.write(text)

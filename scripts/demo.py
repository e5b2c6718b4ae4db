"""Shows the whole capability in a minute, on the embedded platform; leaves nothing behind.

validate -> plan -> apply -> plan (empty) -> somebody changes something live -> drift -> heal
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "quickstart"
RECONCILER = [sys.executable, "-m", "reconciler"]
BOLD, DIM, RESET = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")


def main() -> int:
    """Play the story; returns 0 when every step ended as it must."""
    with tempfile.TemporaryDirectory() as folder, sandbox() as platform:
        workspace = Path(folder) / "quickstart"
        shutil.copytree(EXAMPLE, workspace, ignore=shutil.ignore_patterns(".reconciler"))
        story = Story(workspace, platform)
        story.tell("The manifests are checked offline", "validate")
        story.tell("What would an apply change?", "plan")
        story.tell("Apply exactly that", "apply", "--yes")
        story.tell("Plan again: nothing is left to do", "plan", "--detailed-exitcode")
        story.meddle("payments-npm-local", description="changed in the UI, nobody knows why")
        story.tell("Somebody changed something behind Git's back", "drift", code=2)
        story.tell("The next apply heals it", "apply", "--yes")
        story.tell("And all is as declared", "plan", "--detailed-exitcode")
    return story.failures


class Story:
    """Runs commands in a workspace and shows them as a person would type them."""

    def __init__(self, workspace: Path, platform: dict[str, str]) -> None:
        self.workspace, self.platform, self.failures = workspace, platform, 0
        self.environment = {
            **os.environ,
            "JFROG_URL": platform["url"],
            "JFROG_ACCESS_TOKEN": platform["token"],
        }
        if sys.stdout.isatty():
            self.environment["FORCE_COLOR"] = "1"

    def tell(self, what: str, *arguments: str, code: int = 0) -> None:
        """Run one command; note a failure when it does not end with `code`."""
        show(f"\n{BOLD}# {what}{RESET}\n{DIM}$ reconciler {' '.join(arguments)}{RESET}")
        done = subprocess.run(  # noqa: S603 - our own command
            [*RECONCILER, *arguments], cwd=self.workspace, env=self.environment, check=False
        )
        if done.returncode != code:
            show(f"exit code {done.returncode}, expected {code}")
            self.failures = 1

    def meddle(self, key: str, **fields: Any) -> None:
        """Change a repository as somebody in the UI would."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.platform['url']}/artifactory/api/repositories/{key}",
            data=json.dumps(fields).encode(),
            method="POST",
            headers={
                "Authorization": f"Bearer {self.platform['token']}",
                "Content-Type": "application/json",
            },
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """The embedded platform on a free loopback port: its URL and token."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*RECONCILER, "sandbox", "--platforms", "main"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield ready["platforms"]["main"]
    finally:
        process.terminate()
        process.wait(10)


def show(text: str) -> None:
    """Print before the next command does."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

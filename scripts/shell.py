"""Pipelines in, what shellcheck says of the scripts in them out; the exit code is 1 if anything.

Expressions of a CI system are no shell: a script must not hold any, whatever it is.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KEYS = ("run", "script", "before_script", "after_script", "bash")


def scripts(node: Any) -> Iterator[str]:
    """The scripts in a document, wherever they stand."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in KEYS and isinstance(value, str | list):
                yield value if isinstance(value, str) else "\n".join(map(str, value))
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for item in node:
            yield from scripts(item)


def faults(script: str) -> str:
    """What is wrong with a script; empty for a good one."""
    if "${{" in script:
        return "an expression is pasted into the script: hand it over in env\n"
    program = str(Path(sys.executable).with_name("shellcheck"))
    command = [program, "--shell=bash", "--severity=style", "-"]
    done = subprocess.run(  # noqa: S603 - our own words
        command, input=script, text=True, capture_output=True, check=False
    )
    return done.stdout + done.stderr


def main(files: list[str]) -> int:
    """Check every file; tell, and return 1 if anything was found."""
    found = False
    for file in files:
        document = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        for script in scripts(document):
            if told := faults(script):
                found = True
                sys.stderr.write(f"{file}:\n{script}\n{told}\n")
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

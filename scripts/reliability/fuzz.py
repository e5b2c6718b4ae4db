"""Property-based tests with many more examples than the suite takes; rows out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.bench.process import ROOT
from scripts.reliability.rows import Row


@dataclass(frozen=True, slots=True)
class Property:
    """Some tests of a file and how many examples each of them is to have."""

    what: str
    tests: str
    only: str
    examples: int


PROPERTIES = (
    Property("lives of an estate", "tests/reliability/test_life.py", "Life", 10_000),
    Property(
        "lives of a federation on three platforms",
        "tests/platform/test_federation_model.py",
        "property",
        5_000,
    ),
    Property(
        "two workspaces, each with a side of a federation",
        "tests/platform/test_two_workspaces.py",
        "property",
        2_000,
    ),
    Property("manifests, workspace files, environments", "tests/manifests", "test_fuzz_", 9_000),
    Property("answers of the server", "tests/reliability/test_answers.py", "test_fuzz_", 10_000),
)


def rows(seed: int, share: float) -> Iterator[Row]:
    """A row for each group of properties; with a share of their examples."""
    for one in PROPERTIES:
        examples = max(1, round(one.examples * share))
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "pytest", one.tests, "-k", one.only),
                *(f"--hypothesis-seed={seed}", "--timeout=0", "-p", "no:cacheprovider"),
            ],
            cwd=ROOT,
            env={**os.environ, "RECONCILER_FUZZ": str(examples)},
            capture_output=True,
            text=True,
            check=False,
        )
        passed, failed = (_count(done.stdout, word) for word in ("passed", "failed"))
        if done.returncode:
            sys.stdout.write(done.stdout[-6000:])
        minutes = (time.monotonic() - started) / 60
        count = passed + failed
        word = "property" if count == 1 else "properties"
        detail = f"{count} {word} of {examples:,} examples each, {minutes:.0f} minutes"
        yield Row(one.what, count * examples, failed, detail)


def _count(text: str, word: str) -> int:
    found = re.search(rf"(\d+) {word}", text)
    return int(found[1]) if found else 0

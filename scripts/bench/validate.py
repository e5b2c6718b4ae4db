"""How long `validate` takes, beside PyYAML's C loader parsing the same files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.estates import files, workspace
from scripts.bench.process import ROOT, Side, Usage, reconciler, run
from scripts.bench.rows import Row

PYYAML = """\
import os, sys, yaml
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            for _ in yaml.load_all(file.read(), Loader=yaml.CSafeLoader):
                pass
"""


OFF = {"RECONCILER_CACHE": "off"}


def pyyaml(root: Path) -> Usage:
    """PyYAML's CSafeLoader parses every manifest and keeps nothing."""
    return run([sys.executable, "-c", PYYAML, "manifests"], root)


def cold(root: Path) -> Usage:
    """`validate` as on a fresh checkout."""
    return run(reconciler("validate"), root, OFF)


def warm(root: Path) -> Usage:
    """`validate` of what an earlier run has seen."""
    return run(reconciler("validate"), root, {"RECONCILER_CACHE": str(root / ".cache")})


def validate_rows(count: int, per_file: int, runs: int) -> list[Row]:
    """Cold, warm and memory of `validate` over one workspace."""
    what = f"validate {count:,} manifests, {files(per_file)}"
    with workspace(count, per_file) as root:
        warm(root)  # compiles modules, fills the caches of files and verdicts
        turns = [(pyyaml(root), cold(root), warm(root)) for _ in range(runs)]
        memory = run(reconciler("validate"), root, OFF, tree=True).memory
    loader, first, second = (Side.of(usages) for usages in zip(*turns, strict=True))
    both = f"{first}; PyYAML {loader}"
    return [
        Row(f"{what}: cold / PyYAML", first.wall / loader.wall, 1, "times", both),
        Row(f"{what}: warm / PyYAML", second.wall / loader.wall, 1 / 3, "times", str(second)),
        Row(f"{what}: memory", memory, 200, "MB"),
    ]


def help_row(runs: int) -> Row:
    """`--help`: wall time, the shortest of the runs, which other processes disturbed least."""
    took = [run(reconciler("--help"), ROOT).wall for _ in range(runs)]
    return Row("--help", min(took) * 1000, 150, "ms")


def one_file_row(runs: int) -> Row:
    """`validate` of one file without a cache: wall time, the shortest of the runs."""
    with workspace(1, 1) as root:
        took = [cold(root).wall for _ in range(runs)]
    return Row("validate one file", min(took) * 1000, 400, "ms")


def rows(runs: int, count: int = 10_000) -> Iterator[Row]:
    """Every row of this file."""
    yield from validate_rows(count, 1, runs)
    yield from validate_rows(count, 20, runs)
    yield help_row(runs)
    yield one_file_row(runs)

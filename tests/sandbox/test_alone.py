"""The double stands alone: it shares no code with what it tests, and no place outside."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import reconciler.sandbox

FILES = sorted(Path(reconciler.sandbox.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports_stay_inside(path: Path) -> None:
    """Every import is the standard library's or the sandbox's own."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [str(node.module)]
        for name in names:
            inside = name.startswith("reconciler.sandbox")
            assert inside or name.split(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_real_hosts(path: Path) -> None:
    """Addresses in the source are examples, never somebody's server."""
    for host in re.findall(r"https?://([\w.\-]+)", path.read_text()):
        assert host.endswith("example.com"), host

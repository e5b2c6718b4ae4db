"""`reconciler test`: rules and their tests in, which of the tests hold out. Offline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import FILE, output_option, settings, workspace_options
from reconciler.cli.output import note, result
from reconciler.errors import Exit
from reconciler.pipeline.desiring import desire
from reconciler.report.sanitise import visible
from reconciler.testing import Platform, Tried, built_in, try_all, untested


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@click.option("--built-in", "packed", is_flag=True, help="Test the rules of the package instead.")
@output_option("text", "json")
@workspace_options
def command(paths: tuple[Path, ...], packed: bool, output: str, **flags: Any) -> int:
    """Run the tests of the workspace's guardrails.

    A test shows a rule an excerpt of a plan, or manifests that are planned on the embedded
    platform. Nothing else is contacted. Exit code 1 where a test does not hold.
    """
    given = settings(paths=paths, output=output, **flags)
    known = built_in() if packed else desire(given, dangling=False).checked().guardrails
    with _platforms() as platform:
        tried = list(try_all(known, platform))
    failed = [one for one in tried if not one.holds]
    code = int(Exit.INVALID if failed else Exit.DONE)
    if output == "json":
        from reconciler.report.machine import dumps

        head = {"format": "reconciler.test/v1", "exitCode": code, "diagnostics": []}
        result(dumps({**head, "tests": [one.as_json() for one in tried]}))
        return code
    for one in tried:
        result(_line(one))
    for rule in untested(known):
        note(f"{visible(rule.name)} ({visible(str(rule.origin))}) has no test")
    result(f"{len(tried):,} tests, {len(failed):,} failed" if tried else "There are no tests.")
    return code


def _line(tried: Tried) -> str:
    case = tried.case
    head = f"{'✓' if tried.holds else '✗'} {visible(case.guardrail)}: {visible(case.name)}"
    if tried.holds:
        return head
    return f"{head}\n    {visible(tried.told)} ({visible(str(case.origin))})"


@contextmanager
def _platforms() -> Iterator[Platform]:
    """Embedded platforms, one for each call; gone at the end."""
    with ExitStack() as stack:

        def made() -> tuple[str, str]:
            from reconciler.sandbox import Sandbox
            from reconciler.sandbox.server import Server

            sandbox = Sandbox()
            server = stack.enter_context(Server(sandbox))
            return server.urls["default"], sandbox.platforms["default"].tokens["admin"]

        yield made

"""`explain CODE`: every code that a run can print is explained, with what to do about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.cli.codes import code_lines, meanings
from reconciler.engine.codes import ACTIONS, BLOCKS, EXITS, REASONS, RISKS
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from reconciler.errors import Exit
from reconciler.manifests.guardrails import pack
from reconciler.model import Action
from reconciler.rules import RULES
from tests.cli.support import Desk

ENGINE = Path(reconciler.__file__).parent
TO_DO = sorted({*REASONS, *BLOCKS, *RULES, *pack()[0]})
"""Codes that ask for something to be done."""

PLAIN = sorted({*(str(int(c)) for c in Exit), *(a.value for a in Action), *RISKS} - {*TO_DO})


def made_reasons() -> Iterator[str]:
    """The reason of every change that the code makes, where it is written as a text."""
    for file in [*ENGINE.glob("engine/*.py"), *ENGINE.glob("deployments/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Change", "Stance"):
                named = [k.value for k in node.keywords if k.arg == "reason"]
                for given in (*node.args[2:3], *named):
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        yield given.value


@pytest.mark.parametrize("code", TO_DO)
def test_every_code_is_explained_with_a_way_out(code: str) -> None:
    """What it means, and what to do."""
    told = list(code_lines(code))

    assert told[0].startswith(f"{code}: ")
    assert len(told[1].strip()) > 10
    assert any(line.startswith("  what to do: ") for line in told)


@pytest.mark.parametrize("code", PLAIN)
def test_every_word_of_a_plan_is_explained(code: str) -> None:
    """Actions, risks and exit codes."""
    assert len(" ".join(code_lines(code))) > len(code) + 30


def test_no_list_lacks_a_code() -> None:
    """A new action, exit code, reason or block without words fails here."""
    assert set(EXITS) == set(Exit)
    assert set(ACTIONS) == set(Action)
    assert set(REASON_WAYS) == set(REASONS)
    assert set(BLOCK_WAYS) == set(BLOCKS)
    assert {reason for reason in made_reasons() if reason} <= set(REASONS)


def test_a_code_of_two_senses_has_two_paragraphs() -> None:
    """`replace` as a word is an action; a word that is more is told as all it is."""
    for code, senses in meanings().items():
        assert list(code_lines(code)).count("") == len(senses) - 1


def test_a_code_needs_no_workspace(desk: Desk) -> None:
    """Whoever reads a log can ask; a near miss is answered with the nearest."""
    told, near = desk("explain", "not-empty"), desk("explain", "not-emty")

    assert (told.code, near.code) == (0, 1)
    assert "Tombstone" in told.out
    assert "did you mean 'not-empty'?" in near.err
    assert desk.sandbox.requests == []

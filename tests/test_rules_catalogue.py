"""The catalogue of rules and the code agree: every id is explained, every explained id is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.engine.codes import BLOCKS
from reconciler.rules import GROUPS, RULES, Rule

SOURCE = Path(reconciler.__file__).parent
MAKERS = re.compile(
    r"Diagnostic|Fault|Finding|Block|Note|Remark|Problem|_?BadScalar\w*|_fault|fault|_tell"
    r"|KeylessError|Refusal"
)
"""Calls whose first text is a rule's id, unless it is not written there."""

ID = re.compile(r"[a-z]+(-[a-z]+)*")


def _files() -> Iterator[Path]:
    for file in sorted(SOURCE.rglob("*.py")):
        if "sandbox" not in file.parts and file.name != "rules.py":
            yield file


def _texts(node: ast.expr | None) -> list[str]:
    """The texts an expression may be: a constant, or either side of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    return []


def _of_call(call: ast.Call) -> list[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if not MAKERS.fullmatch(name):
        return []
    named = [k.value for k in call.keywords if k.arg in ("rule", "code")]
    for argument in (*named, *call.args):
        if texts := _texts(argument):
            return [text for text in texts if text not in ("error", "warning", "info")]
        if isinstance(argument, ast.JoinedStr):
            break
    return []


def _of_assignment(target: ast.expr, value: ast.expr | None) -> list[str]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return [text for one, other in pairs for text in _of_assignment(one, other)]
    return _texts(value) if isinstance(target, ast.Name) and target.id == "rule" else []


def _used() -> dict[str, str]:
    """Every id the code writes, and a file that does."""
    found: dict[str, str] = {}
    for file in _files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            texts: list[str] = []
            if isinstance(node, ast.Call):
                texts = _of_call(node)
            elif isinstance(node, ast.Assign):
                texts = _of_assignment(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign):
                texts = _of_assignment(node.target, node.value)
            found |= {text: file.name for text in texts if ID.fullmatch(text)}
    return found


def test_every_id_in_the_code_is_in_the_catalogue() -> None:
    """Whoever meets an id can look it up."""
    unknown = {rule: file for rule, file in _used().items() if rule not in RULES}

    assert not unknown


def test_every_id_of_the_catalogue_is_used() -> None:
    """The catalogue describes no rule that does not exist."""
    assert set(RULES) <= set(_used())


def test_every_block_is_in_the_catalogue() -> None:
    """A block becomes a diagnostic of the same id when `validate --online` meets it."""
    assert set(BLOCKS) <= set(RULES)


def test_the_search_finds_ids_wherever_they_are_written() -> None:
    """The test itself would notice: arguments, conditions, assignments and class attributes."""
    assert {"duplicate-key", "tag", "out-of-range", "stale-plan", "limit"} <= set(_used())


def test_no_rule_is_in_two_groups() -> None:
    """Each rule has one description."""
    assert sum(len(group) for group in GROUPS.values()) == len(RULES)


@pytest.mark.parametrize("rule_id", RULES)
def test_texts_are_sentences(rule_id: str) -> None:
    """Each rule says when it fires and what to do, in one or two whole sentences."""
    rule: Rule = RULES[rule_id]

    for text in (rule.summary, rule.fix):
        assert text[0].isupper() or text[0] in "`'"
        assert text.endswith((".", "`"))
        assert len(text) < 260

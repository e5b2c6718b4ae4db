"""Rules, exceptions and the changes of a plan in, what breaks a rule out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reconciler.engine.guardrails.expressions import ExpressionError, answer, in_words
from reconciler.errors import Diagnostic
from reconciler.model import Action, Address, Block, Guardrail, Origin, Violation, Waiver

UNCHANGED = "unchanged"
ACTIONS = (*(action.value for action in Action), UNCHANGED)
"""What a rule may ask for."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One object of a plan as rules see it: `document` is what their expressions are about."""

    address: Address
    document: Mapping[str, Any]
    origin: Origin | None = None


def judge(
    rules: Iterable[Guardrail], waivers: Sequence[Waiver], objects: Iterable[Shown]
) -> Iterator[Violation]:
    """What breaks a rule, with the exception it has, if there is one."""
    known = list(rules)
    for shown in objects:
        for rule in known:
            found = broken(rule, shown.document) if concerns(rule, shown.document) else None
            if found is not None:
                waiver = next((w for w in waivers if _waives(w, rule, shown.address)), None)
                yield Violation(rule, shown.address, found, shown.origin, waiver)


def concerns(rule: Guardrail, document: Mapping[str, Any]) -> bool:
    """Whether a rule is about a change; without say, about everything that is written."""
    action = document.get("action")
    wanted = rule.actions or tuple(a.value for a in Action if a.writes)
    return action in wanted and (not rule.kinds or document.get("kind") in rule.kinds)


def broken(rule: Guardrail, document: Mapping[str, Any]) -> str | None:
    """What a rule found wrong with a change, in words that may be none; None where it is kept.

    A rule that cannot tell counts as broken: what nobody could judge is not let through.
    """
    try:
        found = answer(rule.broken_if, {**document, "parameters": dict(rule.parameters)})
    except ExpressionError as error:
        return f"the rule cannot tell: {error}"
    return in_words(found) if found not in (None, False, "", [], {}) else None


def _waives(waiver: Waiver, rule: Guardrail, address: Address) -> bool:
    if waiver.guardrail != rule.name:
        return False
    return any(fnmatchcase(text, waiver.address) for text in (str(address), address.unqualified))


def blocks(violations: Iterable[Violation]) -> Iterator[Block]:
    """What keeps the whole plan from being applied."""
    for found in violations:
        if found.rule.severity == "deny" and found.waiver is None:
            yield Block(
                "guardrail",
                _told(found),
                f"a manifest of kind Waiver for guardrail {found.rule.name} and address "
                f"{found.address}, with owner, reason and expires",
                origin=found.origin or found.rule.origin,
                address=str(found.address),
            )


def remarks(violations: Iterable[Violation]) -> Iterator[Diagnostic]:
    """What is only told: rules that warn or inform, and what is waived."""
    for found in violations:
        origin = found.origin or found.rule.origin
        rule, severity, hint = "guardrail-note", "info", ""
        if found.waiver is not None:
            waiver = found.waiver
            rule = "guardrail-waived"
            hint = (
                f"waived until {waiver.expires} by {waiver.owner} ({waiver.origin}): "
                f"{waiver.reason}"
            )
        elif found.rule.severity == "deny":
            continue
        elif found.rule.severity == "warn":
            rule, severity = "guardrail-warning", "warning"
        yield Diagnostic(
            rule,
            severity,  # type: ignore[arg-type]
            _told(found),
            hint=hint,
            file=origin.file,
            line=origin.line,
            column=origin.column,
            address=str(found.address),
        )


def _told(found: Violation) -> str:
    rule, place = found.rule, f" ({found.origin})" if found.origin else ""
    detail = f": {found.found}" if found.found else ""
    return f"{found.address}{place} breaks {rule.name} ({rule.origin}): {rule.message}{detail}"

"""A code that a run printed in, what it means and what to do about it out, in lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from reconciler.engine.codes import ACTIONS, BLOCKS, EXITS, REASONS, RISKS
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from reconciler.errors import Severity
from reconciler.manifests.guardrails import pack
from reconciler.rules import RULES

WIDTH = 96


@dataclass(frozen=True, slots=True)
class Meaning:
    """One sense of a code: where it stands, what it says, what to do (may be empty)."""

    place: str
    text: str
    way: str = ""

    def lines(self, code: str) -> Iterator[str]:
        """As `explain` prints it."""
        yield f"{code}: {self.place}"
        yield from textwrap.wrap(self.text, WIDTH, initial_indent="  ", subsequent_indent="  ")
        if self.way:
            yield from textwrap.wrap(
                f"what to do: {self.way}", WIDTH, initial_indent="  ", subsequent_indent="    "
            )


@cache
def meanings() -> Mapping[str, Sequence[Meaning]]:
    """Every code of the closed lists, and of the rules, with its senses."""
    found: dict[str, list[Meaning]] = {}
    for code, meaning in _all():
        found.setdefault(code, []).append(meaning)
    return found


def _all() -> Iterator[tuple[str, Meaning]]:
    for ending, text in EXITS.items():
        yield str(int(ending)), Meaning(f"an exit code, {ending.name.lower()}", text)
    for action, words in ACTIONS.items():
        yield action.value, Meaning(f"what a change does, shown as `{words.sign}`", words.text)
    for risk, text in RISKS.items():
        yield risk, Meaning("the risk of a change", text)
    for code, text in REASONS.items():
        yield code, Meaning("why a change is in the plan", _sentence(text), REASON_WAYS[code])
    for code, text in BLOCKS.items():
        yield code, Meaning("why a change is blocked", _sentence(text), BLOCK_WAYS[code])
    for code, rule in RULES.items():
        if code not in BLOCKS:  # it says the same
            yield code, Meaning(_BREACHES[rule.severity], rule.summary, rule.fix)
    for name, guardrail in pack()[0].items():
        yield (
            name,
            Meaning(
                "a guardrail that comes with the package",
                f"Broken where {guardrail.message}.",
                f"A manifest of kind Guardrail with `use: {name}` puts it to work; a Waiver lets "
                "one object be an exception.",
            ),
        )


_BREACHES: Mapping[Severity, str] = {
    "error": "a rule; what breaks it is an error",
    "warning": "a rule; what breaks it is a warning",
    "info": "a note",
}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def code_lines(code: str) -> Iterator[str]:
    """The lines about one code, a paragraph for each sense of it. Raises LookupError."""
    for number, meaning in enumerate(meanings()[code]):
        if number:
            yield ""
        yield from meaning.lines(code)

"""A team's own rules over plans, the exceptions from them, and what they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from reconciler.model.address import Address
from reconciler.model.origin import JsonValue, Origin

Gravity = Literal["deny", "warn", "info"]


@dataclass(frozen=True, slots=True)
class GuardrailCase:
    """One test of a rule: what it is shown, and whether that breaks it.

    It is shown `change`, an excerpt of a plan; or what becomes of `manifests` where `given` are
    live already. `index` and `path` lead to the case in its document.
    """

    guardrail: str
    name: str
    breaks: bool
    origin: Origin
    change: Mapping[str, JsonValue] | None = None
    manifests: tuple[Mapping[str, JsonValue], ...] = ()
    given: tuple[Mapping[str, JsonValue], ...] = ()
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A rule over the changes of a plan; empty `kinds` or `actions` mean every one.

    `broken_if` is an expression over one change: any value but null, false and an empty one says
    that the change breaks the rule, and is shown. The action `unchanged` stands for declared
    objects that are as declared.
    """

    name: str
    broken_if: str
    message: str
    origin: Origin
    severity: Gravity = "deny"
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    index: int = 0


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception from one rule, for the addresses a glob matches, up to and with a day."""

    name: str
    guardrail: str
    address: str
    owner: str
    reason: str
    expires: date
    origin: Origin


@dataclass(frozen=True, slots=True)
class Guardrails:
    """The rules of a workspace, their exceptions, and their tests."""

    rules: tuple[Guardrail, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    cases: tuple[GuardrailCase, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A change that breaks a rule; `found` is what the expression answered, in words."""

    rule: Guardrail
    address: Address
    found: str = ""
    origin: Origin | None = None
    waiver: Waiver | None = None

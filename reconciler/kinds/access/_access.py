"""What the kinds of the Access service share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.kinds.kind import Fault, Rule, Subject

PREDEFINED_ENVIRONMENTS = frozenset({"DEV", "PROD"})
"""Every platform has these; they can be neither renamed nor deleted."""

LONGEST_ENVIRONMENT = 32
_ENVIRONMENT = re.compile("[a-zA-Z][a-zA-Z0-9-]*")
_CAPITAL = re.compile("(?<!^)([A-Z])")
_NAME = ("metadata", "name")


def snake_case(name: str) -> str:
    """A manifest's field name in Access's spelling: `displayName` is `display_name` there."""
    return _CAPITAL.sub(r"_\1", name).lower()


def name_rule(what: str, pattern: str, longest: int, allowed: str, wrong: str = "") -> Rule:
    """The rule that a name fits a pattern and has so many characters at most.

    `wrong` says what is wrong with every name that does not fit; `allowed` is the advice.
    """
    fits = re.compile(pattern)

    def rule(subject: Subject) -> Iterator[Fault]:
        name = subject.name
        if len(name) > longest:
            yield Fault(
                _NAME,
                "name-too-long",
                f"the name has {len(name)} characters, {longest} are allowed",
                f"shorten it by {len(name) - longest}",
            )
        if not fits.fullmatch(name):
            because = f": {wrong}" if wrong else ""
            text = f"'{name}' cannot name {what}{because}"
            yield Fault(_NAME, "name-illegal", text, allowed)

    return rule


environment_name = name_rule(
    "an environment",
    _ENVIRONMENT.pattern,
    LONGEST_ENVIRONMENT,
    "use letters, digits and '-', and begin with a letter",
)

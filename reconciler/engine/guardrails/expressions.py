"""An expression and a change in, what it answers out: the one door to JMESPath."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError, ParseError

from reconciler.engine.guardrails.confusion import confusable, filter_of, routes
from reconciler.engine.guardrails.patterns import admitted

LONGEST_TEXT = 10_000
"""Letters of a text that `matches` looks at: a name or an address, no document."""


class ExpressionError(Exception):
    """An expression that cannot be read, or that a value does not fit; the text says why."""


class _Functions(functions.Functions):
    """What rules may call beside the functions of JMESPath."""

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_matches(self, text: str | None, pattern: str) -> bool:
        """Whether a regular expression matches the whole text; null never does."""
        return text is not None and re.fullmatch(pattern, text[:LONGEST_TEXT]) is not None

    @functions.signature({"types": ["string", "null"]})
    def _func_lower(self, text: str | None) -> str:
        """The text in lower case; null is the empty text."""
        return (text or "").lower()

    @functions.signature({"types": ["object", "null"]}, {"types": ["array"]})
    def _func_admits(self, spec: Mapping[str, Any] | None, namespaces: list[Any]) -> list[str]:
        """Paths of these namespaces that a repository's patterns let through; none of null."""
        if spec is None:
            return []
        found = (admitted([filter_of(spec)], str(name)) for name in namespaces)
        return [path for path in found if path is not None]

    @functions.signature(
        {"types": ["object", "null"]},
        {"types": ["array", "null"]},
        {"types": ["array"]},
        {"types": ["array"]},
    )
    def _func_confusable(
        self,
        spec: Mapping[str, Any] | None,
        members: list[Any] | None,
        foreign: list[Any],
        namespaces: list[Any],
    ) -> list[str]:
        """Members of these kinds that may answer for one's own packages, each with a path.

        Of null, a repository that is deleted, there are none.
        """
        if spec is None:
            return []
        ways = list(routes(spec, members or [], foreign))
        return [
            f"{member} may answer for {path}"
            for name in namespaces
            for member, path in confusable(ways, str(name))
        ]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def check(expression: str) -> None:
    """Raises ExpressionError for an expression that cannot be read."""
    try:
        _compiled(expression)
    except ParseError as error:
        raise ExpressionError(str(error).strip()) from error
    except JMESPathError as error:
        raise ExpressionError(str(error)) from error


def answer(expression: str, document: Mapping[str, Any]) -> Any:
    """What an expression answers about a document. Raises ExpressionError."""
    check(expression)
    try:
        return _compiled(expression).search(document, options=_OPTIONS)
    except (JMESPathError, re.error, ValueError, TypeError, RecursionError) as error:
        raise ExpressionError(str(error)) from error


def in_words(value: Any) -> str:
    """What an expression answered, for a message: nothing for a mere true."""
    if value is True or value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value[:5]) + (f" and {len(value) - 5} more" if len(value) > 5 else "")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)[:200]

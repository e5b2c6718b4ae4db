"""An expression in, what is wrong with it out; JMESPath is loaded where there is one only."""

from __future__ import annotations


def fault_of(expression: str) -> str | None:
    """Why an expression cannot be read, or None for a sound one."""
    from reconciler.engine.guardrails.expressions import ExpressionError, check

    try:
        check(expression)
    except ExpressionError as error:
        return str(error)
    return None

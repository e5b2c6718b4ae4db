"""A plain scalar in, its value out: YAML 1.2's core schema, stricter where people get hurt."""

from __future__ import annotations

import re
from typing import Any


class BadScalarError(ValueError):
    """A plain scalar we refuse to guess about."""

    def __init__(self, rule: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.rule = rule
        self.summary = summary
        self.hint = hint


_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 19
"""Decimal digits of the largest integer a server can keep, which has 64 bits."""


def resolve(text: str) -> Any:
    """What a plain scalar means: null, a boolean, a number, or else the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _BASED.fullmatch(text):
        return _based(text)
    if _NOT_FINITE.fullmatch(text):
        raise BadScalarError(
            "not-finite", f"{text} is not a number JSON can carry", f'to mean text, write "{text}"'
        )
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    if digits[0] == "0" and len(digits) > 1:
        raise _leading_zero(text, digits)
    if len(digits) > _MAX_DIGITS or not _fits(value := int(text)):
        raise _wrong_number(text)
    return value


def _fits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _wrong_number(text)
    return value


def _based(text: str) -> int:
    value = int(text, 0)
    if not _fits(value):
        raise _wrong_number(text)
    return value


def _leading_zero(text: str, digits: str) -> BadScalarError:
    sign = text[: len(text) - len(digits)]
    bare = digits.lstrip("0") or "0"
    return BadScalarError(
        "leading-zero",
        f"the number {short(text)} has a leading zero",
        f'for text write "{short(text)}", for the number write {short(sign + bare)}'
        " (octal numbers look like 0o17)",
    )


def _wrong_number(text: str) -> BadScalarError:
    return BadScalarError(
        "wrong-number",
        f"the number {short(text)} is too large",
        "to mean text, put it in quotes",
    )


def short(text: str) -> str:
    """The text, cut where it would be too long for a message."""
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"

"""Values of fields in, one-line texts out."""

from __future__ import annotations

from reconciler.model import UNSET, JsonValue
from reconciler.report.sanitise import visible

DEEPEST = 6
"""Levels of nesting that are shown in one line."""

NOT_SET = "(unset)"


def compact(value: JsonValue, depth: int = 0) -> str:
    """A value in one line, texts in quotes, keys of maps in fixed order."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return _enclosed(
            "{}",
            [f"{visible(str(k))}: {compact(value[k], depth + 1)}" for k in sorted(value, key=str)]
            if depth < DEEPEST
            else ["…"],
        )
    if isinstance(value, list | tuple):
        return _enclosed(
            "[]", [compact(item, depth + 1) for item in value] if depth < DEEPEST else ["…"]
        )
    return _word(value)


def _enclosed(brackets: str, items: list[str]) -> str:
    return f"{brackets[0]}{', '.join(items)}{brackets[1]}"


def _word(value: JsonValue) -> str:
    if value is UNSET or value is None:
        return NOT_SET
    if isinstance(value, bool):
        return "true" if value else "false"
    return visible(str(value))


def quoted(text: str) -> str:
    """A text in double quotes, its own quotes escaped."""
    return '"' + visible(text).replace('"', '\\"') + '"'


def is_unset(value: JsonValue) -> bool:
    """Whether there is nothing: never set, or cleared."""
    return value is UNSET or value is None


def is_multiline(value: JsonValue) -> bool:
    """Whether a value is a text of several lines."""
    return isinstance(value, str) and "\n" in value.rstrip("\n")

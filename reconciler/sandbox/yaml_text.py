"""Plain data in, YAML text out: block style, no anchors, no wrapped lines."""

from __future__ import annotations

import json
import re
from typing import Any

Json = Any

PLAIN = re.compile(r"[A-Za-z/$][^\n\t\"'\\]*")
WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def dump(value: Json) -> str:
    """A map or a list in, its text out."""
    return "\n".join(lines(value)) + "\n"


def lines(value: Json) -> list[str]:
    """A value in, its lines out, as far left as can be."""
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in field(key, item)]
    if isinstance(value, list) and value:
        return [line for item in value for line in member(item)]
    return [scalar(value)]


def field(key: str, value: Json) -> list[str]:
    """A key and its value in, their lines out."""
    name = key if plain(key) or key == "on" else json.dumps(key, ensure_ascii=False)
    if isinstance(value, (dict, list)) and value:
        return [f"{name}:", *("  " + line for line in lines(value))]
    return [f"{name}: {scalar(value)}"]


def member(value: Json) -> list[str]:
    """An item of a list in, its lines out."""
    first, *rest = lines(value)
    return [f"- {first}", *("  " + line for line in rest)]


def scalar(value: Json) -> str:
    """Anything without lines of its own in, its text out."""
    if isinstance(value, str) and plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def plain(text: str) -> bool:
    """Whether a text means itself without quotes."""
    return (
        PLAIN.fullmatch(text) is not None
        and text.lower() not in WORDS
        and text == text.strip()
        and not re.search(r":(\s|$)|\s#", text)
    )

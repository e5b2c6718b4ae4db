"""Data in, YAML text out: new documents in one canonical style."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.manifests.yaml.source import FORBIDDEN


def dump(document: Mapping[str, Any], *, header: str = "") -> str:
    """One new document in canonical style, below the header lines if there are any.

    Raises ValueError for what YAML 1.2's core schema cannot carry.
    """
    lines = block_lines(document, 0) if document else ["{}"]
    return "\n".join([*header.splitlines(), *lines, ""])


def block_lines(value: Any, indent: int) -> list[str]:
    """The lines of a mapping or list that is not empty."""
    return (
        _block_mapping(value, indent) if isinstance(value, Mapping) else _block_list(value, indent)
    )


def _block_mapping(value: Mapping[str, Any], indent: int) -> list[str]:
    lines = []
    for key, member in value.items():
        first, more = member_lines(member, indent)
        lines += [f"{' ' * indent}{key_text(key)}:{first}", *more]
    return lines


def _block_list(value: Sequence[Any], indent: int) -> list[str]:
    lines = []
    for item in value:
        if is_filled(item):
            inner = block_lines(item, indent + 2)
            lines += [f"{' ' * indent}- {inner[0][indent + 2 :]}", *inner[1:]]
        else:
            first, more = member_lines(item, indent)
            lines += [f"{' ' * indent}-{first}", *more]
    return lines


def member_lines(value: Any, indent: int) -> tuple[str, list[str]]:
    """What follows the colon (or dash) on its line, and the lines below."""
    if is_filled(value):
        return "", block_lines(value, indent + 2)
    if isinstance(value, str) and fits_literal(value):
        sign = "|" if value.endswith("\n") else "|-"
        padding = " " * (indent + 2)
        lines = value.removesuffix("\n").split("\n")
        return f" {sign}", [padding + line if line else "" for line in lines]
    return f" {flow_text(value, '')}", []


def is_collection(value: Any) -> bool:
    """Whether the value is a mapping or a list."""
    return isinstance(value, Mapping | list | tuple)


def is_filled(value: Any) -> bool:
    """Whether the value is a mapping or a list that holds something."""
    return is_collection(value) and len(value) > 0


def flow_text(value: Any, inside: str = ",[]{}") -> str:
    """The value on one line; `inside` are the signs that plain text there must not hold."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_text(k)}: {flow_text(v)}" for k, v in value.items()) + "}"
    if is_collection(value):
        return "[" + ", ".join(map(flow_text, value)) + "]"
    if isinstance(value, str):
        return value if is_plain(value, inside) else quoted(value)
    return _constant(value)


def _constant(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 wants the point
    raise ValueError(f"{value!r} cannot be written as YAML")


def key_text(key: Any) -> str:
    """A key as it is written. Raises ValueError for what cannot be one."""
    if not isinstance(key, str):
        raise ValueError(f"{key!r} cannot be a key: keys are text")
    if len(key) > 200:  # YAML ends its search for the colon after 1024 characters, escaped
        raise ValueError("a key of more than 200 characters cannot be written")
    return flow_text(key)


# What YAML 1.1 or 1.2 takes for something else than text.
_AMBIGUOUS = re.compile(
    r"""
    |~|null|true|false|yes|no|on|off|y|n
    |[-+]?\.(inf|nan)|\.\.\.
    |[-+]?(0b[01_]+|0x[0-9a-f_]+|0o[0-7_]+)
    |[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?
    |[-+]?(?=\.?[0-9])[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t\ ].*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOT_PLAIN = re.compile(r"""\A[-?:,\[\]{}#&*!|>'"%@`=~<\s]|:\s|\s\#|[:\s]\Z|[\t\n\r]""")


_TO_ESCAPE = re.compile(f"{FORBIDDEN.pattern}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What YAML forbids, and what turns the direction of the text around it: a reader of a pull request
would see something else than what the file says."""


def is_plain(text: str, inside: str = "") -> bool:
    """Whether the text may stand without quotes under both versions of YAML."""
    return not (
        _AMBIGUOUS.fullmatch(text)
        or _NOT_PLAIN.search(text)
        or _TO_ESCAPE.search(text)
        or any(sign in text for sign in inside)
    )


def quoted(text: str) -> str:
    """The text in double quotes. Raises ValueError for half a character."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"{text!r} holds half a character and cannot be written")
    written = json.dumps(text, ensure_ascii=False)
    return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def fits_literal(text: str) -> bool:
    """Whether `|` can hold the text so that no trailing blank and no line end matters."""
    return (
        "\n" in text
        and text[0] not in " \t\n"
        and not text.endswith("\n\n")
        and not re.search(r"[ \t](\n|\Z)|\r|\n[ \t]*\t", text)
        and not _TO_ESCAPE.search(text)
    )

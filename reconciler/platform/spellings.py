"""Secrets in, a pattern of every form in which a server may repeat them out."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

_LEVELS = 3
"""How deep a text in JSON in a text in JSON may be: errors quote the answers of others."""


def spellings(secrets: Iterable[str]) -> re.Pattern[str]:
    """Plain, in JSON, HTML, a URL, base64 and hexadecimal; the longest form first.

    It finds nothing where there are no secrets.
    """
    exact: set[str] = set()
    coded: set[str] = set()
    for secret in filter(None, secrets):
        raw = secret.encode("utf-8", "surrogateescape")
        exact |= {secret, *_escaped(secret), *_in_base64(raw)}
        exact |= {repr(secret)[1:-1], repr(raw)[2:-1]}
        coded |= {quote(raw, safe=""), quote(raw), quote_plus(raw)}
        coded |= {raw.hex(), raw.hex(" "), raw.hex(":"), "".join(f"%{byte:02x}" for byte in raw)}
    forms = [(form, re.escape(form)) for form in exact]
    forms += [(form, f"(?i:{re.escape(form)})") for form in coded - exact]
    forms.sort(key=lambda form: len(form[0]), reverse=True)
    return re.compile("|".join(pattern for _, pattern in forms) or r"(?!)")


def _escaped(secret: str) -> Iterator[str]:
    forms = {secret}
    for _ in range(_LEVELS):
        forms = {spelling for form in forms for spelling in _in_json(form)}
        yield from forms
    yield from (escape(secret), escape(secret, quote=False), secret.replace("/", "\\/"))


def _in_json(text: str) -> tuple[str, str]:
    return json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _in_base64(secret: bytes) -> Iterator[str]:
    """The part of each encoding that is the same whatever stands around the secret."""
    if len(secret) < 8:  # what is left of a short one would match anything
        yield b64encode(secret).decode()
        return
    for lead in range(3):
        whole = (len(secret) + lead) // 3 * 4
        text = b64encode(b"\0" * lead + secret).decode()[4 if lead else 0 : whole]
        yield from (text, text.translate(_URL_SAFE))


_URL_SAFE = str.maketrans("+/", "-_")

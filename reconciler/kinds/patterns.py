"""A pattern and a name in, whether it matches out: `*` is any text, `?` any one character."""

from __future__ import annotations

import re
from functools import lru_cache


def is_pattern(text: str) -> bool:
    """Whether a name is a pattern that may match several."""
    return "*" in text or "?" in text


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches; upper and lower case differ."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    collapsed = re.sub(r"\*+", "*", pattern)  # several in a row match no more, and cost much
    return re.compile("".join(signs.get(sign) or re.escape(sign) for sign in collapsed), re.DOTALL)

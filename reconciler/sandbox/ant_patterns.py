"""Lists of Ant patterns and a path in, whether a repository lets the path through out."""

from __future__ import annotations

import re
from functools import lru_cache

PARTS = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?")
MEANINGS = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def accepts(includes: str, excludes: str, path: str) -> bool:
    """The include and exclude patterns of a repository, comma separated, and a path in."""
    return matches(includes or "**/*", path) and not (excludes and matches(excludes, path))


def matches(patterns: str, path: str) -> bool:
    """Whether one of several patterns matches the whole path."""
    return any(compiled(one.strip()).fullmatch(path) for one in patterns.split(",") if one.strip())


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in, the expression that matches as it does out."""
    text, done = "", 0
    for found in PARTS.finditer(pattern):
        text += re.escape(pattern[done : found.start()]) + MEANINGS[found[0]]
        done = found.end()
    return re.compile(text + re.escape(pattern[done:]))

"""Lists of Ant-style patterns and a path in, whether a repository lets the path through out."""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNS = re.compile(r"\*\*/|/\*\*\Z|\*+|\?")


def admits(includes: str, excludes: str, path: str) -> bool:
    """Whether patterns that include paths and patterns that exclude them let a path through.

    Each is a list separated by commas; without any that include, all paths are.
    """
    return _any(includes or "**/*", path) and not _any(excludes, path)


def _any(patterns: str, path: str) -> bool:
    return any(_compiled(p.strip()).fullmatch(path) for p in patterns.split(",") if p.strip())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`**` is any folders, `*` any text within a name, `?` any character of one."""
    text, done = "", 0
    for sign in _SIGNS.finditer(pattern):
        text += re.escape(pattern[done : sign.start()]) + _meaning(sign[0])
        done = sign.end()
    return re.compile(text + re.escape(pattern[done:]), re.DOTALL)


def _meaning(sign: str) -> str:
    if sign == "**/":
        return "(?:.*/)?"
    if sign == "/**":
        return "(?:/.*)?"
    if sign == "?":
        return "[^/]"
    return ".*" if len(sign) > 1 else "[^/]*"

"""Which paths a repository lets through: as the sandbox does it, which knows by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.ant_patterns import admits
from reconciler.sandbox.ant_patterns import accepts

PARTS = st.sampled_from(["a", "b", "ab", "*", "**", "?", "a*", "*.b", "a.b"])
PATTERNS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=3).map(",".join)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "a.b", "aab"]), min_size=1, max_size=4)


@given(PATTERNS, PATTERNS, PATHS.map("/".join))
@settings(deadline=None, max_examples=300)
def test_both_say_the_same(includes: str, excludes: str, path: str) -> None:
    """Two readings of one rule, written apart."""
    assert admits(includes, excludes, path) == accepts(includes, excludes, path)


@pytest.mark.parametrize(
    "includes, excludes, path, lets",
    [
        ("", "", "a/b", True),
        ("a/**", "", "a/b/c", True),
        ("a/*", "", "a/b/c", False),
        (" a/** , b/**", "", "b/x", True),
        ("**/*", "**/*.json", "a/x.json", False),
        ("**", "a?c", "abc", False),
        ("A/**", "", "a/b", False),
    ],
)
def test_paths(includes: str, excludes: str, path: str, lets: bool) -> None:
    """`**` is any folders, `*` and `?` stay within a name, excluding wins."""
    assert admits(includes, excludes, path) is lets

"""What a change of a field may do to those who use the object: the table that gives plans a risk.

A mark stands at its field; here are the marks that several fields share, and the conditions under
which a change is more than notable. A condition gets the value before and the one after, None where
there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.kinds.marks import Risk


def turned_on(_before: Any, after: Any) -> bool:
    """It becomes true."""
    return after is True


def turned_off(_before: Any, after: Any) -> bool:
    """It becomes false."""
    return after is not True


def lowered(before: Any, after: Any) -> bool:
    """A limit is introduced, or becomes smaller; 0 and -1 are no limit."""
    if after in _NO_LIMIT or not isinstance(after, int):
        return False
    return before in _NO_LIMIT or (isinstance(before, int) and after < before)


_NO_LIMIT = (None, 0, -1)


def was_set(before: Any, _after: Any) -> bool:
    """There was a value, which is replaced or taken away."""
    return before not in (None, "")


def admits_less(before: Any, after: Any) -> bool:
    """A pattern is taken out of the list of those that admit paths; without any, all are."""
    gone = _patterns(before or "**/*") - _patterns(after or "**/*")
    return bool(gone) and _patterns(after or "**/*").isdisjoint(_EVERYTHING)


def refuses_more(before: Any, after: Any) -> bool:
    """A pattern is added to the list of those that refuse paths."""
    return bool(_patterns(after) - _patterns(before))


_EVERYTHING = frozenset({"**", "**/*"})


def _patterns(text: Any) -> frozenset[str]:
    return frozenset(part.strip() for part in str(text or "").split(",")) - {""}


def loses(identity: Callable[[Any], Any] = lambda item: item) -> Callable[[Any, Any], bool]:
    """An element is taken out; `identity` tells what one is known by, None for one without say."""

    def condition(before: Any, after: Any) -> bool:
        had, has = ({identity(item) for item in side or ()} - {None} for side in (before, after))
        return not had <= has

    return condition


def enabled_by(
    name: str, normalise: Callable[[str], str]
) -> Callable[[Mapping[str, Any]], str | None]:
    """The identity of an element with a field `enabled`: switched off, it counts as taken out."""
    return lambda item: None if item.get("enabled") is False else normalise(str(item.get(name)))


SAFE = Risk("safe", "a change is safe")
"""Words for people, or mail: nothing works otherwise because of it."""

NOTABLE = Risk("notable")
"""Worth a look in every direction; also what a field without any mark would be."""

OUT_OF_SERVICE = Risk("disruptive", "switching it on is disruptive", turned_on)
REFUSES = Risk("disruptive", "switching it off is disruptive", turned_off)
REFUSES_PUSHES = Risk("disruptive", "switching it on is disruptive: some pushes fail", turned_on)
DELETES = Risk("disruptive", "lowering it is disruptive: what is too much is deleted", lowered)
"""Figures beyond which the server deletes files."""

SIGN_IN = Risk("disruptive", "switching it on is disruptive: anonymous clients fail", turned_on)
ANONYMOUS = Risk("disruptive", "a change is disruptive: who need not sign in changes")
"""Widens what anonymous clients may do in one direction, and stops them in the other."""

OPENS = Risk("disruptive", "switching it on is disruptive: a protection ends", turned_on)
CHECKS = Risk(
    "disruptive", "switching it off is disruptive: a check or protection ends", turned_off
)
PROTECTS = Risk(
    "disruptive",
    "switching it off is disruptive: packages of the same name may come from elsewhere",
    turned_off,
)
ELSEWHERE = Risk("disruptive", "a change is disruptive: packages come from elsewhere")
OTHER_FILES = Risk("disruptive", "a change is disruptive: clients get other files")
OTHER_LAYOUT = Risk("disruptive", "a change is disruptive: clients look for files elsewhere")
FEWER_FORMATS = Risk(
    "disruptive", "taking one out is disruptive: clients that read it fail", loses()
)
NEW_KEY = Risk(
    "disruptive", "replacing it is disruptive: clients check signatures with the old one", was_set
)
GIVES_RIGHTS = Risk("disruptive", "switching it on is disruptive: it gives rights", turned_on)

"""Marks: what the engine must know of a field, written where the field is declared.

A field is an annotated attribute of a kind's `Spec`; everything in its `Annotated[...]` that is a
`Mark` is read by `kinds/fields.py`. Values the user leaves out are never compared, whatever the
marks say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RefCheck = Literal["declared", "live", "pattern", "server"]


class Mark:
    """Base of all marks."""


@dataclass(frozen=True)
class Ref(Mark):
    """The value, or each element of the list, names an object of one of these kinds.

    Gives the order of changes and the check for dangling names:

    | check    | the object must                                                             |
    |----------|-----------------------------------------------------------------------------|
    | declared | be declared in the workspace (`validate`) or exist on the platform (`plan`) |
    | live     | be declared or exist on the platform: only a plan can tell                  |
    | pattern  | be one of those that match (`*`, `?`); a plan warns where none does          |
    | server   | be known to the server, which is the only one to check it                   |

    With `found_in`, the value is no name but a text that holds some: the function gets it and
    returns them, each with its offset in the text.
    """

    kinds: tuple[str, ...]
    check: RefCheck = "declared"
    found_in: Callable[[str], Iterable[tuple[str, int]]] | None = None

    def __init__(
        self,
        *kinds: str,
        check: RefCheck = "declared",
        found_in: Callable[[str], Iterable[tuple[str, int]]] | None = None,
    ) -> None:
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "check", check)
        object.__setattr__(self, "found_in", found_in)


@dataclass(frozen=True)
class OnlyFor(Mark):
    """The field exists for these values of the kind's discriminator (package types) only."""

    values: frozenset[str]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", frozenset(values))


@dataclass(frozen=True)
class NotFor(Mark):
    """The field exists for every value of the discriminator but these."""

    values: frozenset[str]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", frozenset(values))


@dataclass(frozen=True)
class Known(Mark):
    """The values the reference lists. Others warn (a newer server may know more), never fail."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Default(Mark):
    """What the server fills in when the field is left out at creation.

    Used by `export` (a value equal to the default is left out) and by the reference page, never by
    the diff. `by_type` overrides `value` per discriminator value. `by_version` lists
    `(version, value)` pairs: the value from that version on.
    """

    value: Any
    by_type: Mapping[str, Any] = field(default_factory=dict)
    by_version: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Wire(Mark):
    """The field's name in the API where it is not the manifest's; `also` is accepted on read."""

    name: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Since(Mark):
    """The first server version that knows the field."""

    version: str


@dataclass(frozen=True)
class ClearBy(Mark):
    """The server ignores an empty value; writing this one clears the field."""

    value: Any


@dataclass(frozen=True)
class Same(Mark):
    """Two values are the same when this function maps them to the same value.

    For rewriting by the server that does not change the meaning (an alias, a suffix, a trailing
    slash). The function gets one non-empty value (one element, for lists) and must be pure. What it
    returns is exported, unless that is `only_compared`: then it is no value of the field.
    """

    normalise: Callable[[Any], Any]
    note: str
    only_compared: bool = False


@dataclass(frozen=True)
class Implied(Mark):
    """Elements of a live list that the server adds by itself, where this function says so.

    Such an element counts only if the manifest names it. `note` says which elements they are.
    """

    by_server: Callable[[Any], bool]
    note: str


@dataclass(frozen=True)
class MayForce(Mark):
    """The server may overwrite the written value with one of its own; `note` says when."""

    note: str


@dataclass(frozen=True)
class Risk(Mark):
    """How much a change of the field may do; without this mark, a change is notable.

    With `when` (the value before and after in, None for none), it holds for such changes only; of
    several marks the last one that holds counts. `note` says it in words, and when it holds. A new
    object is safe whatever its fields say, but for marks that are `also_new`.
    """

    level: Literal["safe", "notable", "disruptive"]
    note: str = ""
    when: Callable[[Any, Any], bool] | None = None
    also_new: bool = False


@dataclass(frozen=True)
class Outlook(Mark):
    """What a value will bring about, as evidence of a plan under `name`, and in `explain`.

    The function gets the value and the time of the plan, and must be pure.
    """

    name: str
    tell: Callable[[Any, datetime], Any]


@dataclass(frozen=True)
class _Flag(Mark):
    name: str
    note: str


SECRET = _Flag("secret", "a reference to a secret; never compared, printed or stored")
UNORDERED = _Flag("unordered", "a set: the server may return it in any order")
FIXED = _Flag("fixed", "fixed at creation: a change is blocked")
WRITE_ONLY = _Flag("write-only", "never returned by the server")
UNSAID = _Flag("unsaid", "not every answer of the server says it: compared only where one does")
CANNOT_CLEAR = _Flag("cannot-clear", "the server keeps the old value when asked to clear it")
WHOLE = _Flag("whole", "an object the server replaces as a whole: sent merged with the live one")
INLINE = _Flag("inline", "its fields stand beside it in the API, not inside it")
IDENTITY = _Flag("identity", "tells the elements of its list apart")
FORGETS = _Flag("forgets", "loses a name when the object of that name is deleted")
SLOW = _Flag("slow", "shows only some time after it was written")
CLOUD_ONLY = _Flag("cloud-only", "has an effect on JFrog Cloud only")

"""What was listed and what is known to exist in, what the listing hid out: a weak token lists less.

An object that a listing lacks is asked for by its own name, and is still not taken for deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from reconciler.errors import Diagnostic
from reconciler.model import Absent, Address, Live, Unreadable
from reconciler.platform.observe import Observer

HINT = "they were deleted, or the token may not see them: use one that sees all of the platform"
_SHOWN = 5


def unlisted(
    observer: Observer,
    listed: Collection[Address],
    declared: Iterable[Address],
    owned: Iterable[Address],
) -> tuple[dict[Address, Live], list[Diagnostic]]:
    """The objects that are there although they were not listed, and what must be told of the rest.

    Raises UnreachableError.
    """
    owned = set(owned)
    known = {*declared, *owned}
    missing = sorted(known - set(listed), key=lambda a: a.full)
    found = observer.observe(missing).objects
    live = {a: o for a, o in found.items() if isinstance(o, Live)}
    hidden = {a: o for a, o in found.items() if isinstance(o, Unreadable)}
    hidden = {**observer.skipped, **hidden}
    absent = [a for a, o in found.items() if isinstance(o, Absent)]
    told: list[Diagnostic] = []
    for platform in observer.sources:
        gone = [a for a in absent if a.platform == platform]
        unread = {a: o for a, o in hidden.items() if a.platform == platform}
        if any(a.platform == platform for a in (*listed, *live)):
            told += [_unreadable(a, o) for a, o in unread.items()]
            told += _unseen(platform, [a for a in gone if a in owned], owned)
        elif gone or unread:
            told.append(_blind(platform, len(gone) + len(unread), list(unread.values())))
    return live, told


def _unreadable(address: Address, observed: Unreadable) -> Diagnostic:
    return Diagnostic(
        "unreadable",
        "error",
        f"{address} could not be read: {observed.reason}",
        hint="no manifest was written for it; an object that cannot be read is not absent",
        address=str(address),
    )


def _blind(platform: str, count: int, unread: list[Unreadable]) -> Diagnostic:
    return Diagnostic(
        "not-seen",
        "error",
        f"the token sees none of the {count} objects of {platform} that are declared or owned, "
        "and no other one",
        unread[0].reason if unread else "",
        HINT,
    )


def _unseen(platform: str, gone: list[Address], owned: Collection[Address]) -> Iterator[Diagnostic]:
    if gone:
        every = sum(1 for a in owned if a.platform == platform)
        names = ", ".join(map(str, gone[:_SHOWN])) + (", …" if len(gone) > _SHOWN else "")
        text = f"the token sees {every - len(gone)} of the {every} owned objects of {platform}"
        yield Diagnostic("not-seen", "warning", text, f"not seen: {names}", HINT)

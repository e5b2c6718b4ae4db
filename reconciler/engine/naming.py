"""What a person typed in, the one address that is meant out."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.errors import UsageError
from reconciler.model import Address


def named(text: str, known: Iterable[Address]) -> Address | None:
    """The known address a text means; None when it means none of them.

    Without a platform, the text means the object on whichever platform it is known. Raises
    UsageError for a text that is no address, and for an object that is known on several platforms.
    """
    try:
        parsed = Address.parse(text, platform="")
    except ValueError as error:
        raise UsageError(
            str(error), hint="take it from a plan, such as Kind/name or platform:Kind/name"
        ) from None
    fitting = [a for a in dict.fromkeys(known) if _means(parsed, a)]
    if len(fitting) > 1:
        raise UsageError(
            f"{text} is ambiguous: it is an object of {len(fitting)} platforms",
            hint=f"name one: {', '.join(sorted(a.full for a in fitting))}",
        )
    return fitting[0] if fitting else None


def _means(parsed: Address, address: Address) -> bool:
    same_object = (parsed.kind, parsed.parts) == (address.kind, address.parts)
    return same_object and parsed.platform in ("", address.platform)

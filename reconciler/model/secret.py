"""References to secrets, and values that never show themselves."""

from __future__ import annotations

from collections.abc import Mapping


def reference_name(reference: Mapping[str, str]) -> str:
    """How a secret reference is named to people and in the digest: `env:NAME` or `file:PATH`."""
    ((source, name),) = reference.items()
    return f"{source}:{name}"


class Secret:
    """A resolved secret value. It never shows itself: not in repr, text, JSON or a traceback."""

    __slots__ = ("__value", "reference")

    def __init__(self, value: str, reference: str) -> None:
        self.__value = value
        self.reference = reference

    def reveal(self) -> str:
        """The value itself; only the client calls this, when it writes the body."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    __str__ = __repr__

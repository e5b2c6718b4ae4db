"""The identity of one object, printed the same everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

SERVICES = frozenset({"connect"})
"""The services beside the platforms. Each stands in the platform's place of an address, and is
never printed: their kinds are nowhere else."""


@dataclass(frozen=True, slots=True)
class Address:
    """The identity of one object, printed the same everywhere.

    `[platform:]Kind/part[/part]`; parts are percent-encoded where they hold `/ % : #`, blanks or
    control characters. The platform is always known; it is printed when the workspace has several.
    """

    kind: str
    parts: tuple[str, ...]
    platform: str = "default"
    qualified: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """The object's own name, without its parents."""
        return self.parts[-1]

    @property
    def full(self) -> str:
        """The printed form with the platform, as the inventory keeps it."""
        return f"{_encode(self.platform)}:{self.unqualified}"

    @property
    def unqualified(self) -> str:
        """The printed form without the platform."""
        printed = "/".join((self.kind, *self.parts))
        if _ENCODED_ALONE.search(printed) is None and printed.count("/") == len(self.parts):
            return printed  # nearly always, and asked tens of thousands of times
        return "/".join([self.kind, *map(_encode, self.parts)])

    def __str__(self) -> str:
        is_qualified = self.qualified and self.platform not in SERVICES
        return self.full if is_qualified else self.unqualified

    @classmethod
    def parse(cls, text: str, platform: str = "default", *, qualified: bool = False) -> Address:
        """Read a printed address; `platform` is taken when the text names none.

        Raises ValueError when the text is no address.
        """
        head, colon, rest = text.partition(":")
        if colon and "/" not in head:
            platform, text = unquote(head), rest
        kind, *parts = text.split("/")
        if not kind or not parts or not all(parts):
            raise ValueError(f"'{text}' is no address; an address looks like Kind/name")
        if "%" in text:
            parts = list(map(unquote, parts))
        return cls(kind, tuple(parts), platform, qualified)


_TO_ENCODE = re.compile("[/%:# \x00-\x1f\x7f]")
_ENCODED_ALONE = re.compile("[%:# \x00-\x1f\x7f]")


def _encode(part: str) -> str:
    return _TO_ENCODE.sub(lambda match: f"%{ord(match[0]):02X}", part)

"""Two version texts in, which is newer out."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def parse(version: str) -> tuple[int, ...]:
    """`7.104.2` in, `(7, 104, 2)` out; whatever follows the numbers is ignored."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def at_least(version: str, wanted: str) -> bool:
    """Whether a server of `version` has what came with `wanted`; `""` came with the first one."""
    return parse(version) >= parse(wanted)

"""Seconds since 1970 in, the ways Connect writes a time out: it has three."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime


def zulu(moment: float) -> str:
    """`2025-06-09T14:10:44Z`, as the device list writes it."""
    return moment_of(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(moment: float) -> str:
    """`2022-11-29 14:23:44`, as nearly everything else writes it; UTC."""
    return moment_of(moment).strftime("%Y-%m-%d %H:%M:%S")


def or_null(moment: float | None) -> str | None:
    """The same, null when it has not happened yet: in a deployment."""
    return None if moment is None else plain(moment)


def or_empty(moment: float | None) -> str:
    """The same, empty when it has not happened yet: in the history of a device."""
    return "" if moment is None else plain(moment)


def http(moment: float) -> str:
    """`Mon, 16 Dec 2024 10:17:37 GMT`, as port tunnels write it."""
    return format_datetime(moment_of(moment), usegmt=True)


def moment_of(moment: float) -> datetime:
    """Seconds in, the moment out."""
    return datetime.fromtimestamp(moment, UTC)


Writer = Callable[[float], str]

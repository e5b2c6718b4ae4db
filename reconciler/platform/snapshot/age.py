"""A snapshot and the time in, what a reader of the plan must know of it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.errors import Diagnostic
from reconciler.platform.snapshot.model import Snapshot

OLD = timedelta(days=1)


def age(snapshot: Snapshot, file: Path | None, now: datetime) -> Diagnostic:
    """How old the snapshot is: an information, and a warning from the second day on."""
    passed = _passed(snapshot.created, now)
    if passed is None:
        told, is_old = "at a time nobody can read", True
    elif passed < timedelta():
        told, is_old = f"{in_words(-passed)} from now, by this machine's clock", True
    else:
        told, is_old = f"{in_words(passed)} ago", passed > OLD
    name = f" {file.name}" if file else ""
    return Diagnostic(
        "snapshot",
        "warning" if is_old else "info",
        f"planned offline, from the snapshot{name} taken {told} ({snapshot.created})",
        hint="what changed on the platforms since then is not in this plan; an apply looks again",
    )


def _passed(created: str, now: datetime) -> timedelta | None:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return None
    return now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def in_words(span: timedelta) -> str:
    """A span in its largest whole unit: `3 hours`."""
    seconds = int(span.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"

"""Permissions with a last day in, an error for those that are over by a platform's clock out.

The machine that plans may be days behind; what a permission allows to lose is on the platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, InvalidManifests
from reconciler.model import Origin

if TYPE_CHECKING:
    from reconciler.pipeline.session import Session


def require_in_force(run: Session) -> None:
    """Raises InvalidManifests where a Tombstone or a Waiver is over by a platform's clock.

    To be asked once the platforms were; a snapshot tells no time.
    """
    late = list(_late(run))
    if late:
        raise InvalidManifests(late, run.workspace.root)


def _late(run: Session) -> Iterator[Diagnostic]:
    days = {name: day for name, client in run.clients.items() if (day := client.server_day)}
    for stone in run.desire.tombstones:
        today = days.get(stone.address.platform)
        if today and stone.expires and stone.expires < today:
            yield _over("tombstone-expired", "permission", stone.expires, today, stone.origin)
    today = max(days.values(), default=None)
    for waiver in run.desire.guardrails.waivers:
        if today and waiver.expires < today:
            yield _over("waiver-expired", "exception", waiver.expires, today, waiver.origin)


def _over(rule: str, what: str, expires: date, today: date, origin: Origin) -> Diagnostic:
    return Diagnostic(
        rule,
        "error",
        f"this {what} ended with {expires} (UTC): by the platform's clock it is {today}",
        hint="is the clock of this machine behind? Else take it out, or give it a new day",
        file=origin.file,
        line=origin.line,
        column=origin.column,
    )

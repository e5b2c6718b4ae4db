"""Where a plan is not the approved one."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.change import Change, FieldChange


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One point in which a plan is not the approved one.

    `subject` is the printed address, or `target` or `scope`. `path` is empty where the change as a
    whole is meant. None on a side means that this plan has nothing there.
    """

    subject: str
    approved: Change | FieldChange | str | None
    now: Change | FieldChange | str | None
    path: str = ""

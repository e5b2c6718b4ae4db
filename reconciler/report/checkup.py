"""What was checked in; text for people and a document for programs out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.errors import Exit
from reconciler.model import Check, CheckState
from reconciler.report.paint import Style, painter
from reconciler.report.sanitise import visible

CHECKUP = "reconciler.checkup/v1"

_SIGNS: dict[CheckState, tuple[str, Style]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
}

_AWAY = ("connection", "sign-in")


def checkup_exit(checks: Sequence[Check]) -> Exit:
    """0 nothing failed, 6 a platform does not answer or refuses the token, else 1."""
    failed = [check for check in checks if check.state == "failed"]
    if any(check.name in _AWAY for check in failed):
        return Exit.UNREACHABLE
    return Exit.INVALID if failed else Exit.DONE


def checkup_json(checks: Sequence[Check], exit_code: int) -> dict[str, Any]:
    """The document of a checkup."""
    return {
        "format": CHECKUP,
        "exitCode": exit_code,
        "checks": [check.as_json() for check in checks],
        "diagnostics": [],
    }


def checkup_text(checks: Sequence[Check], *, color: bool) -> str:
    """One line for each question, and what to do where something is wrong."""
    return "\n".join([*_lines(checks, color), "", _sum(checks)])


def _lines(checks: Sequence[Check], color: bool) -> Iterator[str]:
    paint = painter(color)
    wide = max((len(_name(check)) for check in checks), default=0)
    for check in checks:
        sign, style = _SIGNS[check.state]
        yield f"{paint(style, sign)} {_name(check).ljust(wide)}  {visible(check.told)}"
        if check.hint and check.state in ("warning", "failed"):
            yield f"  {' ' * wide}  {paint('dim', 'help:')} {visible(check.hint)}"


def _name(check: Check) -> str:
    return f"{visible(check.platform)}: {check.name}" if check.platform else check.name


def _sum(checks: Sequence[Check]) -> str:
    counts = {state: sum(1 for c in checks if c.state == state) for state in _SIGNS}
    return ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)

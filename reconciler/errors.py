"""Every error a user can meet, with its exit code; and diagnostics, which are collected.

ReconcilerError                 1   unexpected
├── UsageError                  1   the command line or the workspace cannot mean anything
├── InvalidManifests            1   carries the diagnostics that say why
├── BlockedError                3   a guard stopped the whole run, nothing was written
│   ├── LeaseHeldError          3   another run is applying to the same inventory
│   └── LeaseLostError          3   the lease of this run ended under it
├── StalePlanError              4   not the plan that was approved
├── UnreachableError            6   no answer, or none that came from a JFrog Platform
│   └── UnauthorisedError       6   the platform refused the token
└── AnswerError                 1   one object's answer could not be used
    ├── NotOfferedError         1   the platform has no such objects
    └── OutcomeUnknownError     5   a write that may or may not have landed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal


class Exit(IntEnum):
    """What the process answers to the shell (requirement M7)."""

    DONE = 0
    INVALID = 1
    PENDING = 2
    BLOCKED = 3
    STALE = 4
    PARTIAL = 5
    UNREACHABLE = 6


Severity = Literal["error", "warning", "info"]


POINTS_AT_SECRET = ("secret-literal", "secret-reference")
"""Rules that are broken by a value nobody may see again."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to write instead of `old`, which stands at the place of a finding."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding, with everything a person needs to act on it.

    `file` is relative to the workspace and uses `/`; `line` and `column` start at 1. `rule` is an
    id of the published list (docs/reference/rules.md).
    """

    rule: str
    severity: Severity
    summary: str
    detail: str = ""
    hint: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    address: str | None = None
    fix: Fix | None = None
    """Where nobody has to think about it; no part of the JSON form."""

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)

    def as_json(self) -> dict[str, Any]:
        """The JSON form of spec 15."""
        told = asdict(self)
        del told["fix"]
        return told

    def promoted(self) -> Diagnostic:
        """The same finding as an error: what `--strict` makes of a warning."""
        return replace(self, severity="error") if self.severity == "warning" else self


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(d.severity == "error" for d in diagnostics)


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics in the order they are shown: by place, then by rule, doubles removed."""
    unique = dict.fromkeys(diagnostics)
    return sorted(
        unique,
        key=lambda d: (
            d.file or "",
            d.line or 0,
            d.column or 0,
            d.address or "",
            d.rule,
            d.summary,
        ),
    )


class ReconcilerError(Exception):
    """An error that is told to the user in words; `hint` says what to do next."""

    exit_code: Exit = Exit.INVALID
    rule: str = "unexpected"

    def __init__(self, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint

    def replace(self, change: Callable[[str], str]) -> None:
        """Say the same in other words."""
        self.summary, self.detail = change(self.summary), change(self.detail)
        self.args = (self.summary,)

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The error as diagnostics."""
        return [Diagnostic(self.rule, "error", self.summary, self.detail, self.hint)]


class UsageError(ReconcilerError):
    """The command line, the environment or the workspace file cannot mean anything."""

    rule = "usage"


class InvalidManifests(ReconcilerError):
    """At least one diagnostic is an error; nothing was sent.

    `root` is the folder the diagnostics' files are relative to, where it is known.
    """

    rule = "invalid"

    def __init__(self, diagnostics: Iterable[Diagnostic], root: Path | None = None) -> None:
        self._diagnostics = ordered(diagnostics)
        self.root = root
        super().__init__("the manifests are not valid")

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """All findings of the run."""
        return self._diagnostics


class BlockedError(ReconcilerError):
    """A guard stopped the whole run before anything was written."""

    exit_code = Exit.BLOCKED
    rule = "blocked"


class LeaseHeldError(BlockedError):
    """Another run is applying to the same inventory."""

    rule = "lease-held"


class LeaseLostError(BlockedError):
    """The lease of this run ended under it, so it may write no more; before that it may have."""

    rule = "lease-lost"


class StalePlanError(ReconcilerError):
    """The plan is not the one that was approved, or what it was made from has changed."""

    exit_code = Exit.STALE
    rule = "stale-plan"


class UnreachableError(ReconcilerError):
    """No answer, or an answer that no JFrog Platform gives."""

    exit_code = Exit.UNREACHABLE
    rule = "unreachable"


class UnauthorisedError(UnreachableError):
    """The platform refused the token."""

    rule = "unauthorised"


class AnswerError(ReconcilerError):
    """The platform's answer about one object could not be used.

    `status` is the HTTP status; the message carries the request line and the start of the body,
    because some answers are HTML or empty.
    """

    rule = "unexpected-answer"

    def __init__(self, summary: str, *, status: int = 0, detail: str = "", hint: str = "") -> None:
        super().__init__(summary, detail=detail, hint=hint)
        self.status = status


class NotOfferedError(AnswerError):
    """The platform does not offer what was asked for; the summary says what it may offer instead.

    A plan tells it as a block of the objects that need it, not as a failure.
    """

    rule = "not-offered"


class OutcomeUnknownError(AnswerError):
    """A write was sent and nobody can tell whether it landed: read before repeating it."""

    exit_code = Exit.PARTIAL
    rule = "outcome-unknown"

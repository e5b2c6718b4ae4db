"""One line of a table: what was tried how often, and how often it went wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was tried, in how many cases, with how many failures; `detail` tells what it is made
    of. Without failures it holds."""

    what: str
    cases: int
    failures: int
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing went wrong."""
        return self.failures == 0

    def __str__(self) -> str:
        verdict = "ok  " if self.holds else "FAIL"
        return f"{verdict} {self.what:60} {self.cases:>8,} {self.failures:>4}  {self.detail}"

    @property
    def markdown(self) -> str:
        """A line of a table."""
        failures = "0" if self.holds else f"**{self.failures}**"
        return f"| {self.what} | {self.cases:,} | {failures} | {self.detail} |"


HEAD = "| what | cases | failures | made of |\n|---|---:|---:|---|"

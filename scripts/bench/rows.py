"""One measured figure and its goal: the row of a table, as text and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure and its goal, both in `unit`; `detail` tells what it is made of.

    The goal is the most that is allowed, or with `at_least` the least.
    """

    what: str
    measured: float
    goal: float
    unit: str
    detail: str = ""
    at_least: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether the figure is on the right side of its goal."""
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal

    @property
    def bound(self) -> str:
        """The goal in words."""
        goal = f"{self.goal:,.0f}" if self.goal >= 1000 else f"{self.goal:.3g}"
        return f"{'at least' if self.at_least else 'at most'} {goal} {self.unit}"

    @property
    def figure(self) -> str:
        """The measured value with its unit: whole where it is large, else two decimals."""
        is_whole = self.measured >= 100 or self.measured == int(self.measured)
        return (
            f"{self.measured:,.0f} {self.unit}" if is_whole else f"{self.measured:.2f} {self.unit}"
        )

    def __str__(self) -> str:
        verdict = "ok  " if self.is_reached else "MISS"
        return f"{verdict} {self.what:58} {self.figure:>15} ({self.bound})  {self.detail}"

    @property
    def markdown(self) -> str:
        """A line of a table."""
        reached = "yes" if self.is_reached else "**no**"
        return f"| {self.what} | {self.bound} | {self.figure} | {reached} | {self.detail} |"

"""A stream in, a function that shows how far long work has come out; gone when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reconciler.report.sanitise import visible

Progress = Callable[[str, int, int], None]
"""Told the words, how many are done and how many there are; 0 when nobody knows."""


@contextmanager
def progress(stream: TextIO, enabled: bool) -> Iterator[Progress]:
    """A bar for known totals, a spinner for unknown ones, removed at the end.

    When not enabled, nothing is shown and nothing is imported.
    """
    if not enabled:
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
    )
    with Bars(*columns, console=Console(file=stream), transient=True) as bars:
        yield _Shown(bars.add_task, bars.update, bars.remove_task)


def _silent(words: str, done: int, total: int) -> None:
    """Progress that nobody sees."""


class _Shown:
    """Keeps one bar, started anew when the words change."""

    def __init__(
        self,
        add: Callable[..., int],
        update: Callable[..., None],
        remove: Callable[..., None],
    ) -> None:
        self.add, self.update, self.remove = add, update, remove
        self.words: str | None = None
        self.task = 0

    def __call__(self, words: str, done: int, total: int) -> None:
        """Show one step."""
        if words != self.words:
            if self.words is not None:
                self.remove(self.task)
            self.words, self.task = words, self.add(visible(words), total=total or None)
        self.update(self.task, completed=done, total=total or None)

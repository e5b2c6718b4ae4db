"""A stream in, a function that shows how far long work has come out; gone when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reconciler.report.sanitise import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]
"""Told the words, how many are done and how many there are; 0 when nobody knows. Without words the
bar is taken away until the next step, so that something else can be written."""


@contextmanager
def progress(stream: TextIO, enabled: bool) -> Iterator[Progress]:
    """A bar for known totals, a spinner for unknown ones, removed at the end.

    When not enabled, nothing is shown and nothing is imported.
    """
    if not enabled:
        yield _silent
        return
    shown = _Shown(stream)
    try:
        yield shown
    finally:
        shown.hide()


def teller(shown: Progress, stream: TextIO) -> Callable[[str], None]:
    """What writes a line beside the progress without the two overwriting each other."""
    if isinstance(shown, _Shown):
        return shown.say

    def say(text: str) -> None:
        stream.write(f"{text}\n")
        stream.flush()

    return say


def _silent(words: str, done: int, total: int) -> None:
    """Progress that nobody sees."""


class _Shown:
    """Keeps one bar, started anew when the words change."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.bars: Bars | None = None
        self.words = ""

    def __call__(self, words: str, done: int, total: int) -> None:
        """Show one step."""
        if not words:
            self.hide()
            return
        if words != self.words:
            self.hide()
            self.words, self.bars = words, _bars(self.stream)
            self.bars.start()
            self.bars.add_task(visible(words), total=total or None)
        if self.bars is not None:
            self.bars.update(self.bars.task_ids[0], completed=done, total=total or None)

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        bars = self.bars
        if bars is None:
            self.stream.write(f"{text}\n")
        else:
            bars.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def hide(self) -> None:
        """Take the bar away."""
        if self.bars is not None:
            self.bars.stop()
        self.bars, self.words = None, ""


def _bars(stream: TextIO) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=Console(file=stream),
        transient=True,
        # What others write must go where they wrote it to: results stay on stdout.
        redirect_stdout=False,
        redirect_stderr=False,
    )

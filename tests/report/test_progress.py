"""Progress on a terminal, and none elsewhere."""

from __future__ import annotations

import io
import subprocess
import sys

from reconciler.report.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def test_without_a_terminal_nothing_is_written() -> None:
    """Not enabled means not one character."""

    stream = io.StringIO()
    with progress(stream, enabled=False) as tell:
        tell("reading", 1, 2)

    assert stream.getvalue() == ""


def test_on_a_terminal_words_and_counts_are_shown() -> None:
    """A known total is a count; an unknown one is not; names are made harmless."""

    stream = Terminal()
    with progress(stream, enabled=True) as tell:
        tell("reading \x1b]0;x\x07[red]", 0, 0)
        tell("writing", 1, 2)
        tell("writing", 2, 2)

    shown = stream.getvalue()
    assert "writing" in shown
    assert "2/2" in shown
    assert "\x1b]0" not in shown


def test_rich_is_imported_only_for_a_bar() -> None:
    """Reports cost no start-up time: rich is loaded when a bar is shown, and not before."""

    program = (
        "import io, sys\n"
        "from reconciler.report import github, machine, markdown, progress, svg, terminal\n"
        "with progress.progress(io.StringIO(), False) as tell: tell('x', 1, 2)\n"
        "sys.exit('rich' in sys.modules or 'difflib' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

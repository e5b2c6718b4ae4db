"""Diagnostics in, workflow commands out: annotations on the lines of a pull request."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.errors import Diagnostic
from reconciler.report.sanitise import visible

MOST = 10
"""Annotations of one severity that a step may make; GitHub drops more without a word."""

_COMMANDS = (("error", "error"), ("warning", "warning"))


def annotations(diagnostics: Iterable[Diagnostic], *, root: str = "") -> str:
    """One command a line, at most 10 errors and 10 warnings.

    `root` is the workspace's folder relative to the repository, to which GitHub's paths relate.
    """
    found = list(diagnostics)
    lines: list[str] = []
    for severity, command in _COMMANDS:
        lines += _commands(command, [d for d in found if d.severity == severity], root)
    return "".join(f"{line}\n" for line in lines)


def _commands(command: str, found: Sequence[Diagnostic], root: str) -> Iterator[str]:
    shown = found if len(found) <= MOST else found[: MOST - 1]
    for diagnostic in shown:
        yield f"::{command} {_properties(diagnostic, root)}::{_message(diagnostic)}"
    if len(found) > len(shown):
        yield f"::{command}::and {len(found) - len(shown)} more {command}s, see the log"


def _properties(diagnostic: Diagnostic, root: str) -> str:
    place: dict[str, object] = {}
    if diagnostic.file:
        prefix = root.strip("/")
        place["file"] = (
            f"{prefix}/{diagnostic.file}" if prefix not in ("", ".") else diagnostic.file
        )
        place |= {"line": diagnostic.line or 1}
        place |= {"col": diagnostic.column} if diagnostic.column else {}
    place["title"] = diagnostic.rule
    return ",".join(
        f"{name}={property_escaped(visible(str(value)))}" for name, value in place.items()
    )


def _message(diagnostic: Diagnostic) -> str:
    parts = [visible(diagnostic.summary)]
    parts += [visible(line) for line in diagnostic.detail.splitlines()]
    parts += [f"help: {visible(diagnostic.hint)}"] if diagnostic.hint else []
    return data_escaped("\n".join(parts))


def data_escaped(text: str) -> str:
    """A text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_escaped(text: str) -> str:
    """A text as a property of a workflow command."""
    return data_escaped(text).replace(":", "%3A").replace(",", "%2C")


def add_mask(secret: str) -> str:
    """The commands that have a runner hide a secret in every log from here on."""
    lines = sorted({line for line in (secret, *secret.splitlines()) if line.strip()})
    return "".join(f"::add-mask::{data_escaped(line)}\n" for line in lines)

"""Diagnostics in, a JUnit report out: what GitLab, Jenkins and Azure show as tests.

An error is a test that fails; a warning is one that passes and has something to say. The run itself
is a test too, so that a report without findings is not an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from reconciler.errors import Diagnostic, Exit
from reconciler.report.sanitise import shorten, visible

NAME = "reconciler"

MOST_TEXT = 4000
"""Characters of one finding."""

MOST_NAME = 250
"""Characters of the name of a test: some readers keep no more."""

_FINE = (Exit.DONE, Exit.PENDING)


def junit(diagnostics: Iterable[Diagnostic], *, exit_code: int, root: str = "") -> str:
    """The report of one run. `root` is the workspace's folder relative to the repository."""
    found = list(diagnostics)
    errors = [d for d in found if d.severity == "error"]
    cases = [_case(finding, root) for finding in found]
    cases.append(_whole(exit_code, is_told=bool(errors)))
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suites = Xml.Element("testsuites", {"name": NAME, **counts})
    Xml.SubElement(suites, "testsuite", {"name": NAME, **counts}).extend(cases)
    Xml.indent(suites)
    text: str = Xml.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _case(finding: Diagnostic, root: str) -> Xml.Element:
    file = f"{root}/{finding.file}" if root and finding.file else finding.file or ""
    place = ":".join(str(part) for part in (file, finding.line) if part)
    summary = visible(finding.summary)
    name = ": ".join(filter(None, (visible(place), summary)))
    made = Xml.Element("testcase", {"classname": _topic(finding), "name": shorten(name, MOST_NAME)})
    if file:
        made.set("file", visible(file))
        made.set("line", str(finding.line or 1))
    details = "\n".join(
        (
            visible(place) or NAME,
            summary,
            *map(visible, finding.detail.splitlines()),
            *([f"help: {visible(finding.hint)}"] if finding.hint else []),
        )
    )[:MOST_TEXT]
    if finding.severity == "error":
        told = {"message": shorten(summary, MOST_NAME), "type": visible(finding.rule)}
        Xml.SubElement(made, "failure", told).text = details
    else:
        Xml.SubElement(made, "system-out").text = f"{finding.severity}: {details}"
    return made


def _topic(finding: Diagnostic) -> str:
    return f"{NAME}.{visible(finding.rule)}"


def _whole(exit_code: int, *, is_told: bool) -> Xml.Element:
    """The run as a test; where findings tell already why it failed, it does not fail once more."""
    made = Xml.Element("testcase", {"classname": NAME, "name": f"exit code {exit_code}"})
    if exit_code not in _FINE and not is_told:
        why = {"message": f"it ended with {exit_code}", "type": "exit-code"}
        Xml.SubElement(made, "failure", why).text = f"it ended with {exit_code}"
    return made

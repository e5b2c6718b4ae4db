"""`--output junit`: a report in every case, and safe for whoever reads XML (D5)."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from reconciler.report.junit import junit
from tests.cli.support import Desk, Seen, local
from tests.report import samples

BROKEN = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: a}
spec: {pakageType: npm}
"""


def suite_of(text: str) -> Xml.Element:
    """The one suite of a report, whose figures are right."""
    suites = Xml.fromstring(text)
    (suite,) = suites
    cases = suite.findall("testcase")
    assert suite.get("tests") == suites.get("tests") == str(len(cases))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    return suite


def failed(seen: Seen) -> list[tuple[str | None, str | None, str | None]]:
    """Class, file and line of the tests that fail."""
    cases = suite_of(seen.out).findall("testcase")
    return [
        (c.get("classname"), c.get("file"), c.get("line"))
        for c in cases
        if c.find("failure") is not None
    ]


def test_a_good_run_is_a_test_that_passes(desk: Desk) -> None:
    """A report without any test is an error for some readers."""
    desk.declare(local("a"))
    for command in ("validate", "validate", "plan"):  # the second from memory
        seen = desk(command, "--output", "junit")
        (case,) = suite_of(seen.out)
        assert seen.code == 0
        assert case.get("name") == "exit code 0"


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_an_error_is_a_test_that_fails(desk: Desk, command: str) -> None:
    """With rule, file and line; the run is not counted once more."""
    desk.write("infra/reconciler.yaml", (desk.root / "reconciler.yaml").read_text())
    desk.write("infra/manifests/a.yaml", BROKEN)
    (desk.root / ".git").mkdir()
    seen = desk(command, "--workspace", "infra", "--output", "junit")

    assert seen.code == 1
    assert failed(seen) == [("reconciler.unknown-field", "infra/manifests/a.yaml", "4")]
    assert "did you mean &apos;packageType&apos;" in seen.out or "packageType" in seen.out


def test_a_warning_passes(desk: Desk) -> None:
    """It is there to be read."""
    desk.declare(local("a", "nonsense"))
    seen = desk("validate", "--output", "junit")
    first, _ = suite_of(seen.out)

    assert seen.code == 0
    assert failed(seen) == []
    assert "warning: manifests/all.yaml" in str(first.findtext("system-out"))


def test_a_block_and_an_outage_fail(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by its own rule."""
    desk.make("a", type_="maven")
    desk.declare(local("a", "npm"))
    blocked = desk("plan", "--output", "junit")
    monkeypatch.setenv("JFROG_URL", "http://127.0.0.1:1")
    out = desk("plan", "--output", "junit")

    assert blocked.code == 3
    assert [name for name, _, _ in failed(blocked)] == ["reconciler.immutable"]
    assert out.code == 6
    assert [name for name, _, _ in failed(out)] == ["reconciler.unreachable"]


def test_a_wrong_command_line_is_a_report_too(desk: Desk) -> None:
    """Whoever reads the file finds out."""
    seen = desk("plan", "--nonsense", "--output", "junit")

    assert seen.code == 1
    assert [name for name, _, _ in failed(seen)] == ["reconciler.usage"]


def test_a_failure_without_a_finding_fails(desk: Desk) -> None:
    """No bad exit code has a green report."""
    (case,) = suite_of(junit([], exit_code=3))

    assert case.find("failure") is not None


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    """Any name makes XML that a parser reads, with one test a finding."""
    found = [samples.hostile_diagnostic(text), samples.hostile_diagnostic(text)]
    suite = suite_of(junit(found, exit_code=1, root=text))

    assert len(suite) == 3
    assert {element.tag for element in suite.iter()} == {"testsuite", "testcase", "failure"}
    assert suite[0].get("name", "x").isprintable()

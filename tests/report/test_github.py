"""Annotations on a pull request's lines."""

from __future__ import annotations

from dataclasses import replace

from reconciler.report.github import annotations
from tests.report import samples
from tests.report.golden import check


def test_annotations_look_as_kept() -> None:
    """Errors, then warnings; notes are not worth one of the few annotations."""

    check("annotations.txt", annotations([samples.WARNING, samples.ERROR, samples.INFO]))


def test_messages_and_properties_are_escaped() -> None:
    """Nothing in a finding can end a property, a command or a line."""

    finding = replace(
        samples.ERROR, summary="100%\r\n::stop", hint="", detail="", file="a:b,c%.yaml"
    )

    assert annotations([finding]) == (
        "::error file=a%3Ab%2Cc%25.yaml,line=9,col=3,title=unknown-field::100%25\\r\\n::stop\n"
    )


def test_more_than_ten_are_counted() -> None:
    """GitHub shows ten of a severity: the tenth tells how many are left."""

    found = [replace(samples.ERROR, line=i + 1) for i in range(25)] + [samples.WARNING] * 10
    lines = annotations(found).splitlines()

    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10
    assert errors[-1] == "::error::and 16 more errors, see the log"
    assert len(lines) == 20


def test_paths_are_those_of_the_repository() -> None:
    """A workspace in a folder puts the folder before its files."""

    assert "file=infra/jfrog/manifests/payments.yaml," in annotations(
        [samples.ERROR], root="infra/jfrog/"
    )
    assert "file=manifests/payments.yaml," in annotations([samples.ERROR], root=".")


def test_nothing_found_is_no_text() -> None:
    """No finding, no command."""

    assert annotations([]) == ""

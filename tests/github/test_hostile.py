"""Texts of strangers wherever the action writes: comment, summary, log, outputs, checks."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from reconciler.errors import Diagnostic, Fix, InvalidManifests, StalePlanError
from reconciler.github import body, checks, suggestions
from reconciler.github.context import Context
from reconciler.github.marker import Marker, read_marker
from reconciler.github.outcome import outputs
from reconciler.github.runner import Runner
from reconciler.github.text import log_text
from reconciler.github.work import Result
from reconciler.model import Block, Comparison, Declared, Differing, FieldChange, Origin
from reconciler.report.github import annotations
from tests.report import samples
from tests.support.composite import blocks, obeyed

CONTEXT = Context(run_url="https://git.example.com/acme/x/actions/runs/1")
MARKDOWN = MarkdownIt("commonmark").enable("table")
MENTION = re.compile(r"(?<![\w/`])@[A-Za-z]|(?<!\w)#\d|GH-\d")


def comparison(text: str) -> Comparison:
    """Two versions of manifests with nothing but a hostile text."""
    change = samples.hostile_change(text)
    declared = Declared(change.address, {"a": text}, Origin(text, 1))
    field = FieldChange(text, text, f"{text}2")
    differing = Differing(declared, declared, (field,), (("a",),))
    return Comparison("base", "this pull request", (declared,), (declared,), (differing,))


def results(text: str) -> dict[str, Result]:
    """Every sort of result, with nothing but a hostile text."""
    made, found = samples.hostile_plan(text), (samples.hostile_diagnostic(text),)
    whole = Block(text, text, text)
    stale = StalePlanError(text, detail=f"{text}\n{text}", hint=text)
    return {
        "plan": Result("plan", 0, made, (whole,), found=found),
        "outcome": Result("apply", 5, made, outcomes=samples.hostile_outcomes(text), found=found),
        "stale": Result("apply", 4, made).ended_by(stale),
        "invalid": Result("validate", 1).ended_by(InvalidManifests(found)),
        "drift": Result("drift", 2, drift=samples.hostile_drift(text)),
        "comparison": Result("plan", 0, comparison=comparison(text), note="ours"),
        "validation": Result("validate", 1, found=found),
        "export": Result("export", 0, files=(text,)),
    }


NAMES = tuple(results("x"))


def require_ours(shown: str, run_url: str, most: int = 60_000) -> None:
    """All markup, links and mentions of a text are ours, and it fits where it is shown."""
    tokens = MARKDOWN.parse(shown)
    html = [token.content for token in tokens if token.type == "html_block"]
    inline = [child for token in tokens for child in token.children or ()]
    plain = " ".join(child.content for child in inline if child.type == "text")

    assert len(shown) <= most
    assert all(
        re.match(r"</?(details|summary|sub)\b|<!-- reconciler (\{|suggestion)", block)
        for block in html
    )
    assert not MENTION.search(plain)
    assert all(child.attrGet("href") == run_url for child in inline if child.type == "link_open")


@pytest.mark.parametrize("text", samples.HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_markdown_is_ours(name: str, text: str) -> None:
    """Fences and details are balanced; no mention, link or HTML comes from data."""
    shown = body.text(
        results(text)[name], CONTEXT, text, extra=(Diagnostic("github-api", "warning", text),)
    )
    require_ours(shown, CONTEXT.run_url)

    assert shown.count("<details>") == shown.count("</details>") or "details>" in text
    assert shown.encode("utf-8")


@pytest.mark.parametrize("text", samples.HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_the_log_obeys_nothing(name: str, text: str, tmp_path: Path) -> None:
    """The only commands are ours, and every group and stop is ended."""
    log = io.StringIO()
    Runner({}, log).log(log_text(results(text)[name]), "Plan")
    commands, _ = obeyed(log.getvalue())

    assert [name for name, _, _ in commands] in (
        [],
        ["group", "stop-commands", "endgroup"],
    )


@pytest.mark.parametrize("text", samples.HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_summary_are_whole(name: str, text: str, tmp_path: Path) -> None:
    """No value ends its block, whatever it holds."""
    files = {"GITHUB_OUTPUT": tmp_path / "o", "GITHUB_STEP_SUMMARY": tmp_path / "s"}
    runner = Runner({key: str(file) for key, file in files.items()}, io.StringIO())
    values = {**outputs(results(text)[name], "reason"), "digest": text}
    runner.outputs(values)
    runner.summary(body.text(results(text)[name], CONTEXT))
    found = blocks(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))

    assert set(found) == set(values)
    assert found["outcome"] == values["outcome"]
    assert found["drifted"] == values["drifted"]


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_annotations_and_checks_show_what_is_there(text: str) -> None:
    """One command a finding; a check run's fields are one line each where GitHub wants one."""
    found = [samples.hostile_diagnostic(text)]
    commands, _ = obeyed(annotations(found))
    note = checks._annotation(found[0], text)

    assert [name for name, _, _ in commands] == ["error"]
    assert note["title"].isprintable()
    assert all(line.isprintable() for line in note["message"].split("\n"))
    assert checks.name_of(text, text).isprintable()


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_suggestions_are_ours(text: str, tmp_path: Path) -> None:
    """A line of a stranger is suggested as it is, or not at all; what is said beside is a text."""
    line = f"key: {text}".partition("\n")[0]
    (tmp_path / "a.yaml").write_text(f"{line}\n", encoding="utf-8", errors="replace", newline="\n")
    found = replace(samples.hostile_diagnostic(text), file="a.yaml", line=1, column=1)
    for one in suggestions._suggestions([replace(found, fix=Fix("key", "other"))], tmp_path, ""):
        require_ours(one["body"], "")
        (fence,) = [t for t in MARKDOWN.parse(one["body"]) if t.type == "fence"]
        written = (tmp_path / "a.yaml").read_text(encoding="utf-8")
        assert (fence.info, fence.content) == ("suggestion", f"other{written[3:]}")


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_a_marker_holds_no_text_of_strangers(text: str) -> None:
    """The hidden line cannot be ended early: what is no hash is left out of it, or hashed."""
    marker = Marker("comment", "0" * 16, "sha256:" + "0" * 64, text)
    line = marker.line()

    assert line.count("-->") == 1
    assert line.endswith("-->\n")
    assert read_marker(line + text) is not None


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_any_body_is_read_as_a_marker_or_not(text: str) -> None:
    """Comments of others never end a run."""
    for line in (
        text,
        f"<!-- reconciler {text} -->",
        f'<!-- reconciler {{"v":1,"key":{text}}} -->\n',
    ):
        read_marker(line)
    assert read_marker(None) is None
    assert read_marker(f"{text}\n<!-- reconciler {{}} -->") is None


def test_ten_thousand_changes_fit_in_comment_and_summary() -> None:
    """Each keeps to its budget, counts what is left out, and drops no delete."""
    deletes = tuple(
        replace(samples.DELETE, address=samples.at("LocalRepository", f"gone{i}"))
        for i in range(30)
    )
    creates = tuple(
        replace(samples.CREATE, address=samples.at("LocalRepository", f"new{i}"))
        for i in range(10_000)
    )
    made = replace(samples.FULL, changes=(*creates, *deletes))
    comment = body.text(Result("plan", 0, made), CONTEXT)
    summary = body.text(Result("plan", 0, made), CONTEXT, limit=body.SUMMARY_LIMIT)

    for text, limit in ((comment, 60_000), (summary, 262_144)):
        assert limit * 0.8 < len(text) <= limit
        assert all(f"LocalRepository/gone{i} " in text for i in range(30))
        assert " more, see the full plan." in text
    assert len(summary.encode()) < 1024 * 1024

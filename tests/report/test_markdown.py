"""What a reviewer sees in a pull request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model import (
    Action,
    Address,
    Block,
    Change,
    Drift,
    FieldChange,
    Origin,
    Outcome,
    Plan,
)
from reconciler.report.fence import code, fenced
from reconciler.report.markdown import LIMIT, drift_markdown, outcome_markdown, plan_markdown
from tests.report import samples
from tests.report.golden import check
from tests.report.renderers import MARKDOWN

OURS = re.compile(r"</?(details|summary)>")


def tokens(text: str) -> list[Token]:
    """All tokens of a comment, inline ones included."""
    flat: list[Token] = []
    for token in MarkdownIt("commonmark", {"html": True}).parse(text):
        flat += [token, *(token.children or [])]
    return flat


def prose(text: str) -> str:
    """What GitHub would look at for mentions: everything outside code."""
    kinds = ("text", "html_inline", "html_block")
    return "\n".join(token.content for token in tokens(text) if token.type in kinds)


def assert_balanced(text: str) -> None:
    """Fences are closed, details are closed, and there is no HTML but ours."""
    html = [t.content for t in tokens(text) if t.type in ("html_block", "html_inline")]
    found = "".join(html)
    opened = [m[0] for part in html for m in OURS.finditer(part)]
    assert opened.count("<details>") == opened.count("</details>")
    assert opened.count("<summary>") == opened.count("</summary>") == opened.count("<details>")
    assert "<" not in OURS.sub("", found)
    depth = 0
    for tag in opened:
        depth += {"<details>": 1, "</details>": -1}.get(tag, 0)
        assert depth in (0, 1)
    lines = text.splitlines()
    for fence in (t for t in tokens(text) if t.type == "fence"):
        assert fence.map is not None
        assert lines[fence.map[1] - 1].strip() == fence.markup


@pytest.mark.parametrize("name", samples.PLANS)
def test_plans_look_as_kept(name: str) -> None:
    """The whole comment of each sample plan is the kept one."""

    text = plan_markdown(samples.PLANS[name])

    assert_balanced(text)
    check(f"plan_{name}.md", text)


def test_an_outcome_looks_as_kept() -> None:
    """What failed comes first; what is done is folded away."""

    text = outcome_markdown(samples.FULL, samples.OUTCOMES, 5)

    assert_balanced(text)
    check("outcome.md", text)


def test_drift_looks_as_kept() -> None:
    """Drift as a comment or an issue."""

    text = drift_markdown(samples.DRIFT)

    assert_balanced(text)
    check("drift.md", text)


def test_a_plan_blocked_as_a_whole_says_so_at_the_top() -> None:
    """M13: a limit is seen in the pull request, with the flag that raises it."""

    blocks = [Block("limit", "12 Group updates exceed the limit", "--allow-updates Group=12")]
    text = plan_markdown(samples.SCOPED, blocks=blocks)

    assert text.index("--allow-updates Group=12") < text.index("VirtualRepository/npm")


def test_the_first_line_is_the_outcome_and_the_counts() -> None:
    """M27: the first line alone tells a reviewer what is going on."""

    first = plan_markdown(samples.FULL).splitlines()[0]

    assert first.startswith("### Plan: 1 to create, 4 to update")
    assert first.endswith("1 blocked, 7 unchanged")


def test_the_second_line_is_what_is_at_stake() -> None:
    """D3: losses first, then changes by risk."""

    assert plan_markdown(samples.FULL).splitlines()[2] == (
        "2 repositories would lose 1.2 TB; 1 disruptive change; 5 notable changes; 1 safe change."
    )


@pytest.mark.parametrize("render", MARKDOWN)
@pytest.mark.parametrize("text", samples.HOSTILE)
def test_hostile_texts_stay_inside_code(render: str, text: str) -> None:
    """M27: no name can break a comment, mention anyone, link anything or be HTML."""

    made = MARKDOWN[render](text)

    assert_balanced(made)
    outside = prose(made)
    assert "@" not in outside
    assert not re.search(r"#\d|GH-\d|evil|onerror|pwned", outside)
    kinds = {token.type for token in tokens(made)}
    assert not kinds & {"link_open", "image", "table_open", "code_block", "hr"}
    assert all(line.isprintable() for line in made.splitlines())
    assert len(made) <= LIMIT


@given(text=st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_stays_inside_code(text: str) -> None:
    """Whatever a name is made of, the comment is balanced and its prose is ours."""

    for render in MARKDOWN.values():
        made = render(text)
        assert_balanced(made)
        assert "@" not in prose(made)


@given(
    lines=st.lists(st.text("`~<> \\a", max_size=12), max_size=6), span=st.text("` a", max_size=9)
)
@settings(max_examples=200, deadline=None)
def test_fences_and_spans_hold_any_backticks(lines: list[str], span: str) -> None:
    """A fence is one fence and a span is one span, whatever runs of backticks are inside."""

    block = tokens(fenced(lines))
    inline = [t for t in tokens("x " + code(span)) if t.type == "code_inline"]

    assert [t.type for t in block] == ["fence"]
    assert block[0].content == "".join(f"{line}\n" for line in lines)
    assert [t.content.strip() for t in inline] == [span.strip()]


def big_plan(count: int, action: Action, size: int, blocked: bool = False) -> Plan:
    """A plan of many changes with names and fields of some size."""
    block = Block("immutable", "m" * size, "o" * size) if blocked else None
    changes = tuple(
        Change(
            Address("LocalRepository", (f"r{i:05}",), "east", True),
            action,
            "field-differs",
            tuple(FieldChange(f"spec.f{n}", "a" * size, "b" * size) for n in range(3)),
            risk="destructive" if action is Action.DELETE else "notable",
            origin=Origin("manifests/a.yaml", i + 1),
            blocked=block,
        )
        for i in range(count)
    )
    return Plan(changes=changes, unchanged=1, platforms=(samples.EAST,), digest=samples.DIGEST)


def test_ten_thousand_updates_fit() -> None:
    """Whole objects are dropped and counted; the rest is as in a small plan."""

    text = plan_markdown(big_plan(10_000, Action.UPDATE, 40))

    assert_balanced(text)
    assert len(text) <= LIMIT
    shown = len(re.findall(r"^! east:", text, re.M))
    assert f"_{10_000 - shown:,} more, see the full plan._" in text
    assert shown > 100


@pytest.mark.parametrize("action, blocked", [(Action.DELETE, False), (Action.REPLACE, True)])
def test_deletes_and_blocks_are_never_dropped_for_others(action: Action, blocked: bool) -> None:
    """500 deletes lose their fields, 300 updates go; no delete goes."""

    urgent = big_plan(500, action, 200, blocked)
    others = big_plan(300, Action.UPDATE, 200)
    text = plan_markdown(replace(urgent, changes=(*others.changes, *urgent.changes)))

    assert len(text) <= LIMIT
    assert len(re.findall(r"\((?:delete|replace), (?:blocked|destructive)", text)) == 500
    assert_balanced(text)


def test_more_deletes_than_any_comment_holds_are_told_loudly() -> None:
    """Where even the names do not fit, a reviewer is told not to rely on the comment."""

    text = plan_markdown(big_plan(5_000, Action.DELETE, 10))

    shown = len(re.findall(r"^- east:", text, re.M))
    assert f"**{5_000 - shown:,} more of these do not fit here." in text
    assert len(text) <= LIMIT
    assert shown > 500


def test_a_limit_that_holds_nothing_leaves_the_outcome() -> None:
    """The first line stands even where nothing else can."""

    text = plan_markdown(big_plan(50, Action.DELETE, 10), limit=150)

    assert (
        text == "### Plan: 50 to delete, 1 unchanged\n\nToo much to show here, see the full plan.\n"
    )


def test_results_without_anything_to_tell_are_short() -> None:
    """No change, no outcome and no drift make one line each."""

    assert outcome_markdown(Plan(unchanged=2), [], 0) == (
        "### No changes. 2 objects are as declared.\n"
    )
    assert drift_markdown(Drift(tracked=1)) == "### No drift. 1 object compared\n"


def test_drift_tells_what_was_found_beside_it() -> None:
    """Diagnostics of a drift run are folded below the drift."""

    text = drift_markdown(replace(samples.DRIFT, diagnostics=(samples.WARNING,)))

    assert "<details><summary>1 warning</summary>" in text


def test_a_finished_apply_is_applied() -> None:
    """Without a fault the verdict says so, and no exit code is explained."""

    text = outcome_markdown(samples.FULL, samples.OUTCOMES[:1], 0)

    assert text.startswith("### Applied: 1 created\n\n<details>")


@given(
    counts=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    size=st.integers(0, 300),
    limit=st.integers(500, 9_000),
)
@settings(max_examples=40, deadline=None)
def test_any_plan_is_balanced_within_any_limit(counts: list[int], size: int, limit: int) -> None:
    """Budget and balance hold for every mix of changes and every limit."""

    changes = (
        *big_plan(counts[0], Action.DELETE, size).changes,
        *big_plan(counts[1], Action.UPDATE, size, blocked=True).changes,
        *big_plan(counts[2], Action.UPDATE, size).changes,
        *big_plan(counts[3], Action.CREATE, size).changes,
    )
    plan = Plan(
        changes=changes,
        platforms=(samples.EAST,),
        diagnostics=(samples.WARNING,) * counts[0],
        unmanaged=tuple(c.address for c in changes),
        digest=samples.DIGEST,
    )
    outcomes = [Outcome(c, "failed", "x" * size) for c in changes]

    for text in (
        plan_markdown(plan, limit=limit),
        outcome_markdown(plan, outcomes, 5, limit=limit),
    ):
        assert len(text) <= limit
        assert_balanced(text)


def test_nothing_is_dropped_from_a_small_plan() -> None:
    """Every address of a small plan is in the comment, and no `more` is."""

    text = plan_markdown(samples.FULL)

    assert "more, see" not in text
    assert all(str(change.address) in text for change in samples.CHANGES)


def test_two_renderings_are_the_same() -> None:
    """M4: the same plan makes the same bytes."""

    assert plan_markdown(samples.FULL) == plan_markdown(samples.FULL)

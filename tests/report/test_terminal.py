"""What a person sees in a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.errors import Diagnostic
from reconciler.model import (
    UNSET,
    Action,
    Block,
    Change,
    FieldChange,
    Manifest,
    Origin,
    Outcome,
    Plan,
)
from reconciler.report.diagnostics import Counts
from reconciler.report.terminal import (
    diagnostics_text,
    drift_text,
    outcome_text,
    plan_text,
    validation_text,
)
from tests.report import samples
from tests.report.golden import check


def fields_of(*fields: FieldChange, verbose: bool = False, width: int = 100) -> list[str]:
    """The lines below the headline of an update with these fields."""
    plan = Plan(changes=(replace(samples.ADOPT, action=Action.UPDATE, fields=fields),))
    text = plan_text(plan, color=False, verbose=verbose, width=width)
    return [line.strip() for line in text.split("\n\n")[1].splitlines()[1:]]


@pytest.mark.parametrize("name", samples.PLANS)
def test_plans_look_as_kept(name: str) -> None:
    """The whole text of each sample plan is the kept one."""

    check(f"plan_{name}.txt", plan_text(samples.PLANS[name], color=False))


def test_a_verbose_plan_looks_as_kept() -> None:
    """Verbose adds the reason, the order and the requests, and shortens nothing."""

    check("plan_verbose.txt", plan_text(samples.FULL, color=False, verbose=True))


def test_a_coloured_plan_looks_as_kept() -> None:
    """Colours are the kept ones, and each is reset on its own line."""

    text = plan_text(samples.FULL, color=True)

    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b[") for line in text.splitlines())
    check("plan_colour.txt", text)


def test_a_plan_blocked_as_a_whole_looks_as_kept() -> None:
    """A limit that stops the run stands below the changes, with the flag that raises it."""

    blocks = [
        Block("limit", "12 Group updates on east exceed the limit", "--allow-updates Group=12")
    ]

    check("plan_limit.txt", plan_text(samples.SCOPED, color=False, blocks=blocks))


def test_an_outcome_looks_as_kept() -> None:
    """An apply in part tells done, failed, blocked and not attempted, and that it may run again."""

    text = outcome_text(samples.FULL, samples.OUTCOMES, exit_code=5, seconds=2.31, color=False)

    check("outcome.txt", text)


def test_an_apply_without_changes_says_the_same_as_a_plan() -> None:
    """Nothing to do is one line."""

    text = outcome_text(samples.CONVERGED, [], exit_code=0, color=False)

    assert text == "No changes. 500 objects are as declared.\n"


def test_a_finished_apply_does_not_talk_of_running_again() -> None:
    """The advice stands only where something is left."""

    text = outcome_text(samples.FULL, samples.OUTCOMES[:1], exit_code=0, seconds=75, color=False)

    assert text.endswith("Apply: 1 created, 7 unchanged in 1 min 15 s.\n")


def test_drift_looks_as_kept() -> None:
    """Drift shows what was applied and what is live."""

    check("drift.txt", drift_text(samples.DRIFT, color=False))


def test_no_drift_is_one_line() -> None:
    """Without a difference there is one line."""

    drift = replace(samples.DRIFT, entries=(), unmanaged=())

    assert drift_text(drift, color=False) == "No drift. 40 objects compared.\n"


def test_diagnostics_look_as_kept() -> None:
    """A finding shows its place, its line with a caret, and what to do."""

    found = [samples.ERROR, samples.WARNING, samples.INFO]

    check("diagnostics.txt", diagnostics_text(found, color=False, source=samples.source))


def test_the_caret_stands_below_wide_and_cut_text() -> None:
    """The caret counts columns of the terminal, also where a long line is cut at its start."""

    line = "  名前: " + "x" * 200 + " bad: 1"
    finding = Diagnostic("r", "error", "s", file="f", line=1, column=line.index("bad") + 1)

    shown = diagnostics_text([finding], color=False, source=lambda file, number: line)

    source_line, caret_line = shown.splitlines()[1:3]
    assert source_line.index("bad") == caret_line.index("^^^")


def test_no_diagnostics_are_no_text() -> None:
    """Nothing found, nothing said."""

    assert diagnostics_text([], color=False) == ""


@pytest.mark.parametrize(
    "counts, expected",
    [
        (Counts(4, 4, {"Group": 1, "LocalRepository": 3}), "4 manifests are valid: 1 Group, 3 Loc"),
        (Counts(1, 1, {"Group": 1}), "1 manifest is valid: 1 Group."),
        (Counts(300, 2, {"Group": 300}), "300 manifests are valid, from 2 documents: 300 Group."),
        (Counts(0, 1, {}), "0 manifests are valid, from 1 document."),
    ],
)
def test_valid_manifests_are_counted(counts: Counts, expected: str) -> None:
    """A validation without errors says what it looked at."""

    assert validation_text([], counts, color=False).startswith(expected)


def test_a_warning_leaves_manifests_valid() -> None:
    """Warnings stand before the verdict; errors replace it."""

    warned = validation_text([samples.WARNING], Counts(1, 1), color=False)
    failed = validation_text([samples.ERROR], Counts(1, 1), color=False)

    assert "1 warning\n1 manifest is valid" in warned
    assert "valid." not in failed


def test_five_hundred_unchanged_objects_are_one_line() -> None:
    """M4: a converged estate prints one line, whatever the colours and the platforms."""

    for color in (True, False):
        text = plan_text(samples.CONVERGED, color=color)
        assert text == "No changes. 500 objects are as declared.\n"


def test_without_colour_there_is_no_escape() -> None:
    """`color=False` writes not one ESC byte, in any text."""

    found = [samples.ERROR, samples.WARNING]
    texts = [
        *(plan_text(plan, color=False, verbose=True) for plan in samples.PLANS.values()),
        outcome_text(samples.FULL, samples.OUTCOMES, exit_code=5, color=False),
        drift_text(samples.DRIFT, color=False),
        diagnostics_text(found, color=False, source=samples.source),
        validation_text(found, Counts(), color=False),
    ]

    assert not any("\x1b" in text for text in texts)


def test_colour_changes_nothing_but_colour() -> None:
    """Without its escapes the coloured text is the bare one."""
    import re

    for plan in samples.PLANS.values():
        coloured = plan_text(plan, color=True)
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plan_text(plan, color=False)


def test_what_is_dangerous_comes_first() -> None:
    """Blocked and destructive changes precede all others, whatever the order of the plan."""

    text = plan_text(samples.FULL, color=False)

    order = ["core-maven", "old-maven", "scratch", "west:Group/readers", "payments-npm-local"]
    places = [text.index(name) for name in order]
    assert places == sorted(places)


def test_a_secret_shows_its_state_and_nothing_else() -> None:
    """A secret has no value to show, even if one is there by mistake."""

    field = FieldChange("spec.password", "hunter2", "hunter3", secret="changed")

    assert fields_of(field) == ["password  (secret, changed)"]


def test_sets_show_their_elements_only() -> None:
    """A sorted live list may be a set: only what came and went is told."""

    lines = fields_of(FieldChange("spec.members", ["a", "b", "c"], ["d", "c", "a"]))

    assert lines == ["members", '- "b"', '+ "d"']


def test_a_list_in_another_order_shows_both_orders() -> None:
    """Equal elements differ in the plan only by their order."""

    lines = fields_of(FieldChange("spec.repositories", ["a", "b"], ["b", "a"]))

    assert lines == ["repositories", '~ order: "a", "b" -> "b", "a"']


def test_doubles_of_a_list_are_counted() -> None:
    """One of two equal elements that goes is told."""

    assert fields_of(FieldChange("spec.l", ["a", "a"], ["a"])) == ["l", '- "a"']


def test_long_lists_are_counted_to_their_end() -> None:
    """What is left out of a list is counted by sign."""

    lines = fields_of(FieldChange("spec.l", ["x"], [f"e{i:03}" for i in range(50)]))

    assert lines[-1] == "… 38 more (38 +)"
    assert len(fields_of(FieldChange("spec.l", ["x"], list(range(50))), verbose=True)) >= 52


def test_elements_with_a_name_show_what_changed_in_them() -> None:
    """A map in a list is matched by its name, not shown twice as a whole."""

    old, new = {"name": "a", "on": True, "n": 1}, {"name": "a", "on": False, "n": 1}

    lines = fields_of(FieldChange("spec.l", [old], [new]))

    assert lines == ["l", '~ "a" on: true -> false']


def test_the_difference_of_long_texts_is_in_sight() -> None:
    """Two long texts that differ in one letter are cut around that letter."""

    base = "x" * 5000
    lines = fields_of(FieldChange("spec.d", base + "a" + base, base + "b" + base), width=80)

    assert len(lines) == 1
    assert "xa" in lines[0]
    assert "xb" in lines[0]


def test_values_too_long_for_one_line_take_two() -> None:
    """Before and after stand below each other when they do not fit side by side."""

    lines = fields_of(FieldChange("spec.d", "a" * 50, "b" * 50), width=100)

    assert lines == [f'd  "{"a" * 50}"', f'-> "{"b" * 50}"']


def test_texts_of_several_lines_are_a_small_diff() -> None:
    """Only the lines around a difference are shown."""

    old = "\n".join(f"line {i}" for i in range(20))
    lines = fields_of(FieldChange("spec.t", old, old.replace("line 9", "LINE 9")))

    assert lines[1:] == ["| …", "| line 8", "- | line 9", "+ | LINE 9", "| line 10"]


def test_a_huge_text_is_not_compared_line_by_line() -> None:
    """Texts of many lines are told in bounded time and length."""

    old = "\n".join(str(i) for i in range(50_000))

    assert len(fields_of(FieldChange("spec.t", old, old + "\nx"))) < 20


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (UNSET, None, "f  (unset)"),
        (None, "x", 'f  (unset) -> "x"'),
        ("x", None, 'f  "x" -> (unset)'),
        (1, "1", 'f  1 -> "1"'),
        (False, 0, "f  false -> 0"),
        ("", "x", 'f  "" -> "x"'),
        ([], "x", 'f  [] -> "x"'),
        ("line\n", "line", 'f  "line\\n" -> "line"'),
        ({"a": 1}, {"a": 2}, "f.a  1 -> 2"),
        ({"a.b": 1}, {}, 'f["a.b"]  1 -> (unset)'),
        (UNSET, {}, "f  {}"),
        (1.5, 2.0, "f  1.5 -> 2.0"),
    ],
)
def test_values_are_told_apart(before: object, after: object, expected: str) -> None:
    """Unset, null, texts, numbers and maps each have a form of their own."""

    assert fields_of(FieldChange("spec.f", before, after)) == [expected]


def test_objects_of_very_many_fields_are_counted_to_their_end() -> None:
    """Rows that are left out are counted; verbose leaves nothing out."""

    fields = tuple(FieldChange(f"spec.f{i:03}", 1, 2) for i in range(100))

    assert fields_of(*fields)[-1].endswith(" 41 more fields")
    assert len(fields_of(*fields, verbose=True)) >= 100


def test_elements_are_matched_by_name_only_where_names_are_unique() -> None:
    """Maps without a telling member, or with doubles, are shown whole; others come and go."""

    doubles = [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
    assert fields_of(FieldChange("spec.l", doubles, doubles[:1])) == ["l", '- {name: "a", v: 2}']
    nameless = fields_of(FieldChange("spec.l", [{"v": 1}], [{"v": 2}]))
    assert nameless == ["l", "- {v: 1}", "+ {v: 2}"]
    named = fields_of(
        FieldChange("spec.l", [{"name": "a"}, {"name": "c", "v": 1}], [{"name": "c", "v": 1}])
    )
    assert named == ["l", '- {name: "a"}']


def test_loss_is_told_as_far_as_it_is_known() -> None:
    """Unknown content is said to be unknown; empty objects are only deleted."""

    def first_total(evidence: dict[str, object]) -> str:
        change = replace(samples.DELETE, evidence=evidence)
        return plan_text(Plan(changes=(change,)), color=False).splitlines()[1]

    assert first_total({"bytes": "unknown"}).endswith("lose content that could not be measured.")
    assert first_total({"bytes": 0}) == "1 repository would be deleted."
    assert first_total({"bytes": 999_950_000}) == "1 repository would lose 1 GB."


def test_manifests_are_counted_by_kind() -> None:
    """The counts of a validation come from the manifests themselves."""

    manifests = [Manifest(c.address, {}, Origin("f", 1)) for c in (samples.ADOPT, samples.CREATE)]

    assert Counts.of(manifests, 1) == Counts(2, 1, {"LocalRepository": 1, "Project": 1})


def test_a_place_without_column_or_line_has_no_caret() -> None:
    """What is not known is not drawn."""

    def told(finding: Diagnostic, line: str | None) -> int:
        text = diagnostics_text([finding], color=False, source=lambda file, number: line)
        return len(text.splitlines())

    assert told(Diagnostic("r", "error", "s", file="f", line=1), "text") == 4
    assert told(Diagnostic("r", "error", "s", file="f", line=1, column=1), None) == 3
    assert told(Diagnostic("r", "error", "s", file="f"), "text") == 3


def test_very_deep_values_end() -> None:
    """Nesting is shown to a depth, never to the end of the stack."""

    value: object = "x"
    for _ in range(150):
        value = [{"a": value}]

    assert "…" in fields_of(FieldChange("spec.f", 1, value))[0]


def test_many_inventory_changes_stay_compact() -> None:
    """Changes of one line each stand below each other without empty lines."""

    many = tuple(
        replace(samples.ADOPT, address=samples.at("Group", f"g{i}"), origin=None) for i in range(30)
    )

    assert len(plan_text(Plan(changes=many), color=False).splitlines()) == 34


def test_what_the_server_kept_reads_as_written_and_kept() -> None:
    """A rewritten field shows what was written first, then what is there now."""

    field = FieldChange("spec.d", "kept", "written")
    text = outcome_text(
        samples.FULL, [Outcome(samples.UPDATE, "done", "x", (field,))], exit_code=5, color=False
    )

    assert 'd  "written" -> "kept"' in text


def test_a_password_in_a_url_is_not_shown() -> None:
    """A platform's URL is shown without a user name and a password."""

    assert "hunter2" not in plan_text(samples.FULL, color=True, verbose=True)


def test_every_action_has_a_symbol() -> None:
    """A new action cannot be forgotten here."""

    for action in Action:
        change = Change(samples.ADOPT.address, action, "x")
        assert plan_text(Plan(changes=(change,)), color=True)
        assert outcome_text(Plan(), [Outcome(change, "done")], exit_code=0, color=True)


def test_an_address_is_shown_whole() -> None:
    """Whoever approves a change sees the whole address, however narrow the terminal is."""
    one, other = (f"https://{name}.example.com/artifactory/api/npm/{'x' * 60}" for name in "ab")
    before, after = ([{"enabled": True, "url": url}] for url in (one, other))

    scalar = fields_of(FieldChange("spec.url", one, other), width=60)
    listed = fields_of(FieldChange("spec.members", before, after), width=60)

    assert scalar == [f'url  "{one}"', f'-> "{other}"']
    assert listed == [
        "members",
        "- {enabled: true, url:",
        f'"{one}"}}',
        "+ {enabled: true, url:",
        f'"{other}"}}',
    ]


def test_a_long_text_goes_on_in_the_next_line() -> None:
    """It is broken at blanks and stays below its own beginning; nothing of it is left out."""
    text = " ".join(["word"] * 30)
    plan = Plan(
        changes=(
            replace(
                samples.ADOPT,
                action=Action.UPDATE,
                fields=(FieldChange("spec.notes", UNSET, text),),
            ),
        )
    )

    _, *lines = plan_text(plan, color=False, width=60).split("\n\n")[1].splitlines()

    assert " ".join(line.strip() for line in lines) == f'notes  "{text}"'
    assert all(len(line) <= 60 for line in lines)
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {lines[0].index('"')}

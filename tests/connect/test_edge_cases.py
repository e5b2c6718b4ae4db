"""The edge cases a sceptical expert would try, each with the tests that play it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent

SELECTION, WAVES, TWICE, DEVICES = (
    f"connect/test_{name}.py"
    for name in ("selection", "waves", "never_twice", "devices_of_a_rollout")
)
PROTOCOL, FLOWS, DEVICE, FAILED, CORRECTIONS = (
    f"connect/test_{name}.py"
    for name in ("protocol", "update_flow", "device", "failed_devices", "corrections")
)
FILTERS, GATES, SHARES, MARKER = (
    f"deployments/test_{name}.py" for name in ("filters", "gates", "waves", "marker")
)
DEATHS, DOCTOR, TUNNELS = (
    "reliability/test_rollouts.py",
    "checking/test_fleets.py",
    "sandbox/connect/test_access.py",
)

CASES: Mapping[int, tuple[str, tuple[str, ...]]] = {
    1: ("no groups, all groups", (f"{SELECTION}::test_01",)),
    2: ("a group with a typo", (f"{SELECTION}::test_02",)),
    3: ("two devices that are the one", (f"{SELECTION}::test_03", f"{FILTERS}::test_contra")),
    4: ("a device outside the group", (f"{SELECTION}::test_04",)),
    5: ("two tags need both", (f"{SELECTION}::test_05", f"{FILTERS}::test_the_server_selects")),
    6: ("more than a hundred tags", (f"{SELECTION}::test_06", f"{FILTERS}::test_what_is_not")),
    7: ("versions are texts", (f"{SELECTION}::test_07", f"{FILTERS}::test_versions")),
    8: ("app is_not with a version", (f"{SELECTION}::test_08", f"{FILTERS}::test_the_readings")),
    9: (
        "update_status, deployment without id",
        (f"{SELECTION}::test_09", f"{FILTERS}::test_every"),
    ),
    10: ("volatile filters", (f"{SELECTION}::test_10", f"{FILTERS}::test_what_changes")),
    11: ("a selector that consumes itself", (f"{SELECTION}::test_11",)),
    12: ("an unknown key in a filter", (f"{SELECTION}::test_09_10_12",)),
    13: ("odd and long names", (f"{SELECTION}::test_13", f"{MARKER}::test_it_survives")),
    14: ("zero matches, bounds", (f"{SELECTION}::test_14",)),
    15: ("applied twice in a row", (f"{TWICE}::test_15",)),
    16: ("killed anywhere", (f"{TWICE}::test_16", f"{DEATHS}::test_convergence")),
    17: ("the answer is lost, it shows later", (f"{TWICE}::test_17",)),
    18: ("502, and nothing was created", (f"{TWICE}::test_18",)),
    19: ("two runs race", (f"{TWICE}::test_19", f"{DEATHS}::test_19")),
    20: ("the list fails on page 3", (f"{TWICE}::test_20",)),
    21: ("entries shift between pages", (f"{TWICE}::test_21",)),
    22: ("the comment is cut off", (f"{TWICE}::test_22", f"{MARKER}::test_a_marker_that_was")),
    23: ("a marker somebody typed", (f"{TWICE}::test_23",)),
    24: ("another identity's deployments", (f"{TWICE}::test_24", f"{DOCTOR}::test_deployments")),
    25: ("pushed out of the visible history", (f"{TWICE}::test_25",)),
    26: ("no memory of our own", (f"{TWICE}::test_26",)),
    27: ("keys with and without d-", (f"{TWICE}::test_27",)),
    28: ("percentages and sizes", (f"{WAVES}::test_28", f"{SHARES}::test_percentages")),
    29: ("a device joins during the canary", (f"{WAVES}::test_29",)),
    30: ("a canary is deleted", (f"{WAVES}::test_30",)),
    31: ("all canaries are offline", (f"{WAVES}::test_31", f"{GATES}::test_a_deadline")),
    32: ("exactly at the threshold", (f"{GATES}::test_thresholds",)),
    33: ("a manual gate", (f"{WAVES}::test_33",)),
    34: ("paused in the middle", (f"{WAVES}::test_34",)),
    35: ("a revert during a wave", (f"{WAVES}::test_35",)),
    36: ("the first deployment ever", (f"{WAVES}::test_36",)),
    37: ("the update trigger is set", (f"{DEVICES}::test_37",)),
    38: ("offline for a year", (f"{DEVICES}::test_38",)),
    39: ("it moves between plan and apply", (f"{DEVICES}::test_39",)),
    40: ("a label set by hand", (f"{DEVICES}::test_40",)),
    41: ("other parameters, same version", (f"{DEVICES}::test_41",)),
    42: ("two manifests, one app", (f"{DEVICES}::test_42",)),
    43: ("two manifests, two apps", (f"{DEVICES}::test_43",)),
    44: ("a failed device keeps its label", (f"{DEVICES}::test_44",)),
    45: ("statuses in any spelling", (f"{DEVICES}::test_45", f"{PROTOCOL}::test_45")),
    46: ("times in three formats", (f"{PROTOCOL}::test_46", f"{WAVES}::test_46")),
    47: ("lists and cursors of any shape", (f"{TWICE}::test_21_47", f"{TWICE}::test_47")),
    48: ("severities of any shape", (f"{PROTOCOL}::test_48",)),
    49: ("the text of a flow", (f"{FLOWS}::test_texts", f"{FLOWS}::test_the_same_name")),
    50: ("a flow drawn in the UI", (f"{PROTOCOL}::test_50", f"{FLOWS}::test_a_flow_drawn")),
    51: ("200, 201, 204; aborting what is over", (f"{PROTOCOL}::test_51", f"{TUNNELS}::test_51")),
    52: ("429 on the POST itself", (f"{PROTOCOL}::test_52",)),
    53: ("secrets", (f"{PROTOCOL}::test_53", f"{FAILED}::test_53")),
    54: ("a token of v1, a name for a key", (f"{PROTOCOL}::test_54", f"{DOCTOR}::test_a_name")),
}
"""Each case in a few words, and how its tests begin."""

CORRECTED: Mapping[int, str] = {
    1: "the fleet is part of the identity; a foreign update is a note",
    2: "the order of classes",
    3: "reserved tags freeze a wave",
    4: "flows are named by their content",
    5: "bounds are judged on the population",
    6: "a trigger is a fact, and devices manage tags",
}
"""What was corrected afterwards; the tests are in one file, `test_cN_...`."""


def functions(file: Path) -> dict[str, str]:
    """The tests of a file with what they say of themselves."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name: ast.get_docstring(node) or ""
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def numbers(name: str, docstring: str) -> set[int]:
    """The cases a test says it plays: `test_09_10_x`, `Edge cases 9 and 10: ...`."""
    named = re.match(r"test((?:_\d\d)+)_", name)
    told = re.match(r"Edge cases? ([\d, and]+)", docstring)
    words = [*(named[1].split("_") if named else ()), *re.findall(r"\d+", told[1] if told else "")]
    return {int(word) for word in words if word}


def test_there_are_54() -> None:
    """No number is left out."""
    assert sorted(CASES) == list(range(1, 55))


@pytest.mark.parametrize("number", CASES)
def test_a_case_is_played(number: int) -> None:
    """Its tests are there, and one of them at least says so of itself."""
    _, wanted = CASES[number]
    said: set[int] = set()
    for one in wanted:
        file, _, start = one.partition("::")
        found = {n: d for n, d in functions(TESTS / file).items() if n.startswith(start)}
        assert found, one
        for name, docstring in found.items():
            said |= numbers(name, docstring)

    assert number in said


def test_no_other_test_plays_a_case_that_is_not_listed() -> None:
    """Whatever says that it plays a case is found from the table."""
    for folder in ("connect", "deployments"):
        for file in sorted((TESTS / folder).glob("test_*.py")):
            place = file.relative_to(TESTS).as_posix()
            for name, docstring in functions(file).items():
                for number in numbers(name, docstring):
                    starts = [one.partition("::") for one in CASES[number][1]]
                    files = {found for found, _, _ in starts}
                    assert place in files or place == DEVICE, f"{number}: {place}::{name}"


@pytest.mark.parametrize("number", CORRECTED)
def test_a_correction_is_played(number: int) -> None:
    """Each of them by a test of its number."""
    found = functions(TESTS / CORRECTIONS)

    assert any(name.startswith(f"test_c{number}_") for name in found)
    assert all(
        docstring.startswith(f"Correction {name[6]}:")
        for name, docstring in found.items()
        if re.match(r"test_c\d_", name)
    )

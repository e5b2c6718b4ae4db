"""SARIF: the structure readers rely on, places in the repository, fingerprints that stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.errors import Diagnostic
from reconciler.report import sarif as sarif_
from reconciler.report.sarif import sarif
from reconciler.rules import RULES

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
INDEX = {"type": "integer", "minimum": 0}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these properties and no other, as SARIF's objects are."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": required | (optional or {}),
    }


RULE = closed(
    {"id": {"type": "string"}},
    {
        "shortDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": closed({"level": LEVEL}),
        "properties": {"type": "object"},
    },
)
URI = {"type": "string", "pattern": r"^[\w.~%/-][\w.~%/:@!$&'()*+,;=-]*$"}
REGION = closed({"startLine": {"minimum": 1}}, {"startColumn": {"minimum": 1}})
PHYSICAL = closed(
    {
        "artifactLocation": closed({"uri": URI}, {"uriBaseId": {"const": "%SRCROOT%"}}),
        "region": REGION,
    }
)
RESULT = closed(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": INDEX,
        "level": LEVEL,
        "message": TEXT,
        "locations": {
            "minItems": 1,
            "items": closed({"physicalLocation": PHYSICAL}, {"logicalLocations": {}}),
        },
        "partialFingerprints": {"additionalProperties": {"type": "string"}, "minProperties": 1},
    },
    {"properties": {"type": "object"}},
)
NOTIFICATION = closed(
    {"level": LEVEL, "message": TEXT},
    {"descriptor": closed({"id": {"type": "string"}, "index": INDEX})},
)
RUN = closed(
    {
        "tool": closed(
            {
                "driver": closed(
                    {
                        "name": {"const": "reconciler"},
                        "semanticVersion": {"type": "string"},
                        "rules": {"items": RULE, "uniqueItems": True},
                    }
                )
            }
        ),
        "automationDetails": closed({"id": {"type": "string"}}),
        "columnKind": {"const": "unicodeCodePoints"},
        "originalUriBaseIds": {"type": "object"},
        "invocations": {
            "items": closed(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "exitCode": {"type": "integer"},
                    "toolExecutionNotifications": {"items": NOTIFICATION},
                }
            )
        },
        "results": {"items": RESULT, "maxItems": 5000},
    }
)
STRUCTURE = closed(
    {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {"items": RUN, "minItems": 1, "maxItems": 1},
    }
)
"""The part of SARIF 2.1.0 we use, written down from the standard (sections 3.13 to 3.58)."""

FINDING = Diagnostic(
    "duplicate-key",
    "error",
    "the key 'name' is given twice",
    "first on line 3",
    "remove one",
    "manifests/a.yaml",
    7,
    3,
    "LocalRepository/a",
)


def run_of(*found: Diagnostic, **more: Any) -> dict[str, Any]:
    """The one run of a document that keeps to the structure."""
    document = sarif(found, **{"version": "0.1.0", "exit_code": 1, **more})
    Draft7Validator(STRUCTURE).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_a_finding_becomes_a_result() -> None:
    """Rule, level, text, place and object of a finding are where readers look for them."""
    run = run_of(FINDING, root="infra/artifactory")
    result = run["results"][0]
    place = result["locations"][0]["physicalLocation"]

    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("duplicate-key", 0, "error")
    assert result["message"]["text"] == (
        "the key 'name' is given twice\nfirst on line 3\nhelp: remove one"
    )
    assert place["artifactLocation"]["uri"] == "infra/artifactory/manifests/a.yaml"
    assert place["region"] == {"startLine": 7, "startColumn": 3}
    assert result["properties"] == {"address": "LocalRepository/a"}


@pytest.mark.parametrize("rule_id", RULES)
def test_every_rule_is_described(rule_id: str) -> None:
    """A rule brings its catalogue entry along, with what to do."""
    run = run_of(replace(FINDING, rule=rule_id))
    (rule,) = run["tool"]["driver"]["rules"]

    assert rule["shortDescription"]["text"] == RULES[rule_id].summary.replace("`", "")
    assert RULES[rule_id].fix in rule["help"]["markdown"]


@pytest.mark.parametrize(
    "severity, level", [("error", "error"), ("warning", "warning"), ("info", "note")]
)
def test_levels(severity: Any, level: str) -> None:
    """Severities are told in SARIF's words."""
    assert run_of(replace(FINDING, severity=severity))["results"][0]["level"] == level


def test_a_finding_without_a_place_is_a_notification() -> None:
    """An outage is told as one of the run, which then was not completed."""
    outage = Diagnostic("unreachable", "error", "https://acme.example.com does not answer")
    run = run_of(outage, completed=False)
    invocation = run["invocations"][0]

    assert run["results"] == []
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["descriptor"]["id"] == "unreachable"


def fingerprint(finding: Diagnostic, **more: Any) -> str:
    """The fingerprint of one finding."""
    result = run_of(finding, **more)["results"][0]
    return str(result["partialFingerprints"]["primaryLocationLineHash"])


def test_fingerprints_survive_moved_lines() -> None:
    """Lines put in above change no fingerprint; another file, object or fault does."""
    moved = replace(FINDING, line=70, column=5, detail="first on line 66")
    others = [
        replace(FINDING, file="manifests/b.yaml"),
        replace(FINDING, address="LocalRepository/b"),
        replace(FINDING, rule="tag"),
        replace(FINDING, summary="the key 'spec' is given twice"),
    ]

    assert fingerprint(moved) == fingerprint(FINDING)
    assert len({fingerprint(f) for f in (FINDING, *others)}) == 5
    assert fingerprint(FINDING, root="x") != fingerprint(FINDING)


def test_twice_the_same_fault_is_two_results() -> None:
    """The same fault twice in a file is told apart by its number."""
    results = run_of(FINDING, replace(FINDING, line=9))["results"]
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in results]

    assert [p[-2:] for p in prints] == [":1", ":2"]


def test_what_is_too_much_is_left_out_by_severity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what GitHub keeps, errors stay, and the rest is counted."""
    monkeypatch.setattr(sarif_, "MOST_RESULTS", 3)
    found = [replace(FINDING, severity="warning", line=n) for n in range(1, 5)]
    run = run_of(*found, replace(FINDING, rule="tag"))

    assert [r["level"] for r in run["results"]] == ["error", "warning", "warning"]
    notice = run["invocations"][0]["toolExecutionNotifications"][0]
    assert notice["message"]["text"].startswith("2 more findings are left out")


def test_odd_file_names_are_uris() -> None:
    """Blanks, colons and letters of the world are encoded."""
    run = run_of(replace(FINDING, file="a b:c/ü#1%.yaml"))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert uri == "a%20b%3Ac/%C3%BC%231%25.yaml"


TEXTS = st.text(max_size=20)


@given(
    st.builds(
        Diagnostic,
        st.sampled_from(["tag", "unreachable", "no-such-rule"]),
        st.sampled_from(["error", "warning", "info"]),
        TEXTS,
        TEXTS,
        TEXTS,
        st.none() | st.text(min_size=1, max_size=10),
        st.none() | st.integers(1, 9),
        st.none() | st.integers(1, 9),
        st.none() | TEXTS,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_finding_keeps_to_the_structure(finding: Diagnostic) -> None:
    """Whatever names and values hold, the document is one that readers take."""
    run_of(finding)

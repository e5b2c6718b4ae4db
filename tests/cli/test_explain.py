"""`explain ADDRESS`: decision, lines, values and neighbours; with and without a platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reconciler.engine.codes import REASONS
from reconciler.engine.ways_out import REASON_WAYS
from tests.cli.support import Desk, Seen, local, manifest

SCHEMAS = Path(__file__).parents[2] / "schemas/documents"

YAML = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: a
spec:
  packageType: npm
  description: mine
  notes: theirs
---
apiVersion: reconciler/v1
kind: RemoteRepository
metadata: {name: r}
spec:
  packageType: npm
  url: https://registry.example.com
  username: bot
  password: {env: CORP_NPM}
---
apiVersion: reconciler/v1
kind: VirtualRepository
metadata: {name: v}
spec: {packageType: npm, repositories: [a, r]}
"""


@pytest.fixture
def estate(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A local, a remote and a virtual repository, with a default in the workspace file."""
    monkeypatch.setenv("CORP_NPM", "correct-horse")
    workspace = "\n".join(
        [
            "apiVersion: reconciler/v1",
            "kind: Workspace",
            "metadata: {name: acme}",
            "spec:",
            "  manifests: [manifests]",
            "  defaults:",
            "    LocalRepository:",
            "      xrayIndex: true",
        ]
    )
    desk.write("reconciler.yaml", workspace + "\n")
    desk.write("manifests/all.yaml", YAML)
    return desk


def told(seen: Seen) -> dict[str, Any]:
    """The document, checked against its schema."""
    schemas = {
        path.name: Resource.from_contents(json.loads(path.read_text(encoding="utf-8")))
        for path in SCHEMAS.glob("*.json")
    }
    registry: Registry[Any] = Registry().with_resources(schemas.items())
    schema = schemas["explanation.v1.schema.json"].contents
    Draft202012Validator(schema, registry=registry).validate(seen.document)
    assert seen.document["exitCode"] == seen.code
    return seen.document


def field(document: dict[str, Any], name: str) -> dict[str, Any]:
    """One field of the explanation."""
    return next(f for f in document["fields"] if f["path"] == f"spec.{name}")


def explained(desk: Desk, address: str, *flags: str) -> dict[str, Any]:
    """The explanation of one object as data."""
    return told(desk("explain", address, "--output", "json", *flags))


def test_every_field_has_its_exact_line(estate: Desk) -> None:
    """Each field names the line it is written at; a default that of the workspace file."""
    found = explained(estate, "LocalRepository/a")
    lines = {f["path"]: (f["origin"]["file"], f["origin"]["line"]) for f in found["fields"]}

    assert lines == {
        "spec.packageType": ("manifests/all.yaml", 6),
        "spec.description": ("manifests/all.yaml", 7),
        "spec.notes": ("manifests/all.yaml", 8),
        "spec.xrayIndex": ("reconciler.yaml", 8),
    }
    assert [f["path"] for f in found["fields"] if f["fromWorkspace"]] == ["spec.xrayIndex"]


def test_a_create(estate: Desk) -> None:
    """An absent object: the reason, the request, what makes it go away."""
    found = explained(estate, "LocalRepository/a")

    assert found["decision"]["action"] == "create"
    assert found["decision"]["reason"] == "absent"
    assert found["decision"]["explanation"] == REASONS["absent"]
    assert found["decision"]["wayOut"] == REASON_WAYS["absent"].replace("`", "")
    assert found["decision"]["requests"][0]["method"] == "PUT"
    assert found["live"]["state"] == "absent"
    assert found["ownership"]["owner"] is None
    assert estate.writes() == []


def test_an_update_shows_the_three_values(estate: Desk) -> None:
    """Manifest, live and last applied side by side, for the field that differs and the others."""
    assert estate("apply", "--yes").code == 0
    estate.meddle("a", description="somebody's")
    found = explained(estate, "LocalRepository/a")
    description = field(found, "description")

    assert found["decision"]["action"] == "update"
    assert description["state"] == "differs"
    assert (description["declared"], description["live"], description["applied"]) == (
        "mine",
        "somebody's",
        "mine",
    )
    assert field(found, "packageType")["state"] == "same"
    assert found["ownership"]["owner"] == "acme"


def test_nothing_to_do_says_why(estate: Desk) -> None:
    """An object that is as wanted is explained too."""
    estate("apply", "--yes")
    seen = estate("explain", "LocalRepository/a")

    assert seen.code == 0
    assert "nothing to do: every declared field is as the manifest wants it" in seen.out
    assert "manifest, live and last applied" in seen.out


def test_neighbours_both_ways(estate: Desk) -> None:
    """Who is named and who names, with field and line."""
    names = explained(estate, "VirtualRepository/v", "--offline")["names"]
    named_by = explained(estate, "LocalRepository/a", "--offline")["namedBy"]

    assert [n["address"] for n in names] == ["LocalRepository/a", "RemoteRepository/r"]
    assert named_by[0]["fields"] == ["spec.repositories"]
    assert named_by[0]["origin"]["line"] == 19
    assert estate.sandbox.requests == []


def test_secrets_have_no_value(estate: Desk) -> None:
    """A secret is told by its reference, in text and JSON."""
    estate("apply", "--yes")
    for flags in ([], ["--output", "json"], ["--offline"]):
        seen = estate("explain", "RemoteRepository/r", *flags)
        assert "correct-horse" not in seen.both
        assert "env:CORP_NPM" in seen.out


def test_a_block_is_explained(estate: Desk) -> None:
    """A fixed field that differs: the code, what it means, what to do, both values."""
    estate.make("a", type_="maven")
    found = explained(estate, "LocalRepository/a")
    decision = found["decision"]

    assert decision["blocked"]["code"] == "immutable"
    assert "fixed at creation" in decision["blockedExplanation"]
    assert "another name" in decision["wayOut"]
    assert field(found, "packageType")["state"] == "fixed"


def test_a_block_of_what_it_needs_reaches_it(estate: Desk) -> None:
    """An object whose dependency is blocked says so, as in the whole plan."""
    estate.make("a", type_="maven")
    found = explained(estate, "VirtualRepository/v")

    assert found["decision"]["blocked"]["code"] in ("dependency", "invalid-against-live")


def test_released_fields_and_objects(estate: Desk) -> None:
    """What was once applied and is no longer declared is told, for fields and for objects."""
    estate("apply", "--yes")
    estate.write("manifests/all.yaml", YAML.replace("  notes: theirs\n", "").partition("---")[0])
    notes = field(explained(estate, "LocalRepository/a"), "notes")
    gone = explained(estate, "VirtualRepository/v")

    assert (notes["state"], notes["applied"]) == ("released", "theirs")
    assert gone["origin"] is None
    assert "no manifest declares it any more" in gone["decision"]["explanation"]
    assert gone["live"]["state"] == "live"


def test_ignored_and_observed(desk: Desk) -> None:
    """The lifecycle is part of the reason."""
    desk.make("a")
    desk.declare(
        local("a", notes="x", lifecycle={"ignore": ["spec.notes"]}),
        local("b", lifecycle={"manage": "observe"}),
    )

    assert field(explained(desk, "LocalRepository/a"), "notes")["state"] == "ignored"
    assert "never creates it" in explained(desk, "LocalRepository/b")["decision"]["explanation"]


def test_an_unreachable_platform(estate: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known without it is told, and the exit code is that of an outage."""
    estate("apply", "--yes")
    monkeypatch.setenv("JFROG_URL", "http://127.0.0.1:1")
    seen = estate("explain", "LocalRepository/a")
    document = explained(estate, "LocalRepository/a")

    assert (seen.code, document["exitCode"]) == (6, 6)
    assert "not read: " in seen.out
    assert "manifests/all.yaml:7" in seen.out
    assert "error[unreachable]" in seen.err
    assert document["diagnostics"][0]["rule"] == "unreachable"
    assert field(document, "description")["applied"] == "mine"


def test_an_unreadable_object(estate: Desk) -> None:
    """An object that could not be read ends 1, and is never called absent."""
    estate.fault("status", status=500, match={"path": "*/repositories*"})
    estate.fault("status", status=500, match={"path": "*/repositories/a"})
    seen = estate("explain", "LocalRepository/a", "--output", "json")

    assert seen.code == 1
    assert told(seen)["live"]["state"] == "unreadable"


def test_a_saved_plan_explains_offline(estate: Desk) -> None:
    """The plan's reason and values, without a request."""
    estate("apply", "--yes")
    estate.meddle("a", description="somebody's")
    estate("plan", "--out", "plan.json")
    estate.sandbox.reset_requests()
    found = explained(estate, "LocalRepository/a", "--plan", "plan.json")
    other = explained(estate, "RemoteRepository/r", "--plan", "plan.json")

    assert estate.sandbox.requests == []
    assert found["decision"]["reason"] == "field-differs"
    assert field(found, "description")["live"] == "somebody's"
    assert other["decision"]["explanation"] == "the saved plan has no change of it"


def test_an_address_of_two_platforms(pair: Desk) -> None:
    """A name that means two objects is asked back; with its platform it is explained."""
    pair.declare(local("a", metadata={"platforms": ["east", "west"]}))

    seen = pair("explain", "LocalRepository/a")
    assert seen.code == 1
    assert "name one: east:LocalRepository/a, west:LocalRepository/a" in seen.err
    assert explained(pair, "west:LocalRepository/a")["address"] == "west:LocalRepository/a"


def test_a_typo_is_answered_with_the_nearest(estate: Desk) -> None:
    """An address nobody declares or owns is a usage error, without a request."""
    seen = estate("explain", "LocalRepository/aa")

    assert (seen.code, seen.out) == (1, "")
    assert "did you mean 'LocalRepository/a'?" in seen.err
    assert estate.sandbox.requests == []


def test_hostile_values_stay_text(desk: Desk) -> None:
    """Escapes of terminals and CI systems are shown, not obeyed."""
    desk.declare(local("a", description="\u001b[31m\u202e\n::error::x"))
    seen = desk("explain", "LocalRepository/a")

    assert "\x1b" not in seen.out
    assert "\n::error" not in seen.out


def test_names_that_nobody_declares(desk: Desk) -> None:
    """A dangling name is listed as what it is."""
    desk.declare(manifest("VirtualRepository", "v", packageType="npm", repositories=["gone"]))
    seen = desk("explain", "VirtualRepository/v")

    assert "missing-reference" in seen.out
    assert "LocalRepository/gone  spec.repositories  not declared" in seen.out


def test_a_manifest_of_a_set(desk: Desk) -> None:
    """A field of a set's manifest names the line of the template."""
    desk.write(
        "manifests/set.yaml",
        """\
apiVersion: reconciler/v1
kind: ManifestSet
metadata: {name: teams}
spec:
  matrix: {team: [a, b]}
  template:
    apiVersion: reconciler/v1
    kind: LocalRepository
    metadata: {name: "${matrix.team}-local"}
    spec:
      packageType: npm
      description: Packages of ${matrix.team}
""",
    )
    description = field(explained(desk, "LocalRepository/b-local", "--offline"), "description")

    assert (description["declared"], description["origin"]["line"]) == ("Packages of b", 12)


def test_a_long_list_has_a_line_for_each_element(desk: Desk) -> None:
    """Elements are told apart, and none is cut."""
    patterns = [f"**/host-{number}.example.com/some/long/path/**" for number in range(4)]
    spec = {
        "packageType": "npm",
        "externalDependenciesEnabled": True,
        "externalDependenciesPatterns": patterns,
    }
    head = {"apiVersion": "reconciler/v1", "metadata": {"name": "v"}}
    desk.declare({**head, "kind": "VirtualRepository", "spec": spec})

    seen = desk("explain", "VirtualRepository/v")

    assert seen.code == 0, seen.both
    assert [line.strip() for line in seen.out.splitlines() if "example.com" in line] == [
        *[f'manifest  - "{patterns[0]}"'],
        *[f'- "{pattern}"' for pattern in patterns[1:]],
    ]


def test_a_schedule_is_shown_with_its_next_runs(desk: Desk) -> None:
    """Whoever asks about a policy sees when it comes, without a platform too."""
    desk.write(
        "manifests/policy.yaml",
        """\
apiVersion: reconciler/v1
kind: ReleaseBundleRetention
metadata: {name: default}
spec:
  cronPattern: 0 0 0 1 1 ? 2099
""",
    )
    address = "ReleaseBundleRetention/default"
    words = "next runs 2099-01-01T00:00:00Z, if the platform's time zone is UTC (it does not tell)"

    assert field(explained(desk, address, "--offline"), "cronPattern")["outlook"] == words
    assert words in " ".join(desk("explain", address, "--offline").out.split())

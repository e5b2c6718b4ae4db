"""Environments as a user meets them: the whole output of `render`, `validate`, `export`."""

from __future__ import annotations

import pytest

from tests.cli.support import Desk

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec:
  manifests: [manifests]
"""
TEAMS = """\
apiVersion: reconciler/v1
kind: ManifestSet
spec:
  matrix:
    team: [payments, search]
  template:
    kind: LocalRepository
    metadata: {name: "${matrix.team}-npm-local"}
    spec:
      packageType: npm
      description: "${matrix.team} in ${value.region}"
"""
PROD = """\
apiVersion: reconciler/v1
kind: Environment
spec:
  values: {region: Frankfurt}
  patches:
    - target: {name: "pay*"}
      merge: {spec: {xrayIndex: true}}
"""
STAGE = """\
apiVersion: reconciler/v1
kind: Environment
spec:
  values: {region: Dublin}
"""


@pytest.fixture
def acme(desk: Desk) -> Desk:
    """A workspace with one set and two environments."""
    desk.write("reconciler.yaml", WORKSPACE)
    desk.write("manifests/teams.yaml", TEAMS)
    desk.write("environments/prod.yaml", PROD)
    desk.write("environments/stage.yaml", STAGE)
    return desk


def test_render_prints_the_final_documents(acme: Desk) -> None:
    """Sets are written out, values filled in, patches applied; each says where it comes from."""
    seen = acme("render", "--environment", "prod")

    assert (seen.code, seen.err) == (0, "")
    assert (
        seen.out
        == """\
# manifests/teams.yaml:7 (team=payments), patched by environments/prod.yaml:6
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: payments-npm-local
spec:
  packageType: npm
  description: payments in Frankfurt
  xrayIndex: true
---
# manifests/teams.yaml:7 (team=search)
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: search-npm-local
spec:
  packageType: npm
  description: search in Frankfurt
"""
    )


def test_render_as_json_says_the_same(acme: Desk) -> None:
    """The environment, and of each document its origin and its patches."""
    found = acme("render", "--environment", "prod", "--output", "json").document

    assert found["format"] == "reconciler.render/v1"
    assert found["environment"] == "prod"
    assert [(d["origin"], d["patches"]) for d in found["documents"]] == [
        ("manifests/teams.yaml:7 (team=payments)", ["environments/prod.yaml:6"]),
        ("manifests/teams.yaml:7 (team=search)", []),
    ]


def test_what_is_rendered_means_the_same(acme: Desk) -> None:
    """The documents printed are manifests: rendered again, they come out as they are."""
    first = acme("render", "--environment", "prod").out
    acme.write("written/all.yaml", first)

    again = acme("render", "written").out

    def body(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert body(again) == body(first)


def test_the_variable_names_the_environment(acme: Desk) -> None:
    """RECONCILER_ENVIRONMENT is the flag's default, and the flag wins."""
    acme.patch.setenv("RECONCILER_ENVIRONMENT", "stage")

    assert "in Dublin" in acme("render").out
    assert "in Frankfurt" in acme("render", "--environment", "prod").out


def test_validate_looks_at_every_environment(acme: Desk) -> None:
    """Without --environment all are checked; what is wrong in one only is said to be."""
    assert acme("validate").out == "2 manifests are valid in prod and stage.\n"
    acme.write("environments/stage.yaml", STAGE.replace("Dublin", "[Dublin]"))

    seen = acme("validate")

    assert seen.code == 1
    assert "in the environment stage" in seen.err
    assert acme("validate", "--environment", "prod").code == 0


def test_a_changed_environment_is_looked_at_again(acme: Desk) -> None:
    """What was found sound is not believed once an environment's file is another."""
    acme.patch.setenv("RECONCILER_CACHE", str(acme.root / ".cache"))
    assert acme("validate").out == acme("validate").out
    acme.write("environments/stage.yaml", STAGE.replace("region", "regoin"))

    assert acme("validate").code == 1


def test_plans_name_the_combination(acme: Desk) -> None:
    """A plan shows which manifest of a set an object comes from, as text and as JSON."""
    text = acme("plan", "--environment", "prod").out
    change = acme("plan", "--environment", "prod", "--output", "json").document["changes"][0]

    assert "LocalRepository/payments-npm-local  manifests/teams.yaml:7 (team=payments)" in text
    assert change["origin"] == {
        "file": "manifests/teams.yaml",
        "line": 7,
        "combination": "team=payments",
        "patches": ["environments/prod.yaml:6"],
    }


def test_each_environment_has_an_inventory_of_its_own(acme: Desk) -> None:
    """What is owned in one environment is not owned in another."""
    assert acme("apply", "--yes", "--environment", "stage").code == 0

    kept = sorted(file.name for file in (acme.root / ".reconciler").glob("*.json"))

    assert kept == ["inventory.stage.json"]
    assert acme("plan", "--detailed-exitcode", "--environment", "stage").code == 0


def test_export_leaves_sets_alone(acme: Desk) -> None:
    """`export --update` edits no template: it says so, and what to do."""
    acme("apply", "--yes", "--environment", "prod")
    acme.meddle("payments-npm-local", description="other")

    seen = acme("export", "--update", "--environment", "prod")

    assert (acme.root / "manifests/teams.yaml").read_text() == TEAMS
    assert "warning[derived]: LocalRepository/payments-npm-local differs and comes from" in seen.err


def test_formatting_reaches_environments(acme: Desk) -> None:
    """`fmt` puts templates and environments in order, too."""
    acme.write(
        "environments/prod.yaml", "kind: Environment\n" + PROD.replace("kind: Environment\n", "")
    )
    acme.write(
        "manifests/teams.yaml",
        TEAMS.replace(
            '    kind: LocalRepository\n    metadata: {name: "${matrix.team}-npm-local"}\n',
            '    metadata: {name: "${matrix.team}-npm-local"}\n    kind: LocalRepository\n',
        ),
    )

    assert acme("fmt").out == "formatted manifests/teams.yaml\nformatted environments/prod.yaml\n"
    assert (acme.root / "manifests/teams.yaml").read_text() == TEAMS
    assert (acme.root / "environments/prod.yaml").read_text() == PROD

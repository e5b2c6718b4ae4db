"""Environments as a user meets them: the whole output of `render`, `validate`, `export`."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.json_patch import apply_operation
from tests.cli.support import Desk, local

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


def test_compare_shows_both_sides(acme: Desk) -> None:
    """What one side lacks, and field by field what differs; the exit code says whether."""
    seen = acme("compare", "stage", "prod", "--no-color")

    assert (seen.code, seen.err) == (2, "")
    assert (
        seen.out
        == """\
- stage
+ prod

  ~ LocalRepository/payments-npm-local  manifests/teams.yaml:7 (team=payments)
      description
      -   "payments in Dublin"
      +   "payments in Frankfurt"
      xrayIndex
      -   (unset)
      +   true

  ~ LocalRepository/search-npm-local  manifests/teams.yaml:7 (team=search)
      description
      -   "search in Dublin"
      +   "search in Frankfurt"

0 only in stage, 0 only in prod, 2 differ, 0 equal.
"""
    )


def test_compare_with_itself_is_empty(acme: Desk) -> None:
    """An environment does not differ from itself."""
    seen = acme("compare", "prod", "prod")

    assert seen.code == 0
    assert seen.out.endswith("Nothing differs: 2 objects on both sides.\n")


def test_compare_as_markdown(acme: Desk) -> None:
    """The same for a pull request: data stands in a fence."""
    acme.write(
        "environments/stage.yaml", PROD.replace("payments", "x").replace("Frankfurt", '"`a`"')
    )

    seen = acme("compare", "prod", "stage", "--output", "markdown")

    assert (
        seen.out
        == """\
### `prod` and `stage`

0 only in `prod`, 0 only in `stage`, 2 differ, 0 equal.

```diff
! LocalRepository/payments-npm-local  manifests/teams.yaml:7 (team=payments)
      description
-       "payments in Frankfurt"
+       "payments in `a`"
! LocalRepository/search-npm-local  manifests/teams.yaml:7 (team=search)
      description
-       "search in Frankfurt"
+       "search in `a`"
```
"""
    )


def test_the_patch_of_a_comparison_removes_the_difference(acme: Desk) -> None:
    """The JSON Patch of each object makes the left document the right one."""
    sides = {
        name: {
            d["metadata"]["name"]: {"metadata": d["metadata"], "spec": d["spec"]}
            for d in acme("render", "--environment", name, "-o", "json").document["documents"]
        }
        for name in ("stage", "prod")
    }

    found = acme("compare", "stage", "prod", "--output", "json").document

    assert (found["format"], found["exitCode"]) == ("reconciler.comparison/v1", 2)
    for pair in found["differing"]:
        name = pair["left"]["address"].partition("/")[2]
        patched: Any = sides["stage"][name]
        for operation in pair["jsonPatch"]:
            patched, _ = apply_operation(patched, operation)
        assert patched == sides["prod"][name]


def test_platforms_are_compared_by_what_lies_on_them(pair: Desk) -> None:
    """Two platforms of one workspace are two sides, too; their names do not matter."""
    pair.declare(
        {**local("both"), "metadata": {"name": "both", "platforms": ["east", "west"]}},
        {**local("one"), "metadata": {"name": "one", "platforms": ["west"]}},
    )

    found = pair("compare", "east", "west", "--output", "json").document

    assert found["equal"] == 1
    assert found["onlyLeft"] == found["differing"] == []
    assert [one["address"] for one in found["onlyRight"]] == ["west:LocalRepository/one"]


def test_compare_refuses_what_it_does_not_know(acme: Desk) -> None:
    """A name that is no environment and no platform is an error with the nearest one."""
    seen = acme("compare", "prod", "stagee")

    assert seen.code == 1
    assert "did you mean 'stage'?" in seen.err

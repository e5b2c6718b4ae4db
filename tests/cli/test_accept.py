"""`drift --accept`: the files say what is live, and nothing else in them moved (D7)."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.support import Desk, local, remote

TEXT = """\
# The team's repositories.
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: a   # as in the wiki
spec:
  packageType: maven
  # asked for in March
  description: "as applied"   # shown to all
  maxUniqueSnapshots: 3
  handleReleases: true
---
apiVersion: reconciler/v1
kind: VirtualRepository
metadata: {name: all}
spec:
  packageType: maven
  repositories:
    # ours first
    - a
    - b   # the old one
---
apiVersion: reconciler/v1
kind: LocalRepository
metadata: {name: b}
spec: {packageType: maven}
"""


def applied(desk: Desk, text: str = TEXT) -> None:
    """The file, applied."""
    desk.write("manifests/all.yaml", text)
    done = desk("apply", "--yes")
    assert done.code == 0, done.both
    desk.sandbox.reset_requests()


def text_of(desk: Desk) -> str:
    return (desk.root / "manifests/all.yaml").read_text()


def assert_settled(desk: Desk) -> None:
    """No drift and an empty plan."""
    drift = desk("drift")
    plan = desk("plan", "--detailed-exitcode")
    assert (drift.code, plan.code) == (0, 0), drift.both + plan.both


def test_only_the_drifted_values_change(desk: Desk) -> None:
    """Comments, quotes and order stay; afterwards drift and plan are empty; no platform write."""
    applied(desk)
    desk.meddle("a", description="as live", maxUniqueSnapshots=9)
    seen = desk("drift", "--accept")

    assert seen.code == 0, seen.both
    wanted = TEXT.replace('"as applied"', '"as live"').replace("Snapshots: 3", "Snapshots: 9")
    assert text_of(desk) == wanted
    assert seen.out == (
        "--- manifests/all.yaml\n"
        "+++ manifests/all.yaml\n"
        "@@ -7,6 +7,6 @@\n"
        "   packageType: maven\n"
        "   # asked for in March\n"
        '-  description: "as applied"   # shown to all\n'
        "-  maxUniqueSnapshots: 3\n"
        '+  description: "as live"   # shown to all\n'
        "+  maxUniqueSnapshots: 9\n"
        "   handleReleases: true\n"
        " ---\n"
    )
    assert seen.err == "1 drifted; 2 fields of 1 accepted, 1 file rewritten\n"
    assert desk.writes() == []
    assert_settled(desk)


def test_a_text_that_looks_like_placeholders(desk: Desk) -> None:
    """It is written so that it means itself, and the manifest can be accepted into again."""
    applied(desk)
    for text in ("${value.x} $${matrix.y}", "other ${value.x"):
        desk.meddle("a", description=text)
        seen = desk("drift", "--accept")

        assert seen.code == 0, seen.both
        assert_settled(desk)
    assert '"other $${value.x"' in text_of(desk)


def test_a_list_keeps_its_other_elements(desk: Desk) -> None:
    """What came is appended, what went is taken out; comments of the others stay."""
    applied(desk)
    desk.make("c", type_="maven")
    desk.meddle("all", repositories=["a", "c"])
    seen = desk("drift", "--accept")

    assert seen.code == 0, seen.both
    assert "    # ours first\n    - a\n    - c\n---" in text_of(desk)
    assert_settled(desk)


def test_a_new_order_is_written_anew(desk: Desk) -> None:
    """The order of a virtual repository's members has a meaning."""
    applied(desk)
    desk.meddle("all", repositories=["b", "a"])

    assert desk("drift", "--accept").code == 0
    assert_settled(desk)


def test_a_cleared_field_is_null(desk: Desk) -> None:
    """Somebody emptied the description: the manifest clears it from now on."""
    applied(desk)
    desk.meddle("a", description="")

    assert desk("drift", "--accept").code == 0
    assert "  description: null   # shown to all\n" in text_of(desk)
    assert_settled(desk)


def test_a_value_of_the_defaults_is_written_into_the_manifest(desk: Desk) -> None:
    """The workspace file stays as it is: it speaks of all repositories."""
    desk.workspace(defaults={"LocalRepository": {"archiveBrowsingEnabled": False}})
    applied(desk)
    before = (desk.root / "reconciler.yaml").read_text()
    desk.meddle("b", archiveBrowsingEnabled=True)

    assert desk("drift", "--accept").code == 0
    assert "spec: {packageType: maven, archiveBrowsingEnabled: true}" in text_of(desk)
    assert (desk.root / "reconciler.yaml").read_text() == before
    assert_settled(desk)


def test_a_manifest_that_says_it_already_is_only_recorded(desk: Desk) -> None:
    """The same change in the UI and in Git: no file is touched, the inventory follows."""
    applied(desk)
    desk.meddle("a", description="both")
    desk.write("manifests/all.yaml", TEXT.replace("as applied", "both"))
    seen = desk("drift", "--accept")

    assert (seen.code, seen.out) == (0, "")
    assert "1 field of 1 accepted, 0 files rewritten" in seen.err
    assert_settled(desk)


def test_a_field_no_longer_declared_is_only_recorded(desk: Desk) -> None:
    """Its value was left to others; accepting writes nothing into the manifest."""
    applied(desk)
    desk.meddle("a", maxUniqueSnapshots=9)
    text = TEXT.replace("  maxUniqueSnapshots: 3\n", "")
    desk.write("manifests/all.yaml", text)

    assert desk("drift", "--accept").code == 0
    assert text_of(desk) == text
    assert_settled(desk)


def test_a_conflict_is_left_to_people(desk: Desk) -> None:
    """Changed live and in the manifest, to different values: told, and everything else accepted."""
    applied(desk)
    desk.meddle("a", description="theirs", maxUniqueSnapshots=9)
    text = TEXT.replace("as applied", "ours")
    desk.write("manifests/all.yaml", text)
    seen = desk("drift", "--accept")

    assert seen.code == 2
    assert "warning[drift-not-accepted]" in seen.err
    assert "LocalRepository/a spec.description is left as it is: the manifest was changed too" in (
        seen.err
    )
    assert text_of(desk) == text.replace("Snapshots: 3", "Snapshots: 9")
    assert [f["path"] for f in desk("drift", "-o", "json").document["entries"][0]["fields"]] == [
        "spec.description"
    ]


def test_a_deleted_object_is_left_to_people(desk: Desk) -> None:
    """Nobody's manifest goes away by itself."""
    text = TEXT.replace("    - b   # the old one\n", "")
    applied(desk, text)
    desk.send("DELETE", "/artifactory/api/repositories/b")
    seen = desk("drift", "--accept")

    assert seen.code == 2
    assert "it was deleted on the platform" in seen.err
    assert text_of(desk) == text


def test_an_object_without_manifest_is_told(desk: Desk) -> None:
    """There is no file to write into."""
    applied(desk)
    desk.meddle("b", description="x")
    desk.write("manifests/all.yaml", TEXT.replace("metadata: {name: b}", "metadata: {name: c}"))
    desk.inventory()
    text = json.loads((desk.root / ".reconciler/inventory.json").read_text())
    text["entries"]["default:LocalRepository/b"]["applied"]["spec.description"] = "y"
    desk.write(".reconciler/inventory.json", text)

    assert "no manifest declares it" in desk("drift", "--accept").err


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    """The same difference is shown; file and inventory stay."""
    applied(desk)
    desk.meddle("a", description="as live")
    before = desk.inventory()
    seen = desk("drift", "--accept", "--dry-run")

    assert seen.code == 2
    assert '+  description: "as live"' in seen.out
    assert "would be accepted, 1 file to rewrite" in seen.err
    assert (text_of(desk), desk.inventory()) == (TEXT, before)
    assert desk("drift", "--dry-run").code == 1


def test_a_selection(desk: Desk) -> None:
    """Only what was selected is rewritten."""
    applied(desk)
    desk.meddle("a", description="one")
    desk.meddle("b", description="two")
    assert desk("drift", "--accept", "--exclude", "LocalRepository/a").code == 0

    assert text_of(desk) == TEXT
    assert desk("drift", "--accept", "--only", "LocalRepository/a").code == 0
    assert '"one"' in text_of(desk)


def test_secrets_are_never_written(desk: Desk) -> None:
    """A password changed by others is no drift; the reference stays."""
    desk.patch.setenv("PW", "canary")
    desk.converged(remote("r", username="u", password={"env": "PW"}))
    desk.meddle("r", password="other-canary", username="v")

    assert desk("drift", "--accept").code == 0
    spec = yaml.safe_load(text_of(desk))["spec"]
    assert (spec["username"], spec["password"]) == ("v", {"env": "PW"})


@pytest.mark.parametrize("both", [True, False])
def test_one_document_for_two_platforms(pair: Desk, both: bool) -> None:
    """Rewritten when both drifted alike; otherwise the document cannot say it."""
    pair.converged(local("a", description="x", metadata={"platforms": ["east", "west"]}))
    for name in ("east", "west") if both else ("west",):
        pair.platform = pair.sandbox.platforms[name]
        pair.meddle("a", description="y")
    seen = pair("drift", "--accept")

    assert seen.code == (0 if both else 2), seen.both
    assert ('"y"' in text_of(pair)) is both
    if both:
        assert_settled(pair)
    else:
        assert "declares east:LocalRepository/a, which did not drift alike" in seen.err


def test_an_invalid_result_is_not_written(desk: Desk) -> None:
    """What the manifest's rules refuse stays out of the file, and out of the inventory."""
    applied(desk)
    desk.meddle("a", maxUniqueSnapshots=-1)
    before = desk.inventory()
    seen = desk("drift", "--accept")

    assert seen.code == 2
    assert "the manifest would be invalid: " in seen.err
    assert (text_of(desk), desk.inventory()) == (TEXT, before)


def test_what_shares_the_value_keeps_its_own(desk: Desk) -> None:
    """An anchor that moves takes no other field along."""
    text = (
        "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: a}\n"
        "spec: {packageType: npm, description: &d one, notes: *d}\n"
    )
    applied(desk, text)
    desk.meddle("a", description="two")

    assert desk("drift", "--accept").code == 0
    assert text_of(desk).endswith("{packageType: npm, description: two, notes: &d one}\n")
    assert_settled(desk)


def test_a_set_is_left_to_people(desk: Desk) -> None:
    """What a template says, it says of others too; the reason names the set's line."""
    text = (
        "apiVersion: reconciler/v1\nkind: ManifestSet\nmetadata: {name: teams}\nspec:\n"
        "  matrix: {team: [one, two]}\n"
        "  template:\n"
        "    kind: LocalRepository\n"
        '    metadata: {name: "${matrix.team}-local"}\n'
        "    spec: {packageType: npm, description: shared}\n"
    )
    applied(desk, text)
    desk.meddle("one-local", description="other")
    seen = desk("drift", "--accept")

    assert seen.code == 2
    assert "is left as it is: its manifest comes from the set at manifests/all.yaml:" in seen.err
    assert "(team=one)" in seen.err
    assert text_of(desk) == text


def test_json(desk: Desk) -> None:
    """The drift as it was, what was accepted of it, the files, the reasons."""
    applied(desk)
    desk.meddle("a", description="as live")
    document = desk("drift", "--accept", "--output", "json").document

    assert document["format"] == "reconciler.drift/v1"
    assert document["exitCode"] == 0
    assert document["accepted"] == [
        {"address": "LocalRepository/a", "fields": ["spec.description"]}
    ]
    assert document["rewritten"] == ["manifests/all.yaml"]

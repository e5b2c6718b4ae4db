"""Export: whatever is live becomes manifests that plan to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.support import REPOSITORIES, Desk, local, remote

LONGEST = "k" * 64


def estate(desk: Desk) -> None:
    """Every class, odd keys, many fields."""
    desk.make("a.dot_under-dash")
    desk.make(LONGEST, "local", "maven", handleReleases=False, maxUniqueSnapshots=3)
    desk.make("npm-local", "local", "npm", description="texts: # 'with' \"marks\"\nand lines")
    desk.make("no", "local", "generic", notes="yes")
    desk.make("0123", "local", "docker", dockerApiVersion="V2", maxUniqueTags=4)
    desk.make(
        "npm-remote",
        "remote",
        "npm",
        url="https://registry.example.com",
        username="u",
        password="p",
    )
    desk.make("maven-remote", "remote", "maven", url="https://upstream.example.com/maven2")
    desk.make(
        "npm",
        "virtual",
        "npm",
        repositories=["npm-local", "npm-remote"],
        defaultDeploymentRepo="npm-local",
    )
    desk.make("empty-virtual", "virtual", "maven")


def files(root: Path) -> dict[str, bytes]:
    """Every manifest with its bytes."""
    return {str(f.relative_to(root)): f.read_bytes() for f in sorted(root.rglob("*.yaml"))}


def test_round_trip(desk: Desk) -> None:
    """Exported, planned: only adoptions, no difference, exit 0; and the manifests are valid."""
    estate(desk)
    seen = desk("export")
    validated = desk("validate")
    plan = desk("plan", "--detailed-exitcode", "--output", "json")

    assert seen.code == 0, seen.both
    assert "manifests/LocalRepository/npm-local.yaml" in seen.out
    assert validated.code == 0, validated.both
    assert plan.code == 0, plan.both
    assert {c["action"] for c in plan.document["changes"]} == {"adopt"}
    assert plan.document["summary"]["adopt"] == 9
    assert desk.writes() == []


def test_round_trip_at_an_old_server(old: Desk) -> None:
    """The same where there is no bulk read."""
    test_round_trip(old)


def test_round_trip_of_odd_answers(desk: Desk) -> None:
    """Sets in another order and suffixes the server adds make no difference."""
    desk.sandbox.set_quirks({"reorder_sets": True, "cache_suffix": True})
    test_round_trip(desk)


def test_twice_the_same_bytes(desk: Desk) -> None:
    """A second export into another folder writes the same bytes; into the same one nothing."""
    estate(desk)
    desk("export", "one")
    desk("export", "two")
    again = desk("export", "one")

    assert files(desk.root / "one") == files(desk.root / "two")
    assert len(files(desk.root / "one")) == 9
    assert again.out == ""


def test_defaults_are_left_out(desk: Desk) -> None:
    """A plain repository is a manifest of its type and of the layout, which is better declared."""
    desk.make("plain")
    desk("export")
    text = (desk.root / "manifests/LocalRepository/plain.yaml").read_text()

    assert yaml.safe_load(text) == {
        "apiVersion": "reconciler/v1",
        "kind": "LocalRepository",
        "metadata": {"name": "plain"},
        "spec": {"packageType": "generic", "repoLayoutRef": "maven-2-default"},
    }
    assert text.startswith("apiVersion: ")


def test_secrets_become_references(desk: Desk) -> None:
    """A password is a reference to a variable; the value appears nowhere."""
    desk.make("npm-remote", "remote", "npm", username="u", password="hunter2-canary")
    desk("export")
    text = (desk.root / "manifests/RemoteRepository/npm-remote.yaml").read_text()

    assert yaml.safe_load(text)["spec"]["password"] == {"env": "NPM_REMOTE_PASSWORD"}
    assert "hunter2" not in text


def test_dash_prints(desk: Desk) -> None:
    """`-` prints one stream of documents and writes no file."""
    estate(desk)
    seen = desk("export", "-")

    assert len(list(yaml.safe_load_all(seen.out))) == 9
    assert not (desk.root / "manifests").exists()
    assert not (desk.root / "-").exists()


def test_dash_and_json(desk: Desk) -> None:
    """YAML on stdout and a JSON document on stdout cannot both be."""
    estate(desk)
    seen = desk("export", "-", "--output", "json")

    assert seen.code == 1
    assert seen.document["format"] == "reconciler.error/v1"


def test_existing_files_are_never_overwritten(desk: Desk) -> None:
    """A file with the name an export would take stays as it is."""
    desk.make("a", description="live")
    file = desk.write("manifests/LocalRepository/a.yaml", "# mine, and not done yet\n")
    seen = desk("export")

    assert file.read_text() == "# mine, and not done yet\n"
    assert "manifests/LocalRepository/a.yaml" in seen.err
    assert "created" not in seen.out


def test_what_is_declared_is_left_alone(desk: Desk) -> None:
    """An object declared in another file gets no second manifest."""
    desk.make("a")
    desk.make("b")
    desk.declare(local("a", description="x"))
    seen = desk("export")

    assert seen.out == "created manifests/LocalRepository/b.yaml\n"
    assert desk("validate").code == 0


EDITED = """\
# The repository of the payments team.
apiVersion: "reconciler/v1"
kind: LocalRepository
metadata: {name: pay}   # its key

spec:
  packageType: npm
  notes: 'kept'         # quoted by hand
  description: "old"    # why
  xrayIndex: false
---
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: web
spec: {packageType: generic, description: fine}
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_update_edits_in_place(desk: Desk, ends: str) -> None:
    """Only the declared fields that differ change; comments, quotes, order, line ends stay."""
    desk.make("pay", "local", "npm", description="new", notes="kept", xrayIndex=True)
    desk.make("web", description="fine", notes="not declared")
    file = desk.write("manifests/all.yaml", EDITED.replace("\n", ends))
    seen = desk("export", "--update")
    expected = EDITED.replace('"old" ', '"new" ').replace("xrayIndex: false", "xrayIndex: true")

    assert seen.out == "updated manifests/all.yaml\n"
    assert file.read_bytes().decode() == expected.replace("\n", ends)
    assert desk("plan", "--detailed-exitcode").code == 0
    assert desk("export", "--update").out == ""


def test_update_leaves_secrets_and_ignored_fields(desk: Desk) -> None:
    """A reference stays a reference; what is left to others stays as written."""
    text = (
        "apiVersion: reconciler/v1\nkind: RemoteRepository\n"
        "metadata: {name: r, lifecycle: {ignore: [spec.notes]}}\n"
        "spec:\n  packageType: npm\n  url: https://old.example.com\n"
        "  username: u\n  password: {env: R_PASSWORD}\n  notes: mine\n"
    )
    desk.make(
        "r",
        "remote",
        "npm",
        url="https://new.example.com",
        username="u",
        password="x",
        notes="theirs",
    )
    file = desk.write("manifests/r.yaml", text)
    desk("export", "--update")

    assert file.read_text() == text.replace("old.example.com", "new.example.com")


def test_workspace_defaults_that_differ_from_live(desk: Desk) -> None:
    """A default of the workspace that live contradicts is written down; the plan is empty."""
    desk.workspace(
        defaults={
            "LocalRepository": {
                "xrayIndex": True,
                "description": "ours",
                "propertySets": ["artifactory"],
            },
            "RemoteRepository": {"offline": True},
        }
    )
    desk.make("plain")
    desk.make("other", description="theirs", xrayIndex=True)
    desk.make("r", "remote", "npm")
    desk("export")
    plan = desk("plan", "--detailed-exitcode")

    assert plan.code == 0, plan.both


def test_no_manifests_folder_is_needed(desk: Desk) -> None:
    """The first export starts from nothing."""
    desk.make("a")
    (desk.root / "reconciler.yaml").unlink()
    seen = desk("export")

    assert seen.code == 0, seen.both
    assert (desk.root / "manifests/LocalRepository/a.yaml").exists()


PLACEHOLDERS = "${value.a} $${value.b} $$${matrix.c.d} ${value. ${other}"
"""A text on the platform that looks like placeholders, escaped ones and none."""


def test_texts_that_look_like_placeholders(desk: Desk) -> None:
    """They are written so that they mean themselves; `--update` too, and again and again."""
    desk.make("a", description=PLACEHOLDERS, notes="${matrix.x}")
    desk("export")
    first = desk("plan", "--detailed-exitcode")
    desk.meddle("a", description=f"new {PLACEHOLDERS}")
    updated = desk("export", "--update")
    second = desk("plan", "--detailed-exitcode")

    assert first.code == 0, first.both
    assert updated.out == "updated manifests/LocalRepository/a.yaml\n"
    text = (desk.root / "manifests/LocalRepository/a.yaml").read_text()
    assert "$${value.a} $$${value.b}" in text
    assert second.code == 0, second.both


@pytest.mark.parametrize("name", [".hidden", "../x", "${value.a}"])
def test_what_is_written_is_read(desk: Desk, name: str) -> None:
    """Files whose names begin with a dot are skipped, so no object's file is called that."""
    answer = desk.send("POST", "/access/api/v2/groups", {"name": name})
    assert answer.status == 201, answer.text
    desk("export")
    plan = desk("plan", "--output", "json")
    again = desk("export")

    assert [c["address"] for c in plan.document["changes"] if c["action"] == "adopt"], plan.both
    assert "warning" not in again.err
    assert again.out == ""


def test_an_empty_platform(desk: Desk) -> None:
    """Nothing live, nothing written."""
    seen = desk("export")

    assert (seen.code, seen.out) == (0, "")
    assert "0 created" in seen.err


def test_broken_manifests_stop_an_export(desk: Desk) -> None:
    """Where it cannot be told what is declared already, nothing is written."""
    desk.make("b")
    desk.declare(local("a", descripton="x"))
    seen = desk("export")

    assert seen.code == 1
    assert list((desk.root / "manifests").iterdir()) == [desk.root / "manifests/all.yaml"]


def test_export_of_two_platforms(pair: Desk) -> None:
    """The same key on two platforms becomes two manifests in two files; the plan is empty."""
    for name in ("east", "west"):
        pair.platform = pair.sandbox.platforms[name]
        pair.make("shared", description=f"of {name}")
    pair.make("only-west")
    seen = pair("export")
    plan = pair("plan", "--detailed-exitcode")

    assert seen.code == 0, seen.both
    assert len(seen.out.splitlines()) == 3
    assert plan.code == 0, plan.both
    assert "3 to adopt" in plan.out


def test_the_schema_line_leads_somewhere(desk: Desk) -> None:
    """An exported file names the schema where the workspace has one, and only there."""
    desk.make("a")
    desk("schema", "--write", ".reconciler/schemas")
    desk("export")
    file = desk.root / "manifests" / "LocalRepository" / "a.yaml"
    first = file.read_text().splitlines()[0]

    assert (file.parent / first.partition("$schema=")[2]).resolve().is_file()


def test_init_keeps_the_schemas_in_git(desk: Desk) -> None:
    """What the first line of every manifest names is there in a clone."""
    seen = desk("init", "new")

    assert "schemas" not in (desk.root / "new/.reconciler/.gitignore").read_text()
    assert "commit it" in seen.err


def test_dash_prints_what_is_declared_too(desk: Desk) -> None:
    """`-` and a folder beside the manifests get every live object, as it is live."""
    desk.converged(local("a", description="ours"), local("b"))
    desk.meddle("a", description="theirs")
    printed = desk("export", "-", "--only", "*/a")
    desk("export", "elsewhere")

    assert printed.code == 0
    assert yaml.safe_load(printed.out)["spec"]["description"] == "theirs"
    assert printed.out.startswith("apiVersion:")
    assert {f.stem for f in (desk.root / "elsewhere").rglob("*.yaml")} == {"a", "b"}
    assert desk("export", "manifests/more").err.endswith("0 updated, 2 already declared\n")
    again = desk("export", "elsewhere")
    assert again.err.count("exists; it was left as it is") == 2


def test_dash_and_update(desk: Desk) -> None:
    """Printing and editing exclude each other."""
    seen = desk("export", "-", "--update")

    assert seen.code == 1
    assert "exclude each other" in seen.err


def test_an_update_says_what_records_it(desk: Desk) -> None:
    """Drift goes on until an apply records what was taken over."""
    desk.converged(local("a", description="ours"))
    desk.meddle("a", description="theirs")

    assert "the next one records" in desk("export", "--update").err
    assert desk("drift").code == 2
    assert desk("apply").code == 0
    assert desk("drift").code == 0


@pytest.mark.parametrize("owned", [True, False])
def test_a_token_that_sees_nothing(desk: Desk, owned: bool) -> None:
    """Nothing to export, where something is declared, is no success."""
    desk.converged(*(local(f"r{n}") for n in range(24)))
    if not owned:
        (desk.root / ".reconciler" / "inventory.json").unlink()
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["partial"])
    for args in ((), ("-",), ("elsewhere",)):
        seen = desk("export", *args)

        assert seen.code == 1
        assert "error[not-seen]: the token sees none of the 24 objects of default" in seen.err
    assert desk("export", "--output", "json").document["exitCode"] == 1


def test_a_token_that_sees_some(desk: Desk) -> None:
    """What is owned and not seen is told; what is seen in part is no whole manifest."""
    desk.converged(local("visible-a", description="x"), local("b"))
    desk.make("visible-new")
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["partial"])
    seen = desk("export")

    assert seen.code == 1
    assert "error[unreadable]: LocalRepository/b could not be read" in seen.err
    assert "the manifest of LocalRepository/visible-new lacks fields" in seen.err


def test_an_object_that_was_deleted(desk: Desk) -> None:
    """With a token that sees it, its absence is told and is no error."""
    desk.converged(local("a"), local("b"))
    assert desk.send("DELETE", f"{REPOSITORIES}/b").status == 200
    seen = desk("export")

    assert seen.code == 0
    assert "warning[not-seen]: the token sees 1 of the 2 owned objects of default" in seen.err
    assert "not seen: LocalRepository/b" in seen.err


def test_an_object_the_listing_hides(desk: Desk) -> None:
    """What is there although no listing shows it is exported, or told as unreadable."""
    desk.converged(local("a", description="ours"), local("b"))
    desk.meddle("a", description="theirs")
    configurations = [{"key": "other", "rclass": "local", "packageType": "generic"}]
    body = {"LOCAL": configurations, "REMOTE": [], "VIRTUAL": []}
    desk.fault("status", status=200, body=body, match={"path": "*/configurations*"})
    desk.fault("status", status=500, match={"path": "*/api/repositories/b"})
    desk.fault("status", status=500, match={"path": "*/v2/repositories/batch"})
    seen = desk("export", "--update", "--only", "*/a", "--only", "*/b")

    assert seen.code == 1
    assert "updated manifests/all.yaml" in seen.out
    assert "error[unreadable]: LocalRepository/b could not be read" in seen.err


def test_a_federated_repository_is_not_its_own_member(desk: Desk) -> None:
    """The member the server adds by itself is no part of an exported manifest."""
    desk.make("shared", "federated", "npm")
    members = desk.live("shared")["members"]

    seen = desk("export", "-")

    assert len(members) == 1
    assert seen.code == 0, seen.both
    assert "kind: FederatedRepository" in seen.out
    assert "members" not in seen.out


def test_a_live_password_in_an_address_is_hidden(desk: Desk) -> None:
    """Neither an export nor a plan repeats what stands in front of a host's name."""
    desk.make("files", "remote", "generic", url="https://bot:p4ss@files.example.com/x")
    spec = {"packageType": "generic", "url": "https://files.example.com/x"}
    head = {"apiVersion": "reconciler/v1", "metadata": {"name": "files"}}
    desk.declare({**head, "kind": "RemoteRepository", "spec": spec})

    exported = desk("export", "-")
    planned = [desk("plan", *flags) for flags in ([], ["--verbose"], ["--output", "json"])]
    planned.append(desk("explain", "RemoteRepository/files"))

    assert "url: https://files.example.com/x" in exported.out
    assert all("(masked)@files.example.com" in seen.out for seen in planned)
    assert not any("p4ss" in seen.both for seen in [exported, *planned])


def test_an_update_writes_no_password_of_an_address(desk: Desk) -> None:
    """The host's name comes into the manifest, what stands in front of it does not."""
    desk.make("files", "remote", "generic", url="https://bot:p4ss@new.example.com/x")
    file = desk.declare(remote("files", packageType="generic", url="https://old.example.com/x"))

    seen = desk("export", "--update")

    assert seen.code == 0, seen.both
    assert "https://new.example.com/x" in file.read_text("utf-8")
    assert "p4ss" not in file.read_text("utf-8") + seen.both

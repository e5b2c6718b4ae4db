"""`import terraform` as users meet it: files, a report on stderr, clear errors."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cli.commands import import_
from tests.cli.support import Desk
from tests.terraform import states

LOCAL = "artifactory_local_npm_repository"


def resources() -> list[dict[str, Any]]:
    """Two repositories, a resource of another provider, an attribute nobody knows."""
    remote = {
        "key": "r",
        "url": "https://registry.example.com",
        "username": "u",
        "password": "canary",
        "brand_new": 1,
    }
    return [
        states.resource(LOCAL, "a", {"key": "a", "description": "x", "blacked_out": False}),
        states.resource(
            "artifactory_remote_npm_repository", "r", remote, sensitive_values={"password": True}
        ),
        states.resource("random_id", "x", {"hex": "c0ffee"}),
    ]


def test_the_whole_way(desk: Desk) -> None:
    """Files and what is left; validated; planned, only adopted; applied, nothing is left to do."""
    desk.make("a", type_="npm", description="x")
    desk.make("r", "remote", "npm", url="https://registry.example.com", username="u")
    desk.write("state.json", states.shown(resources()))
    seen = desk("import", "terraform", "state.json")

    assert seen.code == 0
    assert seen.out == (
        "created manifests/LocalRepository/a.yaml\ncreated manifests/RemoteRepository/r.yaml\n"
    )
    assert seen.err == (
        "warning[import-attribute]: artifactory_remote_npm_repository.r brand_new was not "
        "imported: RemoteRepository has no field for it\n"
        "  help: the field stays as it is on the platform, and is not managed\n\n"
        "warning[import-skipped]: random_id.x was not imported: no kind stands for it\n"
        "  help: Terraform, or people, still manage it\n\n"
        "2 warnings\n"
        "3 resources: 2 created, 0 updated, 0 already declared, 1 not imported, "
        "1 attribute left out\n"
    )
    assert desk.sandbox.requests == []
    assert desk("validate").code == 0
    plan = desk("plan", "--output", "json").document
    assert [(c["action"], c["fields"]) for c in plan["changes"]] == [("adopt", [])] * 2
    assert desk("apply", "--yes").code == 0
    assert desk("plan", "--detailed-exitcode").code == 0
    assert desk.writes() == []
    written = [f.read_text() for f in desk.root.rglob("*.yaml")]
    assert not any("canary" in text for text in (*written, seen.both))


def test_needs_no_platform(desk: Desk) -> None:
    """Neither an address nor a token; another folder; one JSON document."""
    for name in ("JFROG_URL", "JFROG_ACCESS_TOKEN"):
        desk.patch.delenv(name)
    desk.write("state.json", states.state_file(resources()))
    seen = desk("import", "terraform", "state.json", "--out", "elsewhere", "--output", "json")

    assert seen.document["created"] == [
        "elsewhere/LocalRepository/a.yaml",
        "elsewhere/RemoteRepository/r.yaml",
    ]
    assert seen.document["resources"] == 3
    assert {d["rule"] for d in seen.document["diagnostics"]} == {
        "import-attribute",
        "import-skipped",
    }


def test_existing_files_stay(desk: Desk) -> None:
    """A file that declares something else is never overwritten; a declared object is edited only
    when that is asked for."""
    desk.write("state.json", states.shown(resources()[:1]))
    desk("import", "terraform", "state.json")
    file = desk.root / "manifests/LocalRepository/a.yaml"
    file.write_text(file.read_text().replace("description: x", "description: mine # keep"))
    before = file.read_text()

    again = desk("import", "terraform", "state.json")
    assert (again.out, file.read_text()) == ("", before)

    updated = desk("import", "terraform", "state.json", "--update")
    assert updated.out == "updated manifests/LocalRepository/a.yaml\n"
    assert file.read_text() == before.replace("mine", "x")


def test_standard_input(desk: Desk) -> None:
    """`-` reads what another command prints."""
    content = io.BytesIO(states.text(states.shown(resources()[:1])))
    desk.patch.setattr(sys, "stdin", SimpleNamespace(buffer=content))
    code = import_.command.main(["terraform", "-"], standalone_mode=False)

    assert code == 0
    assert (desk.root / "manifests/LocalRepository/a.yaml").exists()


@pytest.mark.parametrize(
    "content, told",
    [
        ("", "the Terraform state cannot be used: it is no JSON"),
        (json.dumps({"version": 3}), "a state file of version 3, and only version 4 is known"),
    ],
)
def test_a_wrong_file(desk: Desk, content: str, told: str) -> None:
    """The error says what the file is, and how to get a right one."""
    desk.write("state.json", content)
    seen = desk("import", "terraform", "state.json")

    assert seen.code == 1
    assert told in seen.err
    assert "terraform show -json" in seen.err


def test_hostile_names_stay_below_the_folder(desk: Desk) -> None:
    """A key is no path, and no escape sequence reaches the terminal."""
    found = [
        states.resource(LOCAL, "a", {"key": "../../../evil"}),
        states.resource("x", "b", {}, address="\x1b[2Jx.b"),
    ]
    desk.write("state.json", states.shown(found))
    seen = desk("import", "terraform", "state.json")

    assert seen.code == 0
    assert [f.relative_to(desk.root).as_posix() for f in desk.root.rglob("*evil*")] == [
        "manifests/LocalRepository/%2E.%2F..%2F..%2Fevil.yaml"
    ]
    assert "\x1b" not in seen.both


def test_texts_that_look_like_placeholders(desk: Desk) -> None:
    """They are written so that they mean themselves, and what was written is read again."""
    found = [states.resource(LOCAL, "a", {"key": "a", "description": "${value.x}"})]
    desk.write("state.json", states.shown(found))
    desk("import", "terraform", "state.json")
    again = desk("import", "terraform", "state.json")

    file = desk.root / "manifests/LocalRepository/a.yaml"
    assert "$${value.x}" in file.read_text()
    assert "1 already declared" in again.err, again.both


def test_no_such_file(desk: Desk) -> None:
    """Told with its name."""
    seen = desk("import", "terraform", "none.json")
    assert (seen.code, "none.json" in seen.err) == (1, True)

"""When a secret is written: at a create, when it changed, when somebody says so; never else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.cli.support import Desk, remote

ROTATE = ("--rotate", "RemoteRepository/r#spec.password")


def wanted(**more: str) -> dict[str, object]:
    """A remote with a secret."""
    return remote("r", username="u", password={"env": "PW"}, **more)


def stored(desk: Desk) -> str:
    """The password the server has."""
    (raw,) = (raw for raw in _dicts(desk.sandbox.dump()) if raw.get("password"))
    return str(raw["password"])


def _dicts(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _dicts(inner)


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    """A desk with a secret, and a key of fingerprints."""
    desk.patch.setenv("PW", "first")
    desk.patch.setenv("RECONCILER_FINGERPRINT_KEY", "key")
    return desk


@pytest.mark.parametrize("description", ["", "other"])
def test_adopting_writes_no_secret(keyed: Desk, description: str) -> None:
    """The live password is somebody's; it stays, whatever else is written. So it is next time."""
    keyed.make("r", "remote", "npm", url="https://registry.example.com", username="u", password="x")
    before = stored(keyed)
    keyed.declare(wanted(description=description))
    seen = keyed("apply", "--yes")
    again = keyed("apply", "--yes")

    assert seen.code == again.code == 0, seen.both
    assert before
    assert stored(keyed) == before


def test_without_a_key_only_a_create_writes(desk: Desk) -> None:
    """A changed value goes unnoticed, and is told to be unverifiable beside another change."""
    desk.patch.setenv("PW", "first")
    desk.converged(wanted())
    before = stored(desk)
    desk.patch.setenv("PW", "second")
    assert desk("plan", "--detailed-exitcode").code == 0
    desk.declare(wanted(description="new"))
    seen = desk("apply", "--yes")

    assert seen.code == 0
    assert "cannot be compared, left as it is" in seen.out
    assert stored(desk) == before


def test_with_a_key_a_change_is_written_once(keyed: Desk) -> None:
    """The new value is sent; then there is nothing to do."""
    keyed.converged(wanted())
    before = stored(keyed)
    keyed.patch.setenv("PW", "second")
    assert keyed("apply", "--yes").code == 0

    assert stored(keyed) != before
    assert keyed("plan", "--detailed-exitcode").code == 0


def test_a_new_key_is_a_new_baseline_not_a_change(keyed: Desk) -> None:
    """Prints of another key say nothing: the secret is written once, which nobody can avoid."""
    keyed.converged(wanted())
    keyed.patch.setenv("RECONCILER_FINGERPRINT_KEY", "other")
    assert keyed("apply", "--yes").code == 0

    assert keyed("plan", "--detailed-exitcode").code == 0


def test_a_rotation_is_part_of_what_is_approved(keyed: Desk) -> None:
    """A plan with --rotate is applied with --rotate, and not without."""
    keyed.converged(wanted())
    assert keyed("plan", "--out", "plan.json", *ROTATE).code == 0
    document = json.loads((keyed.root / "plan.json").read_text())
    without = keyed("apply", "--plan", "plan.json")
    before = stored(keyed)
    keyed.patch.setenv("PW", "second")
    seen = keyed("apply", "--plan", "plan.json", *ROTATE)

    assert document["changes"][0]["fields"] == [
        {"path": "spec.password", "secret": True, "state": "changed"}
    ]
    assert document["changes"][0]["secrets"] == {"spec.password": "env:PW"}
    assert without.code == 4
    assert "(secret, changed from env:PW)" in without.err
    assert seen.code == 0, seen.both
    assert stored(keyed) != before


def test_a_rotation_slips_into_no_approved_plan(keyed: Desk) -> None:
    """--shrink-only accepts no secret that was not in the plan."""
    keyed.converged(wanted())
    keyed.declare(wanted(description="new"))
    assert keyed("plan", "--out", "plan.json").code == 0
    seen = keyed("apply", "--plan", "plan.json", "--shrink-only", *ROTATE)

    assert seen.code == 4
    assert "spec.password: approved no change, now (secret, changed from env:PW)" in seen.err


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize(
    "text, hint",
    [
        ("RemoteRepository/q#spec.password", "RemoteRepository/r"),
        ("RemoteRepository/r#spec.pasword", "spec.password"),
        ("RemoteRepository/r", "names no field"),
        ("r#password", "an address looks like Kind/name"),
    ],
)
def test_what_cannot_be_rotated(keyed: Desk, command: str, text: str, hint: str) -> None:
    """An unknown address or field is an error that names the near one; nothing is asked."""
    keyed.declare(wanted())
    seen = keyed(command, "--rotate", text)

    assert seen.code == 1, seen.both
    assert hint in seen.err
    assert keyed.writes() == []


@pytest.mark.parametrize("value", ["", "x\udcff"])
def test_values_no_server_takes(desk: Desk, value: str) -> None:
    """An empty value is no empty password, and broken bytes are no text: told before any write."""
    desk.patch.setenv("PW", value)
    desk.declare(wanted())
    seen = desk("apply", "--yes")

    assert seen.code == 1, seen.both
    assert "secret-unresolved" in seen.err
    assert desk.writes() == []


FORBIDDEN = [
    "JFROG_ACCESS_TOKEN",
    "JF_ACCESS_TOKEN",
    "GITHUB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "RUNNER_TEMP",
    "RECONCILER_FINGERPRINT_KEY",
]


@pytest.mark.parametrize("allowed", ["", "*"])
@pytest.mark.parametrize("name", FORBIDDEN)
def test_variables_no_manifest_may_name(desk: Desk, name: str, allowed: str) -> None:
    """Tokens of platforms and runners; RECONCILER_SECRET_ENV only ever narrows."""
    desk.patch.setenv(name, "canary")
    desk.patch.setenv("RECONCILER_SECRET_ENV", allowed)
    desk.declare(remote("r", username="u", password={"env": name}))
    seen = desk("apply", "--yes")

    assert seen.code == 1, seen.both
    assert "secret-variable" in seen.err
    assert desk.sandbox.requests == []


MISSPELT = """apiVersion: reconciler/v1
kind: RemoteRepository
metadata: {name: r}
spec:
  packageType: npm
  url: https://registry.example.com
  NAME: canary-7f3a
"""


@pytest.mark.parametrize("name", ["pasword", "password_", "passwort", "Password", "psswrd"])
def test_the_value_of_a_misspelt_secret_is_not_shown(desk: Desk, name: str) -> None:
    """The line would show what was meant to be a password."""
    desk.write("manifests/r.yaml", MISSPELT.replace("NAME", name))
    seen = desk("validate")

    assert seen.code == 1
    assert f"there is no field '{name}'" in seen.err
    assert "canary-7f3a" not in seen.both

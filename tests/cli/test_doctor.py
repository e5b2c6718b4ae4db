"""`doctor` at the command line: what it says, its exit codes, and its bundle."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from urllib.parse import quote

import pytest

from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.holder import Holder
from tests.cli.support import Desk, local, remote
from tests.cli.test_streams import validator


def states(desk: Desk) -> dict[str, str]:
    document = desk("doctor", "--output", "json").document
    validator("checkup").validate(document)
    return {check["name"]: check["state"] for check in document["checks"]}


def test_all_is_well(desk: Desk) -> None:
    """Nothing failed, exit code 0, and nothing was written anywhere."""
    desk.declare(local("a"))
    seen = desk("doctor")

    assert seen.code == 0, seen.both
    assert "failed" not in seen.out
    assert desk.writes() == []
    assert not (desk.root / ".reconciler").exists()


def test_manifests_that_are_not_valid(desk: Desk) -> None:
    """Told with the first fault; everything else is checked all the same."""
    desk.declare(local("a", pakageType="x"))

    assert states(desk) | {"manifests": "failed", "connection": "ok"} == states(desk)
    assert desk("doctor").code == 1


def test_a_platform_that_does_not_answer(desk: Desk) -> None:
    """6, as for every command."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", "http://127.0.0.1:9")
    seen = desk("doctor", "--patience", "0.1")

    assert seen.code == 6
    assert "✗ default: connection" in seen.out


def test_a_token_that_is_refused_and_one_that_may_too_little(desk: Desk) -> None:
    """6 and 1."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", "nonsense")
    assert desk("doctor").code == 6
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["read"])
    assert states(desk)["rights"] == "failed"


def test_inventory_and_lease(desk: Desk) -> None:
    """What is owned, and who is applying; an inventory that cannot be read is told."""
    desk.converged(local("a"))
    assert states(desk) | {"inventory": "ok", "lease": "ok"} == states(desk)
    file = desk.root / ".reconciler/inventory.json"
    with FileStore(file).lease(Holder("somebody", 1, "2030-01-01T00:00:00Z")):
        assert states(desk)["lease"] == "warning"
        assert "reconciler unlock" in desk("doctor").out
    desk.patch.setenv("CI", "true")
    file.unlink()
    assert states(desk)["inventory"] == "warning"
    file.write_text("no inventory")
    assert states(desk)["inventory"] == "failed"


def test_the_bundle_holds_no_secret(desk: Desk) -> None:
    """Neither the token nor a value of the environment, a name or a URL's password."""
    desk.patch.setenv("UPSTREAM_PASSWORD", "canary-password")
    desk.patch.setenv("JFROG_ACCESS_TOKEN", "canary-token")
    desk.declare(remote("canary-name", password={"env": "UPSTREAM_PASSWORD"}))
    desk("doctor", "--bundle", "help.zip")
    with zipfile.ZipFile(desk.root / "help.zip") as bundle:
        names = bundle.namelist()
        text = "".join(bundle.read(name).decode() for name in names)

    assert names == ["checks.json", "machine.json", "workspace.json"]
    assert "canary" not in text
    assert '"RemoteRepository": 1' in text


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_the_bundle_holds_nothing_that_a_server_repeats(desk: Desk, status: int) -> None:
    """Whatever a platform writes into its answers: the token it was sent is not passed on, in any
    spelling."""
    canary = 'canary"token/ä?'
    desk.patch.setenv("JFROG_ACCESS_TOKEN", canary)
    spelt = [canary, json.dumps(canary), quote(canary), b64encode(canary.encode()).decode()]
    body = {"errors": [{"status": status, "message": f"no: {' '.join(spelt)}"}]}
    desk.fault("status", times=None, status=status, body=body, match={"path": "*"})
    desk.declare(local("a"))
    seen = desk("doctor", "--bundle", "help.zip", "--patience", "0.1")
    with zipfile.ZipFile(desk.root / "help.zip") as bundle:
        text = "".join(bundle.read(name).decode() for name in bundle.namelist())

    assert seen.code in (1, 6)
    for spelling in spelt:
        assert spelling not in text
    assert "canary" not in text

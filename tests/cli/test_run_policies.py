"""`run` and `plan` for policies, as somebody at a terminal meets them."""

from __future__ import annotations

import json
import zipfile
from typing import Any

from reconciler.sandbox import Request
from tests.cli.support import Desk

SPEC: dict[str, Any] = {
    "enabled": False,
    "skipTrashcan": True,
    "searchCriteria": {
        "packageTypes": ["npm"],
        "repos": ["npm-*"],
        "includedPackages": ["**"],
        "includeAllProjects": True,
        "createdBeforeInDays": 90,
    },
}
POLICY = {
    "apiVersion": "reconciler/v1",
    "kind": "PackageCleanupPolicy",
    "metadata": {"name": "old-npm"},
    "spec": SPEC,
}
ADDRESS = "PackageCleanupPolicy/old-npm"


def furnished(desk: Desk) -> None:
    """Four of five packages are old; runs take no time."""
    desk.make("npm-local", type_="npm")
    files = [
        {"repo": "npm-local", "path": f"lib/-/lib-1.{n}.0.tgz", "size": 10, "createdDaysAgo": age}
        for n, age in enumerate((400, 300, 200, 100, 5))
    ]
    for method, path, body in (
        ("POST", "/_sandbox/artifacts", {"artifacts": files}),
        ("PUT", "/_sandbox/retention", {"runSeconds": 0}),
    ):
        asked = Request(method, path, (), {}, json.dumps(body).encode())
        assert desk.platform.handle(asked).status == 200


def test_a_policy_too_far_is_blocked_until_it_is_allowed_by_name(desk: Desk) -> None:
    """Exit 3 with the figures in every format; the flag of the message lets exactly this pass."""
    furnished(desk)
    desk.workspace(limits={"policy": {"percentOfRepository": 50}})
    desk.declare(POLICY)
    for output in ("text", "markdown", "html"):
        seen = desk("plan", "--output", output)
        assert seen.code == 3
        assert "it would hit 4 package versions" in seen.out
    document = desk("plan", "--output", "json").document
    (change,) = document["changes"]
    assert change["evidence"]["impact"]["percentOfRepository"] == 80
    assert desk("apply", "--yes").code == 3
    assert desk("apply", "--yes", "--allow-policy", f"{ADDRESS}=3").code == 3
    assert desk("apply", "--yes", "--allow-policy", f"{ADDRESS}=4").code == 0


def test_a_flag_that_names_no_figure_is_refused(desk: Desk) -> None:
    """Before anything is asked of the platform."""
    desk.declare(POLICY)
    seen = desk("plan", "--allow-policy", ADDRESS)
    assert seen.code == 1
    assert "is no ADDRESS=N" in seen.err


def test_the_report_of_a_dry_run_is_written(desk: Desk) -> None:
    """`--out` waits for it."""
    furnished(desk)
    desk.converged(POLICY)
    seen = desk("run", ADDRESS, "dry-run", "--out", str(desk.root / "report.zip"))
    assert seen.out == f"dry-run of {ADDRESS} is over: run 1: COMPLETED, 4 items, 40 bytes\n"
    assert zipfile.is_zipfile(desk.root / "report.zip")
    again = desk("run", ADDRESS, "report", "--out", str(desk.root / "again.zip"))
    assert again.out == f"report of {ADDRESS}: run 1: COMPLETED, 4 items, 40 bytes\n"
    assert zipfile.is_zipfile(desk.root / "again.zip")
    waited = desk("run", ADDRESS, "report", "--wait")
    assert waited.out == f"report of {ADDRESS} is over: run 1: COMPLETED, 4 items, 40 bytes\n"
    unknown = desk("run", ADDRESS, "report", "--set", "run=9", "--out", "x")  # asks once
    assert unknown.code == 1
    assert "No report was found" in unknown.err
    assert desk("run", ADDRESS, "stop", "--out", "x", "--set", "run=1").code == 1


def test_an_emergency_waits_for_no_manifest_and_asks(desk: Desk) -> None:
    """Manifests nobody can read do not keep anyone from stopping everything."""
    desk.converged({**POLICY, "spec": {**SPEC, "enabled": True}})
    desk.write("manifests/broken.yaml", "kind: [")
    seen = desk("run", "PackageCleanupPolicy", "disable-all")
    assert seen.code == 1
    assert "say --yes if that is meant" in seen.err
    assert desk("run", "PackageCleanupPolicy", "disable-all", "--yes").code == 0
    answer = desk.send("GET", "/artifactory/api/cleanup/packages/policies/old-npm").json()
    assert answer["enabled"] is False


def test_of_several_platforms_one_must_be_named(pair: Desk) -> None:
    """An emergency on the wrong platform is another one."""
    seen = pair("run", "PackageCleanupPolicy", "stop-all", "--yes")
    assert seen.code == 1
    assert "write east:PackageCleanupPolicy; there are east, west" in seen.err
    assert pair("run", "west:PackageCleanupPolicy", "stop-all", "--yes").code == 0

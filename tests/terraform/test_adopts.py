"""Imported from a true state, a plan only adopts (D24): every class, every package type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action
from reconciler.pipeline.desiring import desire
from reconciler.terraform.importing import Imported, import_state
from tests.platform.test_convergence import fresh
from tests.support.estate import Estate, manifest
from tests.support.values import KINDS, every_type, full_spec
from tests.terraform import states

REPOSITORIES = "/artifactory/api/repositories"


def imported(estate: Estate, document: Any, **flags: Any) -> Imported:
    """A state, imported into the workspace's manifests."""
    wanted = desire(estate.settings(), dangling=False, needs_manifests=False).checked()
    found = import_state(wanted, states.text(document), **flags)
    for file, text in (*found.exported.created, *found.exported.updated):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return found


def live(estate: Estate, key: str) -> Mapping[str, Any]:
    """A repository as the platform answers it."""
    with estate.session(needs_manifests=False) as run:
        return next(raw for a, raw in run.observer.list_all("default") if a.name == key)


def forget(estate: Estate) -> None:
    """As if nothing had ever been declared or owned."""
    for file in (*estate.root.rglob("manifests/**/*.yaml"), *estate.root.rglob("inventory.json")):
        file.unlink()


def assert_only_adopts(estate: Estate, count: int) -> None:
    plan = estate.plan()
    told = [(str(c.address), c.action, [f.as_json() for f in c.fields]) for c in plan.changes]
    assert [(action, fields) for _, action, fields in told] == [(Action.ADOPT, [])] * count, told
    assert not plan.partial


@pytest.mark.parametrize("rclass, package_type", every_type())
def test_every_field_of_every_package_type(rclass: str, package_type: str) -> None:
    """Made with every field set, read back as Terraform reads it, imported: nothing differs."""
    if package_type == "yum":
        return  # an old name of rpm, for which there is no resource type
    kind = KINDS[rclass]
    with fresh(package_type) as (estate, around):
        spec = full_spec(kind, package_type, around)
        estate.declare(
            manifest(kind.name, "full", spec), manifest(kind.name, "bare", _bare(spec, kind))
        )
        estate.apply()
        forget(estate)
        raws = [live(estate, "full"), live(estate, "bare")]
        found = imported(estate, states.shown(states.of_repositories(*raws)))

        assert [d.summary for d in found.left] == []
        assert len(found.exported.created) == 2
        assert_only_adopts(estate, 2)


def _bare(spec: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    return {n: v for n, v in spec.items() if kind.fields[n].required}


FORMS: Mapping[str, Callable[[Any], Any]] = {
    "state": states.shown,
    "plan": states.planned,
    "file": states.state_file,
}


def estate_of_three(estate: Estate) -> list[dict[str, Any]]:
    """Three repositories, one of each class, and their resources."""
    estate.put("a-local", rclass="local", packageType="npm", description="of the web team")
    estate.put(
        "a-remote",
        rclass="remote",
        packageType="npm",
        url="https://registry.example.com/npm",
        username="reader",
        password="hunter2-canary",
    )
    estate.put("a", rclass="virtual", packageType="npm", repositories=["a-local", "a-remote"])
    found = states.of_repositories(*(live(estate, k) for k in ("a-local", "a-remote", "a")))
    found[1]["values"]["password"] = "hunter2-canary"
    found[1]["sensitive_values"] = {"password": True}
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_state(estate: Estate, form: str) -> None:
    """`show -json` of a state and of a plan, and the state file give the same manifests."""
    found = imported(estate, FORMS[form](estate_of_three(estate)))

    assert len(found.exported.created) == 3
    assert_only_adopts(estate, 3)
    texts = {f.name: t for f, t in found.exported.created}
    assert "password:\n    env: A_REMOTE_PASSWORD\n" in texts["a-remote.yaml"]
    assert "hunter2" not in repr(found)
    assert "description: of the web team" in texts["a-local.yaml"]
    assert "blackedOut" not in texts["a-local.yaml"]


def test_the_same_files_as_an_export(estate: Estate, tmp_path: Path) -> None:
    """An import writes what an export of the platform writes."""
    found = imported(estate, states.shown(estate_of_three(estate)))
    forget(estate)
    exported = {
        file: text
        for file, text in estate.export().created
        if file.parent.name.endswith("Repository")  # the state holds nothing else
    }

    assert dict(found.exported.created) == exported


def test_modules_counts_and_keys(estate: Estate) -> None:
    """Instances of count and for_each, in modules of modules: each is an object of its own."""
    for key in ("one", "two", "three"):
        estate.put(key, rclass="local", packageType="generic")
    one, two, three = states.of_repositories(*(live(estate, k) for k in ("one", "two", "three")))
    two |= {"address": 'module.a["x.y"].artifactory_local_generic_repository.r[0]', "index": 0}
    three |= {"address": 'module.a.module.b.artifactory_local_generic_repository.r["k"]'}
    inner = {"address": "module.a.module.b", "resources": [three]}
    child = {"address": "module.a", "resources": [two], "child_modules": [inner]}
    found = imported(estate, states.shown([one], child))

    assert found.left == ()
    assert_only_adopts(estate, 3)


def test_a_project_with_its_repository(estate: Estate) -> None:
    """What says which project a repository is in becomes part of the repository."""
    estate.declare(
        manifest("Project", "pay", {"displayName": "Pay"}),
        manifest("LocalRepository", "a", {"packageType": "npm", "projectKey": "pay"}),
    )
    estate.apply()
    forget(estate)
    repository = states.of_repositories(live(estate, "a"))[0]
    repository["values"]["project_key"] = ""
    found = imported(
        estate,
        states.shown(
            [
                states.resource("project", "p", {"key": "pay", "display_name": "Pay"}),
                states.resource("project_repository", "a", {"key": "a", "project_key": "pay"}),
                repository,
            ]
        ),
    )

    texts = {f.name: t for f, t in found.exported.created}
    assert found.left == ()
    assert "projectKey: pay" in texts["a.yaml"]
    assert_only_adopts(estate, 2)


def test_a_second_run_changes_nothing_and_update_edits(estate: Estate) -> None:
    """What is declared already is left alone; --update brings the declared fields up to date."""
    resources = estate_of_three(estate)
    imported(estate, states.shown(resources))
    resources[0]["values"] |= {"description": "of nobody", "notes": None}
    again = imported(estate, states.shown(resources))
    updated = imported(estate, states.shown(resources), update=True)

    assert (again.exported.created, again.exported.updated, again.exported.unchanged) == ((), (), 3)
    ((file, text),) = updated.exported.updated
    assert file.name == "a-local.yaml"
    assert "description: of nobody" in text

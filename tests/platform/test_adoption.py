"""Taking over a platform that exists already: export, plan, change one thing (M15, M16)."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model import Action, FieldChange
from tests.support.estate import Estate
from tests.support.values import KINDS, PROJECTS, Surroundings, full_spec, package_types

PASSWORD = "as-it-was"


def bare(rclass: str, package_type: str) -> dict[str, Any]:
    url = {"url": "https://registry.example.com/x"} if rclass == "remote" else {}
    return {"rclass": rclass, "packageType": package_type, **url}


def settle(estate: Estate, size: int) -> None:
    """A live estate of `size` repositories: every class and type, some bare and some with
    everything set, remotes with passwords, virtuals with members."""
    estate.project(*PROJECTS)
    made = 0
    while True:
        for rclass, kind in KINDS.items():
            for package_type in package_types(rclass):
                if made == size:
                    return
                spec = bare(rclass, package_type)
                if made % 2:
                    around = members(estate, package_type)
                    spec |= full_spec(kind, package_type, around)
                    spec.pop("environments")
                if rclass == "remote":
                    spec |= {"username": "robot", "password": PASSWORD}
                spec = {n: v for n, v in spec.items() if n != "customHttpHeaders"}
                estate.put(f"{rclass}-{package_type}-{made}", **wired(kind, spec))
                made += 1


def wired(kind: Any, spec: dict[str, Any]) -> dict[str, Any]:
    return {kind.fields[n].wire if n in kind.fields else n: value for n, value in spec.items()}


def members(estate: Estate, package_type: str) -> Surroundings:
    named = {"yum": "rpm"}.get(package_type, package_type)
    fit = [r for r in estate.platform.store if r.package_type == named and r.rclass != "virtual"]
    return Surroundings(
        tuple(r.key for r in fit),
        tuple(r.key for r in fit if r.rclass == "local"),
        tuple(r.key for r in fit if r.rclass == "remote"),
    )


def written(estate: Estate) -> dict[str, str]:
    """Export into the workspace; the texts by path."""
    exported = estate.export()
    for file, text in exported.created:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return {str(file.relative_to(estate.root)): text for file, text in exported.created}


SIZE = 300 + len(PROJECTS) + 1
"""What `settled` exports: the repositories, their projects, and the group every platform has."""


@pytest.fixture
def settled(estate: Estate) -> Estate:
    """A platform with 300 repositories nobody manages yet."""
    settle(estate, 300)
    return estate


def test_export_then_plan_only_adopts(settled: Estate) -> None:
    """What was exported has no difference from what is live; adopting writes nothing."""
    texts = written(settled)
    assert len(texts) == SIZE
    plan = settled.plan()
    assert plan.is_empty, [(str(c.address), c.fields, c.blocked) for c in plan.pending]
    assert plan.summary()["adopt"] == SIZE
    assert {c.action for c in plan.changes} == {Action.ADOPT}

    settled.forget_requests()
    assert set(settled.apply().results().values()) == {"done"}
    assert settled.writes() == []
    assert settled.plan().summary()["unchanged"] == SIZE


def test_a_converged_plan_asks_few_requests(settled: Estate) -> None:
    """The plan of 300 converged repositories is one probe and one listing, the short list for the
    own members of federations, and one more for all projects; only groups have no bulk read."""
    written(settled)
    settled.forget_requests()
    settled.plan()
    assert sorted(settled.requests()) == [
        "GET /access/api/v1/projects",
        "GET /access/api/v2/groups/readers",
        "GET /artifactory/api/repositories",
        "GET /artifactory/api/repositories/configurations",
        "GET /artifactory/api/system/version",
    ]


def test_a_second_export_is_byte_identical(settled: Estate) -> None:
    """The same live estate gives the same bytes, into an empty folder as into another."""
    once = settled.export(settled.root / "one").created
    again = settled.export(settled.root / "one").created
    assert once == again
    assert len(once) == SIZE
    written(settled)
    assert settled.export().created == ()


def test_one_edited_line_is_one_field_and_one_write(settled: Estate) -> None:
    """Among 300 adopted repositories, one edited description changes that and nothing else."""
    texts = written(settled)
    settled.apply()
    before = settled.sandbox.dump()["platforms"]["default"]["repositories"]

    is_remote = "kind: RemoteRepository\n"
    name = next(
        name for name, text in texts.items() if "description: " in text and is_remote in text
    )
    key = name.rpartition("/")[2].removesuffix(".yaml")
    file = settled.root / name
    lines = file.read_text("utf-8").splitlines()
    edited = ["  description: edited" if "description: " in line else line for line in lines]
    file.write_text("\n".join(edited) + "\n", "utf-8")

    settled.forget_requests()
    applied = settled.apply()
    (change,) = applied.plan.changes
    assert [f.path for f in change.fields if f.secret is None] == ["spec.description"]
    assert applied.results() == {f"RemoteRepository/{key}": "done"}
    assert settled.writes() == [f"POST /artifactory/api/repositories/{key}"]

    after = settled.sandbox.dump()["platforms"]["default"]["repositories"]
    for old, new in zip(before, after, strict=True):
        if old["key"] == key:
            assert new["own"].pop("description") == "edited"
            del old["own"]["description"]
        assert old == new
        if old["rclass"] == "remote":
            assert new["hidden"]["password"] == PASSWORD


def test_export_names_secrets_and_never_holds_them(settled: Estate) -> None:
    """A password becomes a reference; its value, clear or encrypted, is in no file."""
    settled.quirks(encrypt_passwords=True)
    texts = written(settled)
    assert not any(PASSWORD in text or "AM.2." in text for text in texts.values())
    remotes = [text for name, text in texts.items() if name.startswith("manifests/Remote")]
    assert all("password:" in text and "env:" in text for text in remotes)


def test_an_unowned_object_that_differs_is_adopted_and_updated(estate: Estate) -> None:
    """Same key, other description: an update that adopts, never a create; no import step."""
    estate.put("x", rclass="local", packageType="npm", description="old", notes="theirs")
    estate.write(
        {
            "x.yaml": "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: x}\n"
            "spec: {packageType: npm, description: new}\n"
        }
    )
    (change,) = estate.plan().changes
    assert (change.action, change.adopting) == (Action.UPDATE, True)
    assert change.fields == (FieldChange("spec.description", "old", "new"),)
    estate.forget_requests()
    estate.apply()
    assert estate.writes() == ["POST /artifactory/api/repositories/x"]
    assert estate.stored("x")["notes"] == "theirs"
    assert list(estate.inventory().entries) == ["default:LocalRepository/x"]

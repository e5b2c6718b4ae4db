"""What a digest depends on, seen from the command line: both lists of M8."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reconciler.cli.saved_plan import read
from reconciler.pipeline import planning
from tests.cli.support import Desk, local, remote

SCHEMAS = Path(__file__).parents[2] / "schemas" / "documents"
Vary = Callable[[Desk], tuple[str, ...] | None]


@pytest.fixture
def varied(desk: Desk) -> Desk:
    """A workspace with a create, an update, an adoption, a secret and something unchanged."""
    desk.patch.setenv("PW", "hunter2")
    desk.workspace()
    desk.converged(local("same"), local("changed", description="one"))
    desk.make("there")
    manifests(desk)
    return desk


def manifests(desk: Desk, **more: Any) -> None:
    """The manifests of the first plan; `more` goes into one of them."""
    secret = remote("new", username="u", password={"env": "PW"}, description="x")
    desk.declare(
        local("same"), local("changed", **{"description": "two", **more}), local("there"), secret
    )


def digest(desk: Desk, *flags: str) -> str:
    """The digest of the plan now; the document keeps its schema and says all its digest is of."""
    seen = desk("plan", "--out", "plan.json", "--output", "json", *flags)
    assert seen.code in (0, 3), seen.both
    schemas = {p.name: Resource.from_contents(json.loads(p.read_text())) for p in SCHEMAS.iterdir()}
    registry: Registry[Any] = Registry().with_resources(schemas.items())
    schema = schemas["plan.v1.schema.json"].contents
    Draft202012Validator(schema, registry=registry).validate(seen.document)
    assert read(desk.root / "plan.json").is_whole
    return str(seen.document["digest"])


def other_files(desk: Desk) -> None:
    """The same objects in other files, in another order, in another style."""
    texts = reversed((desk.root / "manifests/all.yaml").read_text().split("---\n"))
    (desk.root / "manifests/all.yaml").unlink()
    for number, text in enumerate(texts):
        desk.write(f"manifests/{9 - number}.yml", json.dumps(json.loads(text), indent=3) + "\n\n")


def another_folder(desk: Desk) -> None:
    """The workspace is somewhere else, under the same name."""
    there = desk.root / "moved"
    there.mkdir()
    for name in ("reconciler.yaml", "manifests", ".reconciler"):
        (desk.root / name).rename(there / name)
    desk.root = there
    desk.patch.chdir(there)


def env(**variables: str) -> Vary:
    """The same with other environment variables."""

    def vary(desk: Desk) -> None:
        for name, value in variables.items():
            desk.patch.setenv(name, value)

    return vary


SAME: dict[str, Vary] = {
    "time": lambda desk: desk.patch.setattr(
        planning, "timestamp", lambda _: "2031-01-01T00:00:00Z"
    ),
    "host": env(HOSTNAME="elsewhere", USER="somebody", TZ="Asia/Tokyo", LC_ALL="C", CI="true"),
    "folder": another_folder,
    "tool version": lambda desk: desk.patch.setattr(planning, "__version__", "0.1.99"),
    "log level": lambda desk: ("--verbose", "--trace", os.devnull),
    "files, order and white space": other_files,
    "secret values": env(PW="other"),
    "no secret values": lambda desk: desk.patch.delenv("PW"),
    "labels": lambda desk: manifests(desk, metadata={"labels": {"team": "x"}}),
    "no-op objects": lambda desk: desk.make("nobodys"),
    "a field nobody declares": lambda desk: desk.meddle("changed", notes="new"),
    "a field that is as declared": lambda desk: manifests(desk, blackedOut=False),
    "more requests at a time": lambda desk: ("--rps", "1000"),
}

OTHER: dict[str, Vary] = {
    "a value after": lambda desk: manifests(desk, description="three"),
    "a value before": lambda desk: desk.meddle("changed", description="zero"),
    "a field more": lambda desk: manifests(desk, notes="new"),
    "an action more": lambda desk: desk.write("manifests/b.yaml", local("b")) and None,
    "an action less": lambda desk: desk.meddle("changed", description="two"),
    "an adoption less": lambda desk: (
        desk.send("DELETE", "/artifactory/api/repositories/there") and None
    ),
    "a block": lambda desk: manifests(desk, type_="npm"),
    "a secret's source": lambda desk: (
        desk.declare(
            remote("new", username="u", password={"file": "pw.txt"}, description="x"),
            file="manifests/all.yaml",
        )
        and None
    ),
    "the scope": lambda desk: ("--exclude", "LocalRepository/there"),
    "another scope with the same effect": lambda desk: ("--exclude", "LocalRepository/same"),
}


@pytest.mark.parametrize("vary", SAME.values(), ids=SAME)
def test_does_not_change_the_digest(varied: Desk, vary: Vary) -> None:
    """What an approval is not about."""
    before = digest(varied)
    flags = vary(varied) or ()

    assert digest(varied, *flags) == before


@pytest.mark.parametrize("vary", OTHER.values(), ids=OTHER)
def test_changes_the_digest(varied: Desk, vary: Vary) -> None:
    """What an approval is about."""
    before = digest(varied)
    flags = vary(varied) or ()

    assert digest(varied, *flags) != before


def test_the_key_of_the_fingerprints_does_not_count(varied: Desk) -> None:
    """A pull request's job has neither the secrets nor the key; its plan is the same."""
    varied.patch.setenv("RECONCILER_FINGERPRINT_KEY", "key")
    assert varied("apply", "--yes").code == 0
    secret = remote("new", username="u", password={"env": "PW"}, description="y")
    varied.declare(local("same"), secret)
    trusted = digest(varied)
    varied.patch.delenv("RECONCILER_FINGERPRINT_KEY")
    varied.patch.delenv("PW")

    assert digest(varied) == trusted


def test_a_rotation_counts(varied: Desk) -> None:
    """A secret that is to be written is part of what is approved."""
    assert varied("apply", "--yes").code == 0
    before = digest(varied)

    assert digest(varied, "--rotate", "RemoteRepository/new#spec.password") != before

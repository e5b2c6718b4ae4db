"""Cases as data: a manifest and its neighbours in, the faults of the kind's rules out.

A case names the faults by rule, by path, and by severity where it is not an error. The texts are
checked for all of them together: each fault says what is wrong and what to do.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds.kind import Fault, Kind, Neighbour, Subject

FOLDER = Path(__file__).parent
NO_CASES = {"fields.yaml"}


def read_cases() -> Iterator[Any]:
    """Every case with the module of its kind, below `reconciler.kinds`."""
    for file in sorted(FOLDER.glob("*/*.yaml")):
        if file.name in NO_CASES:
            continue
        for case in yaml.safe_load(file.read_text("utf-8")):
            where = f"{file.parent.name}.{file.stem}"
            yield pytest.param(where, case, id=f"{file.stem}: {case['title']}")


CASES = list(read_cases())
each_case = pytest.mark.parametrize("where, case", CASES)


def kind_of(where: str) -> Kind:
    kind: Kind = importlib.import_module(f"reconciler.kinds.{where}").KIND
    return kind


def subject(case: dict[str, Any]) -> Subject:
    neighbours = {
        name: Neighbour(value["kind"], value.get("spec", {}))
        for name, value in case.get("neighbours", {}).items()
    }
    parents = tuple(case.get("parents", ()))
    name, spec = case.get("name", "example"), case.get("spec", {})
    found = (
        {kind: [tuple(parts) for parts in names] for kind, names in case["declared"].items()}
        if "declared" in case
        else None
    )
    declared = None if found is None else lambda kind: found.get(kind, ())
    return Subject(name, spec, neighbours.get, parents, declared)


def shown(fault: Fault) -> dict[str, Any]:
    severity = {} if fault.severity == "error" else {"severity": fault.severity}
    return {"rule": fault.rule, "path": list(fault.path)} | severity


@each_case
def test_rules(where: str, case: dict[str, Any]) -> None:
    """The rules find what the case lists, and nothing else."""
    found = [f for rule in kind_of(where).rules for f in rule(subject(case))]

    assert [shown(fault) for fault in found] == case.get("faults", [])
    assert all(fault.summary and fault.hint for fault in found)


@each_case
def test_the_manifests_of_the_cases_are_well_formed(where: str, case: dict[str, Any]) -> None:
    """A case whose spec the model refuses would test nothing a user can meet."""
    kind_of(where).spec.model_validate(case["spec"])


@pytest.mark.parametrize("where", sorted({p.values[0] for p in CASES}))
def test_every_rule_of_a_kind_has_cases(where: str) -> None:
    """Each rule fires in some case of its kind."""
    kind = kind_of(where)
    ours = [p.values[1] for p in CASES if p.values[0] == where]
    silent = [
        rule.__qualname__
        for rule in kind.rules
        if not any(list(rule(subject(case))) for case in ours)
    ]

    assert silent == []

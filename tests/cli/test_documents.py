"""Every JSON document has a published schema, and the reference lists both."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.support import Desk, local
from tests.cli.test_streams import validator

ROOT = Path(__file__).parents[2]
FORMAT = re.compile(r'"(reconciler\.([a-z-]+)/v1)"')
KEPT_TO_ITSELF = {"undo-record", "inventory", "inventory-entry", "inventory-journal", "lease"}
"""Formats nothing else should depend on."""


def formats() -> dict[str, str]:
    """Every format that the code writes: name -> format."""
    files = (ROOT / "reconciler").rglob("*.py")
    texts = (f.read_text(encoding="utf-8") for f in files if "sandbox" not in f.parts)
    found = {name: whole for text in texts for whole, name in FORMAT.findall(text)}
    return {name: whole for name, whole in found.items() if name not in KEPT_TO_ITSELF}


def test_every_format_is_published() -> None:
    """Whoever reads a document finds its schema, and the page that names it."""
    page = (ROOT / "docs/reference/json-documents.md").read_text(encoding="utf-8")
    for name, whole in formats().items():
        assert (ROOT / f"schemas/documents/{name}.v1.schema.json").is_file(), name
        assert f"| `{whole}` |" in page


def test_adopt_counts_what_was_owned(desk: Desk) -> None:
    """The JSON says as much as the text."""
    desk.converged(local("a"))
    desk.make("b")
    desk.declare(local("a"), local("b"), local("c"))
    document = desk("adopt", "--all", "--output", "json").document

    validator("adopt").validate(document)
    assert document["alreadyOwned"] == 1
    assert document["adopted"] == ["LocalRepository/b"]
    assert document["absent"] == ["LocalRepository/c"]


def test_the_plan_of_an_outcome_has_its_own_code(desk: Desk) -> None:
    """A failed apply does not make its plan a failed one."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["read"])
    document = desk("apply", "--yes", "--output", "json").document

    validator("outcome").validate(document)
    assert (document["exitCode"], document["plan"]["exitCode"]) == (5, 0)


def test_documents_fit_their_schemas(desk: Desk) -> None:
    """Those that no other test compares."""
    desk.declare(local("a"), file="manifests/a.yaml")
    desk.write("environments/one.yaml", _environment("one"))
    desk.write("environments/two.yaml", _environment("two"))
    lines = {
        "comparison": "compare one two --output json",
        "snapshot-taken": "snapshot --out s.json --output json",
        "render": "render --environment one --output json",
    }
    for name, line in lines.items():
        seen = desk(*line.split())
        assert seen.document["format"] == f"reconciler.{name}/v1", seen.both
        validator(name).validate(seen.document)


def _environment(name: str) -> dict[str, object]:
    head = {"apiVersion": "reconciler/v1", "kind": "Environment", "metadata": {"name": name}}
    merge = {"spec": {"description": name}}
    patch = {"target": {"kind": "LocalRepository"}, "merge": merge}
    return {**head, "spec": {"patches": [patch]}}

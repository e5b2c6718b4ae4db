"""`explain` of what can be written: kinds, their fields, and the documents that are no kinds."""

from __future__ import annotations

import pytest

from reconciler.cli.definitions import DOCUMENTS, definition
from reconciler.kinds.registry import builtin
from tests.cli.support import Desk


def told(target: str) -> str:
    """Everything said of one target."""
    return "\n".join(definition(builtin(), target))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_part_of_a_document_is_told(name: str) -> None:
    """Each field has its type and a sentence, at every depth one can ask for."""
    for line in told(name).splitlines()[3:]:
        if line.startswith("  ") and not line.startswith("   "):
            field = line.split()[0]
            assert told(f"{name}.{field}").splitlines()[0].startswith(f"{name}.{field}: ")
        assert line.strip() != "."


def test_nested_fields() -> None:
    """A path leads through objects, lists and maps."""
    assert "the diff and in the write" in told("metadata.lifecycle.ignore")
    assert "full or create-only or observe" in told("LocalRepository.metadata.lifecycle.manage")
    assert "every combination" in told("ManifestSet.spec.matrix")
    assert told("Workspace.spec.platforms").startswith("Workspace.spec.platforms: map")
    assert told("Environment.spec.patches").startswith("Environment.spec.patches: list")


def test_a_kind_tells_what_its_manifest_needs() -> None:
    """The metadata of its place, what is fixed, defaults and versions, all at once."""
    assert "metadata.project  text (required)" in told("ProjectEnvironment")
    remote = told("RemoteRepository")
    assert "packageType  text (required, fixed at creation)" in remote
    assert "disableProxy  true or false (since 7.41.7, default false)" in remote


def test_what_does_not_exist(desk: Desk) -> None:
    """A near name is suggested, for documents as for kinds."""
    workspace, field = desk("explain", "Workspac"), desk("explain", "metadata.lifecycel")

    assert (workspace.code, field.code) == (1, 1)
    assert "did you mean 'Workspace'?" in workspace.err
    assert "did you mean 'lifecycle'?" in field.err

"""A state and a workspace in, the texts of manifest files and a report out; offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import Diagnostic
from reconciler.exporting import Exported, Target, manifests_of
from reconciler.pipeline.desiring import Desire
from reconciler.terraform.convert import convert
from reconciler.terraform.state import resources


@dataclass(frozen=True, slots=True)
class Imported:
    """Files to write, what was not taken over, and how many resources there were."""

    exported: Exported
    left: tuple[Diagnostic, ...] = ()
    resources: int = 0


def import_state(
    wanted: Desire, content: bytes, path: Path | None = None, *, update: bool = False
) -> Imported:
    """Manifests for the resources of a Terraform state; writes nothing.

    The objects are taken for those of the workspace's first default platform. Raises UsageError
    for what is no state.
    """
    workspace = wanted.workspace
    found = resources(content)
    converted = convert(
        found, wanted.registry, workspace.default_platforms[0], qualified=workspace.is_plural
    )
    objects = sorted(converted.found, key=lambda item: item.address.full)
    exported = manifests_of(Target(wanted), objects, path, update=update)
    return Imported(exported, tuple(converted.left), len(found))

"""What every manifest has around its spec: apiVersion, kind, metadata."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from reconciler.kinds.spec import unset

LABEL_KEY = Annotated[str, StringConstraints(min_length=1)]
ENVELOPE = ("apiVersion", "kind", "metadata", "spec")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class LifecycleSpec(_Part):
    """How far the object is managed."""

    protect: bool = unset()
    """Never delete or replace the object."""

    manage: Literal["full", "create-only", "observe"] = unset()
    """`full` keeps every declared field; `create-only` creates and then leaves alone; `observe`
    never writes: it declares an object that others look after."""

    ignore: list[str] = unset()
    """Field paths left to others, in the diff and in the write, such as `spec.notes`; or a part of
    one, such as the element `spec.members[ann]` of a set."""

    takeover: bool = unset()
    """Take the object from the workspace that owns it."""

    replace: bool = unset()
    """The object may be deleted and created anew when a field that is fixed at creation changes."""

    release: bool = unset()
    """Take the object out of ownership without touching it."""


class MetadataSpec(_Part):
    """The object's identity, and what the reconciler is to know of it."""

    name: Annotated[str, StringConstraints(min_length=1)]
    """The platform's own key of the object."""

    labels: dict[LABEL_KEY, str] = unset()
    """Labels for selecting (`--only label=team=payments`); never sent to the platform."""

    platforms: list[str] = unset()
    """Platforms the object is to exist on, by their names in the workspace."""

    lifecycle: LifecycleSpec = unset()
    """How far the object is managed."""

    previousNames: list[str] = unset()  # noqa: N815
    """Names the object had before."""

    project: str = unset()
    """Project that an object of a project-level kind belongs to."""

    provider: str = unset()
    """OIDC provider that an identity mapping belongs to."""

    fleet: str = unset()
    """Fleet that an object of JFrog Connect belongs to."""

"""The base of every kind's `spec`, and how a field that may be left out is written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from reconciler.kinds.marks import SECRET


def unset() -> Any:
    """Default of a field that may be left out. The value is never read: unset is not null."""
    return Field(default=None)


class Spec(BaseModel):
    """What a manifest of some kind may say. Field names are those of the REST reference.

    A field whose type admits None can be cleared with `null`. The text under a field is its
    documentation everywhere: schema, editor hover, `explain`, reference page.
    """

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class ObjectSpec(Spec):
    """The spec of a whole object, as opposed to a part of one."""

    extra: dict[str, Any] = unset()
    """Fields not modelled yet, passed through under their API names, with a warning."""


class SecretRef(BaseModel):
    """Where a secret's value comes from: exactly one of `env` and `file`."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    env: str = unset()
    """Name of an environment variable."""

    file: str = unset()
    """Path of a file, relative to the workspace; one trailing line end is dropped."""


SecretValue = Annotated[SecretRef, SECRET]
"""A field that takes a secret, by reference only."""

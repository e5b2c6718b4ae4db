"""What the kinds of all repository classes have in common besides their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.kinds.kind import CONFIGURATION_LANE, Kind, Rule
from reconciler.kinds.repositories._losses import takes_away
from reconciler.kinds.repositories._repository import RepositorySpec
from reconciler.kinds.repositories._rest import RepositoryCollection
from reconciler.kinds.repositories._rules import (
    ENVIRONMENT_LIMITS,
    MAX_KEY,
    class_rule,
    environments_declared,
    environments_without_project,
    key_rule,
    project_key,
)

ARTIFACTS = "every artifact in it, with its properties and statistics"
"""What is lost with a repository that files are uploaded to."""


def repository_kind(
    rclass: str,
    spec: type[RepositorySpec],
    *rules: Rule,
    lost_on_replace: str,
    since: str = "2.3.0",
    longest_key: int = MAX_KEY,
    also_named: Callable[[str], tuple[str, ...]] = lambda _key: (),
    **rest: Any,
) -> Kind:
    """The kind of one repository class; `rest` says more of its `RepositoryCollection`."""
    return Kind(
        name=f"{rclass.capitalize()}Repository",
        spec=spec,
        rest=RepositoryCollection(constants={"rclass": rclass}, **rest),
        area="Repositories",
        since=since,
        namespace="repository",
        discriminator="packageType",
        also_named=also_named,
        lane=CONFIGURATION_LANE,
        limits=ENVIRONMENT_LIMITS,
        rules=(
            key_rule(longest_key),
            class_rule(rclass),
            environments_without_project,
            project_key,
            environments_declared,
            *rules,
        ),
        takes_away=takes_away,
        lost_on_replace=lost_on_replace,
    )

"""GlobalEnvironment: a stage such as DEV that every project may use."""

from __future__ import annotations

from reconciler.kinds.access._access import PREDEFINED_ENVIRONMENTS, environment_name
from reconciler.kinds.kind import CONFIGURATION_LANE, Kind
from reconciler.kinds.shapes import NameList
from reconciler.kinds.spec import ObjectSpec


class GlobalEnvironmentSpec(ObjectSpec):
    """A stage such as STAGING that repositories and roles of every project may name. It is nothing
    but its name; `metadata.previousNames` renames it, and whatever names it follows."""


KIND = Kind(
    name="GlobalEnvironment",
    spec=GlobalEnvironmentSpec,
    rest=NameList("/access/api/v1/environments", own=PREDEFINED_ENVIRONMENTS),
    area="Environments",
    since="7.53.1",
    lane=CONFIGURATION_LANE,
    rules=(environment_name,),
)

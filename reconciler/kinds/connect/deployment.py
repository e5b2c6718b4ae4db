"""Deployment: every device that matches has an app at a version, brought there in waves."""

from __future__ import annotations

from reconciler.kinds.connect import _look, _take
from reconciler.kinds.connect._abort import OPERATIONS
from reconciler.kinds.connect._deployment_rules import RULES
from reconciler.kinds.connect._deployment_spec import DeploymentSpec
from reconciler.kinds.connect._fleet import fleet_key
from reconciler.kinds.connect._look import Looked
from reconciler.kinds.connect._stance import stance_of
from reconciler.kinds.kind import Kind
from reconciler.kinds.rest import Flow
from reconciler.kinds.steering import Stance, Steered, Wanted
from reconciler.kinds.wire import Reveal


class DeploymentSteering:
    """Looks at the fleet, and takes one step of the rollout."""

    runs = True

    def look(self, wanted: Wanted) -> Flow:
        """Returns how the rollout stands. Raises AnswerError."""
        looked: Looked = yield from _look.look(wanted)
        return stance_of(looked, wanted)

    def take(self, wanted: Wanted, stance: Stance, reveal: Reveal) -> Flow:
        """Take the step. Raises AnswerError."""
        told: str = yield from _take.take(stance.state, reveal)
        return told


KIND = Kind(
    name="Deployment",
    spec=DeploymentSpec,
    rest=Steered(),
    area="Devices",
    service="connect",
    home="connect",
    parents={"fleet": "Fleet"},
    lane="deployments",
    rules=(fleet_key, *RULES),
    steering=DeploymentSteering(),
    operations=OPERATIONS,
)

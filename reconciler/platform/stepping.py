"""One step of a steered object on its way: looked at again, taken only if it is the planned one."""

from __future__ import annotations

from reconciler.errors import StalePlanError
from reconciler.kinds.steering import Stance
from reconciler.model import Change, Outcome
from reconciler.platform.means import Course, Means


def step(means: Means, course: Course, change: Change) -> Outcome:
    """Take one step. Raises StalePlanError when another one comes next now, AnswerError."""
    steering = means.registry[change.address.kind].steering
    assert steering is not None
    assert means.wanted is not None
    client = means.clients[change.address.platform]
    asked = means.wanted(means.manifests[change.address])
    stance: Stance = client.run(steering.look(asked))
    if stance.blocked is not None:
        raise StalePlanError(f"{change.address} is blocked now: {stance.blocked.message}")
    if stance.action is None:
        return Outcome(change, "done", "nothing was left to do")
    if stance.action is not change.action or stance.fields != change.fields:
        raise StalePlanError(
            f"{change.address}: another step comes next than when the plan was made",
            hint="plan again: devices came, went or changed",
        )
    client.may_write()
    course.wrote()
    told = client.run(steering.take(asked, stance, means.reveal))
    return Outcome(change, "done", told, wrote=True)

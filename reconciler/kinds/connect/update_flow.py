"""UpdateFlow: the steps a device carries out during an update."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from reconciler.errors import AnswerError
from reconciler.kinds.connect._fleet import fleet_key
from reconciler.kinds.connect._flow_text import content_name, inputs_in
from reconciler.kinds.connect._flows import Found, create, found
from reconciler.kinds.connect._paging import base
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.marks import UNORDERED
from reconciler.kinds.rest import Flow
from reconciler.kinds.risks import NOTABLE
from reconciler.kinds.spec import ObjectSpec, unset
from reconciler.kinds.steering import Stance, Steered, Wanted
from reconciler.kinds.wire import Reveal
from reconciler.model import Action, Block, FieldChange, PlannedRequest


class UpdateFlowSpec(ObjectSpec):
    """The steps a device carries out during an update. A flow can be neither changed nor deleted on
    the server, so its name there is `metadata.name` and eight digits that follow from its content:
    a changed manifest creates another flow, and the old one stays as history."""

    steps: Annotated[list[dict[str, Any]], NOTABLE]
    """What is done, in this order. Each step has a `name`, and either `uses` (such as
    `connect/docker` or `connect/download-artifact`) with the settings below `with`, or `run`, a
    command of the shell. `${{ inputs.NAME }}` stands for a parameter of the deployment."""

    inputs: Annotated[list[str], UNORDERED, NOTABLE] = unset()
    """Names of the parameters a deployment has to give."""

    rebootAfterRestart: Annotated[bool, NOTABLE] = unset()
    """The device reboots in the end."""


_KNOWN = ("name", "uses", "run", "with")


def _steps(subject: Subject) -> Iterator[Fault]:
    """A step does one thing."""
    steps = subject.spec.get("steps") or ()
    if not steps:
        yield Fault(
            ("spec", "steps"), "deployment-illegal", "a flow needs a step", "write at least one"
        )
    for index, step in enumerate(steps):
        at: tuple[str | int, ...] = ("spec", "steps", index)
        for key in step:
            if key not in _KNOWN:
                text = f"a step has no field '{key}'"
                yield Fault((*at, key), "unknown-field", text, f"there are {', '.join(_KNOWN)}")
        if not isinstance(step.get("name"), str) or not step["name"]:
            yield Fault(at, "deployment-illegal", "a step needs a name", "write name: fetch")
        if len({"uses", "run"} & step.keys()) != 1:
            text = "a step has either 'uses' or 'run'"
            yield Fault(at, "deployment-illegal", text, "a step does one thing")


def _inputs(subject: Subject) -> Iterator[Fault]:
    """Whatever a step asks for has to be given."""
    given = set(subject.spec.get("inputs") or ())
    asked = inputs_in(subject.spec.get("steps") or ())
    for name in sorted(asked - given):
        yield Fault(
            ("spec", "steps"),
            "deployment-illegal",
            f"a step names the input '{name}', which the flow does not have",
            f"add it: inputs: [{name}]",
        )
    for index, name in enumerate(subject.spec.get("inputs") or ()):
        if name not in asked:
            yield Fault(
                ("spec", "inputs", index),
                "deployment-useless",
                f"no step names the input '{name}'",
                "take it out, or write ${{ inputs." + name + " }} where it is needed",
                "warning",
            )


class FlowSteering:
    """A flow is there or it is not: it is created once, under the name of its content."""

    runs = False

    def look(self, wanted: Wanted) -> Flow:
        """Returns whether the flow is there. Raises AnswerError."""
        fleet, name = wanted.address.parts
        there: Found | None = yield from found(fleet, name, wanted.spec, wanted)
        whole = content_name(name, wanted.spec)
        if there is not None and not there.problem:
            return Stance("Created", evidence={"flow": there.uuid, "name": whole})
        return Stance(
            "Absent",
            Action.CREATE,
            "absent",
            (
                FieldChange("metadata.name", after=whole),
                *(
                    FieldChange(f"spec.{field}", after=wanted.spec[field])
                    for field in sorted(wanted.spec)
                ),
            ),
            "safe",
            Block("unresolved", there.problem) if there is not None else None,
            requests=(PlannedRequest("POST", f"{base(fleet)}/update-flows"),),
        )

    def take(self, wanted: Wanted, stance: Stance, reveal: Reveal) -> Flow:
        """Create the flow. Raises AnswerError."""
        fleet, name = wanted.address.parts
        made: Found = yield from create(fleet, name, wanted.spec, wanted)
        if made.problem:
            raise AnswerError(made.problem)
        return ""


KIND = Kind(
    name="UpdateFlow",
    spec=UpdateFlowSpec,
    rest=Steered(),
    area="Devices",
    service="connect",
    home="connect",
    parents={"fleet": "Fleet"},
    lane="flows",
    rules=(fleet_key, _steps, _inputs),
    steering=FlowSteering(),
)

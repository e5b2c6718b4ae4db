"""What a Deployment's manifest may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from reconciler.deployments.intent import DURATION, PERCENT
from reconciler.kinds.marks import UNORDERED, Ref, Risk
from reconciler.kinds.risks import NOTABLE, SAFE
from reconciler.kinds.spec import ObjectSpec, SecretValue, Spec, unset

Duration = Annotated[str, StringConstraints(pattern=DURATION)]
Percent = Annotated[str, StringConstraints(pattern=PERCENT)]
Count = Annotated[int, Field(ge=0)]
Some = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(min_length=1)]

WIDENS = Risk("disruptive", "who is selected decides which devices are updated")
REPEATS = Risk("disruptive", "devices that have the version may get it again")


class AppSpec(Spec):
    """An app, and the version the devices are to have."""

    name: Name
    """Name of the app (deployment tag) in Connect, such as `camera-firmware`."""

    version: Name
    """The version, a text such as `"2.4.0"`; it is compared letter by letter."""


class FlowSpec(Spec):
    """The flow that brings the app: a manifest's, or one by uuid."""

    name: Annotated[str, Ref("UpdateFlow", check="server")] = unset()
    """Name of an UpdateFlow manifest of the same fleet."""

    uuid: str = unset()
    """Uuid of a flow that was drawn in the web UI, such as `f-7b56-3336`."""


class DesiredSpec(Spec):
    """What the devices are to have."""

    app: AppSpec = unset()
    """The app and its version; only `mode: once` may leave it out."""

    flow: FlowSpec
    """How it gets there."""

    parameters: dict[Name, str] = unset()
    """Values for the inputs of the flow, such as `{image_tag: "2.4.0"}`."""


class SecretParameterSpec(Spec):
    """An input of the flow whose value is a secret."""

    name: Name
    """Name of the input."""

    value: SecretValue
    """The value, as a reference: `{env: CAMERA_KEY}`. A new value alone starts nothing; a new
    `redeploy.nonce` does."""


class FilterSpec(Spec):
    """One filter. All filters have to hold."""

    type: str
    """`specific_device`, `tag` or `app`; `device_state` and `deployment` with `mode: once`."""

    operand: str
    """`is` or `is_not`."""

    value: str
    """A device's uuid, a tag, an app, `online` or `offline`, or a status."""

    appVersion: str = unset()
    """With `type: app`: the version."""

    deploymentId: str = unset()
    """With `type: deployment`: the deployment, such as `dp-e6a5-7e19`."""


class ExcludeSpec(Spec):
    """Devices that are left out."""

    devices: Annotated[list[str], UNORDERED] = unset()
    """Uuids of devices."""

    tags: Annotated[list[str], UNORDERED] = unset()
    """Tags of devices, such as `hold`."""


class ExpectSpec(Spec):
    """How many devices should match; anything else stops the plan."""

    min: Some = unset()
    """At least so many. Default: 1."""

    max: Some = unset()
    """At most so many."""

    maxPercentOfFleet: Annotated[int, Field(ge=1, le=100)] = unset()
    """At most so many percent of the fleet: it protects from a group that was left out."""


class SelectSpec(Spec):
    """Which devices are meant: any of the groups, and all of the filters."""

    groups: Annotated[list[Name], UNORDERED] = unset()
    """Groups, such as `[Production]`; a device of any of them is meant."""

    allGroups: bool = unset()
    """The whole fleet, instead of groups."""

    filters: list[FilterSpec] = unset()
    """What a device must be like besides."""

    devices: Annotated[list[Name], UNORDERED] = unset()
    """Only these devices, by uuid."""

    exclude: ExcludeSpec = unset()
    """Devices that are left out although they match."""

    expect: ExpectSpec = unset()
    """How many devices should match."""


class TakeSpec(Spec):
    """How many devices a wave takes: one of both."""

    count: Some = unset()
    """So many."""

    percent: Annotated[int, Field(ge=1, le=100)] = unset()
    """So many percent of all that match and are not excluded, those that have the version already
    too; rounded up, at least one."""


class GateSpec(Spec):
    """What a wave must show before the next one begins."""

    minSuccess: Percent | Count = unset()
    """Successes of all members, such as `"95%"`, or a number. Default: `"100%"`."""

    maxFailed: Percent | Count = unset()
    """Failures at most: `"3%"` of the finished members, judged when `minFinished` are finished; or
    a number, judged at once."""

    minFinished: Count = unset()
    """So many members must be finished before failures in percent are judged."""

    soak: Duration = unset()
    """How long to wait after the last finish, such as `30m`; then the members must be online and
    still have the version."""

    deadline: Duration = unset()
    """When a wave that is neither good nor bad is inconclusive. Default: `24h`."""

    inconclusive: Literal["pause", "fail", "pass"] = unset()
    """What then: stop here until somebody decides, fail, or go on. Default: `pause`."""

    then: Literal["auto", "manual"] = unset()
    """`manual`: the next wave needs an entry in `approvals`. Default: `auto`."""


class WaveSpec(Spec):
    """One wave of the rollout. After the waves that are written comes one for everybody left."""

    name: Name
    """A name, such as `canary`."""

    tag: str = unset()
    """Only devices with this tag."""

    devices: Annotated[list[Name], UNORDERED] = unset()
    """Only these devices, by uuid."""

    take: TakeSpec = unset()
    """How many of them, or of all that are left."""

    gate: GateSpec = unset()
    """What the wave must show."""


class RollbackSpec(Spec):
    """An older version, named in full: nothing on the server tells what ran before."""

    app: AppSpec
    """The app, and the version to go back to."""

    flow: FlowSpec
    """How it gets there."""

    parameters: dict[Name, str] = unset()
    """Values for the inputs of the flow."""

    secretParameters: list[SecretParameterSpec] = unset()
    """Inputs of the flow whose values are secrets."""


class FailureSpec(Spec):
    """What happens when a gate fails."""

    stop: bool = unset()
    """Nothing more is sent. Default: true."""

    abortPending: bool = unset()
    """What still waits in the wave is aborted. Default: false."""

    maxAttemptsPerDevice: Some = unset()
    """So often a payload may fail on a device before it is left alone. Default: 2."""

    quarantine: bool = unset()
    """Leave such a device alone; without it there is no limit. Default: true."""

    rollback: RollbackSpec = unset()
    """When a gate failed, the devices of its wave that got the update get this version. Default:
    none."""


class RedeploySpec(Spec):
    """When a device gets the version it has already."""

    sameVersionNewPayload: Literal["refuse", "ask", "always"] = unset()
    """Flow or parameters changed, the version did not: stop, go on with an approval of the wave
    `redeploy`, or go on. Default: `refuse`."""

    nonce: Name = unset()
    """Any text; another one makes it another payload, and begins the rollout anew."""


class ApprovalSpec(Spec):
    """Somebody looked at a wave and lets the next one begin."""

    wave: Name
    """Name of the wave that was looked at."""

    payload: Annotated[str, StringConstraints(pattern="^[0-9a-f]{12}$")]
    """The payload it was about, as the plan shows it: an approval of another one does not count."""

    by: Name
    """Who, and why, such as `change 4711`."""


class DeploymentSpec(ObjectSpec):
    """Every device the selector matches, minus the exclusions, has the app at the version. Devices
    are updated in waves with gates, each exactly once. `metadata.name` is the identity of the
    intent: it should hold no version."""

    desired: Annotated[DesiredSpec, Risk("disruptive", "devices are updated")]
    """What the devices are to have."""

    secretParameters: Annotated[list[SecretParameterSpec], NOTABLE] = unset()
    """Inputs of the flow whose values are secrets."""

    select: Annotated[SelectSpec, WIDENS]
    """Which devices are meant."""

    mode: Annotated[Literal["converge", "once"], NOTABLE] = unset()
    """`converge` keeps the devices at the version, `once` deploys one time to those that match
    then. Default: `converge`."""

    targeting: Annotated[Literal["pinned", "live"], NOTABLE] = unset()
    """`pinned` writes a reserved tag on the devices of the plan and deploys to it; `live` sends the
    filter as it is, and the server decides at that moment. Default: `pinned`."""

    offline: Annotated[Literal["queue", "skip", "hold"], NOTABLE] = unset()
    """Devices that are offline: the update waits for them at the server, they are left for a later
    run, or their wave waits for them. Default: `queue`."""

    foreignPending: Annotated[Literal["warn", "hold"], NOTABLE] = unset()
    """Devices on which somebody else's update waits: told, or left alone. Default: `warn`."""

    waves: Annotated[list[WaveSpec], NOTABLE] = unset()
    """The waves before the one for everybody left."""

    maxInFlight: Annotated[Some, NOTABLE] = unset()
    """So many devices are updated at the same time at most."""

    onFailure: Annotated[FailureSpec, NOTABLE] = unset()
    """What happens when a gate fails."""

    supersede: Annotated[Literal["abort-pending", "leave"], NOTABLE] = unset()
    """Older updates of this manifest that still wait: aborted, or left. Default:
    `abort-pending`."""

    redeploy: Annotated[RedeploySpec, REPEATS] = unset()
    """When a device gets the version it has already."""

    approvals: Annotated[list[ApprovalSpec], NOTABLE] = unset()
    """Who let which wave pass; the commit is the record."""

    paused: Annotated[bool, SAFE] = unset()
    """Nothing more is started; what runs goes on."""

    onRemove: Annotated[Literal["leave", "abort-pending"], SAFE] = unset()
    """When the manifest is removed: what waits and what is there stays. `abort-pending` is refused:
    nobody remembers a manifest that is gone. Default: `leave`."""

    priority: Annotated[int, NOTABLE] = unset()
    """Which manifest counts where two want different versions of one app on a device: the higher
    one. Default: 0."""

"""A Deployment's spec in, what it means out: durations as seconds, shares as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.deployments.marker import owner_of, payload_of, rollback_owner_of

DURATION = r"^[0-9]+(s|m|h|d)$"
PERCENT = r"^(100|[1-9]?[0-9])%$"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DAY = 86400


def seconds(text: str) -> int:
    """A duration as seconds. Raises ValueError."""
    if not re.fullmatch(DURATION, text):
        raise ValueError(f"'{text}' is no duration")
    return int(text[:-1]) * _SECONDS[text[-1]]


@dataclass(frozen=True, slots=True)
class Share:
    """A number of devices, or a percentage of them."""

    value: int
    is_percent: bool = False

    @classmethod
    def of(cls, written: int | str) -> Share:
        """`3` or `"95%"`."""
        return cls(written) if isinstance(written, int) else cls(int(written[:-1]), True)

    def __str__(self) -> str:
        return f"{self.value} %" if self.is_percent else str(self.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a selector, as API v2 takes it."""

    type: str
    operand: str
    value: str
    app_version: str = ""
    deployment_id: str = ""

    def body(self) -> dict[str, str]:
        """The filter on the wire."""
        more = {"app_version": self.app_version, "deployment_id": self.deployment_id}
        shown = {"type": self.type, "operand": self.operand, "value": self.value}
        return shown | {name: value for name, value in more.items() if value}

    def __str__(self) -> str:
        version = f" at {self.app_version}" if self.app_version else ""
        run = f" in {self.deployment_id}" if self.deployment_id else ""
        return f"{self.type} {self.operand} {self.value}{version}{run}"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a wave must show before the next one begins; times in seconds."""

    min_success: Share = Share(100, True)
    max_failed: Share | None = None
    min_finished: int = 0
    soak: int = 0
    deadline: int = DAY
    inconclusive: str = "pause"
    manual: bool = False


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave: whom it takes, and its gate; the last one takes everybody left and has none."""

    name: str
    tag: str = ""
    devices: tuple[str, ...] = ()
    take: Share | None = None
    gate: Gate | None = None


REST = Wave("rest")


@dataclass(frozen=True, slots=True)
class Expected:
    """How many devices the selector should match."""

    at_least: int = 1
    at_most: int | None = None
    percent_of_fleet: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What one Deployment wants."""

    fleet: str
    name: str
    app: str = ""
    version: str = ""
    flow: str = ""
    flow_uuid: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    all_groups: bool = False
    filters: tuple[Filter, ...] = ()
    devices: tuple[str, ...] = ()
    excluded_devices: frozenset[str] = frozenset()
    excluded_tags: frozenset[str] = frozenset()
    expected: Expected = Expected()
    once: bool = False
    live: bool = False
    offline: str = "queue"
    waves: tuple[Wave, ...] = (REST,)
    max_in_flight: int | None = None
    stop: bool = True
    abort_pending: bool = False
    max_attempts: int = 2
    quarantine: bool = True
    supersede: bool = True
    redeploy: str = "refuse"
    nonce: str = "1"
    approvals: frozenset[tuple[str, str]] = frozenset()
    paused: bool = False
    priority: int = 0
    foreign: str = "warn"
    content_name: str = ""
    """The name of the flow on the server, where the manifest names an UpdateFlow."""
    rollback: Intent | None = None
    """What devices of a wave get whose gate failed; without the devices."""
    is_rollback: bool = False

    @property
    def owner(self) -> str:
        """See `marker.owner_of`."""
        found = rollback_owner_of if self.is_rollback else owner_of
        return found(self.fleet, self.name)

    @property
    def owners(self) -> frozenset[str]:
        """Every identity under which something of this manifest goes out."""
        return frozenset(
            {owner_of(self.fleet, self.name), rollback_owner_of(self.fleet, self.name)}
        )

    @property
    def payload(self) -> str:
        """What devices get. A secret counts by its reference: its value must not be guessed."""
        flow = {"name": self.content_name} if self.content_name else {"uuid": self.flow_uuid}
        return payload_of(
            {
                "fleet": self.fleet,
                "flow": flow,
                "app": self.app,
                "version": self.version,
                "parameters": dict(self.parameters),
                "secrets": {name: dict(reference) for name, reference in self.secrets.items()},
                "nonce": self.nonce,
            }
        )


def intent_of(
    fleet: str,
    name: str,
    spec: Mapping[str, Any],
    content_name: str = "",
    rollback_content: str = "",
) -> Intent:
    """What a checked spec means."""
    made = _intent(fleet, name, spec, content_name)
    written = (spec.get("onFailure") or {}).get("rollback")
    if not written:
        return made
    return replace(made, rollback=_rollback(made, written, rollback_content))


def _rollback(failed: Intent, written: Mapping[str, Any], content_name: str) -> Intent:
    """What brings an older version to devices on which another payload may have failed: each
    failed payload has a rollback of its own, and no label is trusted."""
    return Intent(
        fleet=failed.fleet,
        name=failed.name,
        app=written["app"]["name"],
        version=written["app"]["version"],
        flow=written["flow"].get("name", ""),
        flow_uuid=written["flow"].get("uuid", ""),
        parameters=dict(written.get("parameters") or {}),
        secrets={s["name"]: s["value"] for s in written.get("secretParameters") or ()},
        all_groups=True,
        waves=(Wave("rollback"),),
        offline=failed.offline,
        max_in_flight=failed.max_in_flight,
        max_attempts=failed.max_attempts,
        quarantine=failed.quarantine,
        redeploy="always",
        nonce=failed.payload,
        paused=failed.paused,
        content_name=content_name,
        is_rollback=True,
    )


def _intent(fleet: str, name: str, spec: Mapping[str, Any], content_name: str) -> Intent:
    wanted = spec.get("desired") or {}
    app, flow = wanted.get("app") or {}, wanted.get("flow") or {}
    select = spec.get("select") or {}
    exclude, expect = select.get("exclude") or {}, select.get("expect") or {}
    failure, again = spec.get("onFailure") or {}, spec.get("redeploy") or {}
    return Intent(
        fleet=fleet,
        name=name,
        app=app.get("name", ""),
        version=app.get("version", ""),
        flow=flow.get("name", ""),
        flow_uuid=flow.get("uuid", ""),
        parameters=dict(wanted.get("parameters") or {}),
        secrets={s["name"]: s["value"] for s in spec.get("secretParameters") or ()},
        groups=tuple(select.get("groups") or ()),
        all_groups=bool(select.get("allGroups")),
        filters=filters_of(select.get("filters") or ()),
        devices=tuple(select.get("devices") or ()),
        excluded_devices=frozenset(exclude.get("devices") or ()),
        excluded_tags=frozenset(exclude.get("tags") or ()),
        expected=Expected(expect.get("min", 1), expect.get("max"), expect.get("maxPercentOfFleet")),
        once=spec.get("mode") == "once",
        live=spec.get("targeting") == "live",
        offline=spec.get("offline", "queue"),
        waves=(*map(_wave, spec.get("waves") or ()), REST),
        max_in_flight=spec.get("maxInFlight"),
        stop=failure.get("stop", True),
        abort_pending=failure.get("abortPending", False),
        max_attempts=failure.get("maxAttemptsPerDevice", 2),
        quarantine=failure.get("quarantine", True),
        supersede=spec.get("supersede", "abort-pending") == "abort-pending",
        redeploy=again.get("sameVersionNewPayload", "refuse"),
        nonce=again.get("nonce", "1"),
        approvals=frozenset((a["wave"], a["payload"]) for a in spec.get("approvals") or ()),
        paused=bool(spec.get("paused")),
        priority=spec.get("priority", 0),
        foreign=spec.get("foreignPending", "warn"),
        content_name=content_name,
    )


def filters_of(written: Sequence[Mapping[str, Any]]) -> tuple[Filter, ...]:
    """The filters of a selector."""
    return tuple(
        Filter(
            f["type"],
            f["operand"],
            f["value"],
            f.get("appVersion", ""),
            f.get("deploymentId", ""),
        )
        for f in written
    )


def _wave(written: Mapping[str, Any]) -> Wave:
    take = written.get("take") or {}
    share = None
    if "count" in take:
        share = Share(take["count"])
    elif "percent" in take:
        share = Share(take["percent"], True)
    return Wave(
        written["name"],
        written.get("tag", ""),
        tuple(written.get("devices") or ()),
        share,
        _gate(written.get("gate") or {}),
    )


def _gate(written: Mapping[str, Any]) -> Gate:
    most = written.get("maxFailed")
    return Gate(
        Share.of(written.get("minSuccess", "100%")),
        None if most is None else Share.of(most),
        written.get("minFinished", 0),
        seconds(written.get("soak", "0s")),
        seconds(written.get("deadline", "24h")),
        written.get("inconclusive", "pause"),
        written.get("then", "auto") == "manual",
    )

"""What Connect remembers: fleets, devices, update flows, deployments. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any

PENDING, RUNNING, SUCCESS = "pending", "in_progress", "success"
FAILED, ABORTED = "failed", "aborted"
OPEN = (PENDING, RUNNING)
STATUSES = (PENDING, RUNNING, SUCCESS, FAILED, ABORTED)


@dataclass
class Device:
    """One edge device. Its number orders lists and is what v1 calls device_id."""

    uuid: str
    number: int
    name: str
    fleet: str
    """The key of its fleet."""

    group: str
    token: str
    """Its own token, which only the agent on the device can print; v1 writes ask for it."""

    registered: float
    tags: list[str] = field(default_factory=list)
    apps: dict[str, str] = field(default_factory=dict)
    """The version the server believes it runs, by app."""

    online: bool = True
    seen: float = 0.0
    """When it was last heard of, for a device that is offline."""

    trigger: bool = False
    """Takes no updates."""

    fails: int | None = 0
    """How many of its next updates fail; None: all of them."""

    agent: str = "6.2"
    description: str = ""
    address: str = ""
    lat: float | None = None
    lng: float | None = None
    queue: list[str] = field(default_factory=list)
    """Deployments that wait for it, oldest first."""

    running: str = ""
    """The deployment it executes now."""

    history: list[str] = field(default_factory=list)
    """Every deployment that ever named it, oldest first."""

    @property
    def status(self) -> str:
        """`online` or `offline`."""
        return "online" if self.online else "offline"


@dataclass
class Flow:
    """An update flow. One drawn in the web UI has steps and no text."""

    uuid: str
    number: int
    name: str
    created: float
    inputs: list[str]
    steps: list[Json]
    text: str | None = None
    """Its definition as YAML."""

    reboot: bool = False
    severity: str | None = None


@dataclass
class Entry:
    """What one deployment did on one device."""

    number: int
    """The number of the device."""

    status: str = PENDING
    started: float | None = None
    finished: float | None = None
    stopping: bool = False
    """Somebody asked a running update to stop."""

    steps: list[Json] = field(default_factory=list)


@dataclass
class Deployment:
    """One run of a flow over the devices a filter named when it was created."""

    uuid: str
    number: int
    user: str
    created: float
    flow: str
    comment: str
    type: str
    app: dict[str, str] = field(default_factory=dict)
    """`{name, version}` or nothing."""

    parameters: dict[str, str] = field(default_factory=dict)
    filter: Json = None
    entries: dict[str, Entry] = field(default_factory=dict)
    """By device uuid, in the order of the devices' numbers."""


@dataclass
class Tunnel:
    """A port tunnel somebody opened to a device."""

    id: str
    device: str
    port: int
    created: float
    server: str
    server_port: int
    source: str
    status: str = PENDING
    finished: float | None = None


@dataclass
class Fleet:
    """One fleet, called a project in most of the API: v2 names it by key, v1 by name."""

    key: str
    name: str
    groups: list[str] = field(default_factory=lambda: ["Test", "Production"])
    apps: list[str] = field(default_factory=lambda: ["default_app"])
    devices: dict[str, Device] = field(default_factory=dict)
    """By uuid, in the order of their numbers."""

    flows: dict[str, Flow] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    tunnels: dict[str, Tunnel] = field(default_factory=dict)

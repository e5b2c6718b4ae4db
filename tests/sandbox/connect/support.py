"""A sandbox with Connect in, short ways to talk to it out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox import Request, Response, Sandbox
from reconciler.sandbox.connect.service import Connect

START = 1_767_225_600.0
"""2026-01-01T00:00:00Z, where the clock of these tests stands."""

V2 = "/api/v2/demo"
DEVICES = f"{V2}/devices"
FLOWS = f"{V2}/update-flows"
DEPLOYMENTS = f"{V2}/deployments"

FLOW = """\
flows:
  camera:
    steps:
      - name: fetch
        uses: connect/download-artifact
        with: {registry: account1, artifactory-path: 'fw/${{ inputs.image }}', device-path: /tmp}
      - name: install
        run: install /tmp/${{ inputs.image }}
'on':
  workflow-dispatch:
    inputs:
      image: {}
"""


class ConnectApi:
    """One caller of Connect."""

    def __init__(self, sandbox: Sandbox, right: str = "write") -> None:
        self.sandbox = sandbox
        assert sandbox.connect is not None
        self.connect: Connect = sandbox.connect
        self.right = right

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: tuple[tuple[str, str], ...] = (),
        content_type: str = "application/json",
    ) -> Response:
        """A request in, its response out; texts go as they are, the rest as JSON."""
        data = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        headers = {"content-type": content_type}
        if token := self.connect.tokens.get(self.right, self.right):
            headers["authorization"] = f"Bearer {token}"
        return self.sandbox.handle("connect", Request(method, path, query, headers, data.encode()))

    def get(self, path: str, **query: str) -> Any:
        """A path in, the JSON there out."""
        answer = self.send("GET", path, query=tuple(query.items()))
        assert answer.status == 200, answer.text
        return answer.json()

    def old(self, method: str, path: str, **body: Any) -> Response:
        """A request of v1 in: the token is in the body."""
        token = {"user_token": self.connect.tokens["user"]}
        return self.send(method, path, {**token, **body})

    def control(self, method: str, name: str, body: Any = None, **query: str) -> Any:
        """A control request in, its answer out."""
        data = b"" if body is None else json.dumps(body).encode()
        asked = Request(method, f"/_sandbox/{name}", tuple(query.items()), body=data)
        answer = self.sandbox.handle("connect", asked)
        assert answer.status == 200, answer.text
        return answer.json()

    def settings(self, **changes: Any) -> None:
        """Some settings in; they hold from now on."""
        self.control("PUT", "connect/settings", changes)

    def advance(self, seconds: float) -> None:
        """So much later."""
        self.control("POST", "clock", {"advance": seconds})

    def add(self, count: int, **values: Any) -> list[str]:
        """So many new devices in, their uuids out."""
        made = self.control("POST", "connect/devices", {"count": count, "set": values})
        found: list[str] = made["devices"]
        return found

    def change(self, *uuids: str, **values: Any) -> None:
        """Devices in; they are like that from now on."""
        self.control("PATCH", "connect/devices", {"select": {"devices": uuids}, "set": values})

    def clear(self) -> None:
        """No devices."""
        self.control("DELETE", "connect/devices", {"select": {}})

    def uuids(self) -> list[str]:
        """The devices of the fleet."""
        return [device["device_uuid"] for device in self.pages(DEVICES, "devices")]

    def pages(self, path: str, key: str, **query: str) -> list[Any]:
        """A list in, everything on all of its pages out."""
        return [item for page in self.each_page(path, **query) for item in page[key]]

    def each_page(self, path: str, **query: str) -> Iterator[Any]:
        """A list in, its pages out."""
        after = {}
        while True:
            page = self.get(path, **query, **after)
            yield page
            cursor = page.get("pagination_info", {}).get("after")
            if not cursor:
                return
            after = {"after": cursor}

    def flow(self, text: str = FLOW) -> str:
        """A flow in, its uuid out."""
        made = self.send("POST", FLOWS, text, content_type="application/yaml")
        assert made.status == 201, made.text
        uuid: str = made.json()["update_flows"][0]["uuid"]
        return uuid

    def deploy(
        self, *filters: dict[str, str], groups: tuple[str, ...] = (), **configuration: Any
    ) -> Response:
        """A filter and what to deploy in, the answer out."""
        given = {"parameters_mapping": {"image": "fw-2"}, **configuration}
        if "flow_uuid" not in given:
            given["flow_uuid"] = self.flow()
        wanted = {"groups": [{"name": name} for name in groups], "filters": list(filters)}
        body = {"device_filter": wanted, "deployment_configuration": given}
        return self.send("POST", DEPLOYMENTS, body)

    def deployed(self, *filters: dict[str, str], **configuration: Any) -> str:
        """The same, its uuid out."""
        made = self.deploy(*filters, **configuration)
        assert made.status == 201, made.text
        uuid: str = made.json()["deployment_uuid"]
        return uuid

    def statuses(self, uuid: str) -> dict[str, str]:
        """A deployment in, the status on each device out."""
        found: dict[str, str] = {}
        for page in self.each_page(f"{DEPLOYMENTS}/{uuid}/devices", limit="1000"):
            for device, status in page["deployment_by_device_uuid"].items():
                found[f"d-{device.removeprefix('d-')}"] = status["status"]
        return found

    def counts(self, uuid: str) -> dict[str, int]:
        """A deployment in, how many devices have which status out."""
        found: dict[str, int] = {}
        for status in self.statuses(uuid).values():
            found[status] = found.get(status, 0) + 1
        return found


def only(uuid: str) -> dict[str, str]:
    """A filter for one device."""
    return {"type": "specific_device", "operand": "is", "value": uuid}


def tagged(name: str) -> dict[str, str]:
    """A filter for a tag."""
    return {"type": "tag", "operand": "is", "value": name}

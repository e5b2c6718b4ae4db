"""An UpdateFlow's spec in, the document that creates it out; and which documents mean the same.

A flow can be neither changed nor deleted, so its name on the server ends in eight digits that
follow from its content: another content is another flow.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.kinds.rest import Flow, segment, unusable
from reconciler.model import Request, Response

_INPUT = re.compile(r"\$\{\{\s*inputs\.([^\s}]+)\s*\}\}")

Content = Mapping[str, Any]
"""What a flow does: `reboot`, `steps` in their order, `inputs` sorted."""


def content_of(spec: Mapping[str, Any]) -> Content:
    """What a manifest wants a flow to do."""
    return {
        "reboot": spec.get("rebootAfterRestart") is True,
        "steps": [_plain(step) for step in spec.get("steps") or ()],
        "inputs": sorted(set(spec.get("inputs") or ())),
    }


def content_name(name: str, spec: Mapping[str, Any]) -> str:
    """The flow's name on the server."""
    text = json.dumps(content_of(spec), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{name}-{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"


def inputs_in(steps: Any) -> frozenset[str]:
    """The inputs that a step, or several, take."""
    return frozenset(_INPUT.findall(repr(steps)))


def document(name: str, spec: Mapping[str, Any]) -> str:
    """The text that creates the flow: YAML in the notation of JSON, so that no loader takes `on`
    or a text like `true` for something else."""
    content = content_of(spec)
    return json.dumps(
        {
            "flows": {name: {"reboot-after-restart": content["reboot"], "steps": content["steps"]}},
            "on": {"workflow-dispatch": {"inputs": {key: {} for key in content["inputs"]}}},
        },
        indent=2,
        ensure_ascii=False,
    )


def content_in(data: Any, name: str) -> Content | None:
    """What the flow of that name does in a document of the server; None where it has none."""
    flows = data.get("flows") if isinstance(data, dict) else None
    flow = flows.get(name) if isinstance(flows, dict) else None
    if not isinstance(flow, dict) or not isinstance(flow.get("steps"), list):
        return None
    on: Any = next((data[key] for key in ("on", True, "true") if key in data), {})
    dispatch = on.get("workflow-dispatch") if isinstance(on, dict) else None
    inputs = (dispatch.get("inputs") or {}) if isinstance(dispatch, dict) else {}
    return {
        "reboot": flow.get("reboot-after-restart") is True,
        "steps": [_plain(step) for step in flow["steps"]],
        "inputs": sorted(map(str, inputs)),
    }


def _plain(value: Any, inside_options: bool = False) -> Any:
    """A part of a step as it counts: run options are texts, whatever they look like."""
    if isinstance(value, dict):
        return {
            str(key): _plain(inner, inside_options or key == "run-options")
            for key, inner in value.items()
            if inner is not None
        }
    if isinstance(value, list):
        return [_plain(inner, inside_options) for inner in value]
    if inside_options and isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if inside_options else value


def read_text(fleet_path: str, uuid: str) -> Flow:
    """Returns the YAML of a flow; None for one that has none, such as one drawn in the web UI."""
    request = Request("GET", f"{fleet_path}/update-flows/{segment(uuid)}")
    response: Response = yield request
    if response.status == 404 and not response.body.lstrip().startswith(b"<"):
        return None
    if not response.ok:
        raise unusable(request, response)
    return response.text

"""Update flows: created once under the name of their content, compared by meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.errors import InvalidManifests
from reconciler.kinds.connect._flow_text import content_in, content_name, content_of, document
from tests.connect.support import Fleet, change_of, flow

SPEC: dict[str, Any] = {
    "steps": [
        {
            "name": "run",
            "uses": "connect/docker",
            "with": {"run-options": {"attach": True, "restart": "always"}, "command": "echo ünder"},
        }
    ],
    "inputs": ["a"],
}


def names(fleet: Fleet) -> list[str]:
    """The flows there are."""
    return sorted(f.name for f in fleet.connect.world.fleets["demo"].flows.values())


def test_it_is_created_once(fleet: Fleet) -> None:
    """As YAML, under a name that follows from its content; a second run finds it."""
    fleet.declare(flow())
    done = fleet.apply()

    assert done.results() == {"UpdateFlow/demo/camera-fw": "done"}
    assert names(fleet) == [content_name("camera-fw", flow()["spec"])]
    assert fleet.plan().is_empty
    assert fleet.writes() == ["POST /api/v2/demo/update-flows"]


def test_another_content_is_another_flow(fleet: Fleet) -> None:
    """The old one stays: nothing can change or delete it."""
    fleet.declare(flow())
    fleet.apply()
    fleet.declare(flow(run="install harder ${{ inputs.image }}"))
    fleet.apply()

    assert len(names(fleet)) == 2
    assert fleet.plan().is_empty


def test_a_lost_answer_creates_no_twin(fleet: Fleet) -> None:
    """Edge case 49: it is looked for before anything is sent again."""
    fleet.fault("reset-after", method="POST", path="/api/v2/demo/update-flows", times=1)
    fleet.declare(flow())
    fleet.apply()

    assert len(names(fleet)) == 1
    assert fleet.writes() == ["POST /api/v2/demo/update-flows"]


def test_a_lost_request_is_sent_again(fleet: Fleet) -> None:
    """Nothing was created, so it is created now."""
    fleet.fault("reset-before", method="POST", path="/api/v2/demo/update-flows", times=1)
    fleet.declare(flow())
    fleet.apply()

    assert len(names(fleet)) == 1


def test_a_flow_drawn_in_the_ui_is_told(fleet: Fleet) -> None:
    """Edge case 50: it has the name, and nobody can read what it does."""
    whole = content_name("camera-fw", flow()["spec"])
    fleet.api.control("POST", "connect/flows", {"name": whole})
    fleet.declare(flow())
    change = change_of(fleet.plan(), "UpdateFlow/demo/camera-fw")

    assert change.blocked is not None
    assert "was drawn in the UI" in change.blocked.message


def test_the_same_name_with_another_content(fleet: Fleet) -> None:
    """Edge case 49: somebody else's flow has our name; it is not used."""
    whole = content_name("camera-fw", flow()["spec"])
    fleet.api.flow(json.dumps({"flows": {whole: {"steps": [{"name": "x", "run": "y"}]}}}))
    fleet.declare(flow())
    change = change_of(fleet.plan(), "UpdateFlow/demo/camera-fw")

    assert change.blocked is not None
    assert "does something else" in change.blocked.message


def test_texts_are_compared_by_meaning() -> None:
    """Edge case 49: whatever a loader makes of `on` and of booleans, it is the same flow."""
    text = json.loads(document("x-1", SPEC))
    other = {**text, True: text["on"]}
    del other["on"]
    options = {"attach": "true", "restart": "always"}
    step = {**SPEC["steps"][0], "with": {**SPEC["steps"][0]["with"], "run-options": options}}

    assert content_in(text, "x-1") == content_of(SPEC)
    assert content_in(other, "x-1") == content_of(SPEC)
    assert content_of({**SPEC, "steps": [step]}) == content_of(SPEC)
    assert '"on"' in document("x-1", SPEC)


def test_order_of_inputs_does_not_count() -> None:
    """Order of steps does."""
    two = {"steps": [{"name": "a", "run": "b"}, {"name": "c", "run": "d"}], "inputs": ["x", "y"]}

    assert content_name("f", two) == content_name("f", {**two, "inputs": ["y", "x"]})
    assert content_name("f", two) != content_name("f", {**two, "steps": two["steps"][::-1]})


@pytest.mark.parametrize(
    "spec",
    [
        {"steps": []},
        {"steps": [{"run": "x"}]},
        {"steps": [{"name": "x"}]},
        {"steps": [{"name": "x", "run": "y", "uses": "z"}]},
        {"steps": [{"name": "x", "run": "y", "wiht": {}}]},
        {"steps": [{"name": "x", "run": "${{ inputs.image }}"}]},
    ],
)
def test_wrong_manifests(fleet: Fleet, spec: dict[str, Any]) -> None:
    """A step does one thing, and asks for nothing that is not given."""
    document_ = flow()
    document_["spec"] = spec
    fleet.declare(document_)
    with pytest.raises(InvalidManifests):
        fleet.plan()

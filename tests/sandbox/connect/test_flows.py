"""Update flows: made from YAML, listed, read back, never changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.connect.support import FLOW, FLOWS, ConnectApi

DOCKER = """\
flows:
  one:
    reboot-after-restart: false
    steps:
      - name: docker
        uses: connect/docker
        with:
          registry: account1
          image-path: registry/${{inputs.path }}/app
          image-tag: "1.10"
          run-options: {restart: always, attach: 'true'}
          on-failure: {revert-all-files: true, trigger-revert: any-step-failure}
  two:
    steps:
      - name: script
        run: |
          if true; then
            echo "hello: $HOME"
          fi
on:
  workflow-dispatch:
    inputs:
      path: {}
"""
PRINTED = """\
flows:
  one:
    reboot-after-restart: false
    steps:
      - name: docker
        uses: connect/docker
        with:
          registry: account1
          image-path: registry/${{inputs.path }}/app
          image-tag: "1.10"
          run-options:
            restart: always
            attach: true
          on-failure:
            revert-all-files: true
            trigger-revert: any-step-failure
on:
  workflow-dispatch:
    inputs:
      path: {}
"""


def create(api: ConnectApi, text: str, kind: str = "application/yaml") -> Any:
    """A document in, the answer out."""
    return api.send("POST", FLOWS, text, content_type=kind)


def test_one_document_makes_several_flows(api: ConnectApi) -> None:
    """Each gets a uuid; they share the inputs; the list shows them."""
    made = create(api, DOCKER)

    assert made.status == 201
    assert (made.json()["status"], made.json()["message"]) == (
        "success",
        "Update flows created successfully.",
    )
    listed = api.get(FLOWS)
    assert listed["update_flows"] == [
        {
            **flow,
            "update_parameters": ["path"],
            "created_time": "2026-01-01 00:00:00",
            "cve_severity": None,
        }
        for flow in made.json()["update_flows"]
    ]
    assert "pagination_info" not in listed


def test_a_flow_is_printed_anew(api: ConnectApi) -> None:
    """Not the text that was sent: `on` is bare, and a text that reads like a boolean is one."""
    one, two = create(api, DOCKER).json()["update_flows"]
    shown = api.send("GET", f"{FLOWS}/{one['uuid']}")

    assert shown.headers["Content-Type"] == "application/yaml"
    assert shown.text == PRINTED
    script = api.send("GET", f"{FLOWS}/{two['uuid']}").text
    assert r'run: "if true; then\n  echo \"hello: $HOME\"\nfi\n"' in script


def test_the_same_document_makes_a_twin(api: ConnectApi) -> None:
    """Names are not unique, so a repeated request leaves two."""
    assert api.flow() != api.flow()
    assert [flow["name"] for flow in api.get(FLOWS)["update_flows"]] == ["camera", "camera"]


def test_flows_of_the_web_have_no_text(api: ConnectApi) -> None:
    """404 means no such flow, or a flow without YAML; only the list tells which."""
    wanted = {"name": "by hand", "inputs": ["a"], "severity": "High"}
    drawn = api.control("POST", "connect/flows", wanted)["uuid"]

    for uuid in (drawn, "f-0000-0000"):
        answer = api.send("GET", f"{FLOWS}/{uuid}")
        assert (answer.status, answer.json()) == (
            404,
            {"error": "Update flow with uuid / yaml not found"},
        )
    listed = api.get(FLOWS)["update_flows"][0]
    assert (listed["uuid"], listed["cve_severity"]) == (drawn, "High")


@pytest.mark.parametrize("kind", ["application/json", "text/yaml", ""])
def test_other_types_are_refused(api: ConnectApi, kind: str) -> None:
    """Only application/yaml; a character set beside it is fine."""
    assert create(api, FLOW, kind).status == 415
    assert create(api, FLOW, "application/yaml; charset=utf-8").status == 201


WRONG = {
    "no YAML": "flows: [",
    "no map": "- flows",
    "no flows": "on: {}",
    "empty": "",
    "no steps": "flows: {a: {steps: []}}",
    "no name": "flows: {a: {steps: [{run: x}]}}",
    "both": "flows: {a: {steps: [{name: s, run: x, uses: y}]}}",
    "neither": "flows: {a: {steps: [{name: s}]}}",
    "no registry": "flows: {a: {steps: [{name: s, uses: connect/docker, with: {}}]}}",
    "reboot": "flows: {a: {reboot-after-restart: maybe, steps: [{name: s, run: x}]}}",
    "undeclared": "flows:\n  a:\n    steps:\n      - name: s\n        run: x ${{ inputs.y }}\n",
    "boolean on": FLOW.replace("'on'", "true"),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong_documents_are_refused(api: ConnectApi, text: str) -> None:
    """A document dumped by a YAML 1.1 library, whose `on` became true, is one of them."""
    answer = create(api, text)

    assert answer.status == 400
    assert answer.json()["error"].startswith("Invalid ")
    assert api.get(FLOWS)["update_flows"] == []


def test_a_full_page_of_flows_has_a_cursor(api: ConnectApi) -> None:
    """The sample shows none, so there is one only when it is needed."""
    uuids = [api.flow() for _ in range(5)]

    assert "pagination_info" in api.get(FLOWS, limit="5")
    listed = api.pages(FLOWS, "update_flows", limit="2")
    assert [flow["uuid"] for flow in listed] == uuids

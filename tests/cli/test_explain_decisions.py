"""`explain ADDRESS`: every reason and block in words, with the way out; guards and values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from tests.cli.support import Desk, local, manifest, remote
from tests.cli.test_explain import explained, field

RULE = manifest("Guardrail", "tls", use="remote-over-https")


@pytest.fixture
def planned(desk: Desk) -> Desk:
    """A saved plan of one update, to be changed by a test."""
    desk.converged(local("a", description="one"))
    desk.declare(local("a", description="two"))
    assert desk("plan", "--out", "plan.json").code == 0
    return desk


def with_change(desk: Desk, **parts: Any) -> dict[str, Any]:
    """What is explained of the object by a saved plan whose change has these parts."""
    document = json.loads((desk.root / "plan.json").read_text())
    document["changes"][0] |= parts
    desk.write("plan.json", document)
    decision = explained(desk, "LocalRepository/a", "--plan", "plan.json")["decision"]
    assert isinstance(decision, dict)
    return decision


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_told(planned: Desk, code: str) -> None:
    """In words, with what makes it go away."""
    decision = with_change(planned, reason=code)

    assert decision["explanation"] == REASONS[code]
    assert decision["wayOut"] == REASON_WAYS[code].replace("`", "")


@pytest.mark.parametrize("code", BLOCKS)
def test_every_block_is_told(planned: Desk, code: str) -> None:
    """The message, what the code means, and what to do."""
    decision = with_change(
        planned, blocked={"code": code, "message": "of this object", "override": "a flag"}
    )

    assert decision["blocked"]["message"] == "of this object"
    assert decision["blockedExplanation"] == BLOCKS[code]
    assert decision["wayOut"] == BLOCK_WAYS[code].replace("`", "")


def test_a_guardrail_is_told_of_the_object_that_breaks_it(desk: Desk) -> None:
    """With the exception it would need; of the others nothing is said, nor once it is waived."""
    plain, safe = remote("plain", url="http://p.example.com"), remote("safe")
    desk.declare(RULE, plain, safe)
    text = " ".join(desk("explain", "RemoteRepository/plain").out.split())
    assert "stops the plan as a whole: RemoteRepository/plain" in text
    assert "breaks tls (manifests/all.yaml:" in text
    assert "unless: a manifest of kind Waiver for guardrail tls" in text
    found = explained(desk, "RemoteRepository/plain")["decision"]["guards"]
    assert [guard["code"] for guard in found] == ["guardrail"]
    assert "guards" not in explained(desk, "RemoteRepository/safe")["decision"]

    waiver = manifest(
        "Waiver",
        "once",
        guardrail="tls",
        address="RemoteRepository/plain",
        owner="ann",
        reason="until May",
        expires="2099-05-31",
    )
    desk.declare(RULE, waiver, plain)
    seen = desk("explain", "RemoteRepository/plain")
    assert "stops the plan" not in seen.out
    assert "waived until 2099-05-31 by ann" in seen.err


def test_a_saved_plan_tells_its_guards(desk: Desk) -> None:
    """Those about the object, and a limit, which is about all; without a request."""
    desk.workspace(limits={"updates": {"count": 1}})
    desk.converged(remote("plain", url="http://p.example.com"), local("a"), local("b"))
    desk.declare(
        RULE,
        remote("plain", url="http://p.example.com", notes="n"),
        local("a", notes="n"),
        local("b", notes="n"),
    )
    assert desk("plan", "--out", "plan.json").code == 3
    desk.sandbox.reset_requests()

    def codes(address: str) -> list[str]:
        decision = explained(desk, address, "--plan", "plan.json")["decision"]
        return [guard["code"] for guard in decision.get("guards", ())]

    assert sorted(codes("RemoteRepository/plain")) == ["guardrail", "limit"]
    assert codes("LocalRepository/a") == ["limit"]
    assert desk.sandbox.requests == []


def test_the_risk_is_told_where_there_is_one(desk: Desk) -> None:
    """A safe change needs no word."""
    desk.converged(local("a"), local("b"))
    desk.declare(local("a", blackedOut=True), local("b", description="x"))

    assert "  risk: disruptive\n" in desk("explain", "LocalRepository/a").out
    assert "risk:" not in desk("explain", "LocalRepository/b").out


def test_patches_and_values_have_their_lines(desk: Desk) -> None:
    """A field leads to the patch that wrote it, and to the values its text was filled with."""
    desk.workspace()
    desk.write(
        "environments/prod.yaml",
        "apiVersion: reconciler/v1\n"
        "kind: Environment\n"
        "metadata: {name: prod}\n"
        "spec:\n"
        "  values:\n"
        "    team: payments\n"
        "    stage: prod\n"
        "  patches:\n"
        "    - target: {kind: LocalRepository}\n"
        "      merge:\n"
        "        spec:\n"
        "          notes: of ${value.stage}\n"
        "          xrayIndex: true\n",
    )
    desk.declare(
        local("a", description="${value.team} in ${value.stage}, $${value.team}", blackedOut=False)
    )
    found = explained(desk, "LocalRepository/a", "--environment", "prod")

    def values(name: str) -> list[tuple[str, int]]:
        return [(v["name"], v["origin"]["line"]) for v in field(found, name).get("values", ())]

    notes = field(found, "notes")["origin"]
    assert (notes["file"], notes["line"]) == ("environments/prod.yaml", 12)
    assert values("notes") == [("stage", 7)]
    assert values("description") == [("team", 6), ("stage", 7)]
    assert values("xrayIndex") == values("blackedOut") == []
    text = desk("explain", "LocalRepository/a", "--environment", "prod").out
    assert "${value.team}  environments/prod.yaml:6" in text


def test_a_rename_is_told_on_both_sides(desk: Desk) -> None:
    """The new name knows where the object is and who owns it; the old one, what it is now."""
    desk.converged(manifest("GlobalEnvironment", "OLD"))
    renamed = {"previousNames": ["OLD"]}
    desk.declare(manifest("GlobalEnvironment", "NEW", metadata=renamed))
    found = explained(desk, "GlobalEnvironment/NEW")
    assert found["decision"]["reason"] == "renamed"
    assert found["live"]["state"] == "live"
    assert found["live"]["explanation"].endswith(", as GlobalEnvironment/OLD")
    assert found["ownership"]["owner"] == "acme"
    old = explained(desk, "GlobalEnvironment/OLD")["decision"]
    assert old["explanation"] == "GlobalEnvironment/NEW declares it now: explain that"


def test_a_conversion_is_told_on_both_sides(desk: Desk) -> None:
    """The same for another kind: what was last applied is known, and who owns it."""
    desk.converged(local("x", "npm", description="one"))
    desk.declare(manifest("FederatedRepository", "x", packageType="npm", description="two"))
    found = explained(desk, "FederatedRepository/x")
    assert found["decision"]["action"] == "convert"
    assert found["ownership"]["explanation"] == "this workspace, 'acme', as LocalRepository/x"
    assert field(found, "description")["applied"] == "one"
    old = explained(desk, "LocalRepository/x")["decision"]
    assert old["explanation"] == "FederatedRepository/x declares it now: explain that"

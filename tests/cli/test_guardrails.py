"""Rules over plans: what they block, how they are waived, how they are tested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests.guardrails import pack
from tests.cli.support import Desk, local, manifest, remote


def guardrail(name: str, **spec: Any) -> dict[str, Any]:
    return manifest("Guardrail", name, **spec)


def waiver(expires: str = "2099-12-31", **spec: Any) -> dict[str, Any]:
    found = {
        "guardrail": "owners",
        "address": "LocalRepository/a",
        "owner": "payments",
        "reason": "old",
    }
    return manifest("Waiver", "w", **{**found, "expires": expires, **spec})


OWNERS = guardrail("owners", use="owner-label")


def test_a_deny_blocks_the_whole_plan(desk: Desk) -> None:
    """Exit code 3 and nothing written; rule, object, lines and the way out are told."""
    desk.declare(OWNERS, local("a"), local("b", metadata={"labels": {"owner": "payments"}}))
    seen = desk("plan")

    assert seen.code == 3
    told = " ".join(seen.out.split())
    assert "guardrail: LocalRepository/a (manifests/all.yaml:3) breaks owners" in told
    assert "(manifests/all.yaml:1): the repository has no label that says who owns it" in told
    assert "a manifest of kind Waiver for guardrail owners and address LocalRepository/a" in told
    assert "LocalRepository/b (manifests" not in told
    assert desk("apply", "--yes").code == 3
    assert desk.writes() == []


@pytest.mark.parametrize("output", ["text", "json", "markdown", "html", "sarif"])
def test_every_rendering_tells_it(desk: Desk, output: str) -> None:
    """The rule and the object stand in all of them."""
    desk.declare(OWNERS, local("a"))
    seen = desk("plan", "-o", output)

    assert seen.code == 3
    assert "breaks owners" in " ".join(seen.out.split())


def test_a_waiver_ends_by_the_platform_s_clock(desk: Desk) -> None:
    """The clock of this machine may be behind."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    desk.declare(OWNERS, local("a"), waiver(str(tomorrow)))
    assert desk("plan").code == 0
    desk.sandbox.clock.advance(3 * 86400)
    seen = desk("apply", "--yes")

    assert seen.code == 1
    assert "error[waiver-expired]: this exception ended with" in seen.err
    assert desk.writes() == []


def test_machines_get_the_line(desk: Desk) -> None:
    """JSON and SARIF carry the place of the object."""
    desk.declare(OWNERS, local("a"))
    (told,) = (d for d in desk("plan", "-o", "json").document["diagnostics"])
    (found,) = desk("plan", "-o", "sarif").document["runs"][0]["results"]

    assert (told["rule"], told["file"], told["line"]) == ("guardrail", "manifests/all.yaml", 3)
    assert told["address"] == "LocalRepository/a"
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_a_waiver_lets_it_through_and_is_told(desk: Desk) -> None:
    """Who answers for it, and until when."""
    desk.declare(OWNERS, waiver(), local("a"))
    seen = desk("apply", "--yes")

    assert seen.code == 0, seen.both
    assert "waived until 2099-12-31 by payments" in seen.out


@pytest.mark.parametrize("address", ["LocalRepository/b", "RemoteRepository/a"])
def test_a_waiver_is_for_its_objects_only(desk: Desk, address: str) -> None:
    """Another address is not meant."""
    desk.declare(OWNERS, waiver(address=address), local("a"))

    assert desk("plan").code == 3


def test_an_expired_waiver_is_an_error(desk: Desk) -> None:
    """None is forgotten: the run fails, whether or not it is needed."""
    desk.declare(OWNERS, waiver("2020-01-31"), local("a", metadata={"labels": {"owner": "x"}}))
    seen = desk("validate")

    assert seen.code == 1
    assert "waiver-expired" in seen.err


@pytest.mark.parametrize(
    "severity, rule", [("warn", "guardrail-warning"), ("info", "guardrail-note")]
)
def test_milder_rules_only_tell(desk: Desk, severity: str, rule: str) -> None:
    """The plan goes on."""
    desk.declare({**OWNERS, "spec": {**OWNERS["spec"], "severity": severity}}, local("a"))
    seen = desk("plan")

    assert seen.code == 0
    assert rule in seen.out


def test_what_is_live_counts(desk: Desk) -> None:
    """A rule sees the object as it will be: fields that the manifest leaves out too."""
    desk.make("old", "remote", "npm", url="http://upstream.example.com")
    desk.declare(
        guardrail("tls", use="remote-over-https"),
        remote("old", url="http://upstream.example.com", description="x"),
    )
    assert desk("plan").code == 3
    desk.declare(
        guardrail("t", brokenIf="before.url != after.url && before.url", message="it moves"),
        remote("old", url="https://upstream.example.com"),
    )
    assert "http://upstream.example.com" in desk("plan").out


def test_rules_see_what_is_unchanged_if_they_ask(desk: Desk) -> None:
    """A label is never sent, so only such a rule notices that it is missing."""
    desk.converged(local("a"))
    desk.declare(OWNERS, local("a"))

    assert desk("plan").code == 3


def test_deletes_are_seen(desk: Desk) -> None:
    """What goes is there before, and nothing after."""
    desk.converged(local("a"), local("keep"))
    rule = guardrail(
        "kept", actions=["delete"], brokenIf="after == null && before.packageType", message="no"
    )
    desk.declare(rule, local("keep"))
    seen = desk("plan", "--prune")

    assert seen.code == 3
    assert "no: generic" in " ".join(seen.out.split())


def test_a_rule_that_cannot_tell_blocks(desk: Desk) -> None:
    """What nobody could judge is not let through."""
    desk.declare(guardrail("odd", brokenIf="length(risk.no)", message="m"), local("a"))
    seen = desk("plan")

    assert seen.code == 3
    assert "the rule cannot tell" in " ".join(seen.out.split())


def test_secrets_are_not_shown_to_rules(desk: Desk) -> None:
    """Of a password a rule sees the reference, of a URL no user."""
    desk.make("old", "remote", "npm", url="https://u:canary-pass@upstream.example.com")
    desk.patch.setenv("UPSTREAM", "canary-value")
    desk.declare(
        guardrail("all", brokenIf="to_string(@)", message="everything"),
        remote("old", url="https://upstream.example.com", password={"env": "UPSTREAM"}),
    )
    for output in ("text", "json", "markdown", "html"):
        assert "canary" not in desk("plan", "-o", output).both


# --- tests of rules


def test_the_pack_passes_its_own_tests(desk: Desk) -> None:
    """Each rule of the package has a test that breaks it and one that keeps it; all hold."""
    rules, cases = pack()
    for name in rules:
        assert {case.breaks for case in cases if case.guardrail == name} == {True, False}, name
    seen = desk("test", "--built-in")

    assert seen.code == 0, seen.out
    assert {path.stem for path in _pack_files()} == set(rules)


def _pack_files() -> list[Path]:
    from reconciler.manifests.guardrails import PACK

    return sorted(PACK.glob("*.yaml"))


CASES = [
    {"name": "open", "expect": "broken", "change": {"after": {"xrayIndex": False}}},
    {"name": "shut", "expect": "kept", "manifests": [local("a", xrayIndex=True)]},
]


def test_tests_beside_a_rule_and_inside(desk: Desk) -> None:
    """Both are run; manifests are planned on the embedded platform."""
    rule = guardrail("x", brokenIf="!(after.xrayIndex)", message="m", tests=CASES[:1])
    desk.declare(
        rule, manifest("GuardrailTest", "more", guardrail="x", tests=CASES[1:]), local("a")
    )
    seen = desk("test")

    assert seen.code == 0, seen.both
    assert seen.out.splitlines() == ["✓ x: open", "✓ x: shut", "2 tests, 0 failed"]
    assert desk.writes() == []


def test_a_test_that_fails(desk: Desk) -> None:
    """It is told why, and the exit code is 1."""
    turned = [
        {**case, "expect": "kept" if case["expect"] == "broken" else "broken"} for case in CASES
    ]
    desk.declare(
        guardrail("x", brokenIf="!(after.xrayIndex)", message="m", tests=turned), local("a")
    )
    seen = desk("test", "-o", "json")

    assert seen.code == 1
    assert [one["told"] for one in seen.document["tests"]] == [
        "expected to be kept, and it is broken: true",
        "expected to be broken, and it is kept",
    ]


def test_a_rule_without_tests_is_named(desk: Desk) -> None:
    """Nothing fails, but it is said."""
    desk.declare(guardrail("bare", brokenIf="risk", message="m"), local("a"))
    seen = desk("test")

    assert seen.code == 0
    assert "bare (manifests/all.yaml:1) has no test" in seen.err


def test_a_field_left_to_others_counts_as_it_is(desk: Desk) -> None:
    """What a manifest says and nobody writes does not satisfy a rule: what is live counts."""
    desk.make("r", rclass="remote", url="http://plain.example.com", type_="npm")
    rule = manifest("Guardrail", "tls", use="remote-over-https")
    kept = remote(
        "r", url="https://safe.example.com", notes="n", lifecycle={"ignore": ["spec.url"]}
    )
    desk.declare(rule, kept)
    assert desk("plan").code == 3
    desk.declare(rule, remote("r", url="https://safe.example.com", notes="n"))
    assert desk("plan").code == 0


def test_a_member_that_is_not_written_counts_as_it_is(desk: Desk) -> None:
    """An observed or excluded member of a virtual repository is what is live, not what is said."""
    desk.make("own", type_="npm")
    rule = manifest("Guardrail", "order", use="virtual-order")
    both = {"packageType": "npm", "repositories": ["own", "mirror"]}
    others = [remote("mirror"), manifest("VirtualRepository", "all", **both)]

    def code(member: dict[str, Any], *flags: str) -> int:
        desk.declare(rule, member, *others)
        return desk("plan", *flags).code

    first = {"type_": "npm", "priorityResolution": True}
    assert code(local("own", **first)) == 0
    assert code(local("own", **first), "--exclude", "LocalRepository/own") == 3
    assert code(local("own", **first, lifecycle={"manage": "observe"})) == 3


def test_deleting_breaks_no_rule_about_what_is_there(desk: Desk) -> None:
    """Every rule of the package lets go what it would not let in."""
    rules = [manifest("Guardrail", name, use=name, **_parameters(name)) for name in pack()[0]]
    made = [remote("r", url="http://p.example.com"), local("l", "npm")]
    both = manifest("VirtualRepository", "v", packageType="npm", repositories=["l", "r"])
    stays = local("stays", metadata={"labels": {"owner": "ann"}})
    desk.converged(*made, both, stays)
    desk.declare(*rules, stays)
    flags = [f"--allow-deletes={kind}Repository=9" for kind in ("Local", "Remote", "Virtual")]
    seen = desk("plan", "--prune", *flags, "--output", "json")

    assert [d for d in seen.document["diagnostics"] if d["rule"] == "guardrail"] == []
    assert len(seen.document["changes"]) == 3


def _parameters(name: str) -> dict[str, Any]:
    return {
        "naming": {"parameters": {"pattern": "[a-z]{9}"}},
        "remote-excludes-internal": {"parameters": {"namespaces": ["@acme/**"]}},
    }.get(name, {})

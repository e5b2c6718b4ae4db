"""How much a plan may risk, at the command line; and the two lines above everything."""

from __future__ import annotations

import pytest

from tests.cli.support import Desk, local


def risky(desk: Desk) -> None:
    """A safe and a disruptive update of what is applied."""
    desk.converged(local("words"), local("closing"))
    desk.declare(local("words", description="x"), local("closing", blackedOut=True))


@pytest.mark.parametrize("most, code", [("notable", 3), ("disruptive", 0)])
def test_a_ceiling_of_risk(desk: Desk, most: str, code: int) -> None:
    """A plan above it is blocked as a whole, with exit code 3; one below is carried out."""
    risky(desk)

    assert desk("plan", "--max-risk", most).code == code
    assert desk("apply", "--yes", "--max-risk", most).code == code
    assert bool(desk.writes()) == (code == 0)


def test_the_block_says_why(desk: Desk) -> None:
    """Every rendering names the object, the field, and the flag that would allow it."""
    risky(desk)
    for output in ("text", "json", "markdown", "html", "sarif"):
        seen = desk("plan", "--max-risk", "safe", "-o", output)
        assert "LocalRepository/closing is disruptive" in " ".join(seen.out.split()), output
        assert "--max-risk disruptive" in seen.out, output


def test_the_verdict_is_on_top(desk: Desk) -> None:
    """What the plan does and what is at stake, before anything else, everywhere."""
    risky(desk)
    does, stake = "Plan: 2 to update", "1 disruptive change; 1 safe change"

    assert desk("plan").out.startswith(f"{does}.\n{stake}.\n")
    assert desk("plan", "-o", "markdown").out.startswith(f"### {does}\n\n{stake}.\n")
    assert desk("plan", "-o", "json").document["verdict"] == [f"{does}.", f"{stake}."]
    page = desk("plan", "-o", "html").out
    assert page.index(does) < page.index(stake) < page.index(">closing<")

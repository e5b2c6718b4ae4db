"""`--output html` of plan, apply and drift: one page on stdout, with what the workspace knows."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.cli.support import Desk, local, manifest


def declared(desk: Desk) -> None:
    """A virtual repository over a labelled local one."""
    labelled = local("npm-local", "npm", metadata={"labels": {"team": "payments"}})
    over = manifest("VirtualRepository", "npm", packageType="npm", repositories=["npm-local"])
    desk.declare(labelled, over)


def test_a_plan(desk: Desk) -> None:
    """The page has the changes, their labels, and the references between them."""
    declared(desk)

    seen = desk("plan", "--output", "html")

    assert seen.code == 0
    assert seen.err == ""
    assert seen.out.startswith("<!DOCTYPE html>\n")
    assert "<h1>Plan: 2 to create</h1>" in seen.out
    assert '<option value="team=payments">' in seen.out
    assert '<section id="references"' in seen.out
    assert "manifests/all.yaml:1" in seen.out


def test_the_exit_code_and_the_saved_plan_stay(desk: Desk) -> None:
    """The format of the result changes nothing else."""
    declared(desk)

    seen = desk("plan", "--output", "html", "--detailed-exitcode", "--out", "plan.json")

    assert seen.code == 2
    assert (desk.root / "plan.json").read_text().startswith('{\n  "format": "reconciler.plan/v1"')
    assert desk("apply", "--plan", "plan.json").code == 0


def test_a_plan_that_is_blocked_as_a_whole(desk: Desk) -> None:
    """A limit that is exceeded stands on top of the page."""
    desk.workspace(limits={"updates": {"count": 1}})
    desk.converged(*(local(f"r{i}", description="a") for i in range(3)))
    desk.declare(*(local(f"r{i}", description="b") for i in range(3)))

    seen = desk("plan", "--output", "html")

    assert seen.code == 3
    assert "The plan as a whole is blocked." in seen.out
    assert "--allow-updates" in seen.out


def test_an_apply(desk: Desk) -> None:
    """The page of an apply is about what became of each change."""
    declared(desk)

    seen = desk("apply", "--yes", "--output", "html")

    assert seen.code == 0
    assert "<h1>Applied: 2 created</h1>" in seen.out
    assert desk.exists("npm")


def test_an_apply_that_fails(desk: Desk) -> None:
    """What failed comes first, with the reason and what to do."""
    declared(desk)
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    desk.fault("status", status=400, body="<b>no</b>", match={"method": "PUT", "path": "*/npm"})

    seen = desk("apply", "--yes", "--output", "html")

    assert seen.code == 5
    assert "Running apply again is safe" in seen.out
    assert re.search(r'data-result="failed".*&lt;b&gt;no&lt;/b&gt;', seen.out, re.DOTALL)
    assert seen.out.index('data-result="failed"') < seen.out.index('data-result="done"')


def test_drift(desk: Desk) -> None:
    """The page of drift shows what was last applied and what is live."""
    desk.converged(local("a", description="ours"))
    desk.meddle("a", description="theirs")

    seen = desk("drift", "--output", "html")

    assert seen.code == 2
    assert "<h1>Drift: 1 changed; 1 object compared</h1>" in seen.out
    assert '<del>− "ours"</del><ins>+ "theirs"</ins>' in seen.out


def test_accepting_drift_has_no_page(desk: Desk) -> None:
    """What would be a page of a rewriting is refused before anything is written."""
    seen = desk("drift", "--accept", "--output", "html")

    assert seen.code == 1
    assert "--accept has no page" in seen.err


def test_a_mistake_makes_no_page(desk: Desk) -> None:
    """Manifests that are wrong are told on stderr; a half page would be read as a plan."""
    desk.declare(local("a", colour="x"))

    seen = desk("plan", "--output", "html")

    assert seen.code == 1
    assert seen.out == ""
    assert "unknown-field" in seen.err


def test_two_platforms(pair: Desk) -> None:
    """With several platforms there is a filter for them."""
    both = {"platforms": ["east", "west"]}
    pair.declare(local("a", metadata=both))

    seen = pair("plan", "--output", "html")

    assert '<option value="west">west (1)</option>' in seen.out


def test_other_formats_load_no_page(desk: Desk) -> None:
    """A plan for a terminal does not import what renders pages."""
    declared(desk)
    program = (
        "import sys\n"
        "from reconciler.cli.main import run\n"
        "assert run(['plan']) == 0\n"
        "assert not [name for name in sys.modules if name.startswith('reconciler.report.html')]\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr

"""The scenarios of the design (4.12), each from the event to what people see.

Those that other files play already are named in the table; the rest is played here.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import local
from tests.github.bench import PULL, Bench
from tests.github.test_hostile import require_ours
from tests.report import samples
from tests.support.composite import Ran

SCENARIOS = {
    "open pull request -> comment": "pull_request.an_opened_pull_request_gets_a_comment",
    "push -> same comment edited": "pull_request.a_push_edits_the_same_comment",
    "no-change push": "pull_request.no_changes_make_no_comment",
    "delete guard": "scenarios.the_delete_guard_stops_a_merge",
    "fork": "forks.a_snapshot_gives_a_plan",
    "fork without a snapshot": "forks.without_a_snapshot_the_manifests_are_compared",
    "merge -> apply -> comment closed": "merge.a_merge_applies_what_was_approved",
    "squash and rebase": "merge.every_way_to_merge",
    "merge after foreign drift -> exit 4": "merge.a_plan_that_is_stale_is_refused",
    "partial failure": "merge.half_an_apply_is_finished_by_running_the_job_again",
    "two merges at once": "merge.two_merges_at_once",
    "scheduled drift opens": "drift.ten_nights_make_one_issue",
    "scheduled drift closes": "drift.a_clean_night_closes_it",
    "accepted drift": "accept_drift.merged_the_plan_is_empty_and_an_apply_only_records",
    "huge plan": "scenarios.ten_thousand_changes",
    "hostile names": "scenarios.hostile_texts_from_manifests",
    "hostile names on the platform": "scenarios.hostile_texts_from_the_platform",
    "Enterprise Server base URLs": "scenarios.every_call_goes_to_the_server_of_the_runner",
    "missing id-token": "keyless.a_missing_permission",
    "comment API down": "pull_request.a_failed_comment_fails_no_plan",
    "SIGINT and SIGTERM": "contract.a_cancelled_apply_ends_in_order",
}
"""Scenario -> file and function of the test that plays it."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_played(scenario: str) -> None:
    """The test of each is there, under the name the table has."""
    file, _, name = SCENARIOS[scenario].partition(".")
    module = importlib.import_module(f"tests.github.test_{file}")

    assert callable(getattr(module, f"test_{name}"))


def test_the_delete_guard_stops_a_merge(bench: Bench) -> None:
    """The pull request says number, limit and flag; its merge is stopped as well."""
    kept, gone = [local(f"k{i}") for i in range(8)], [local(f"g{i}") for i in range(12)]
    bench.workspace(owner="acme", platforms={"main": {"url": {"env": "JFROG_URL"}}}, prune=True)
    bench.converged(*kept, *gone)
    bench.declare(*kept)
    ran = bench.plan()
    text = bench.only_comment()
    bench.sandbox.reset_requests()
    merged = bench.apply(expect_digest=ran.outputs["digest"])
    raised = bench.plan(allow_deletes="LocalRepository=12")

    assert ran.code == merged.code == 3, ran.told
    assert ran.outputs["failure-reason"] == "blocked"
    assert ran.outputs["to-delete"] == "12"
    assert "--allow-deletes LocalRepository=12" in text
    assert all(f"LocalRepository/g{i} " in text for i in range(12))
    assert bench.writes() == []
    assert raised.code == 0
    assert "plan: destructive" in bench.github.labels[PULL]


def test_ten_thousand_changes(bench: Bench) -> None:
    """Every place keeps to its limit: comment, summary, check run, annotations, outputs."""
    numbers = [str(i) for i in range(10_000)]
    template = {"metadata": {"name": "r-${matrix.n}"}, "spec": {"packageType": "generic"}}
    spec = {"matrix": {"n": numbers}, "template": {"kind": "LocalRepository", **template}}
    head = {"apiVersion": "reconciler/v1", "kind": "ManifestSet", "metadata": {"name": "many"}}
    bench.declare({**head, "spec": spec})
    ran = bench.plan(check_run="true")
    text = bench.only_comment()

    assert ran.code == 0, ran.told[-2000:]
    assert ran.outputs["to-create"] == "10000"
    assert len(text) <= 60_000
    assert "### Plan: 10,000 to create" in text
    assert " more, see the full plan." in text
    assert len(ran.summary.encode()) < 1024 * 1024
    assert len(bench.github.checks[0]["output"]["summary"]) <= 65_535
    assert sum(map(len, ran.outputs.values())) < 10_000
    plan = json.loads(Path(ran.outputs["plan-json-file"]).read_text())
    assert len(plan["changes"]) == 10_000


HOSTILE = [t for t in samples.HOSTILE if t.strip() and "\ud800" not in t and len(t) < 1000]


def require_clean(bench: Bench, ran: Ran) -> None:
    """Nothing of a stranger's text is obeyed or rendered, wherever it is shown."""
    names = [name for name, _, _ in ran.commands]
    assert set(names) <= {"add-mask", "group", "endgroup", "stop-commands", "error", "warning"}
    assert all(message.isprintable() for _, _, text in ran.commands for message in text.split("\n"))
    run_url = f"{bench.github.url}/acme/platform/actions/runs/4711"
    require_ours(ran.summary, run_url, 250_000)
    ours = [f"#{pull['number']} writes it" for pull in bench.github.pulls]
    for text in bench.shown():
        for link in ours:
            text = text.replace(link, "")
        require_ours(text, run_url)
    assert not list(bench.root.rglob("pwned*"))
    for name in ("junit-file", "plan-html-file", "plan-markdown-file"):
        if file := ran.outputs[name]:
            content = Path(file).read_text(encoding="utf-8")
            assert all(line.isprintable() for line in content.replace("\t", " ").split("\n"))


def hostile() -> list[dict[str, Any]]:
    """Manifests with a hostile text wherever a manifest may have one."""
    return [
        local(f"r{i}", description=text, notes=f"$(touch pwned) {text}")
        for i, text in enumerate(HOSTILE)
    ]


def in_a_shell(bench: Bench, event: str, payload: str, **inputs: str) -> Ran:
    """The step as the runner runs it, in a process of its own."""
    given = {"url": bench.url, "token": bench.admin, **inputs}
    return bench.runner.run(event, payload, process=True, **given)


def test_hostile_texts_from_manifests(bench: Bench) -> None:
    """Comment, summary, annotations, log, check run, HTML, JSON, SARIF, JUnit and the shell."""
    text = yaml.safe_dump_all(hostile(), allow_unicode=True)
    bench.write("manifests/$(touch pwned) `x` @team #1 <b>.yaml", text)
    fine = in_a_shell(bench, "pull_request", "pull_request", command="plan", check_run="true")
    require_clean(bench, fine)
    names = [{**local("x"), "metadata": {"name": text}} for text in HOSTILE]
    bench.declare(*names, file="manifests/names.yaml")
    wrong = in_a_shell(bench, "pull_request", "pull_request", command="plan", check_run="true")
    require_clean(bench, wrong)

    assert fine.code == 0, fine.told
    assert fine.outputs["to-create"] == str(len(HOSTILE))
    assert wrong.code == 1
    assert len(wrong.annotated("error")) == 10  # the tenth says how many more there are


def test_hostile_texts_from_the_platform(bench: Bench) -> None:
    """What somebody wrote on the platform, in drift, its issue and its pull request."""
    bench.converged(*(local(f"r{i}", description="ours") for i in range(len(HOSTILE))))
    for i, text in enumerate(HOSTILE):
        bench.meddle(f"r{i}", description=text)
    ran = in_a_shell(bench, "schedule", "schedule", command="drift", accept_drift="true")
    require_clean(bench, ran)
    (issue,), (pull,) = bench.github.issues, bench.github.pulls
    require_ours(pull["body"], f"{bench.github.url}/acme/platform/actions/runs/4711")

    assert ran.code == 0, ran.told
    assert ran.outputs["drifted"] == "true"
    assert issue["state"] == "open"


def test_every_call_goes_to_the_server_of_the_runner(bench: Bench) -> None:
    """On Enterprise Server: comment, label, check, issue and links, none of them elsewhere."""
    bench.declare(local("a"))
    ran = bench.plan(check_run="true", approvals="flag")
    digest = ran.outputs["digest"]
    bench.github.merged(PULL, "d" * 40)
    bench.apply(expect_digest=digest)
    bench.drift()
    paths = {path for _, path, _ in bench.github.requests}

    assert all(p.startswith("/api/v3/") or p == "/api/graphql" for p in paths)
    assert "github.com" not in " ".join([ran.log, ran.summary, *bench.shown()])
    assert f"{bench.github.url}/acme/platform/actions/runs/4711" in bench.only_comment()

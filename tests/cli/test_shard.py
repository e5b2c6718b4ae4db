"""`--shard`: what it may be, what it says, and that several at once do the whole."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.shard import parse_shard
from reconciler.errors import UsageError
from reconciler.model import Shard
from tests.cli.support import COMMAND, Desk, local, manifest, remote

GITLAB = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"}
CIRCLE = {"CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "4"}
BUILDKITE = {"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}
AZURE = {"SYSTEM_JOBPOSITIONINPHASE": "2", "SYSTEM_TOTALJOBSINPHASE": "4"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "1"}


@pytest.mark.parametrize(
    "text, environment, shard",
    [
        ("2/4", {}, Shard(2, 4)),
        ("2/4", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "9"}, Shard(2, 4)),
        ("1/1", {}, None),
        ("auto", GITLAB, Shard(2, 4)),
        ("auto", CIRCLE, Shard(2, 4)),
        ("auto", BUILDKITE, Shard(2, 4)),
        ("auto", AZURE, Shard(2, 4)),
        ("auto/4", KUBERNETES, Shard(2, 4)),
        ("auto/4", GITLAB, Shard(2, 4)),
        ("auto", {**GITLAB, **CIRCLE}, Shard(2, 4)),
        ("auto", {"CI_NODE_TOTAL": "1"}, None),
    ],
)
def test_forms(text: str, environment: dict[str, str], shard: Shard | None) -> None:
    """Each system counts in its own way; one part of one is the whole."""
    assert parse_shard(text, environment) == shard


@pytest.mark.parametrize(
    "text, environment, words",
    [
        ("0/4", {}, "there is no shard 0 of 4"),
        ("5/4", {}, "there is no shard 5 of 4"),
        ("4", {}, "is no shard"),
        ("a/b", {}, "is no shard"),
        ("1/-2", {}, "is no shard"),
        ("1/99999999", {}, "there is no shard"),
        ("auto", {}, "no variable tells the index"),
        ("auto", KUBERNETES, "nothing tells the number"),
        ("auto/5", GITLAB, "CI_NODE_TOTAL says 4"),
        ("auto", {**GITLAB, "CIRCLE_NODE_INDEX": "3", "CIRCLE_NODE_TOTAL": "4"}, "CircleCI says"),
        ("auto", {"CI_NODE_INDEX": "x", "CI_NODE_TOTAL": "4"}, "is no shard"),
        ("auto", {"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "4"}, "there is no shard 5 of 4"),
    ],
)
def test_what_means_nothing(text: str, environment: dict[str, str], words: str) -> None:
    """A wrong shard is an error with a way out, never everything and never nothing."""
    with pytest.raises(UsageError, match=words) as error:
        parse_shard(text, environment)

    assert error.value.hint


def estate(desk: Desk) -> set[str]:
    """Twelve repositories in eight groups; their addresses."""
    desk.declare(
        *[local(f"r{i}", "npm") for i in range(8)],
        *[
            manifest("VirtualRepository", f"v{i}", packageType="npm", repositories=[f"r{i}"])
            for i in range(4)
        ],
    )
    locals_ = {f"default:LocalRepository/r{i}" for i in range(8)}
    return locals_ | {f"default:VirtualRepository/v{i}" for i in range(4)}


def test_plans_of_shards_are_the_whole(desk: Desk) -> None:
    """All parts together hold every change once, each says its part, and digests differ."""
    everything = estate(desk)
    plans = [desk("plan", "--shard", f"{i}/3", "-o", "json").document for i in (1, 2, 3)]
    changed = [f"default:{c['address']}" for p in plans for c in p["changes"]]

    assert sorted(changed) == sorted(everything)
    assert [p["scope"]["shard"] for p in plans] == ["1/3", "2/3", "3/3"]
    assert len({p["digest"] for p in plans}) == 3
    assert "shard" not in desk("plan", "-o", "json").document["scope"]


def test_text_and_markdown_say_the_part(desk: Desk) -> None:
    """The first line of a plan names the shard, also beside a selection."""
    estate(desk)

    assert desk("plan", "--shard", "1/3").out.startswith("Scope: shard 1 of 3\n")
    both = desk("plan", "--shard", "1/1", "--only", "*/r1").out
    assert both.startswith("Scope: only */r1\n")
    assert "shard 2 of 3" in desk("plan", "--shard", "2/3", "-o", "markdown").out


def test_variables_alone_do_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parallel job without --shard is about everything."""
    everything = estate(desk)
    for name, value in GITLAB.items():
        monkeypatch.setenv(name, value)

    assert len(desk("plan", "-o", "json").document["changes"]) == len(everything)
    assert desk("plan", "--shard", "auto", "-o", "json").document["scope"]["shard"] == "2/4"


def test_an_empty_shard_is_success(desk: Desk) -> None:
    """More shards than groups: somebody has nothing to do, and says so."""
    desk.declare(local("a"))
    codes = [desk("apply", "--yes", "--shard", f"{i}/3").code for i in (1, 2, 3)]

    assert codes == [0, 0, 0]
    assert desk.exists("a")


def test_a_selection_may_miss_a_shard(desk: Desk) -> None:
    """A term that selects something elsewhere is no error here; one that never does is."""
    estate(desk)
    seen = [desk("plan", "--only", "*/r7", "--shard", f"{i}/3", "-o", "json") for i in (1, 2, 3)]

    assert [s.code for s in seen] == [0, 0, 0]
    assert sum(len(s.document["changes"]) for s in seen) == 1
    assert desk("plan", "--only", "*/nobody", "--shard", "1/3").code == 1


def test_a_saved_plan_binds_the_shard(desk: Desk) -> None:
    """The plan of one shard is not an approval of another, or of the whole."""
    estate(desk)
    desk("plan", "--shard", "1/3", "--out", "plan.json")

    assert desk("apply", "--plan", "plan.json", "--shard", "2/3").code == 4
    stale = desk("apply", "--plan", "plan.json")
    assert stale.code == 4
    assert "approved --shard 1/3, now everything" in stale.err
    assert desk("apply", "--plan", "plan.json", "--shard", "1/3").code == 0


def test_drift_is_shared_out(desk: Desk) -> None:
    """Each drifted object is found by exactly one shard, declared or not."""
    everything = estate(desk)
    desk("apply", "--yes")
    for address in everything:
        desk.meddle(address.partition("/")[2], description="x")
    desk.declare(*[local(f"r{i}", "npm", description="y") for i in range(5)])
    found = [desk("drift", "--shard", f"{i}/3", "-o", "json").document for i in (1, 2, 3)]

    assert sum(d["tracked"] for d in found) == len(everything)
    assert [d["scope"]["shard"] for d in found] == ["1/3", "2/3", "3/3"]
    assert desk("drift", "--shard", "1/3").out.startswith("Scope: shard 1 of 3\n")


def test_limits_are_shared_out(desk: Desk) -> None:
    """Shards together may change about what one run may."""
    desk.converged(*[local(f"r{i}") for i in range(40)])
    desk.workspace(limits={"updates": {"count": 8, "percent": 100}})
    desk.declare(*[local(f"r{i}", description="x") for i in range(40)])
    seen = desk("apply", "--yes", "--shard", "1/4")

    assert seen.code == 3
    told = " ".join(seen.both.split())
    assert "more than 2 (set by reconciler.yaml spec.limits, for one of 4 shards)" in told


def test_rotation_of_another_shard_is_no_error(desk: Desk) -> None:
    """A secret to rotate is on one shard; the others go on."""
    secret = {"env": "NPM_PASSWORD"}
    desk.declare(*(remote(f"r{i}", username="u", password=secret) for i in range(6)))
    flags = ["--rotate", "RemoteRepository/r1#spec.password"]

    assert {desk("plan", *flags, "--shard", f"{i}/3").code for i in (1, 2, 3)} == {0}
    assert desk("plan", "--rotate", "RemoteRepository/zz#spec.password", "--shard", "1/3").code == 1


def test_processes_share_one_inventory(desk: Desk, tmp_path: Path) -> None:
    """Four processes apply at once; every object exists and is recorded, none is lost."""
    everything = estate(desk)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = [
        subprocess.Popen(
            [*COMMAND, "apply", "--yes", "--shard", f"{i}/4"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for i in range(1, 5)
    ]
    done = [process.communicate(timeout=60) for process in running]

    assert [p.returncode for p in running] == [0, 0, 0, 0], done
    assert set(desk.inventory()) == everything
    assert desk("plan", "--detailed-exitcode").code == 0

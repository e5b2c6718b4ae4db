"""Policies and the time in, runs out: started by hand or by schedule, done bit by bit.

Nothing works in the background. Before each request the runs are brought to where they would be by
now, so a frozen clock holds them and an advanced one finishes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.aql.values import months_before
from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.policies import quartz
from reconciler.sandbox.policies.candidates import candidates
from reconciler.sandbox.policies.retention import Candidate, ColdFile, Policy, Run

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform

RUNNING, COMPLETED, STOPPED = "IN_PROGRESS", "COMPLETED", "STOPPED"
"""The reference shows the second; the others are ours."""

NOT_RUN = ("smart",)
"""Kinds that are kept and not run: nothing is known of how they would tell."""


def start(platform: Platform, policy: Policy, dry: bool, by: str, at: float) -> Run:
    """A policy in, the run that starts at a moment out. What it will hit is settled here."""
    retention = platform.store.retention
    minutes = int(policy.body.get("durationInMinutes") or 0)
    run = Run(
        id=max(retention.runs, default=0) + 1,
        policy=policy.key,
        kind=policy.kind,
        dry=dry,
        started=at,
        seconds=retention.run_seconds,
        candidates=candidates(platform, policy, at),
        by=by,
        skip_trash=bool(policy.body.get("skipTrashcan")) or policy.kind == "bundles",
        limit_seconds=minutes * 60.0 if minutes else None,
        expires_months=int(policy.body.get("expirationTimeInMonths") or 0),
    )
    retention.runs[run.id] = run
    policy.last_run = run.id
    advance(platform, run, platform.sandbox.clock.now())
    return run


def stop(platform: Platform, run: Run) -> None:
    """A run that goes on in; what is done stays done, the rest is left."""
    now = platform.sandbox.clock.now()
    advance(platform, run, now)
    if run.finished is None:
        run.finished, run.status = now, STOPPED


def plan_next(platform: Platform, policy: Policy) -> None:
    """A new or changed policy in; from now on its schedule counts."""
    cron = policy.body.get("cronExp")
    now = platform.sandbox.clock.now()
    policy.next_run = quartz.parse(cron).next_after(now) if cron else None


def settle(platform: Platform) -> None:
    """Bring every run to where it is by now, and start what is due.

    A schedule that was due several times while nobody looked runs once, as Quartz does it.
    """
    now = platform.sandbox.clock.now()
    retention = platform.store.retention
    for run in retention.runs.values():
        if run.finished is None:
            advance(platform, run, now)
    for policy in list(retention.policies.values()):
        if policy.next_run is None or policy.next_run > now:
            continue
        if policy.enabled and policy.kind not in NOT_RUN and retention.running(policy.key) is None:
            start(platform, policy, False, "scheduler", policy.next_run)
        plan_next(platform, policy)
    if retention.cold:
        kept = [file for file in retention.cold if file.expires is None or file.expires > now]
        retention.cold = kept


def advance(platform: Platform, run: Run, now: float) -> None:
    """A run that goes on in; it is where it is by now afterwards."""
    whole = run.started + run.seconds
    end = whole if run.limit_seconds is None else min(whole, run.started + run.limit_seconds)
    until = min(now, end)
    count = len(run.candidates)
    share = (until - run.started) / run.seconds if run.seconds > 0 else 1.0
    target = count if until >= whole else int(count * share)
    for candidate in run.candidates[run.done : target]:
        if not run.dry:
            carry_out(platform, run, candidate, until)
        run.done_bytes += candidate.size
    run.done = max(run.done, target)
    if now >= end:
        run.finished = end
        run.status = COMPLETED if run.done == count else STOPPED


def carry_out(platform: Platform, run: Run, candidate: Candidate, at: float) -> None:
    """One candidate in; it is deleted, in the trash can or in cold storage afterwards."""
    store = platform.store
    retention = store.retention
    if run.kind == "bundles":
        gone = (candidate.name, candidate.version, candidate.project)
        retention.bundles = [
            one for one in retention.bundles if (one.name, one.version, one.project) != gone
        ]
        return
    files = store.artifacts.get(candidate.repo, {})
    for path in candidate.paths:
        file = files.pop(path, None)
        if file is None:
            continue
        if run.kind == "archive":
            retention.cold.append(archived(run, candidate, path, file, at))
        if not run.skip_trash and retention.trash_enabled:
            retention.trash[f"{candidate.repo}/{path}"] = file


def archived(run: Run, candidate: Candidate, path: str, file: Artifact, at: float) -> ColdFile:
    """A file that is moved in, its entry in cold storage out."""
    package = candidate.type != "file"
    return ColdFile(
        candidate.repo,
        path,
        file,
        at,
        months_before(at, -run.expires_months) if run.expires_months else None,
        candidate.type if package else None,
        candidate.name if package else "",
        candidate.version,
    )

"""A result in, what GitHub shows of it out: comment, label, check run, issue.

Each of them may fail without spoiling the run: a good plan with no comment is still a good plan.
What failed is told as a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.errors import Diagnostic, Exit
from reconciler.github import approvals, body, checks, issue
from reconciler.github.accepting import Proposal, propose, withdraw
from reconciler.github.api import GitHub, GitHubError
from reconciler.github.comment import Comments
from reconciler.github.context import Context, Pull
from reconciler.github.inputs import Inputs
from reconciler.github.labels import set_label
from reconciler.github.marker import Marker, key_of
from reconciler.github.outcome import has_changes, label, title
from reconciler.github.pulls import merged_pull
from reconciler.github.suggestions import suggest
from reconciler.github.work import Result
from reconciler.pipeline.git import place_in_repository


@dataclass
class Show:
    """What is shown of one run; `found` collects what went wrong, or is worth a warning."""

    inputs: Inputs
    context: Context
    github: GitHub
    found: list[Diagnostic] = field(default_factory=list)
    shown: Mapping[str, Any] | None = None
    proposed: Mapping[str, Any] | None = None

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that name what is shown."""
        made: dict[str, str] = {}
        if self.shown is not None:
            made["comment-id"] = str(self.shown.get("id", ""))
            made["comment-url"] = str(self.shown.get("html_url", ""))
        if self.proposed is not None:
            made["pull-number"] = str(self.proposed.get("number", ""))
            made["pull-url"] = str(self.proposed.get("html_url", ""))
        return made

    def everything(self, result: Result) -> None:
        """Show the result wherever the workflow wants it. Never raises GitHubError."""
        pull = self._pull(result)
        if result.command == "plan" and pull is not None and result.plan is not None:
            self._approvals(result, pull)
        if pull is not None and result.command in ("validate", "plan", "apply"):
            self._comment(result, pull)
            if self.inputs.labels and result.command == "plan":
                with self._tolerant("the label"):
                    set_label(self.github, pull.number, label(result))
        if self.inputs.suggestions and pull is not None and result.root is not None:
            with self._tolerant("the suggestions"):
                place = place_in_repository(result.root)
                suggest(self.github, pull, result.found, result.root, place)
        if self.inputs.check_run and result.command in ("validate", "plan"):
            self._check(result)
        if self.inputs.accept_drift and result.drift is not None:
            self._accept(result)
        if self.inputs.issue:
            self._issue(result, pull)

    def _pull(self, result: Result) -> Pull | None:
        """The pull request the run is about: given, of the event, or merged into the commit."""
        if self.inputs.pr_number is not None:
            return Pull(self.inputs.pr_number)
        if self.context.pull is not None:
            return self.context.pull
        if result.command == "apply" and self.context.event == "push":
            with self._tolerant("the merged pull request"):
                return merged_pull(self.github, self.context)
        return None

    def _comment(self, result: Result, pull: Pull) -> None:
        wants = self.inputs.comment
        if wants == "never":
            return
        says = has_changes(result) or result.code not in (Exit.DONE, Exit.PENDING)
        is_merged = result.command == "apply" and not self.context.is_pull
        marker = Marker(
            "validation" if result.command == "validate" else "comment",
            key_of(self.inputs),
            result.plan.digest if result.plan else "",
            self.context.head,
            closed=is_merged and result.outcomes is not None and result.code == Exit.DONE,
        )
        shown = body.text(
            result, self.context, self.inputs.environment, extra=tuple(self._beside())
        )
        with self._tolerant("the comment"):
            self.shown = Comments(self.github, pull.number).show(
                marker,
                shown,
                create=(wants == "always" or says) and not (is_merged and not says),
                anew=self.inputs.comment_mode == "recreate",
            )

    def _beside(self) -> Iterator[Diagnostic]:
        yield from (d for d in self.found if d.rule == "approval-outdated")

    def _approvals(self, result: Result, pull: Pull) -> None:
        if self.inputs.approvals == "ignore" or result.plan is None:
            return
        name = self._check_name("plan")
        with self._tolerant("the approvals"):
            found = approvals.outdated(self.github, pull.number, name, result.plan.digest)
            is_fatal = self.inputs.approvals == "fail"
            self.found += [d.promoted() if is_fatal else d for d in found]

    def _check_name(self, command: str) -> str:
        return checks.name_of(self.inputs.environment, self.inputs.path, command)

    def _check(self, result: Result) -> None:
        """The check run; people read its title in the list of checks."""
        fails = result.code not in (Exit.DONE, Exit.PENDING)
        outdated = any(d.rule == "approval-outdated" for d in self.found)
        conclusion = "failure" if fails else "action_required" if outdated else "success"
        with self._tolerant("the check run"):
            checks.tell(
                self.github,
                self._check_name(result.command),
                self.context.head,
                title=title(result),
                summary=body.text(result, self.context, self.inputs.environment),
                conclusion=conclusion,
                digest=result.plan.digest if result.plan else "",
                run_url=self.context.run_url,
                found=result.found,
                root=place_in_repository(result.root) if result.root else "",
            )

    def _accept(self, result: Result) -> None:
        """A pull request that accepts the drift, as long as there is one."""
        marker = Marker("acceptance", key_of(self.inputs))
        with self._tolerant("the pull request that accepts the drift"):
            if result.rewritten:
                base = self.context.branch
                if not base:
                    raise GitHubError("the run is on no branch that a pull request could be for")
                told = replace(result, note=_ACCEPTS)
                text = body.text(told, self.context, self.inputs.environment)
                proposal = Proposal(marker, base, self.context.sha, result.rewritten)
                self.proposed = propose(self.github, proposal, text)
            elif result.code == Exit.DONE:
                words = _CLEAN["drift"].format(run=self.context.run_url or "a run")
                withdraw(self.github, marker, words)

    def _issue(self, result: Result, pull: Pull | None) -> None:
        """Drift, or an apply that failed after its merge: open until a later run is clean."""
        purpose = {"drift": "drift", "apply": "recovery"}.get(result.command)
        if purpose is None or self.context.is_pull:
            return
        marker = Marker(purpose, key_of(self.inputs))
        bad = has_changes(result) if purpose == "drift" else _is_unfinished(result)
        clean = result.code == Exit.DONE
        with self._tolerant("the issue"):
            if bad:
                told = (
                    _recovery(result, pull)
                    if purpose == "recovery"
                    else _drifted(result, self.proposed)
                )
                text = body.text(told, self.context, self.inputs.environment)
                made = issue.keep(self.github, marker, _TITLES[purpose], text)
                self.shown = self.shown or made
            elif clean:
                words = _CLEAN[purpose].format(run=self.context.run_url or "a run")
                issue.close(self.github, marker, words)

    @contextmanager
    def _tolerant(self, what: str) -> Iterator[None]:
        try:
            yield
        except GitHubError as error:
            self.found.append(_warning(what, error))
        except (LookupError, TypeError, ValueError, AttributeError):
            self.found.append(_warning(what, GitHubError("GitHub's answer has another form")))


_TITLES = {"drift": "Drift on the platform", "recovery": "An apply after a merge did not finish"}
_CLEAN = {
    "drift": "Nothing is drifted any more: {run}.",
    "recovery": "A later apply finished: {run}.",
}
_ACCEPTS = (
    "Somebody changed this on the platform. Merged, the manifests say it too, and there is nothing "
    "left to apply; closed without a merge, the next apply undoes it. What the manifests could not "
    "say is told by the run."
)
_RECOVERY = (
    "This was merged, and its apply did not finish. Run the failed job again: it carries out what "
    "is left of the approved plan, and nothing beyond it."
)


def _is_unfinished(result: Result) -> bool:
    return result.code not in (Exit.DONE, Exit.PENDING)


def _drifted(result: Result, proposed: Mapping[str, Any] | None) -> Result:
    how = f"#{int(proposed['number'])}" if proposed else "`reconciler drift --accept`"
    return replace(result, note=f"{how} writes it into the manifests; an apply undoes it.")


def _recovery(result: Result, pull: Pull | None) -> Result:
    merged = f" It came with the pull request {pull.number}." if pull else ""
    return replace(result, note=_RECOVERY + merged)


def _warning(what: str, error: GitHubError) -> Diagnostic:
    return Diagnostic(
        "github-api", "warning", f"{what} could not be shown: {error.summary}", hint=error.hint
    )

"""What was approved and a fresh plan in; nothing out, or a refusal that says what differs.

A saved plan is used once: it was approved for one moment. While its first use did not get to its
end, `--shrink-only` may use it again. A digest says what is done, not when; it is used once for
each commit (docs/explanation/decisions/013-approvals-are-used-once.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.saved_plan import PLAN_AGAIN, SavedPlan, read
from reconciler.engine.approval import disagreements
from reconciler.engine.shrink import excess
from reconciler.errors import StalePlanError, UsageError
from reconciler.model import Disagreement, Plan
from reconciler.pipeline.applying import Uses

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Approval:
    """What an apply is bound to: a saved plan, a digest, both, or nothing."""

    saved: SavedPlan | None = None
    digest: str | None = None
    shrink_only: bool = False

    @classmethod
    def of(cls, file: Path | None, digest: str | None, shrink_only: bool) -> Approval:
        """The approval of some flags.

        Raises UsageError where they cannot mean anything, StalePlanError for a plan file that is
        not as it was saved.
        """
        if digest is not None and not DIGEST.fullmatch(digest):
            raise UsageError(
                f"--expect-digest '{digest}' is no digest",
                hint="it is sha256: and 64 hexadecimal digits, as the last line of a plan shows it",
            )
        if shrink_only and file is None:
            raise UsageError(
                "--shrink-only needs --plan: a digest does not tell what was approved",
                hint="save the plan with `reconciler plan --out FILE`, and keep the file",
            )
        saved = read(file) if file is not None else None
        if saved is not None:
            saved.require_whole()
            _require_complete(saved.plan.partial, str(saved.file))
        return cls(saved, digest, shrink_only)

    @property
    def is_bound(self) -> bool:
        """Whether there is anything the plan must agree with."""
        return self.saved is not None or self.digest is not None

    def require(self, fresh: Plan, used: Mapping[str, str]) -> None:
        """Raises StalePlanError unless the fresh plan is what was approved, and still may be used.

        `used` are the plans the inventory remembers, with the time of their use.
        """
        if not self.is_bound:
            return
        _require_complete(fresh.partial, "the plan")
        if self.saved is not None:
            self._require_saved(self.saved, fresh, used)
        if self.digest is not None:
            self._require_digest(self.digest, fresh, used)

    def uses(self, fresh: Plan) -> Uses:
        """What the inventory is to remember of this apply."""
        if not self.is_bound:
            return Uses()
        effect = _effect(self.saved.plan.digest if self.saved else fresh.digest, fresh.commit)
        if self.saved is None:
            return Uses(completed=(effect,))
        return Uses((_begun(self.saved.plan),), (_completed(self.saved.plan), effect))

    def _require_saved(self, saved: SavedPlan, fresh: Plan, used: Mapping[str, str]) -> None:
        if saved.plan.workspace != fresh.workspace:
            raise StalePlanError(
                f"{saved.file} was made in the workspace '{saved.plan.workspace}', and this is "
                f"'{fresh.workspace}'",
                hint="plan again here",
            )
        begun, completed = used.get(_begun(saved.plan)), used.get(_completed(saved.plan))
        if completed is not None:
            if not (self.shrink_only and all(change.is_blocked for change in fresh.changes)):
                raise self._used(saved, fresh, f"was carried out completely at {completed}")
        elif begun is not None and not self.shrink_only:
            raise self._used(
                saved,
                fresh,
                f"was begun at {begun}, and not finished",
                "--shrink-only carries out what is left of it",
            )
        if self.shrink_only:
            if beyond := excess(saved.plan, fresh, resumed=begun is not None):
                raise _stale(f"there is more to do than {saved.file} has", beyond)
        elif saved.plan.digest != fresh.digest:
            differ = disagreements(saved.plan, fresh)
            raise _stale(f"{saved.file} is not the plan a fresh look gives", differ)

    def _used(
        self, saved: SavedPlan, fresh: Plan, what: str, hint: str = PLAN_AGAIN
    ) -> StalePlanError:
        from reconciler.report.approval import listing

        detail = listing(disagreements(saved.plan, fresh))
        return StalePlanError(f"{saved.file} {what}; a plan is used once", detail=detail, hint=hint)

    def _require_digest(self, digest: str, fresh: Plan, used: Mapping[str, str]) -> None:
        if self.saved is not None:  # which the fresh plan agrees with by now
            if self.saved.plan.digest != digest:
                raise StalePlanError(
                    f"the digest of {self.saved.file} is {self.saved.plan.digest}, approved was "
                    f"{digest}",
                    hint="give the file that was approved",
                )
            return
        if digest != fresh.digest:
            raise StalePlanError(
                f"the plan's digest is {fresh.digest}, approved was {digest}",
                hint="look at the new plan (`reconciler plan`) and approve it; with --plan FILE, "
                "the refusal tells what differs",
            )
        if (time := used.get(_effect(digest, fresh.commit))) is not None:
            raise StalePlanError(
                f"this plan was carried out completely at {time}, from the same commit; that it is "
                "due again was not approved",
                hint="save the new plan with --out, have it approved, and apply it with --plan",
            )


def _require_complete(partial: bool, what: str) -> None:
    if partial:
        raise StalePlanError(
            f"{what} is partial: something could not be read, so it cannot be an approved one",
            hint="plan with a token that sees complete configurations",
        )


def _stale(summary: str, differ: Iterable[Disagreement]) -> StalePlanError:
    from reconciler.report.approval import listing

    detail = listing(differ) or "the digests differ"
    return StalePlanError(summary, detail=detail, hint=PLAN_AGAIN)


def _begun(plan: Plan) -> str:
    return f"begun {plan.digest} {plan.created}"


def _completed(plan: Plan) -> str:
    return f"completed {plan.digest} {plan.created}"


def _effect(digest: str, commit: str | None) -> str:
    return f"applied {digest} {commit or '-'}"

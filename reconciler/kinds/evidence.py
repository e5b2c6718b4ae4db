"""How a kind learns what an object would hit that acts by itself: by asking, within a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.errors import AnswerError
from reconciler.kinds.rest import Flow, Write
from reconciler.model import Request, Response

EVIDENCE_BUDGET = 50
"""Requests for the evidence of a plan on one platform, beside those for matched repositories."""

PER_REPOSITORY = 2
"""Further requests for each repository that something matches."""


class BudgetSpentError(AnswerError):
    """No more requests may be spent on evidence."""


@dataclass
class Budget:
    """What may be asked for the evidence of one plan on one platform; answers are shared."""

    left: int = EVIDENCE_BUDGET
    answers: dict[tuple[object, ...], Response] = field(default_factory=dict)

    def matched(self, repositories: int) -> None:
        """So many repositories are matched: each may cost a little more."""
        self.left += PER_REPOSITORY * repositories


Evidence = Callable[[Write, Budget], Flow]
"""Asks what an object would do once it is as the write has it: returns an `Impact`.

`Write.body` is everything declared, `Write.live` what is there. Only reads are sent."""


def within(flow: Flow, budget: Budget) -> Flow:
    """The same flow, told `BudgetSpentError` where a request is one too many.

    What was asked before is not asked again.
    """
    try:
        request = next(flow)
        while True:
            key = _key(request)
            if key not in budget.answers:
                if budget.left < 1:
                    spent = "no more requests may be spent on evidence (--evidence-budget)"
                    request = flow.throw(BudgetSpentError(spent))
                    continue
                budget.left -= 1
                response: Response = yield request
                budget.answers[key] = response
            request = flow.send(budget.answers[key])
    except StopIteration as stop:
        return stop.value
    finally:
        flow.close()


def _key(request: Request) -> tuple[object, ...]:
    return (request.method, request.path, request.query, request.text, repr(request.json))

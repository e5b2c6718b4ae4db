"""A result in, Markdown for a comment, a summary or an issue out; what is data stands in fences."""

from __future__ import annotations

import re

from reconciler.errors import Diagnostic
from reconciler.github.context import Context
from reconciler.github.outcome import title
from reconciler.github.work import Result
from reconciler.report.comparison import comparison_markdown
from reconciler.report.diagnostics import count_words
from reconciler.report.fence import code, details
from reconciler.report.markdown import (
    LIMIT,
    drift_markdown,
    failure_markdown,
    outcome_markdown,
    plan_markdown,
)
from reconciler.report.sanitise import shorten

SUMMARY_LIMIT = 250_000
"""Code points of a job summary: at four bytes each just below what GitHub takes."""

_HIDDEN_LINE = 400
"""Code points the hidden first line of a comment may take."""


def text(
    result: Result,
    context: Context,
    environment: str = "",
    *,
    limit: int = LIMIT - _HIDDEN_LINE,
    extra: tuple[Diagnostic, ...] = (),
) -> str:
    """The whole text: result, warnings beside it, and where it comes from."""
    foot = _foot(context, environment)
    beside = _beside(extra, limit // 8)
    note = f"> {result.note}" if result.note else ""
    room = limit - sum(len(part) + 2 for part in (foot, beside, note))
    return "\n\n".join(
        part.rstrip("\n") for part in (_main(result, room), note, beside, foot) if part
    )


def _main(result: Result, limit: int) -> str:
    made = result.plan
    if result.error is not None:
        after = ""
        if made is not None and result.code == 4 and made.changes:
            body = plan_markdown(made, limit=limit // 2, blocks=result.blocks)
            after = details("The plan as it is now", _lower(body))
        return failure_markdown(title(result), result.error.diagnostics, limit=limit, after=after)
    if made is not None and result.outcomes is not None:
        return outcome_markdown(made, result.outcomes, result.code, limit=limit)
    if made is not None:
        return plan_markdown(made, limit=limit, blocks=result.blocks)
    if result.drift is not None:
        return drift_markdown(result.drift, limit=limit)
    if result.comparison is not None:
        body = comparison_markdown(result.comparison, limit=limit - 200)
        return f"### {title(result)}\n\n{body.partition(chr(10))[2].lstrip()}"
    return failure_markdown(title(result), result.found, limit=limit)


def _lower(markdown: str) -> str:
    """The same with its heading as plain bold text, for a block that unfolds."""
    first, _, rest = markdown.partition("\n")
    return f"**{first.removeprefix('### ')}**\n{rest}"


def _beside(found: tuple[Diagnostic, ...], limit: int) -> str:
    if not found:
        return ""
    made = failure_markdown(count_words(found), found, limit=limit)
    return made.replace("### ", "#### ", 1).rstrip("\n")


def _foot(context: Context, environment: str) -> str:
    parts = [f"environment {code(shorten(environment, 80))}"] if environment else []
    if re.fullmatch("[0-9a-f]{7,64}", context.head):
        parts.append(f"commit {code(context.head[:12])}")
    if context.run_url:
        parts.append(f"[run]({_link(context.run_url)})")
    return f"<sub>{' · '.join(parts)}</sub>" if parts else ""


def _link(url: str) -> str:
    """A URL that ends no Markdown link; it is GitHub's own."""
    return re.sub(r"[\s()<>\"'`]", "", url)

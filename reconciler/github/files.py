"""A result in, the files other steps read out: the plan as JSON and Markdown, the findings."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.planning import findings_text
from reconciler.github.context import Context
from reconciler.github.inputs import Inputs
from reconciler.github.work import Result
from reconciler.model import Plan
from reconciler.pipeline.git import place_in_repository
from reconciler.report.html.outcome import outcome_html
from reconciler.report.html.plan import plan_html
from reconciler.report.machine import dumps, outcome_json, plan_json
from reconciler.report.markdown import plan_markdown


def write(result: Result, inputs: Inputs, context: Context) -> dict[str, str]:
    """Write the files; the outputs that name them. Raises OSError."""
    folder = context.temporary / "reconciler-files"
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, str] = {}
    if result.plan is not None:
        kept = context.workspace / inputs.plan_file if inputs.plan_file else folder / "plan.json"
        document = plan_json(result.plan, result.code, blocks=result.blocks)
        if result.command == "plan":
            _write(kept, dumps(document))
            made["plan-file"] = made["plan-json-file"] = str(kept)
        elif result.outcomes is not None:
            file = folder / "outcome.json"
            _write(file, dumps(outcome_json(result.plan, result.outcomes, result.code)))
            made["plan-json-file"] = str(file)
        markdown = folder / "plan.md"
        _write(markdown, plan_markdown(result.plan, blocks=result.blocks))
        made["plan-markdown-file"] = str(markdown)
        page = folder / "plan.html"
        _write(page, _page(result))
        made["plan-html-file"] = str(page)
    if result.command in ("validate", "plan", "apply"):
        root = place_in_repository(result.root) if result.root else ""
        ended = result.error is None or bool(result.found)
        for output, wanted, usual in (
            ("sarif", inputs.sarif_file, "run.sarif"),
            ("junit", inputs.junit_file, "junit.xml"),
        ):
            file = context.workspace / wanted if wanted else folder / usual
            told = findings_text(output, result.found, root, result.code, completed=ended)
            _write(file, told)
            made[f"{output}-file"] = str(file)
    return made


def _page(result: Result) -> str:
    made, around = result.plan or Plan(), result.around
    if result.outcomes is not None:
        return outcome_html(made, result.outcomes, result.code, surroundings=around)
    return plan_html(made, blocks=result.blocks, surroundings=around)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")

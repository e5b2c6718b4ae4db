"""Rules with their tests in, which of the tests hold out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.engine.guardrails.judge import Shown, broken, concerns
from reconciler.errors import InvalidManifests, ReconcilerError
from reconciler.manifests.guardrails import pack
from reconciler.manifests.workspace import API_VERSION
from reconciler.model import Guardrail, GuardrailCase, Guardrails
from reconciler.pipeline.applying import carry_out
from reconciler.pipeline.guarding import shown_of
from reconciler.pipeline.planning import make_plan, planned
from reconciler.pipeline.session import session
from reconciler.settings import Settings

Platform = Callable[[], tuple[str, str]]
"""Makes an empty platform; answers its URL and a token."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One test and how it went; `told` says why it failed, nothing for one that holds."""

    case: GuardrailCase
    told: str = ""

    @property
    def holds(self) -> bool:
        """Whether the rule did what the test expects."""
        return not self.told

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "guardrail": self.case.guardrail,
            "test": self.case.name,
            "holds": self.holds,
            "told": self.told,
            "file": self.case.origin.file,
            "line": self.case.origin.line,
        }


def built_in() -> Guardrails:
    """The rules that come with the package, with their tests."""
    rules, cases = pack()
    return Guardrails(tuple(rules.values()), (), cases)


def try_all(known: Guardrails, platform: Platform) -> Iterator[Tried]:
    """Every test, in the order written."""
    rules = {rule.name: rule for rule in known.rules}
    for case in known.cases:
        yield try_one(rules[case.guardrail], case, platform)


def untested(known: Guardrails) -> list[Guardrail]:
    """The rules of one's own that no test is about."""
    told = {case.guardrail for case in known.cases}
    inherited = {rule.broken_if for rule in pack()[0].values()}
    return [r for r in known.rules if r.name not in told and r.broken_if not in inherited]


def try_one(rule: Guardrail, case: GuardrailCase, platform: Platform) -> Tried:
    """One test: what the rule says of what it is shown."""
    rule = replace(rule, parameters={**rule.parameters, **case.parameters})
    try:
        shown = list(_documents(case, platform))
    except InvalidManifests as error:
        first = next(iter(error.diagnostics))
        return Tried(case, f"its manifests are not valid: {first.summary}")
    except ReconcilerError as error:
        return Tried(case, f"it could not be planned: {error}")
    found = [broken(rule, document) for document in shown if concerns(rule, document)]
    answers = [text for text in found if text is not None]
    if any(text.startswith("the rule cannot tell") for text in answers):
        return Tried(case, answers[0])
    if bool(answers) == case.breaks:
        return Tried(case)
    if case.breaks:
        looked = "" if found else "; it is about none of the changes"
        return Tried(case, f"expected to be broken, and it is kept{looked}")
    return Tried(case, f"expected to be kept, and it is broken: {', '.join(answers) or 'true'}")


def _documents(case: GuardrailCase, platform: Platform) -> Iterable[Mapping[str, Any]]:
    if case.change is not None:
        return [{**_EMPTY, **case.change}]
    return [shown.document for shown in _planned(case.given, case.manifests, platform)]


_EMPTY: Mapping[str, Any] = {
    "action": "update",
    "adopting": False,
    "name": "",
    "parents": [],
    "labels": {},
    "risk": "notable",
    "before": None,
    "after": None,
    "fields": [],
    "evidence": {},
    "references": {},
}


def _planned(
    given: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], platform: Platform
) -> list[Shown]:
    """What a plan of these manifests is, where others were applied before."""
    url, token = platform()
    with TemporaryDirectory(prefix="reconciler-test-") as folder:
        root = Path(folder)
        spec = {"manifests": ["manifests.yaml"]}
        _write(root / "reconciler.yaml", [_document("Workspace", "test", spec)])
        settings = Settings(
            environment={"JFROG_URL": url, "JFROG_ACCESS_TOKEN": token, "RECONCILER_CACHE": "off"},
            workspace=root / "reconciler.yaml",
            patience=1.0,
        )
        if given:
            _write(root / "manifests.yaml", given)
            with session(settings) as run:
                carry_out(run, make_plan(run), threading.Event())
        _write(root / "manifests.yaml", wanted)
        with session(settings) as run:
            made, observation = planned(run)
            return list(shown_of(run, made, observation))


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _write(file: Path, documents: Iterable[Mapping[str, Any]]) -> None:
    """JSON is YAML: what was read is written as it is."""
    file.write_text("\n---\n".join(map(json.dumps, documents)), encoding="utf-8")

"""Documents in, the rules over plans, their exceptions and their tests out; and what is wrong.

A Guardrail, a Waiver and a GuardrailTest are no objects of a platform: they say which plans may be
applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path as File
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reconciler.kinds.registry import Registry
from reconciler.kinds.spec import unset
from reconciler.manifests.load import load
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.tombstones import day
from reconciler.model import (
    Document,
    Finding,
    Guardrail,
    GuardrailCase,
    Guardrails,
    Path,
    Waiver,
)

KINDS = ("Guardrail", "GuardrailTest", "Waiver")
"""Documents this module reads."""

PACK = File(__file__).parent / "pack"
"""The folder of the rules that come with the package, each with its tests."""

ActionName = Literal[
    "create",
    "update",
    "replace",
    "convert",
    "delete",
    "deploy",
    "adopt",
    "release",
    "unchanged",
]
Text = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class GuardrailCaseSpec(_Part):
    """One test of a rule: what it is shown, and what is expected of it."""

    name: Text
    """What the test shows."""

    expect: Literal["broken", "kept"]
    """Whether the rule is broken by it."""

    change: dict[str, Any] = unset()
    """An excerpt of a plan, as rules see one: `action`, `kind`, `name`, `labels`, `before`,
    `after`, `references`, `evidence`."""

    manifests: list[dict[str, Any]] = unset()
    """Manifests instead, which are planned on the embedded platform: at least one of the changes
    breaks the rule, or none does."""

    given: list[dict[str, Any]] = unset()
    """With `manifests`: the manifests that were applied before."""

    parameters: dict[str, Any] = unset()
    """Values in place of the rule's own `parameters`."""


class GuardrailSpec(_Part):
    """What a plan must not do."""

    use: Text = unset()
    """Name of a rule that comes with the package, such as `remote-over-https`; the other fields
    are then laid over it."""

    severity: Literal["deny", "warn", "info"] = unset()
    """`deny` blocks the whole plan, `warn` and `info` are told. Without say, `deny`."""

    kinds: list[Text] = unset()
    """Kinds the rule is about; without say, all."""

    actions: list[ActionName] = unset()
    """Actions the rule is about; without say, all that write to a platform. `unchanged` stands for
    declared objects that are as declared."""

    brokenIf: Text = unset()  # noqa: N815
    """A JMESPath expression over one change. Any answer but null, false and an empty one says that
    the change breaks the rule; a text, or a list of texts, is shown."""

    message: Text = unset()
    """What is wrong then, for whoever reads the plan."""

    parameters: dict[str, Any] = unset()
    """Values the expression reads as `parameters`."""

    tests: list[GuardrailCaseSpec] = unset()
    """Tests of the rule, for `reconciler test`."""


class NameOnly(_Part):
    """The document's name."""

    name: Text
    """Its name, by which waivers, tests and messages call it."""


class GuardrailFile(_Part):
    """A rule over the changes of a plan."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["Guardrail"]
    """Always `Guardrail`."""

    metadata: NameOnly
    """The rule's name."""

    spec: GuardrailSpec
    """What a plan must not do."""


class GuardrailTestSpec(_Part):
    """Tests of a rule that stands elsewhere."""

    guardrail: Text
    """Name of the rule."""

    tests: Annotated[list[GuardrailCaseSpec], Field(min_length=1)]
    """The tests."""


class GuardrailTestFile(_Part):
    """Tests of a rule, beside it."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["GuardrailTest"]
    """Always `GuardrailTest`."""

    metadata: NameOnly
    """The document's name; it is for people."""

    spec: GuardrailTestSpec
    """What is tested."""


class WaiverSpec(_Part):
    """Which rule may be broken, by what, and who answers for it."""

    guardrail: Text
    """Name of the rule."""

    address: Text
    """Address of the object, such as `RemoteRepository/old-mirror`, or a glob of addresses."""

    owner: Text
    """Who answers for the exception."""

    reason: Text
    """Why it is needed."""

    expires: Text
    """The last day (UTC) it holds, such as `2030-12-31`."""


class WaiverFile(_Part):
    """An exception from a rule, for a time."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["Waiver"]
    """Always `Waiver`."""

    metadata: NameOnly
    """The document's name; it is for people."""

    spec: WaiverSpec
    """What it allows."""


FILES: Mapping[str, type[BaseModel]] = {
    "Guardrail": GuardrailFile,
    "GuardrailTest": GuardrailTestFile,
    "Waiver": WaiverFile,
}


def is_guardrail(document: Document) -> bool:
    """Whether a document is one of these."""
    return isinstance(document.data, dict) and document.data.get("kind") in KINDS


def guardrails(
    documents: Iterable[Document],
    registry: Registry,
    today: date,
    fault_of: Callable[[str], str | None],
) -> tuple[Guardrails, list[Finding]]:
    """Check every document; `today` is the day in UTC, `fault_of` says what is wrong with an
    expression, or nothing.
    """
    reader = _Reader(registry, today, fault_of)
    sound = [document for document in documents if reader.fits(document)]
    for kind in ("Guardrail", "GuardrailTest", "Waiver"):  # the others name rules
        for document in sound:
            if document.data["kind"] == kind:
                getattr(reader, f"read_{kind.lower()}")(document)
    found = Guardrails(tuple(reader.rules.values()), tuple(reader.waivers), tuple(reader.cases))
    return found, reader.findings


@cache
def pack() -> tuple[Mapping[str, Guardrail], tuple[GuardrailCase, ...]]:
    """The rules that come with the package by their names, and their tests."""
    documents = load([PACK], PACK).documents
    rules = {d.data["metadata"]["name"]: _rule(d, None) for d in documents}
    cases = [case for d in documents for case in _cases(d, d.data["metadata"]["name"])]
    return rules, tuple(cases)


@dataclass
class _Reader:
    registry: Registry
    today: date
    fault_of: Callable[[str], str | None]
    rules: dict[str, Guardrail] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    cases: list[GuardrailCase] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def fits(self, document: Document) -> bool:
        """Whether a document has the form of its kind."""
        model = FILES[document.data["kind"]]
        try:
            model.model_validate(document.data)
        except ValidationError as error:
            self.findings += Checked(model, document.origin, document.index).findings(error)
            return False
        return True

    def read_guardrail(self, document: Document) -> None:
        """A rule, of its own or from the pack."""
        spec, name = document.data["spec"], document.data["metadata"]["name"]
        base = pack()[0].get(spec["use"]) if "use" in spec else None
        found = [*self._faults(document, spec, base)]
        if name in self.rules:
            summary = f"there is a Guardrail '{name}' already at {self.rules[name].origin}"
            hint = "keep one of the two, or rename one"
            found.append(_tell(document, ("metadata", "name"), "guardrail-twice", summary, hint))
        self.findings += found
        if not any(finding.severity == "error" for finding in found):
            self.rules[name] = _rule(document, base)
            self.cases += _cases(document, name)

    def _faults(
        self, document: Document, spec: Mapping[str, Any], base: Guardrail | None
    ) -> Iterator[Finding]:
        if "use" in spec and base is None:
            names = sorted(pack()[0])
            hint = nearest_hint(spec["use"], names) or f"there are {', '.join(names)}"
            summary = f"no rule '{spec['use']}' comes with this version"
            yield _tell(document, ("spec", "use"), "guardrail-unknown", summary, hint)
        for wanted in ("brokenIf", "message"):
            if "use" not in spec and wanted not in spec:
                summary = f"the rule has no {wanted}"
                hint = "write one, or name a rule of the package with `use`"
                yield _tell(document, ("spec",), "guardrail-incomplete", summary, hint)
        if "brokenIf" in spec and (fault := self.fault_of(spec["brokenIf"])) is not None:
            summary = f"this is no JMESPath expression: {fault.splitlines()[0]}"
            hint = "try it at jmespath.org; texts stand in single quotes, numbers in backticks"
            yield _tell(document, ("spec", "brokenIf"), "guardrail-expression", summary, hint)
        for number, case in enumerate(spec.get("tests", ())):
            yield from _case_faults(document, case, ("spec", "tests", number))
        for number, kind in enumerate(spec.get("kinds", ())):
            if kind not in self.registry:
                hint = nearest_hint(kind, self.registry.names())
                summary = f"this version knows no kind '{kind}', so the rule never meets one"
                at = ("spec", "kinds", number)
                yield _tell(document, at, "guardrail-kind", summary, hint, "warning")

    def read_guardrailtest(self, document: Document) -> None:
        """Tests of a rule that stands elsewhere."""
        spec = document.data["spec"]
        found = [*self._named(document, spec["guardrail"])]
        for number, case in enumerate(spec["tests"]):
            found += _case_faults(document, case, ("spec", "tests", number))
        self.findings += found
        if not found:
            self.cases += _cases(document, spec["guardrail"])

    def read_waiver(self, document: Document) -> None:
        """An exception; one that has expired is an error, so that none is forgotten."""
        spec = document.data["spec"]
        expires = day(spec["expires"])
        found = [*self._named(document, spec["guardrail"])]
        at = ("spec", "expires")
        if expires is None:
            summary = f"'{spec['expires']}' is no day"
            hint = "write a day as year-month-day, such as 2030-12-31"
            found.append(_tell(document, at, "waiver-expires", summary, hint))
        elif expires < self.today:
            summary = f"this exception ended with {expires} (UTC)"
            hint = f"take it out; if {spec['owner']} still needs it, agree on a new day"
            found.append(_tell(document, at, "waiver-expired", summary, hint))
        self.findings += found
        if expires is not None and not found:
            given = {n: spec[n] for n in ("guardrail", "address", "owner", "reason")}
            name = document.data["metadata"]["name"]
            self.waivers.append(Waiver(name=name, expires=expires, origin=document.origin, **given))

    def _named(self, document: Document, name: str) -> Iterator[Finding]:
        if name not in self.rules:
            hint = nearest_hint(name, list(self.rules)) or "it is the name of a kind: Guardrail"
            summary = f"there is no Guardrail '{name}'"
            yield _tell(document, ("spec", "guardrail"), "guardrail-unknown", summary, hint)


def _rule(document: Document, base: Guardrail | None) -> Guardrail:
    spec, name = document.data["spec"], document.data["metadata"]["name"]
    start = base or Guardrail(name, "", "", document.origin)
    laid: dict[str, Any] = {}
    for key, ours in (("severity", "severity"), ("brokenIf", "broken_if"), ("message", "message")):
        if key in spec:
            laid[ours] = spec[key]
    for key in ("kinds", "actions"):
        if key in spec:
            laid[key] = tuple(spec[key])
    parameters = {**start.parameters, **spec.get("parameters", {})}
    return replace(
        start,
        name=name,
        origin=document.origin,
        index=document.index,
        parameters=parameters,
        **laid,
    )


def _cases(document: Document, rule: str) -> Iterator[GuardrailCase]:
    for case in document.data["spec"].get("tests", ()):
        yield GuardrailCase(
            rule,
            case["name"],
            case["expect"] == "broken",
            document.origin,
            case.get("change"),
            tuple(case.get("manifests", ())),
            tuple(case.get("given", ())),
            case.get("parameters", {}),
        )


def _case_faults(document: Document, case: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    if ("change" in case) == ("manifests" in case):
        summary = "a test shows the rule either a change or manifests"
        hint = "give one of change and manifests"
        yield _tell(document, at, "guardrail-test", summary, hint)


def _tell(
    document: Document,
    path: Path,
    rule: str,
    summary: str,
    hint: str = "",
    severity: Literal["error", "warning"] = "error",
) -> Finding:
    return Finding(document.origin, document.index, path, rule, summary, hint, severity)

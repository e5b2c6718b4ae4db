"""Why an object is in the plan, or is not: the value `explain` makes, as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.model import UNSET, Action, Block, JsonValue, Origin, PlannedRequest
from reconciler.report.figures import listed
from reconciler.report.layout import paragraphs
from reconciler.report.machine import Document, plain
from reconciler.report.paint import Style, painter
from reconciler.report.sanitise import shorten, visible
from reconciler.report.values import compact

EXPLANATION = "reconciler.explanation/v1"

Source = Literal["platform", "plan", "manifests"]
LiveState = Literal["live", "absent", "unreadable", "not-read"]
FieldState = Literal[
    "same", "differs", "fixed", "cannot-clear", "unverifiable", "unreadable", "rewritten",
    "ignored", "released", "declared",
]  # fmt: skip

LONGEST_VALUE = 200
"""Characters of a value that are shown unless all are asked for."""

STATES: dict[FieldState, tuple[str, Style, str]] = {
    "same": ("=", "dim", ""),
    "differs": ("~", "yellow", "the live value is another one"),
    "fixed": ("!", "alarm", "fixed at creation, and the live value is another one"),
    "cannot-clear": ("!", "alarm", "the server keeps it once it is set"),
    "unverifiable": ("?", "dim", "nothing tells whether the live value is this one"),
    "unreadable": ("?", "magenta", "the platform's answer lacks it"),
    "rewritten": ("=", "dim", "the server keeps its own value; told once, not planned again"),
    "ignored": (" ", "dim", "left to others by metadata.lifecycle.ignore"),
    "released": ("<", "dim", "no longer declared; its value is left as it is"),
    "declared": ("+", "green", ""),
}
"""For each state of a field: its sign, how it looks, what it means."""


@dataclass(frozen=True, slots=True)
class ValueUse:
    """A value of the environment that a field was filled with, and where it is declared."""

    name: str
    origin: Origin | None = None

    def as_json(self) -> Document:
        """As it stands in the document."""
        return {"name": self.name, "origin": place_json(self.origin)}


@dataclass(frozen=True, slots=True)
class FieldStory:
    """One field: what the manifest says and where, what is live, what was last applied.

    UNSET stands for a value that does not exist or is not known. A secret has no values at all;
    `reference` names where it comes from.
    """

    path: str
    state: FieldState
    declared: JsonValue = UNSET
    live: JsonValue = UNSET
    applied: JsonValue = UNSET
    reference: str = ""
    origin: Origin | None = None
    from_workspace: bool = False
    values: tuple[ValueUse, ...] = ()
    notes: tuple[str, ...] = ()
    outlook: str = ""
    """What the declared value will bring about, seen from now."""

    def as_json(self) -> Document:
        """Absent means unset or unknown, null means null."""
        values = {"declared": self.declared, "live": self.live, "applied": self.applied}
        return {
            "path": self.path,
            "state": self.state,
            **({"secret": True, "reference": self.reference} if self.reference else {}),
            "origin": place_json(self.origin),
            "fromWorkspace": self.from_workspace,
            **({"values": [value.as_json() for value in self.values]} if self.values else {}),
            **{name: plain(value) for name, value in values.items() if value is not UNSET},
            "notes": list(self.notes),
            **({"outlook": self.outlook} if self.outlook else {}),
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another object and the fields in which one names the other; no origin: not declared."""

    address: str
    fields: tuple[str, ...]
    origin: Origin | None = None

    def as_json(self) -> Document:
        """As it stands in the document."""
        where = place_json(self.origin)
        return {"address": self.address, "fields": list(self.fields), "origin": where}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the plan does with the object; without an action, nothing."""

    words: str
    action: Action | None = None
    reason: str = ""
    risk: str = ""
    blocked: Block | None = None
    block_words: str = ""
    way_out: str = ""
    requests: tuple[PlannedRequest, ...] = ()
    guards: tuple[Block, ...] = ()
    """What stops a plan as a whole because of the object."""

    def as_json(self) -> Document:
        """As it stands in the document."""
        return {
            "action": self.action.value if self.action else None,
            "reason": self.reason or None,
            "explanation": self.words,
            "risk": self.risk or None,
            "blocked": self.blocked.as_json() if self.blocked else None,
            "blockedExplanation": self.block_words or None,
            "wayOut": self.way_out or None,
            "requests": [{"method": r.method, "path": r.path} for r in self.requests],
            **({"guards": [guard.as_json() for guard in self.guards]} if self.guards else {}),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to know of one object; `source` says what was asked for it."""

    address: str
    title: str
    source: Source
    decision: Decision
    origin: Origin | None = None
    live: LiveState = "not-read"
    live_words: str = ""
    owner: str | None = None
    ownership: str = ""
    lifecycle: tuple[tuple[str, JsonValue, str], ...] = ()
    fields: tuple[FieldStory, ...] = ()
    names: tuple[Neighbour, ...] = ()
    named_by: tuple[Neighbour, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def place_json(origin: Origin | None) -> Document | None:
    """A place as documents have it."""
    if origin is None:
        return None
    return {"file": origin.file, "line": origin.line, "column": origin.column}


def explanation_json(told: Explanation, exit_code: int) -> Document:
    """The explanation as the published document."""
    return {
        "format": EXPLANATION,
        "exitCode": int(exit_code),
        "address": told.address,
        "source": told.source,
        "origin": place_json(told.origin),
        "decision": told.decision.as_json(),
        "live": {"state": told.live, "explanation": told.live_words},
        "ownership": {"owner": told.owner, "explanation": told.ownership},
        "lifecycle": {name: value for name, value, _ in told.lifecycle},
        "fields": [field.as_json() for field in told.fields],
        "names": [other.as_json() for other in told.names],
        "namedBy": [other.as_json() for other in told.named_by],
        "diagnostics": [diagnostic.as_json() for diagnostic in told.diagnostics],
    }


def explanation_text(
    told: Explanation, *, color: bool = False, verbose: bool = False, width: int = 96
) -> str:
    """The explanation for a person; with `verbose`, values at their full length."""
    return _Text(told, color, verbose, width).text()


class _Text:
    """Writes one explanation; gone when it is written."""

    def __init__(self, told: Explanation, color: bool, verbose: bool, width: int) -> None:
        self.told, self.verbose, self.width = told, verbose, width
        self.paint = painter(color)

    def text(self) -> str:
        return paragraphs(
            [
                list(self.head()),
                list(self.decision()),
                list(self.state()),
                list(self.fields()),
                list(self.neighbours("names", self.told.names)),
                list(self.neighbours("named by", self.told.named_by)),
            ]
        )

    def head(self) -> Iterator[str]:
        where = f"  {self.place(self.told.origin)}" if self.told.origin else ""
        yield f"{self.paint('bold', visible(self.told.address))}{where}"
        if self.told.title:
            yield self.told.title

    def decision(self) -> Iterator[str]:
        decision = self.told.decision
        if decision.action is None:
            words = "nothing to do" if self.told.source == "platform" else "not planned"
            yield from self.wrapped(f"{words}: {decision.words}", head=("bold", words))
        else:
            verb = f"{decision.action.value}{', blocked' if decision.blocked else ''}"
            code = f" [{decision.reason}]" if decision.reason else ""
            style: Style = "alarm" if decision.blocked else "yellow"
            yield from self.wrapped(f"{verb}: {decision.words}{code}", head=(style, verb))
        if decision.blocked is not None:
            block = decision.blocked
            yield from self.wrapped(f"blocked: {block.message} [{block.code}]", 2)
            yield from self.wrapped(decision.block_words, 2)
            if block.override:
                yield from self.wrapped(f"unless: {block.override}", 2)
        if decision.action is not None and decision.risk not in ("", "safe"):
            yield f"  risk: {decision.risk}"
        if decision.way_out:
            yield from self.wrapped(f"what makes it go away: {decision.way_out}", 2)
        for guard in decision.guards:
            yield from self.wrapped(f"stops the plan as a whole: {guard.message} [{guard.code}]", 2)
            if guard.override:
                yield from self.wrapped(f"unless: {guard.override}", 4)
        for request in decision.requests:
            yield f"  sends: {request.method} {visible(request.path)}"

    def state(self) -> Iterator[str]:
        rows = [("live", self.told.live_words), ("owner", self.told.ownership)]
        rows += [
            (f"lifecycle.{name}", f"{compact(value)}: {words}")
            for name, value, words in self.told.lifecycle
        ]
        room = max(len(name) for name, _ in rows)
        for name, words in rows:
            yield from self.wrapped(f"{name.ljust(room)}  {words}", 0, room + 2)

    def fields(self) -> Iterator[str]:
        if self.told.fields:
            yield self.paint("bold", "fields")
        for field in self.told.fields:
            yield from self.field(field)

    def field(self, field: FieldStory) -> Iterator[str]:
        sign, style, words = STATES[field.state]
        name = self.paint(style, f"{sign} {visible(field.path.removeprefix('spec.'))}")
        origin = "workspace default, " if field.from_workspace else ""
        where = f"  {self.paint('dim', origin)}{self.place(field.origin)}" if field.origin else ""
        yield f"  {name}{where}"
        for value in field.values:
            yield f"      ${{value.{value.name}}}  {self.place(value.origin)}"
        yield from self.values(field)
        if words:
            yield from self.wrapped(words, 6)
        if field.outlook:
            yield from self.wrapped(field.outlook, 6)
        if field.state not in ("same", "declared", "ignored"):
            for note in field.notes:
                yield from self.wrapped(f"note: {note}", 6)

    def values(self, field: FieldStory) -> Iterator[str]:
        if field.reference:
            yield f"      a secret, from {visible(field.reference)}"
            return
        known = [
            ("manifest", field.declared),
            ("live", field.live),
            ("last applied", field.applied),
        ]
        shown = [(name, value) for name, value in known if value is not UNSET]
        if len(shown) > 1 and len({compact(value) for _, value in shown}) == 1:
            shown = [(listed([name for name, _ in shown]), shown[0][1])]
        room = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            first, *more = self.value(value, room + 8)
            yield f"      {self.paint('dim', name.ljust(room))}  {first}"
            yield from (" " * (room + 8) + line for line in more)

    def value(self, value: JsonValue, lead: int) -> list[str]:
        """A value in lines; a list that is too long for one has a line for each element."""
        room = max(40, self.width - lead)
        if isinstance(value, list) and len(compact(value)) > room:
            return [f"- {line}" for item in value for line in self.wrapped_value(item, room - 2)]
        return self.wrapped_value(value, room)

    def wrapped_value(self, value: JsonValue, room: int) -> list[str]:
        text = compact(value) if self.verbose else shorten(compact(value), LONGEST_VALUE)
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        return lines or [text]

    def neighbours(self, title: str, others: Sequence[Neighbour]) -> Iterator[str]:
        if others:
            yield self.paint("bold", title)
        for other in others:
            where = self.place(other.origin) if other.origin else "not declared"
            fields = ", ".join(other.fields)
            yield f"  {visible(other.address)}  {visible(fields)}  {where}"

    def place(self, origin: Origin | None) -> str:
        return self.paint("dim", visible(str(origin))) if origin else ""

    def wrapped(
        self,
        text: str,
        indent: int = 0,
        hang: int | None = None,
        head: tuple[Style, str] | None = None,
    ) -> Iterator[str]:
        """The text in lines; `head` is how its first word looks."""
        lines = textwrap.wrap(
            visible(text),
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2 if hang is None else hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        if head is not None and lines:
            lines[0] = lines[0].replace(head[1], self.paint(*head), 1)
        yield from lines

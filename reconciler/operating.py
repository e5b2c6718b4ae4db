"""How objects that run by themselves are doing; and orders beside the desired state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from reconciler.engine.naming import named
from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    UnreachableError,
    UsageError,
)
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.operations import Asked, Begun, Operation, Remembered, Surveyed
from reconciler.kinds.steering import Stance
from reconciler.manifests.messages import nearest_hint
from reconciler.model import Absent, Address, Health, Live, Reach, Standing, Status, Unreadable
from reconciler.pipeline.session import Session
from reconciler.pipeline.steering import stance, wanted

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between two looks at an operation that goes on; the last one is repeated."""


def status(run: Session, addresses: Sequence[str] = ()) -> Status:
    """How the declared objects in scope are doing, or those named.

    Raises UsageError for an address nobody declares, or of a kind that says nothing of itself.
    """
    wanted = _surveyed(run, addresses)
    run.observer.probe(run.observer.sources)
    found: dict[Address, Health] = {}
    place: Callable[[Address], tuple[str, str]] = lambda a: (a.platform, a.kind)  # noqa: E731
    for (platform, kind), group in groupby(sorted(wanted, key=place), key=place):
        if platform not in run.observer.unreachable:
            found |= _asked(run, run.registry[kind], platform, list(group))
    return Status(tuple(_reaches(run)), tuple(sorted(found.items(), key=lambda item: item[0].full)))


def _surveyed(run: Session, addresses: Sequence[str]) -> list[Address]:
    declared = [m.address for m in run.chosen]
    if not addresses:
        return [a for a in declared if _tells(run, a)]
    found = [_declared(text, declared) for text in addresses]
    for address in found:
        if not _tells(run, address):
            raise UsageError(
                f"a {address.kind} does not run by itself: there is no status of it",
                hint="`reconciler plan` tells how it differs from its manifest",
            )
    return found


def _tells(run: Session, address: Address) -> bool:
    """Whether an object runs by itself, so that there is something to tell."""
    kind = run.registry[address.kind]
    return kind.survey is not None or (kind.steering is not None and kind.steering.runs)


def _steered(run: Session, addresses: Sequence[Address]) -> dict[Address, Health]:
    """How steered objects are doing: those that go on, wait for somebody or are done are well."""
    manifests = {m.address: m for m in run.chosen}
    memory: dict[Any, Any] = {}
    return {a: _health(stance(run, wanted(run, manifests[a], memory))) for a in addresses}


_WELL = ("Converged", "Progressing", "WaitingApproval", "Paused")


def _health(found: Stance | Unreadable) -> Health:
    if isinstance(found, Unreadable):
        return Health("unknown", found.reason)
    is_well = found.status in _WELL and found.blocked is None
    words = found.blocked.message if found.blocked else found.words
    details = {k: v for k, v in found.evidence.items() if k != "devices"}
    devices: Any = found.evidence.get("devices", ())
    if failed := [one for one in devices if "report" in one]:
        details["failed"] = failed
    return Health("healthy" if is_well else "degraded", words, details)


def _declared(text: str, declared: Sequence[Address]) -> Address:
    address = named(text, sorted(declared, key=lambda a: a.full))
    if address is None:
        near = nearest_hint(text, list(map(str, declared)))
        raise UsageError(
            f"no manifest declares {text}", hint=near or "`reconciler plan` lists them"
        )
    return address


def _asked(
    run: Session, kind: Kind, platform: str, addresses: list[Address]
) -> dict[Address, Health]:
    if kind.steering is not None:
        return _steered(run, addresses)
    assert kind.survey is not None
    seen = run.observer.observe(addresses).objects
    live = {a: o.raw for a, o in seen.items() if isinstance(o, Live)}
    found = {a: Health("unknown", _unseen(o)) for a, o in seen.items() if not isinstance(o, Live)}
    if not live or platform in run.observer.unreachable:
        return found
    try:
        told: dict[Address, Health] = run.clients[platform].run(
            kind.survey(Surveyed(live, datetime.now(UTC), _runs(run, live)))
        )
    except AnswerError as error:
        told = dict.fromkeys(live, Health("unknown", error.summary))
    return found | told


def _runs(run: Session, addresses: Iterable[Address]) -> dict[Address, Remembered]:
    """What is remembered of the last runs of objects this workspace owns."""
    entries = ((address, run.inventory.get(address)) for address in addresses)
    return {
        address: entry.run
        for address, entry in entries
        if entry is not None and entry.owner == run.workspace.name and entry.run
    }


def _unseen(observed: object) -> str:
    if isinstance(observed, Absent):
        return "it does not exist"
    return f"it could not be read: {getattr(observed, 'reason', '')}"


def _reaches(run: Session) -> Iterator[Reach]:
    for name, info in run.observer.infos.items():
        error = run.observer.unreachable.get(name)
        yield Reach(info, error.summary if error else "")


@dataclass(frozen=True, slots=True)
class Order:
    """One operation of one object, or of a platform, as somebody asked for it."""

    asked: Asked
    operation: Operation

    @property
    def address(self) -> Address:
        """Whose operation it is; of a platform's, the name is `*`."""
        return self.asked.address


@dataclass(frozen=True, slots=True)
class Operated:
    """What became of an order: what the server said, and the last standing if it was waited for.

    `report` is what it left behind, if that was asked for and is there. `forgotten` says why it
    could not be remembered, if it could not.
    """

    order: Order
    said: str
    standing: Standing | None = None
    report: bytes | None = None
    forgotten: str = ""


def is_of_platform(text: str) -> bool:
    """Whether somebody names a kind where others name an object: `KIND` or `PLATFORM:KIND`."""
    return "/" not in text


def order(run: Session, text: str, name: str, given: Mapping[str, str] | None = None) -> Order:
    """The operation somebody asks for. Raises UsageError where there is no such thing."""
    given = given or {}
    if is_of_platform(text):
        address = _platform_address(run, text)
    else:
        address = _declared(text, [m.address for m in run.chosen])
    kind = run.registry[address.kind]
    operation = kind.operation(name)
    if operation is None:
        known = [one.name for one in kind.operations]
        near = nearest_hint(name, known)
        raise UsageError(
            f"a {kind.name} has no operation '{name}'",
            hint=near or (f"it has {', '.join(known)}" if known else "it has none"),
        )
    if operation.of_platform != is_of_platform(text):
        meant = kind.name if operation.of_platform else f"{kind.name}/NAME"
        whole = "the whole platform" if operation.of_platform else "one object"
        raise UsageError(f"{name} is about {whole}", hint=f"write reconciler run {meant} {name}")
    _check_inputs(operation, given)
    run.observer.probe([address.platform])
    version = run.observer.infos[address.platform].versions.get(kind.service, "")
    if not at_least(version, operation.since):
        raise UsageError(
            f"{name} needs {kind.service} {operation.since}; the platform has {version}"
        )
    last = _runs(run, [address]).get(address, {})
    return Order(Asked(address, given, last=last), operation)


def _platform_address(run: Session, text: str) -> Address:
    platform, _, kind = text.rpartition(":")
    if kind not in run.registry:
        near = nearest_hint(kind, run.registry.names())
        raise UsageError(f"this version knows no kind '{kind}'", hint=near or "see `kinds`")
    known = list(run.workspace.platform_names)
    if not platform and len(known) > 1:
        raise UsageError(
            "which platform?", hint=f"write {known[0]}:{kind}; there are {', '.join(known)}"
        )
    if platform and platform not in known:
        near = nearest_hint(platform, known)
        raise UsageError(f"the workspace has no platform '{platform}'", hint=near)
    return Address(kind, ("*",), platform or known[0], qualified=len(known) > 1)


def _check_inputs(operation: Operation, given: Mapping[str, str]) -> None:
    names = [one.name for one in operation.inputs]
    for name in given:
        if name not in names:
            told = f"it takes {', '.join(names)}" if names else "it takes none"
            raise UsageError(f"{operation.name} takes no '{name}'", hint=told)
    for one in operation.inputs:
        if one.required and not given.get(one.name):
            raise UsageError(
                f"{operation.name} must be told {one.name}: {one.title}",
                hint=f"--set {one.name}=...",
            )


def operate(
    run: Session,
    wanted: Order,
    *,
    wait: float = 0.0,
    wants_report: bool = False,
    tell: Callable[[Standing], None] = lambda standing: None,
) -> Operated:
    """Give the order; with `wait`, follow it so many seconds until it is over.

    Raises AnswerError when the server refuses, OutcomeUnknownError when nobody can tell whether it
    began or when it does not end in time, UsageError where there is no report.
    """
    operation = wanted.operation
    if wants_report and operation.report is None:
        raise UsageError(f"{operation.name} leaves no report", hint="leave --out away")
    client = run.clients[wanted.address.platform]
    began = client.run(operation.start(wanted.asked))
    if not isinstance(began, Begun):
        began = Begun(str(began or ""))
    forgotten = _remember(run, wanted.address, began.record) if began.record else ""
    asked = replace(wanted.asked, mark=began.mark)
    standing = None
    if wait and operation.follow is not None:
        standing = _until_over(run, operation, asked, wait, tell)
    report = None
    if wants_report and operation.report is not None:
        report = client.run(operation.report(asked))
    return Operated(wanted, began.said, standing, report, forgotten)


def _remember(run: Session, address: Address, record: Remembered) -> str:
    """Have the inventory remember a run of an object this workspace owns; why not, if it cannot.

    The run goes on either way, so nothing is raised.
    """
    try:
        entry = run.store.load().get(address)
        if entry is not None and entry.owner == run.workspace.name:
            run.store.change({address.full: replace(entry, run=record)})
    except (ReconcilerError, OSError) as error:
        return str(error)
    return ""


def _until_over(
    run: Session,
    operation: Operation,
    asked: Asked,
    wait: float,
    tell: Callable[[Standing], None],
) -> Standing:
    assert operation.follow is not None
    client, clock = run.clients[asked.address.platform], run.observer.clock
    until = clock.now() + wait
    pauses = list(PAUSES)
    while True:
        try:
            standing: Standing = client.run(operation.follow(asked))
        except UnreachableError as error:
            standing = Standing(f"the platform does not answer: {error.summary}")
        tell(standing)
        if standing.is_over:
            return standing
        if clock.now() + pauses[0] > until:
            raise OutcomeUnknownError(
                f"{operation.name} of {asked.address} was started and is not over yet: "
                f"{standing.words}",
                hint="`reconciler status` tells how it goes on; --wait with more seconds waits",
            )
        clock.sleep(pauses[0])
        pauses = pauses[1:] or pauses

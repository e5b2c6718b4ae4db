"""How objects that run by themselves are doing; and orders beside the desired state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reconciler.engine.naming import named
from reconciler.errors import AnswerError, OutcomeUnknownError, UnreachableError, UsageError
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.operations import Operation
from reconciler.manifests.messages import nearest_hint
from reconciler.model import Absent, Address, Health, Live, Reach, Standing, Status
from reconciler.pipeline.session import Session

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
        return [a for a in declared if run.registry[a.kind].survey is not None]
    found = [_declared(text, declared) for text in addresses]
    for address in found:
        if run.registry[address.kind].survey is None:
            raise UsageError(
                f"a {address.kind} does not run by itself: there is no status of it",
                hint="`reconciler plan` tells how it differs from its manifest",
            )
    return found


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
    assert kind.survey is not None
    seen = run.observer.observe(addresses).objects
    live = {a: o.raw for a, o in seen.items() if isinstance(o, Live)}
    found = {a: Health("unknown", _unseen(o)) for a, o in seen.items() if not isinstance(o, Live)}
    if not live or platform in run.observer.unreachable:
        return found
    try:
        told: dict[Address, Health] = run.clients[platform].run(kind.survey(list(live), live))
    except AnswerError as error:
        told = dict.fromkeys(live, Health("unknown", error.summary))
    return found | told


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
    """One operation of one object, as somebody asked for it."""

    address: Address
    operation: Operation


@dataclass(frozen=True, slots=True)
class Operated:
    """What became of an order: what the server said, and the last standing if it was waited for."""

    order: Order
    said: str
    standing: Standing | None = None


def order(run: Session, text: str, name: str) -> Order:
    """The operation somebody asks for. Raises UsageError where there is no such thing."""
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
    run.observer.probe([address.platform])
    version = run.observer.infos[address.platform].versions.get(kind.service, "")
    if not at_least(version, operation.since):
        raise UsageError(
            f"{name} needs {kind.service} {operation.since}; the platform has {version}"
        )
    return Order(address, operation)


def operate(
    run: Session,
    wanted: Order,
    *,
    wait: float = 0.0,
    tell: Callable[[Standing], None] = lambda standing: None,
) -> Operated:
    """Give the order; with `wait`, follow it so many seconds until it is over.

    Raises AnswerError when the server refuses, OutcomeUnknownError when nobody can tell whether it
    began or when it does not end in time.
    """
    client = run.clients[wanted.address.platform]
    said = str(client.run(wanted.operation.start(wanted.address)) or "")
    if not wait or wanted.operation.follow is None:
        return Operated(wanted, said)
    clock = run.observer.clock
    until = clock.now() + wait
    pauses = list(PAUSES)
    while True:
        try:
            standing: Standing = client.run(wanted.operation.follow(wanted.address))
        except UnreachableError as error:
            standing = Standing(f"the platform does not answer: {error.summary}")
        tell(standing)
        if standing.is_over:
            return Operated(wanted, said, standing)
        if clock.now() + pauses[0] > until:
            raise OutcomeUnknownError(
                f"{wanted.operation.name} of {wanted.address} was started and is not over yet: "
                f"{standing.words}",
                hint="`reconciler status` tells how it goes on; --wait with more seconds waits",
            )
        clock.sleep(pauses[0])
        pauses = pauses[1:] or pauses

"""A session in, how its steered objects stand out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.engine.observation import Observation
from reconciler.errors import AnswerError, UnauthorisedError, UnreachableError, has_errors
from reconciler.kinds.steering import BUDGET, Stance, Wanted
from reconciler.kinds.wire import secrets_in
from reconciler.model import Address, Manifest, Unreadable
from reconciler.pipeline.session import Session


def is_steered(run: Session, manifest: Manifest) -> bool:
    """Whether an object is of a kind that is steered, not compared."""
    return run.registry[manifest.address.kind].steering is not None


def with_stances(run: Session, seen: Observation) -> Observation:
    """What was seen, with how the steered objects in scope stand. Raises UnreachableError."""
    homes = {m.address.platform for m in run.chosen if is_steered(run, m)}
    if not homes:
        return seen
    run.observer.probe(homes)
    found = stances(run)
    run.stances.update(found)
    observer = run.observer
    return replace(
        seen,
        stances=found,
        platforms=tuple(observer.infos.values()),
        unreachable={name: observer.sources[name].url for name in observer.unreachable},
    )


def goes_on(run: Session) -> bool:
    """Whether a steered object has a next step, or will have one by itself."""
    known = [one for one in run.stances.values() if isinstance(one, Stance)]
    return any(one.is_open or (one.action and not one.blocked) for one in known)


def words(run: Session) -> str:
    """How the objects stand that go on by themselves."""
    known = {a: s for a, s in run.stances.items() if isinstance(s, Stance) and s.is_open}
    return "; ".join(f"{address}: {stance.words}" for address, stance in known.items())


def stances(run: Session) -> Mapping[Address, Stance | Unreadable]:
    """Look at every steered object in scope. Raises UnreachableError."""
    found: dict[Address, Stance | Unreadable] = {}
    memory: dict[Any, Any] = {}
    for manifest in run.chosen:
        if is_steered(run, manifest):
            found[manifest.address] = stance(run, wanted(run, manifest, memory))
    return found


def wanted(run: Session, manifest: Manifest, memory: dict[Any, Any] | None = None) -> Wanted:
    """What a steering is asked about one object."""
    written = (run.workspace.spec.get(manifest.address.platform) or {}).get("requests")
    budget, where = BUDGET, "the default"
    if written is not None:
        budget, where = written, f"{run.workspace.file} spec.{manifest.address.platform}.requests"
    if run.settings.budget is not None:
        budget, where = run.settings.budget, "--budget"

    def declared(kind: str) -> Sequence[Manifest]:
        return [m for m in run.desire.manifests if m.address.kind == kind]

    return Wanted(
        manifest,
        declared,
        {} if memory is None else memory,
        budget,
        _read_yaml,
        time.time,
        run.settings.strict,
        _hiding(run, manifest),
        where,
    )


def _hiding(run: Session, manifest: Manifest) -> Callable[[str], str]:
    """What takes the secrets of a manifest out of a text, as far as they have a value here."""
    from reconciler.platform.knowledge import secret_source
    from reconciler.platform.spellings import spellings

    def hidden(text: str) -> str:
        source = secret_source(run.workspace, run.settings)
        fields = run.registry[manifest.address.kind].fields
        found = (source.find(one) for _, one in secrets_in(fields, manifest.spec))
        return spellings(one.reveal() for one in found if one is not None).sub("***", text)

    return hidden


def _read_yaml(text: str) -> Any:
    """The data of a YAML text. Raises ValueError."""
    from reconciler.manifests.yaml.reader import read

    documents, faults = read(text.encode(), "answer")
    if has_errors(faults) or len(documents) != 1:
        raise ValueError("it is no YAML document")
    return documents[0].data


def stance(run: Session, asked: Wanted) -> Stance | Unreadable:
    """How one object stands. Raises UnreachableError."""
    steering = run.registry[asked.address.kind].steering
    assert steering is not None
    client = run.clients.get(asked.address.platform)
    if asked.address.platform in run.observer.unreachable:
        return Unreadable("it does not answer")
    if client is None:
        return Unreadable("a snapshot does not hold what it takes to look at it")
    run.observer.progress(f"looking at {asked.address}", 0, 0)
    try:
        found: Stance = client.run(steering.look(asked))
    except AnswerError as error:
        return Unreadable(error.summary, error.status, error.hint)
    except UnauthorisedError:
        raise
    except UnreachableError as error:
        run.observer.gone(asked.address.platform, error)
        return Unreadable(error.summary)
    return found

"""One address in, everything there is to know of it out: why it is in the plan, or is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.diff import NOTHING_KNOWN
from reconciler.engine.naming import named
from reconciler.engine.ownership import predecessor
from reconciler.engine.resolve import declares
from reconciler.errors import ReconcilerError, UnreachableError, UsageError
from reconciler.explaining.found import Found
from reconciler.explaining.telling import explanation_of
from reconciler.kinds.steering import Stance
from reconciler.manifests.messages import nearest_hint
from reconciler.model import Absent, Address, Block, Inventory, Manifest, Observed, Plan, Unreadable
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.pipeline.session import Session, session
from reconciler.report.explanation import Explanation
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.platform.observe import Progress


def explain(
    settings: Settings,
    wanted: Desire,
    text: str,
    *,
    ask: bool = True,
    saved: Plan | None = None,
    progress: Progress | None = None,
) -> tuple[Explanation, ReconcilerError | None]:
    """Explain one object; and the error that kept a platform from being asked, if one did.

    Without `ask` no platform is asked. A `saved` plan stands for the platform. Raises UsageError
    for an address that nobody declares or owns.
    """
    inventory, unread = _recorded(settings, wanted, ask=ask and saved is None)
    address, manifest = _subject(text, wanted, inventory)
    known = _placed(wanted, Found(address, manifest, recorded=unread is None), inventory)
    if isinstance(unread, ReconcilerError):
        known = replace(known, error=unread, diagnostics=tuple(unread.diagnostics))
    elif saved is not None:
        change = next((c for c in saved.changes if str(c.address) == str(address)), None)
        guards = _about(saved.guards, address)
        known = replace(known, source="plan", change=change, guards=guards)
    elif ask:
        known = _ask(settings, wanted, known, progress)
    return explanation_of(wanted, known), known.error


def _recorded(
    settings: Settings, wanted: Desire, *, ask: bool
) -> tuple[Inventory, ReconcilerError | str | None]:
    """The inventory, and why it was not read if it was not: one on a platform needs the platform.

    Raises UsageError for a file that is no inventory.
    """
    from reconciler.platform.inventory.opening import open_store

    place = wanted.workspace.inventory_place
    if place is not None and settings.snapshot is not None:
        from reconciler.platform.snapshot.file import read_snapshot

        return read_snapshot(settings.snapshot).inventory, None
    if place is not None and not ask:
        return Inventory(), place.platform
    try:
        with open_store(wanted.workspace, settings) as store:
            return store.load(), None
    except UnreachableError as error:
        return Inventory(), error


def _subject(text: str, wanted: Desire, inventory: Inventory) -> tuple[Address, Manifest | None]:
    plural = wanted.workspace.is_plural
    manifests = {m.address: m for m in wanted.manifests}
    recorded = [Address.parse(key, qualified=plural) for key in inventory.entries]
    address = named(text, [*manifests, *recorded])
    if address is not None:
        return address, manifests.get(address)
    near = nearest_hint(text, [str(a) for a in (*manifests, *recorded)])
    raise UsageError(
        f"no manifest declares {text}, and the inventory does not know it",
        hint=near or "it is in no plan; `reconciler export` writes manifests for what is live",
    )


def _placed(wanted: Desire, known: Found, inventory: Inventory) -> Found:
    """What the inventory says of the object, also under the name or the kind it had before."""
    address, manifest, registry = known.address, known.manifest, wanted.registry
    entry = inventory.get(address)
    if manifest is None:
        return replace(known, entry=entry, successor=_successor(wanted, address))
    olds = [old for old in manifest.previous_addresses() if inventory.get(old) is not None]
    former = next(iter(olds), None) or predecessor(inventory, registry, address)
    if entry is not None or former is None:
        return replace(known, entry=entry)
    return replace(known, entry=inventory.get(former), former=former)


def _successor(wanted: Desire, address: Address) -> Address | None:
    """What declares an object under another kind of its namespace, or as its former name."""
    renamed = (m for m in wanted.manifests if address in set(m.previous_addresses()))
    found = next(renamed, None)
    if found is None and address.kind in wanted.registry:
        found = declares(wanted.manifests, wanted.registry)(address)
    return found.address if found is not None else None


def _ask(settings: Settings, wanted: Desire, known: Found, progress: Progress | None) -> Found:
    try:
        with session(settings, progress=progress, wanted=wanted) as run:
            known = replace(_placed(wanted, known, run.inventory), source="platform")
            observed = _observed(run, known)
            if known.manifest is not None:
                chosen = tuple(_with_needs(wanted, known.manifest))
                part = replace(run, chosen=chosen, prunes=False)
            elif run.prunes:
                part = run
            else:
                return replace(known, observed=observed)
            made = make_plan(part)
            guards = _about(_of_a_part(part, made), known.address)
    except (UnreachableError, UsageError) as error:
        return replace(known, source="manifests", error=error, diagnostics=tuple(error.diagnostics))
    change = next((c for c in made.changes if c.address == known.address), None)
    told = tuple(d for d in made.diagnostics if d.address == str(known.address))
    secrets = run.secrets.get(known.address, NOTHING_KNOWN)
    stance = run.stances.get(known.address)
    if isinstance(stance, Stance):
        known, observed = replace(known, stance=stance.words or stance.status), None
    elif stance is not None:
        observed = stance
    return replace(
        known, change=change, observed=observed, diagnostics=told, secrets=secrets, guards=guards
    )


_OF_ALL = ("limit", "max-risk")
"""What only the plan of everything, with the flags of its run, can tell."""


def _of_a_part(part: Session, made: Plan) -> Iterator[Block]:
    """What stops a plan as a whole, as far as the plan of a part shows it."""
    if part.chosen or part.prunes:
        yield from (block for block in run_blocks(part, made) if block.code not in _OF_ALL)


def _about(blocks: Iterable[Block], address: Address) -> tuple[Block, ...]:
    """Of what stops a plan as a whole, what is about one object or about no single one."""
    return tuple(b for b in blocks if b.address in (None, str(address)))


def _observed(run: Session, known: Found) -> Observed | None:
    address = known.address
    if address.kind in run.registry and run.registry[address.kind].steering is not None:
        return None  # the plan looks at it
    if address.kind not in run.registry:
        return Unreadable(f"this version has no kind '{address.kind}'")
    if address.platform not in {m.address.platform for m in run.desire.manifests}:
        return Unreadable(f"no manifest is about platform '{address.platform}'")
    found = run.observer.observe([address]).objects[address]
    former = known.former
    if isinstance(found, Absent) and former is not None and former.kind == address.kind:
        return run.observer.observe([former]).objects[former]
    return found


def _with_needs(wanted: Desire, manifest: Manifest) -> Iterator[Manifest]:
    """The manifest and all it needs, in order: a block of one of them reaches this one."""
    needed, todo = {manifest.address}, [manifest.address]
    while todo:
        for address in wanted.resolved.requires.get(todo.pop(), ()):
            if address not in needed:
                needed.add(address)
                todo.append(address)
    yield from (m for m in wanted.manifests if m.address in needed)

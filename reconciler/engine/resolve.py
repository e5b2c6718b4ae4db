"""Manifests in, their references out: the order of changes, dangling names, cycles.

Nobody maintains a list of kinds: who names whom decides who comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.marks import RefCheck
from reconciler.kinds.patterns import is_pattern, matches
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import comparable
from reconciler.model import Address, Finding, Manifest, Path


class Reference(NamedTuple):
    """One name written in a manifest that means another object."""

    path: Path
    name: str
    kinds: tuple[str, ...]
    check: RefCheck
    offset: int | None = None
    """Where the name stands in the text at `path`, where that holds more than the name."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that no manifest answers, though one should or the platform must."""

    manifest: Manifest
    reference: Reference
    nearest: str = ""
    other: Address | None = None
    """An object of that name that does not fit: of another kind, or on another platform."""
    kinds: tuple[str, ...] = ()
    """The kinds of this version that fit."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The desired state with its references known.

    `manifests` are in an order in which every object comes after those it names; `requires` holds
    the declared objects each one names.
    """

    manifests: tuple[Manifest, ...] = ()
    requires: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    unmatched: tuple[Missing, ...] = ()
    """References that may be patterns, and match nothing that is declared."""
    cycles: tuple[tuple[Manifest, ...], ...] = ()


def resolve(manifests: Iterable[Manifest], registry: Registry) -> Resolved:
    """Follow every reference; nothing is raised, faults are part of the result."""
    by_address = {manifest.address: manifest for manifest in manifests}
    names = names_of(by_address, registry)
    requires: dict[Address, tuple[Address, ...]] = {}
    missing: list[Missing] = []
    unmatched: list[Missing] = []
    for address, manifest in by_address.items():
        found: list[Address] = []
        for reference in references(registry, manifest):
            if reference.check == "pattern":
                hits = [a for a in matching(reference, address, names, registry) if a != address]
                if not is_pattern(reference.name):  # a pattern needs none of those it matches
                    found += hits
                if not hits:
                    unmatched.append(_missing(reference, manifest, by_address, registry))
                continue
            named = target(reference, manifest, names)
            if named is not None and named != address:
                found.append(named)
            elif named is None and reference.check != "server":
                missing.append(_missing(reference, manifest, by_address, registry))
        found += [first for first in manifest.after if first in by_address]
        for parent in parents_of(manifest, registry):
            if parent.address in by_address:
                found.append(parent.address)
            else:
                missing.append(_missing(parent.reference, manifest, by_address, registry))
        requires[address] = tuple(dict.fromkeys(found)) if found else ()
    order, cycles = _ordered(requires)
    return Resolved(
        tuple(by_address[address] for address in order),
        requires,
        tuple(missing),
        tuple(unmatched),
        tuple(tuple(by_address[a] for a in cycle) for cycle in cycles),
    )


def declares(
    manifests: Iterable[Manifest], registry: Registry
) -> Callable[[Address], Manifest | None]:
    """A test for what manifests declare; kinds of one namespace share their names, without case."""

    def identity(address: Address) -> tuple[str, ...]:
        space = registry[address.kind].namespace if address.kind in registry else ""
        parts = tuple(part.casefold() for part in address.parts) if space else address.parts
        return (address.platform, space or address.kind, *parts)

    known = {identity(manifest.address): manifest for manifest in manifests}
    return lambda address: known.get(identity(address))


Names = Mapping[tuple[str, str, str], Address]
"""Declared objects by platform, kind, and the name by which others refer to them."""


def names_of(declared: Iterable[Address], registry: Registry) -> Names:
    """Declared objects by the names others use for them, and by those with their parents'."""
    found: dict[tuple[str, str, str], Address] = {}
    for address in declared:
        found[address.platform, address.kind, registry[address.kind].referred_as(address)] = address
        if len(address.parts) > 1:
            found[address.platform, address.kind, "/".join(address.parts)] = address
    return found


class Parent(NamedTuple):
    """An object that another one lives in, and the reference its metadata makes of it."""

    address: Address
    reference: Reference


def parents_of(manifest: Manifest, registry: Registry) -> Iterator[Parent]:
    """The objects an object lives in, such as the project of an environment."""
    address = manifest.address
    if len(address.parts) == 1:
        return
    parents = registry[address.kind].parents
    for depth, (name, kind) in enumerate(parents.items(), 1):
        if kind not in registry:
            continue  # nothing of the API shows whether there is one
        parent = Address(kind, address.parts[:depth], address.platform, address.qualified)
        yield Parent(parent, Reference(("metadata", name), parent.name, (kind,), "live"))


def references(registry: Registry, manifest: Manifest) -> Iterator[Reference]:
    """The references written in one manifest."""
    return _references(registry[manifest.address.kind].naming_fields, manifest.spec, ("spec",))


def _references(fields: FieldTable, spec: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    if fields.keys().isdisjoint(spec):
        return
    for name, value in spec.items():
        field = fields.get(name)
        if field is not None:
            yield from _field_references(field, value, (*at, name))


def _field_references(field: Field, value: Any, at: Path) -> Iterator[Reference]:
    if field.refs_in is not None:
        for name, offset in field.refs_in(value) if isinstance(value, str) else ():
            yield Reference(at, name, field.refs, field.ref_check, offset)
    elif field.refs:
        names = value if isinstance(value, list) else [value]
        for index, name in enumerate(names):
            if isinstance(name, str) and name and _means_something(field, name):
                path = (*at, index) if isinstance(value, list) else at
                yield Reference(path, name, field.refs, field.ref_check)
    elif field.shape == "object" and isinstance(value, dict):
        yield from _references(field.fields, value, at)
    elif field.shape == "list" and field.element and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _field_references(field.element, item, (*at, index))


def _means_something(field: Field, name: str) -> bool:
    """Whether a name stands for an object, and not for none (`projectKey: default`)."""
    return not field.same or field.shape == "list" or comparable(field, name) is not None


def matching(
    reference: Reference, here: Address, names: Names, registry: Registry
) -> Iterator[Address]:
    """The declared objects that a name or a pattern means."""
    for (platform, kind, name), address in names.items():
        if platform == here.platform and kind in reference.kinds:
            known_as = (name, *registry[kind].also_named(name))
            if any(matches(reference.name, one) for one in known_as):
                yield address


def target(reference: Reference, manifest: Manifest, names: Names) -> Address | None:
    """The declared object a reference means, or None when no manifest answers it."""
    platform, beside = manifest.address.platform, manifest.address.parts[:-1]
    for kind in reference.kinds:
        if beside and (near := names.get((platform, kind, "/".join((*beside, reference.name))))):
            return near
        if (found := names.get((platform, kind, reference.name))) is not None:
            return found
    return None


def meant(reference: Reference, manifest: Manifest, kind: str, registry: Registry) -> Address:
    """The address a reference means, were its target of this kind: beside the one that names it."""
    here = manifest.address
    parents = len(registry[kind].parents) if kind in registry else 0
    parts = (*here.parts[:parents], reference.name)
    return Address(kind, parts, here.platform, here.qualified)


def _missing(
    reference: Reference,
    manifest: Manifest,
    declared: Mapping[Address, Manifest],
    registry: Registry,
) -> Missing:
    here = manifest.address.platform
    fitting = [a for a in declared if a.kind in reference.kinds]
    named = [a for a in declared if a.name == reference.name]
    other = [a for a in named if a.platform == here] or [a for a in named if a in fitting]
    folded = {a.name.lower(): a.name for a in fitting if a.platform == here}
    near = get_close_matches(reference.name.lower(), folded, 1, 0.75)
    return Missing(
        manifest,
        reference,
        folded[near[0]] if near else "",
        other[0] if other else None,
        tuple(kind for kind in reference.kinds if kind in registry),
    )


def _ordered(
    requires: Mapping[Address, tuple[Address, ...]],
) -> tuple[list[Address], list[tuple[Address, ...]]]:
    """Topological order, equal ones by address; cycles are cut out and returned beside it."""
    # Sorting and the dictionaries of graphlib work on numbers that stand for the addresses in their
    # order: texts to compare and tuples to hash would take three times as long.
    sorted_ = sorted(requires, key=lambda address: address.full)
    number = {address: n for n, address in enumerate(sorted_)}
    graph = {
        number[address]: {number[target] for target in targets}
        for address, targets in requires.items()
    }
    cycles: list[tuple[Address, ...]] = []
    while True:
        sorter = TopologicalSorter(graph)
        try:
            sorter.prepare()
        except CycleError as error:
            # graphlib lists the cycle from the named one to the naming one, first again at the end
            cycle = tuple(reversed(error.args[1][1:]))
            cycles.append(tuple(sorted_[n] for n in _from_smallest(cycle)))
            graph[cycle[0]].discard(cycle[1 % len(cycle)])
            continue
        order: list[int] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            order += ready
            sorter.done(*ready)
        return [sorted_[n] for n in order], cycles


def candidates(gap: Missing, registry: Registry) -> Iterator[Address]:
    """The addresses at which the platform may have what no manifest declares.

    Kinds of one namespace answer for each other, so one of them is asked.
    """
    here = gap.manifest.address
    asked: set[str] = set()
    for kind in gap.kinds:
        space = registry[kind].namespace or kind
        if space not in asked:
            asked.add(space)
            yield Address(kind, (gap.reference.name,), here.platform, here.qualified)


def _from_smallest(cycle: tuple[int, ...]) -> tuple[int, ...]:
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]


def findings(
    resolved: Resolved, *, dangling: bool, unsound: Collection[tuple[str, str]] = ()
) -> Iterator[Finding]:
    """What is wrong with the references.

    With `dangling`, what must be declared and is not is an error; without it the plan decides,
    which also knows what is live. `unsound` are kind and name of manifests with errors of
    their own: whoever names them is not to blame.
    """
    yield from map(_circle, resolved.cycles)
    for gap in resolved.missing if dangling else ():
        names = {(kind, gap.reference.name) for kind in gap.reference.kinds}
        if gap.reference.check == "declared" and names.isdisjoint(unsound):
            yield _dangling(gap)


def _circle(cycle: tuple[Manifest, ...]) -> Finding:
    first = cycle[0]
    path = " -> ".join(str(m.address) for m in (*cycle, first))
    return Finding(
        first.origin,
        first.index,
        ("metadata", "name"),
        "reference-cycle",
        f"these objects name each other in a circle: {path}",
        "take one of the names out; no order of creation satisfies a circle",
        address=str(first.address),
    )


def _dangling(missing: Missing) -> Finding:
    reference, other, here = missing.reference, missing.other, missing.manifest.address.platform
    text = f"no manifest declares '{reference.name}'"
    *most, last = missing.kinds or reference.kinds
    kinds = f"{', '.join(most)} or {last}" if most else last
    if other is not None and other.platform != here:
        text += f" on platform '{here}'"
        hint = f"add '{here}' to metadata.platforms of {other}"
    elif other is not None:
        text = f"'{reference.name}' is a {other.kind}, which cannot stand here"
        hint = f"name a {kinds}"
    elif missing.nearest:
        hint = f"did you mean '{missing.nearest}'?"
    else:
        hint = (
            f"declare it as a {kinds}; one that others look after is declared with "
            "metadata.lifecycle.manage: observe"
        )
    return Finding(
        missing.manifest.origin,
        missing.manifest.index,
        reference.path,
        "dangling-reference",
        text,
        hint,
        address=str(missing.manifest.address),
    )

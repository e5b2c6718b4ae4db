"""What drifted on several platforms that hold one thing in, edits of its one manifest out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.engine.acceptance import Edit, Refusal
from reconciler.kinds.kind import Gathering, SiteFound
from reconciler.kinds.values import same
from reconciler.model import UNSET, Drift, FieldChange, JsonValue, Manifest
from reconciler.pipeline.session import Session, part_of

Place = tuple[str, int]
"""A document: its file relative to the workspace, and its number there."""

Drifted = Sequence[tuple[Manifest, FieldChange]]
"""The sites of one document, each with a field that is no more as it was applied."""


def place_of(manifest: Manifest) -> Place:
    """The document that a manifest comes from."""
    return manifest.origin.file, manifest.index


def gathered(
    run: Session, drift: Drift, place: Place, found: Drifted
) -> dict[str, JsonValue] | Refusal:
    """The values of the spec after which it says what the sites are like."""
    first = found[0][0]
    gathering = _gathering(run, first)
    sites = [m for m in run.desire.manifests if place_of(m) == place]
    fields = {drifted.path.removeprefix("spec.") for _, drifted in found}
    for site in sites:
        if any(_is_changed(run, site, name, found) for name in fields):
            return Refusal(
                f"the manifest was changed too, for {site.address}",
                "decide which is right, and write it into the manifest",
            )
    seen = [_found(run, drift, site, gathering, found) for site in sites]
    spec, name = run.spread[first.address].spec, first.address.parts[0]
    values = gathering.values(spec, name, seen, run.workspace.platform_names, run.url_of)
    if isinstance(values, str):
        return Refusal(
            values,
            "make them agree (`reconciler run ... config-sync` of the one that is right), or apply "
            "to put them back",
        )
    return dict(values)


def edits_of(
    run: Session, place: Place, manifest: Manifest, values: dict[str, JsonValue]
) -> Iterator[Edit]:
    """What leads from the document as it stands in its file to one with these values."""
    data = next(d.data for d in run.desire.documents if (d.origin.file, d.index) == place)
    written = data.get("spec") or {}
    for name, value in values.items():
        old = written.get(name, UNSET)
        if isinstance(old, list) and isinstance(value, list):
            for path, item in _gathering(run, manifest).items(old, value):
                yield ("spec", name, *path), item
        elif old != value:
            yield ("spec", name), value


def _gathering(run: Session, manifest: Manifest) -> Gathering:
    found = run.registry[manifest.address.kind].gathering
    assert found is not None
    return found


def _is_changed(run: Session, site: Manifest, name: str, found: Drifted) -> bool:
    """Whether the manifest says of a site what was not applied there."""
    path = f"spec.{name}"
    entry = run.inventory.get(site.address)
    if entry is None or (name not in site.spec and path not in entry.applied):
        return False
    applied = {m.address: f.before for m, f in found if f.path == path}
    before = applied.get(site.address, entry.applied.get(path, UNSET))
    wanted = site.spec.get(name, UNSET)
    return not same(run.registry[site.address.kind].fields[name], wanted, before)


def _found(
    run: Session, drift: Drift, site: Manifest, gathering: Gathering, found: Drifted
) -> SiteFound:
    """A site that was not looked at, or is gone, says nothing."""
    address = site.address
    lost = {e.address for e in drift.entries if e.status != "changed"}
    is_seen = part_of(run, drift.scope)(address) and address not in lost
    if run.inventory.get(address) is None or not is_seen:
        return SiteFound(address, None)
    values = {name: site.spec.get(name) for name in gathering.fields}
    drifted = {f.path.removeprefix("spec."): f.after for m, f in found if m.address == address}
    return SiteFound(address, {**values, **drifted}, frozenset(drifted))

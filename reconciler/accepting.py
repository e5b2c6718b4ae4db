"""Drift in, manifest files that say what is live out; the caller writes them.

Documents are taken one by one: one that cannot be rewritten, or would be invalid then, stays as it
is, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.engine.acceptance import Edit, Refusal, accepted, derived, recorded
from reconciler.errors import Diagnostic, has_errors
from reconciler.manifests.findings import locate
from reconciler.manifests.placeholders import Filling, escaped
from reconciler.manifests.validate import validate
from reconciler.model import Address, Document, Drift, DriftEntry, Entry, FieldChange, Manifest
from reconciler.pipeline.gathering import Place, edits_of, gathered
from reconciler.pipeline.gathering import place_of as _place
from reconciler.pipeline.session import Session


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A manifest file with its text before and after."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What accepting a drift writes: files, entries of the inventory; and what it leaves alone."""

    files: tuple[Rewritten, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    fields: Mapping[Address, tuple[FieldChange, ...]] = field(default_factory=dict)
    refused: tuple[Diagnostic, ...] = ()


def accept(run: Session, drift: Drift) -> Acceptance:
    """What makes the drifted manifests say what is live; writes nothing.

    Only fields that drifted are touched, and only where the manifest still says what was applied.
    """
    return _Acceptor(run, drift).result()


class _Acceptor:
    """Collects edits document by document; gone when the files are known."""

    def __init__(self, run: Session, drift: Drift) -> None:
        self.run, self.drift = run, drift
        self.manifests = {m.address: m for m in run.desire.manifests}
        self.documents = {(d.origin.file, d.index): d for d in run.desire.documents}
        self.drifted = {e.address: e for e in drift.drifted}
        self.edits: dict[Place, list[Edit]] = defaultdict(list)
        self.taken: dict[Address, list[FieldChange]] = defaultdict(list)
        self.refused: list[Diagnostic] = []
        self.texts: dict[str, tuple[str, str]] = {}
        self.spread: dict[Place, list[tuple[Manifest, FieldChange]]] = defaultdict(list)

    def result(self) -> Acceptance:
        """Everything that can be accepted."""
        for entry in self.drift.drifted:
            self._consider(entry)
        for place, found in self.spread.items():
            self._gather(place, found)
        for place, edits in self.edits.items():
            refusal = self._rewrite(place, edits)
            if refusal is not None:
                self._leave(place, refusal)
        fields = {address: tuple(found) for address, found in self.taken.items() if found}
        entries = {
            address.full: recorded(self.run.inventory.entries[address.full], list(found))
            for address, found in fields.items()
        }
        files = (Rewritten(f, old, new) for f, (old, new) in self.texts.items() if old != new)
        return Acceptance(tuple(files), entries, fields, tuple(self.refused))

    def _consider(self, entry: DriftEntry) -> None:
        manifest = self.manifests.get(entry.address)
        if entry.status == "deleted":
            self._refuse(
                entry.address,
                Refusal(
                    "it was deleted on the platform",
                    "take its manifest out and `reconciler release` it, or apply to create it",
                ),
            )
        elif manifest is None:
            self._refuse(
                entry.address,
                Refusal("no manifest declares it", "`reconciler release` gives it up"),
            )
        elif (refusal := derived(manifest.origin)) is not None:
            self._refuse(entry.address, replace(refusal, reason=f"its manifest {refusal.reason}"))
        else:
            gathering = self.run.registry[manifest.address.kind].gathering
            for drifted in entry.fields:
                if gathering is not None and drifted.path[len("spec.") :] in gathering.fields:
                    self.spread[_place(manifest)].append((manifest, drifted))
                else:
                    self._consider_field(manifest, drifted)

    def _gather(self, place: Place, found: list[tuple[Manifest, FieldChange]]) -> None:
        """Fields that each platform has in its own words, and the manifest in one for all."""
        result = gathered(self.run, self.drift, place, found)
        if isinstance(result, Refusal):
            for manifest, drifted in found:
                self._refuse(manifest.address, result, drifted.path)
            return
        for manifest, drifted in found:
            self.taken[manifest.address].append(drifted)
        self.edits[place] += edits_of(self.run, place, found[0][0], result)

    def _consider_field(self, manifest: Manifest, drifted: FieldChange) -> None:
        place = _place(manifest)
        kind = self.run.registry[manifest.address.kind]
        found = accepted(kind, manifest, self.documents[place].data, drifted)
        if not isinstance(found, Refusal) and found:
            found = self._not_shared(manifest, drifted) or found
        if isinstance(found, Refusal):
            self._refuse(manifest.address, found, drifted.path)
            return
        self.taken[manifest.address].append(drifted)
        edits = [(path, escaped(value)) for path, value in found]
        self.edits[place] += [edit for edit in edits if edit not in self.edits[place]]

    def _not_shared(self, manifest: Manifest, drifted: FieldChange) -> Refusal | None:
        """A document for several platforms is rewritten only when all of them drifted alike."""
        for other in self.run.desire.manifests:
            together = _place(other) == _place(manifest)
            if not together or other.address == manifest.address:
                continue
            entry = self.drifted.get(other.address)
            alike = [f for f in entry.fields if f.path == drifted.path] if entry else []
            if not alike or alike[0].after != drifted.after:
                is_one = self.run.registry[manifest.address.kind].gathering is not None
                return Refusal(
                    f"the same document declares {other.address}, which did not drift alike",
                    "make it the same everywhere first (`reconciler run ... config-sync`), or "
                    "apply to put it back"
                    if is_one
                    else "write a manifest for each platform, or an environment's patch",
                )
        return None

    def _rewrite(self, place: Place, edits: list[Edit]) -> Refusal | None:
        """Edit one document of a file; the text stays as it was when that cannot be done."""
        from reconciler.manifests.yaml.edit import edit

        file, index = place
        if not edits:
            return None
        if file not in self.texts:
            text = (self.run.workspace.root / file).read_bytes().decode("utf-8")
            self.texts[file] = (text, text)
        before, text = self.texts[file]
        try:
            fresh = edit(text, index, edits)
        except ValueError as error:
            return Refusal(str(error), "change it by hand")
        faults = self._faults(place, fresh)
        if faults:
            return Refusal(f"the manifest would be invalid: {faults[0].summary}", faults[0].hint)
        self.texts[file] = (before, fresh)
        return None

    def _faults(self, place: Place, text: str) -> list[Diagnostic]:
        """What would be wrong with the document by itself."""
        from reconciler.manifests.yaml.reader import read

        file, index = place
        documents, faults = read(text.encode(), file)
        if has_errors(faults):
            return faults
        data = next(d.data for d in documents if d.index == index)
        written = Document(self.documents[place].origin, data, index)
        filling = Filling(written, None)  # only of escapes: it would be derived otherwise
        changed = replace(written, data=filling.fill(data).value)
        validated = validate([changed], self.run.workspace, self.run.registry)
        findings = [*filling.findings, *validated.findings]
        found = list(locate(findings, lambda _: text.encode()))
        return [d for d in found if d.severity == "error"]

    def _leave(self, place: Place, refusal: Refusal) -> None:
        """Nothing of a document is accepted: not its edits, not what needed none."""
        for address in list(self.taken):
            manifest = self.manifests[address]
            if _place(manifest) == place:
                self._refuse(address, refusal, *(f.path for f in self.taken.pop(address)))

    def _refuse(self, address: Address, refusal: Refusal, *paths: str) -> None:
        manifest = self.manifests.get(address)
        where = {"file": manifest.origin.file, "line": manifest.origin.line} if manifest else {}
        self.refused.append(_diagnostic(address, refusal, paths, where))


def _diagnostic(
    address: Address, refusal: Refusal, paths: tuple[str, ...], where: Mapping[str, Any]
) -> Diagnostic:
    what = f"{address} {', '.join(paths)}" if paths else str(address)
    return Diagnostic(
        "drift-not-accepted",
        "warning",
        f"{what} is left as it is: {refusal.reason}",
        hint=refusal.hint,
        address=str(address),
        **where,
    )


def remaining(drift: Drift, acceptance: Acceptance) -> Iterator[DriftEntry]:
    """The objects that have drifted still, when the acceptance is written."""
    for entry in drift.drifted:
        if len(acceptance.fields.get(entry.address, ())) < max(len(entry.fields), 1):
            yield entry

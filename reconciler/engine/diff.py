"""One desired and one live object in, the differences out. Only declared fields are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from reconciler.engine.sending import left_of, sendable
from reconciler.kinds.fields import PASS_THROUGH, Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.rest import Conversion
from reconciler.kinds.values import (
    as_written,
    is_masked,
    same,
    shown,
    without_credentials,
    without_implied,
)
from reconciler.kinds.wire import secrets_in
from reconciler.model import (
    UNSET,
    Entry,
    FieldChange,
    JsonValue,
    Live,
    Manifest,
    reference_name,
)

NO_ENTRY = Entry(owner="")


@dataclass(frozen=True, slots=True)
class SecretKnowledge:
    """What is known of one manifest's secrets when the plan is made.

    `prints` holds a keyed fingerprint for each secret path whose value could be resolved;
    `rotate` the paths whose write is forced.
    """

    prints: Mapping[str, str] = field(default_factory=dict)
    rotate: frozenset[str] = frozenset()


NOTHING_KNOWN = SecretKnowledge()


@dataclass(frozen=True, slots=True)
class Difference:
    """How a live object differs from its manifest.

    | part         | meaning                                                        |
    |--------------|----------------------------------------------------------------|
    | changes      | will be written                                                |
    | unverifiable | secrets that cannot be compared and are left alone             |
    | fixed        | differ, but are fixed at creation: blocks the change           |
    | stuck        | should be cleared, but the server cannot: blocks the change    |
    | unreadable   | declared paths that the answer lacks: no conclusion            |
    | rewritten    | known to be rewritten by the server: told before, not planned  |
    | conversion   | how the live object becomes one of the manifest's kind, if it must |
    """

    changes: tuple[FieldChange, ...] = ()
    unverifiable: tuple[FieldChange, ...] = ()
    fixed: tuple[FieldChange, ...] = ()
    stuck: tuple[FieldChange, ...] = ()
    unreadable: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    conversion: Conversion | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing to write and nothing that ought to be written."""
        return not (self.changes or self.fixed or self.stuck)


def diff(
    kind: Kind,
    manifest: Manifest,
    live: Live,
    entry: Entry | None = None,
    secrets: SecretKnowledge = NOTHING_KNOWN,
) -> Difference:
    """Compare one manifest with the live object of its address."""
    found = _Findings(kind, manifest, live, entry or NO_ENTRY, secrets)
    found.compare_class()
    spec: Mapping[str, Any] = manifest.spec
    if kind.modes and (decided := found.compare_mode()):
        spec = {name: value for name, value in spec.items() if name not in decided}
    found.compare_all(kind.fields, spec, live.raw, "spec")
    found.compare_extra()
    return found.result()


def declared(kind: Kind, manifest: Manifest) -> tuple[FieldChange, ...]:
    """Every declared field as a change of an object that does not exist yet."""
    sent = sendable(kind, manifest)
    secret = {_text(path): ref for path, ref in secrets_in(kind.secret_fields, sent)}
    return tuple(
        _new(path, value, secret, known) for path, value, known in leaves(kind.fields, sent, "spec")
    )


def released(kind: Kind, manifest: Manifest, entry: Entry) -> list[str]:
    """Fields we once wrote and the manifest declares no more; their values are left as they are."""
    spec = manifest.spec
    is_flat = not any(isinstance(value, dict) for value in spec.values())
    if is_flat and not manifest.lifecycle.ignore and entry.applied.keys() <= _paths(tuple(spec)):
        return []  # nearly always
    doubtful: Iterable[str] = entry.applied
    if not manifest.lifecycle.ignore:  # what is declared as one value needs no closer look
        doubtful = [p for p in doubtful if isinstance(spec.get(p[len("spec.") :], {}), dict)]
    if not doubtful:
        return []
    paths = {path for path, _, _ in leaves(kind.fields, sendable(kind, manifest), "spec")}
    return sorted(path for path in doubtful if path not in paths)


@lru_cache(maxsize=256)
def _paths(names: tuple[str, ...]) -> frozenset[str]:
    """The paths of a spec with these fields; thousands of manifests have the same few."""
    return frozenset(f"spec.{name}" for name in names)


def leaves(
    fields: FieldTable, spec: Mapping[str, Any], at: str
) -> Iterator[tuple[str, JsonValue, Field | None]]:
    """The declared fields with their paths, objects taken apart; None for one passed through."""
    for name, value in spec.items():
        path = f"{at}.{name}"
        known = fields.get(name)
        if known is not None and known.shape == "object" and isinstance(value, dict):
            yield from leaves(known.fields, value, path)
        elif name == PASS_THROUGH and at == "spec" and isinstance(value, dict):
            yield from ((f"{path}.{key}", inner, None) for key, inner in value.items())
        else:
            yield path, value, known


def _new(
    path: str,
    value: JsonValue,
    secret: Mapping[str, Mapping[str, str]],
    known: Field | None,
) -> FieldChange:
    if path in secret:
        return FieldChange(path, secret="set", reference=reference_name(secret[path]))
    return _change(known, path, UNSET, value)


def _change(known: Field | None, path: str, before: JsonValue, after: JsonValue) -> FieldChange:
    """A change as it is shown: sets on both sides in one order, whatever order they came in."""
    if known is None or known.shape != "list":
        return FieldChange(path, before, after)
    return FieldChange(path, before, shown(known, after), ordered=not known.unordered)


def _text(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _is_plainly_same(known: Field, wanted: JsonValue, have: JsonValue) -> bool:
    """Whether two values are equal as they are, in a field for which that says enough.

    True of nearly every field of a converged platform, at a third of the price of a comparison.
    """
    if type(have) is not type(wanted) or have != wanted or known.write_only:
        return False
    if known.shape == "list":
        return known.element is not None and known.element.shape == "text"
    return known.shape in ("text", "integer", "boolean")


class _Findings:
    """Collects what the comparison finds; one object a comparison, gone afterwards."""

    def __init__(
        self, kind: Kind, manifest: Manifest, live: Live, entry: Entry, secrets: SecretKnowledge
    ) -> None:
        self.kind, self.manifest, self.live = kind, manifest, live
        self.entry, self.secrets = entry, secrets
        self.left = left_of(kind, manifest)
        self.changes: list[FieldChange] = []
        self.unverifiable: list[FieldChange] = []
        self.fixed: list[FieldChange] = []
        self.stuck: list[FieldChange] = []
        self.unreadable: list[str] = []
        self.rewritten: list[str] = []
        self.conversion: Conversion | None = None

    def result(self) -> Difference:
        """What was found."""
        return Difference(
            tuple(self.changes),
            tuple(self.unverifiable),
            tuple(self.fixed),
            tuple(self.stuck),
            tuple(self.unreadable),
            tuple(self.rewritten),
            self.conversion,
        )

    def compare_mode(self) -> frozenset[str]:
        """An object that is of another mode for good; returns the fields not to be compared."""
        modes, spec = self.kind.modes, self.manifest.spec
        wanted = [name for name in modes if spec.get(name)]
        have = [name for name in modes if self.kind.fields[name].live_value(self.live.raw, None)]
        if not wanted or not have or not set(wanted).isdisjoint(have):
            return frozenset()
        self.fixed += [
            FieldChange(
                f"spec.{name}", self.kind.fields[name].live_value(self.live.raw, None), None
            )
            for name in have
        ]
        self.fixed += [FieldChange(f"spec.{name}", UNSET, spec[name]) for name in wanted]
        return frozenset(modes)

    def compare_class(self) -> None:
        """A live object of another class is another thing, or can be turned into this one."""
        different = [
            FieldChange(name, have, wanted)
            for name, wanted in self.kind.rest.constants.items()
            if (have := self.live.raw.get(name, wanted)) != wanted
        ]
        if different:
            self.conversion = self.kind.rest.conversion(self.manifest.address.name, self.live.raw)
        if self.conversion is None:
            self.fixed += different
        else:
            self.changes += different

    def compare_all(
        self, fields: FieldTable, spec: Mapping[str, Any], raw: Mapping[str, Any], at: str
    ) -> None:
        """Compare the declared fields of one object, or of one nested object."""
        for name, wanted in spec.items():
            known = fields.get(name)
            if known is None or _is_plainly_same(known, wanted, raw.get(known.wire, UNSET)):
                continue
            path = f"{at}.{name}"
            if self.left.covers(path):
                continue
            if known.shape == "secret":
                self.compare_secret(path, wanted)
            elif known.write_only:
                self.compare_write_only(known, path, wanted)
            elif known.shape == "object" and isinstance(wanted, dict):
                inner = known.live_value(raw, {})
                self.compare_all(
                    known.fields, wanted, inner if isinstance(inner, dict) else {}, path
                )
            else:
                self.compare_field(known, path, wanted, known.live_value(raw, UNSET))

    def compare_field(self, known: Field, path: str, wanted: JsonValue, have: JsonValue) -> None:
        """Compare one declared field with what the server answers."""
        if have is UNSET:
            if known.unsaid:
                return
            if not self.live.complete:
                self.unreadable.append(path)
                return
            have = None
        have = shown(known, without_implied(known, wanted, have))
        if self.left.parts:
            wanted = self.left.without(known, path, wanted)
            have = self.left.without(known, path, have)
        if same(known, wanted, have):
            return
        if is_masked(have):
            self.unreadable.append(path)
            return
        have = as_written(known, shown(known, wanted), have)
        change = _change(known, path, without_credentials(have), wanted)
        if self.is_rewritten(known, change):
            self.rewritten.append(path)
        elif known.fixed:
            self.fixed.append(change)
        elif known.cannot_clear and same(known, wanted, None):
            self.stuck.append(change)
        else:
            self.changes.append(change)

    def is_rewritten(self, known: Field, change: FieldChange) -> bool:
        """Whether the server was seen to answer just this to just that."""
        if change.path not in self.entry.rewritten:
            return False
        wanted, got = self.entry.rewritten[change.path]
        return same(known, wanted, change.after) and same(known, got, change.before)

    def compare_write_only(self, known: Field, path: str, wanted: JsonValue) -> None:
        """A field that is never returned is compared with what was last written."""
        written = self.entry.applied.get(path, UNSET)
        if written is UNSET or not same(known, wanted, written) or self.must_rotate(path):
            self.changes.append(_change(known, path, written, wanted))

    def must_rotate(self, path: str) -> bool:
        """Whether a secret at or below the path is forced, or known to have another value."""
        return any(
            secret == path or secret.startswith((f"{path}[", f"{path}."))
            for secret in {*self.secrets.rotate, *self.changed_secrets()}
        )

    def changed_secrets(self) -> Iterator[str]:
        """Paths of secrets whose value is known to differ from the one last written."""
        for path, fingerprint in self.secrets.prints.items():
            if self.entry.secrets.get(path, fingerprint) not in ("", fingerprint):
                yield path

    def compare_secret(self, path: str, wanted: JsonValue) -> None:
        """A secret is written when its value is known to have changed, or when that is forced."""
        if not isinstance(wanted, dict):
            self.compare_cleared_secret(path)
            return
        reference = reference_name(wanted)
        if self.must_rotate(path):
            self.changes.append(FieldChange(path, secret="changed", reference=reference))
        elif not self.secrets.prints.get(path) or not self.entry.secrets.get(path):
            self.unverifiable.append(FieldChange(path, secret="unverifiable", reference=reference))

    def compare_cleared_secret(self, path: str) -> None:
        if self.entry.applied.get(path, UNSET) is not None:
            self.changes.append(FieldChange(path, secret="changed", reference=""))

    def compare_extra(self) -> None:
        """Fields passed through are compared as they are, under their API names."""
        for name, wanted in (self.manifest.spec.get(PASS_THROUGH) or {}).items():
            path = f"spec.{PASS_THROUGH}.{name}"
            have = self.live.raw.get(name, UNSET)
            got = None if have is UNSET else have
            if got == wanted or self.left.covers(path):
                continue
            if (have is UNSET and not self.live.complete) or is_masked(have):
                self.unreadable.append(path)
            elif tuple(self.entry.rewritten.get(path, ())) == (wanted, got):
                self.rewritten.append(path)
            else:
                self.changes.append(FieldChange(path, without_credentials(have), wanted))

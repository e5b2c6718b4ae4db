"""Terraform's resources in, live objects out, as far as a kind knows them; and what is left over.

The result has the shape of a platform's answer, so that from here on an import is an export: the
same defaults are left out, and the same names are given to secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from reconciler.errors import Diagnostic
from reconciler.exporting import Found
from reconciler.kinds.fields import Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import MASKED, comparable, is_masked, same, shown
from reconciler.kinds.wire import create_body
from reconciler.model import Address, Live
from reconciler.platform.snapshot.sanitise import Sanitiser
from reconciler.terraform.assignments import Assignments
from reconciler.terraform.state import Resource
from reconciler.terraform.table import Row, field_name, is_ours, row_for

NEVER_RETURNED = "the server never returns it: declare it by hand if it matters"


@dataclass
class Converted:
    """Objects that manifests can be written for, and everything that was not taken over."""

    found: list[Found] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)


def convert(
    resources: Iterable[Resource], registry: Registry, platform: str, *, qualified: bool = False
) -> Converted:
    """All resources, in order. Nothing is raised: what cannot be taken over is told."""
    converted = Converted()
    first: dict[Address, str] = {}
    clean = Sanitiser(registry)
    resources = list(resources)
    assignments = Assignments.of(resources)
    for resource in resources:
        if resource.address in assignments.sources:
            continue
        row = row_for(resource.type)
        if row is None or row.kind not in registry:
            reason = f"{row.kind} is no kind of this version" if row else "no kind stands for it"
            converted.left.append(_skipped(resource, reason))
            continue
        kind = registry[row.kind]
        parts = [resource.attributes.get(name) for name in (*row.parents, row.key)]
        texts = tuple(part for part in parts if isinstance(part, str) and part)
        if len(texts) != len(parts):
            converted.left.append(_skipped(resource, f"it has no {row.key}"))
            continue
        address = Address(kind.name, texts, platform, qualified)
        if address in first:
            converted.left.append(
                _skipped(resource, f"{address} is what {first[address]} became already")
            )
            continue
        one = _One(assignments.applied(kind, resource, texts[-1]), row, kind, clean)
        found = one.object(address)
        converted.left += one.left
        if found is not None:
            first[address] = resource.address
            converted.found.append(found)
    converted.left += [_unassigned(source, key) for source, key in assignments.unused()]
    return converted


def _unassigned(source: str, key: str) -> Diagnostic:
    return Diagnostic(
        "import-attribute",
        "warning",
        f"{source} assigns '{key}' to a project, and the state has no such repository",
        hint="write spec.projectKey where the repository is declared",
        address=source,
    )


def _skipped(resource: Resource, reason: str) -> Diagnostic:
    return Diagnostic(
        "import-skipped",
        "warning",
        f"{resource.address} was not imported: {reason}",
        hint="Terraform, or people, still manage it",
        address=resource.address,
    )


class _One:
    """One resource on its way; collects what is left of it."""

    def __init__(self, resource: Resource, row: Row, kind: Kind, clean: Sanitiser) -> None:
        self.resource, self.row, self.kind, self.clean = resource, row, kind, clean
        self.left: list[Diagnostic] = []
        self.unset: set[str] = set()

    def object(self, address: Address) -> Found | None:
        """The object; None when a field it cannot be without is not known."""
        constants = {n: v for n, v in self.row.constants.items() if n in self.kind.fields}
        spec = {**constants, **dict(self._fields())}
        spec = {n: v for n, v in spec.items() if not self._is_foreign(n, v, spec)}
        missing = [n for n, f in self.kind.fields.items() if f.required and spec.get(n) is None]
        if missing:
            reason = f"{', '.join(missing)} is not known, and a manifest must have it"
            self.left.append(_skipped(self.resource, reason))
            return None
        raw = {**create_body(self.kind, spec, lambda _: MASKED), **self.kind.rest.constants}
        return Found(address, Live(raw, complete=False), unset=frozenset(self.unset))

    def _fields(self) -> Iterator[tuple[str, Any]]:
        """The attributes that have a value, as fields."""
        self.unset |= {n for n, f in self.kind.fields.items() if f.shape == "secret"}
        known_as = {self.row.key, *self.row.parents}
        for name, given in self.resource.attributes.items():
            if name in known_as or is_ours(self.row, name) or _is_nothing(given):
                continue
            target = field_name(self.row, name)
            known = self.kind.fields.get(target)
            if known is None:
                self._leave(name, f"{self.kind.name} has no field for it")
            elif known.shape == "secret":
                self.unset.discard(target)
                yield target, {"env": "HIDDEN"}
            elif name in self.resource.sensitive:
                self._leave(name, "it is marked as sensitive, and its field takes no secret")
            elif known.write_only:
                self._leave(name, NEVER_RETURNED)
            else:
                yield from self._value(name, known, given)

    def _value(self, name: str, known: Field, given: Any) -> Iterator[tuple[str, Any]]:
        change = self.row.changes.get(name)
        changed = _without_nothing(change(given) if change else given)
        value = shown(known, changed)
        for inner in known.fields.values() if isinstance(changed, dict) else ():
            if inner.write_only and inner.wire in changed:
                self._leave(f"{name}.{inner.wire}", NEVER_RETURNED)
        if not _fits(known, value):
            self._leave(name, f"its value is no {known.shape}")
        elif self._holds_secret(known, value):
            yield from self._without_secret(name, known, value)
        elif not _is_nothing(value):
            yield known.name, value

    def _holds_secret(self, known: Field, value: Any) -> bool:
        return is_masked(self.clean.object(self.kind, {known.wire: value}))

    def _without_secret(self, name: str, known: Field, value: Any) -> Iterator[tuple[str, Any]]:
        """What is left of an address without its credentials; nothing of anything else."""
        for address in _without_credentials(value):
            if not self._holds_secret(known, address):
                self._leave(
                    f"{name}, as far as it is a password or token,",
                    "it stands in an address, which takes no secret",
                    "the plan takes it out of the address: declare username and password first",
                )
                yield known.name, address
                return
        self._leave(name, "a password or token stands in it")

    def _is_foreign(self, name: str, value: Any, spec: Mapping[str, Any]) -> bool:
        """Whether the field does not exist for the variant; told unless nothing is lost."""
        known, variant = self.kind.fields[name], self.kind.variant(spec)
        if known.applies_to(variant):
            return False
        default = known.default.value if known.default else None
        if comparable(known, value) is not None and not same(known, value, default):
            self._leave(name, f"{variant} repositories have no such field")
        return True

    def _leave(
        self,
        attribute: str,
        reason: str,
        hint: str = "the field stays as it is on the platform, and is not managed",
    ) -> None:
        self.left.append(
            Diagnostic(
                "import-attribute",
                "warning",
                f"{self.resource.address} {attribute} was not imported: {reason}",
                hint=hint,
                address=self.resource.address,
            )
        )


def _without_credentials(value: Any) -> Iterator[str]:
    """An address without its user, then without its query too."""
    if not isinstance(value, str) or "://" not in value:
        return
    try:
        parts = urlsplit(value)
    except ValueError:
        return
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    yield from (urlunsplit(bare), urlunsplit(bare._replace(query="")))


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _without_nothing(value: Any) -> Any:
    """The value without the parts that Terraform lists although nobody set them."""
    if isinstance(value, dict):
        parts = {name: _without_nothing(inner) for name, inner in value.items()}
        return {name: inner for name, inner in parts.items() if inner is not None and inner != {}}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
    "map": dict,
    "object": dict,
}


def _fits(known: Field, value: Any) -> bool:
    """Whether the value has the field's type, so far as it could be written at all."""
    wanted = _TYPES.get(known.shape)
    if wanted is None or value is None:
        return True
    if isinstance(value, bool) and wanted is not bool:
        return False
    if isinstance(value, list) and known.element is not None:
        return wanted is list and all(_fits(known.element, item) for item in value)
    return isinstance(value, wanted)

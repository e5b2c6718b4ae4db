"""Documents in, the permissions to delete objects with content out, and what is wrong with them.

A Tombstone is no object of a platform: it says of one address how much content may be lost with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reconciler.kinds.registry import Registry
from reconciler.kinds.spec import unset
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.workspace import Workspace
from reconciler.model import Address, Document, Finding, Manifest, Path, Tombstone

KIND = "Tombstone"
_ADDRESS, _EXPIRES = ("spec", "address"), ("spec", "expires")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class TombstoneSpec(_Part):
    """Which object may be deleted, and how much may be lost with it."""

    address: Annotated[str, StringConstraints(min_length=1)]
    """The object's address, such as `LocalRepository/old-builds`; with the platform in front where
    the workspace has several, such as `east:LocalRepository/old-builds`."""

    maxBytes: Annotated[int, Field(ge=0)]  # noqa: N815
    """Bytes of content the object may hold at most. What it holds is measured in the plan and again
    right before it is deleted; if it is more, it stays."""

    expires: str = unset()
    """The last day (UTC) the permission holds, such as `2030-12-31`."""


class TombstoneMetadata(_Part):
    """The document's name."""

    name: Annotated[str, StringConstraints(min_length=1)]
    """Any name; it is for people."""


class TombstoneFile(_Part):
    """Permission to delete one object although it holds content. It deletes nothing by itself: the
    object's manifest must be gone, and pruning on."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815
    """Version of the manifest format."""

    kind: Literal["Tombstone"]
    """Always `Tombstone`."""

    metadata: TombstoneMetadata
    """The document's name."""

    spec: TombstoneSpec
    """What it allows."""


def is_tombstone(document: Document) -> bool:
    """Whether a document is one."""
    return isinstance(document.data, dict) and document.data.get("kind") == KIND


def tombstones(
    documents: Iterable[Document],
    workspace: Workspace,
    registry: Registry,
    declared: Callable[[Address], Manifest | None],
    today: date,
) -> tuple[list[Tombstone], list[Finding]]:
    """Check every Tombstone; `today` is the day in UTC, `declared` finds what has a manifest."""
    reader = _Reader(workspace, registry, declared, today)
    for document in documents:
        reader.read(document)
    return list(reader.found.values()), reader.findings


@dataclass
class _Reader:
    workspace: Workspace
    registry: Registry
    declared: Callable[[Address], Manifest | None]
    today: date
    found: dict[Address, Tombstone] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def read(self, document: Document) -> None:
        """Check one document; a sound one is kept."""
        try:
            TombstoneFile.model_validate(document.data)
        except ValidationError as error:
            checked = Checked(TombstoneFile, document.origin, document.index)
            self.findings += checked.findings(error)
            wrong = {fault["loc"][:2] for fault in error.errors()}
            last = _text_at(document.data, _EXPIRES)
            if last is not None and _EXPIRES not in wrong:
                self.findings += self._expiry(document, last)
            return
        spec: Mapping[str, Any] = document.data["spec"]
        told = [*self._expiry(document, spec.get("expires")), *self._subject(document, spec)]
        self.findings += told
        if any(finding.severity == "error" for finding in told):
            return
        address = self._address(spec["address"])
        expires = day(spec.get("expires", ""))
        self.found[address] = Tombstone(address, spec["maxBytes"], document.origin, expires)

    def _address(self, text: str) -> Address:
        names = self.workspace.platform_names
        return Address.parse(text, names[0], qualified=self.workspace.is_plural)

    def _expiry(self, document: Document, text: str | None) -> Iterator[Finding]:
        if text is None:
            return
        expires = day(text)
        if expires is None:
            yield _tell(document, _EXPIRES, "tombstone-expires", f"'{text}' is no day", _DAY)
        elif expires < self.today:
            summary = f"this permission ended with {text} (UTC)"
            hint = "take the Tombstone out; if the object still has to go, give it a new day"
            yield _tell(document, _EXPIRES, "tombstone-expired", summary, hint)

    def _subject(self, document: Document, spec: Mapping[str, Any]) -> Iterator[Finding]:
        """What is wrong with the object it is about."""
        text = spec["address"]
        try:
            address = self._address(text)
        except ValueError as error:
            yield _tell(document, _ADDRESS, "tombstone-address", str(error), _FORM)
            return
        fault = self._misnamed(text, address)
        if fault is not None:
            yield _tell(document, _ADDRESS, "tombstone-address", *fault)
            return
        manifest = self.declared(address)
        if manifest is not None and not manifest.lifecycle.replace:
            yield _tell(
                document,
                _ADDRESS,
                "tombstone-declared",
                f"{manifest.address} is declared at {manifest.origin}",
                "keep the manifest or the Tombstone: what is declared is deleted only to be made "
                "anew, with metadata.lifecycle.replace: true",
            )
        if (first := self.found.get(address)) is not None:
            summary = f"{address} has a Tombstone already at {first.origin}"
            yield _tell(document, _ADDRESS, "tombstone-twice", summary, "keep one of the two")
        if not self.registry[address.kind].rest.holds_content:
            summary = f"a {address.kind} holds no content, so it needs no Tombstone"
            hint = "take it out; pruning is enough"
            yield _tell(document, _ADDRESS, "tombstone-needless", summary, hint, "warning")

    def _misnamed(self, text: str, address: Address) -> tuple[str, str] | None:
        """Why an address can mean no object of this workspace, and what to do."""
        names = self.workspace.platform_names
        if self.workspace.is_plural and ":" not in text.partition("/")[0]:
            hint = f"write {names[0]}:{text}, for one of {', '.join(names)}"
            return f"'{text}' does not say on which platform", hint
        if address.platform not in names:
            hint = nearest_hint(address.platform, names)
            return (
                f"the workspace has no platform '{address.platform}'",
                hint or f"it has {', '.join(names)}",
            )
        if address.kind not in self.registry:
            hint = nearest_hint(address.kind, self.registry.names())
            return f"this version knows no kind '{address.kind}'", hint or _FORM
        parents = list(self.registry[address.kind].parents)
        if len(address.parts) != len(parents) + 1:
            form = "/".join([address.kind, *(f"<{parent}>" for parent in parents), "<name>"])
            return f"'{text}' is no address of a {address.kind}", f"it looks like {form}"
        return None


def _text_at(data: Any, path: tuple[str, str]) -> str | None:
    """The text at a path of a document that may have any shape."""
    outer, name = path
    part = data.get(outer) if isinstance(data, Mapping) else None
    found = part.get(name) if isinstance(part, Mapping) else None
    return found if isinstance(found, str) else None


def day(text: str) -> date | None:
    """A day as `2030-12-31`; None for anything else, other forms of ISO 8601 too."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


_FORM = "an address is Kind/name, as a plan prints it: LocalRepository/old-builds"
_DAY = "write a day as year-month-day, such as 2030-12-31"


def _tell(
    document: Document,
    path: Path,
    rule: str,
    summary: str,
    hint: str,
    severity: Literal["error", "warning"] = "error",
) -> Finding:
    return Finding(document.origin, document.index, path, rule, summary, hint, severity)

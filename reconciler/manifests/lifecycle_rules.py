"""The lifecycle of one document in, words that contradict each other or say nothing out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.errors import Severity
from reconciler.kinds.kind import Kind
from reconciler.manifests.field_rules import ignored_paths
from reconciler.model import Address, Document, Finding

_SWITCHES = ("protect", "takeover", "replace", "release")


@dataclass(frozen=True, slots=True)
class _Told:
    """One finding about a word of the lifecycle, or about another key of the metadata."""

    word: str
    summary: str
    hint: str
    severity: Severity = "error"


def lifecycle_findings(document: Document, kind: Kind) -> Iterator[Finding]:
    """Everything that is wrong with `metadata.lifecycle`, for this kind and together."""
    metadata = document.data.get("metadata")
    written = metadata.get("lifecycle") if isinstance(metadata, Mapping) else None
    if not isinstance(written, Mapping):
        return
    yield from ignored_paths(document, kind)
    manage = written.get("manage", "full")
    if manage not in ("observe", "create-only"):
        manage = "full"
    said = {word for word in _SWITCHES if written.get(word) is True}
    said |= {"ignore"} if written.get("ignore") else set()
    said |= {"manage"} if manage != "full" else set()
    renames = bool(metadata.get("previousNames"))
    told = [*_contradictions(said, manage, renames), *_idle(kind, said, manage)]
    if kind.steering is not None:
        told = list(_steered(kind, said, manage))
    for one in told:
        path = ("metadata", "previousNames") if one.word == "previousNames" else None
        yield Finding(
            document.origin,
            document.index,
            path or ("metadata", "lifecycle", one.word),
            "no-effect" if one.severity == "warning" else "lifecycle-conflict",
            one.summary,
            one.hint,
            one.severity,
            at="key",
        )


def _contradictions(said: set[str], manage: str, renames: bool) -> Iterator[_Told]:
    """Words of which one forbids what the other asks for."""
    if {"protect", "replace"} <= said:
        yield _Told(
            "replace",
            "protect: true never lets the object be replaced, and replace: true allows just that",
            "take one of them out",
        )
    if {"release", "takeover"} <= said:
        yield _Told(
            "takeover",
            "release: true gives the object away, and takeover: true takes it from its owner",
            "take one of them out",
        )
    if manage == "full":
        return
    why = "is never written" if manage == "observe" else "is left alone once it exists"
    if "replace" in said:
        yield _Told(
            "replace",
            f"an object with manage: {manage} {why}, so it is never replaced",
            "take replace out, or set manage to full",
        )
    if "takeover" in said and manage == "observe":
        yield _Told(
            "takeover",
            f"an object with manage: {manage} {why}, so it is never taken over",
            "take takeover out, or set manage to full",
        )
    if renames:
        yield _Told(
            "previousNames",
            f"an object with manage: {manage} {why}, so it is never renamed",
            "take previousNames out, or set manage to full",
        )


def _idle(kind: Kind, said: set[str], manage: str) -> Iterator[_Told]:
    """Words that say nothing here."""
    if "replace" in said and not _can_be_replaced(kind):
        yield _Told(
            "replace",
            f"no {kind.name} is ever replaced: {_why_not_replaced(kind)}",
            "take it out",
            severity="warning",
        )
    if "ignore" in said and manage == "observe":
        yield _Told(
            "ignore",
            "nothing of an object with manage: observe is compared or written",
            "take it out: every field is left to others",
            severity="warning",
        )
    if "release" in said:
        for word in sorted(said & {"protect", "replace", "ignore", "manage"}):
            yield _Told(
                word,
                f"an object with release: true is not managed any more, and {word} says how to",
                "take it out; what is released is not deleted or changed",
                severity="warning",
            )


def _steered(kind: Kind, said: set[str], manage: str) -> Iterator[_Told]:
    """An object that is steered has no entry in the inventory: nothing is owned or replaced."""
    for word in sorted(said - {"manage"}):
        yield _Told(
            word,
            f"no {kind.name} is kept in the inventory, so nothing could heed {word}",
            "take it out; with manage: observe nothing is sent for the object",
        )
    if manage == "create-only":
        yield _Told(
            "manage",
            f"no {kind.name} is created and then left alone: it goes on step by step",
            "use full or observe",
        )


def _can_be_replaced(kind: Kind) -> bool:
    return _has_fixed(kind) and _is_deletable(kind)


def _has_fixed(kind: Kind) -> bool:
    """Whether a live object can differ for good: in a fixed field, its mode, or its class."""
    fixed = any(known.has_part(lambda part: part.fixed) for known in kind.fields.values())
    return fixed or bool(kind.modes) or bool(kind.namespace)


def _is_deletable(kind: Kind) -> bool:
    parts = ("x",) * (1 + len(kind.parents))
    return kind.rest.delete(Address(kind.name, parts, "x")) is not None


def _why_not_replaced(kind: Kind) -> str:
    if not _has_fixed(kind):
        return "nothing of it is fixed at creation"
    return "there is no request that deletes one"

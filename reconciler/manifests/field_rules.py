"""One document and what the marks of its kind's fields say, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.fields import PASS_THROUGH, Field, FieldTable
from reconciler.kinds.ignored_paths import NoSuchPath, resolve
from reconciler.kinds.kind import Kind
from reconciler.kinds.wire import is_secret_reference
from reconciler.manifests.messages import field_name, nearest_hint
from reconciler.model import Document, Finding, Path


def marks_findings(
    document: Document,
    kind: Kind,
    spec: Mapping[str, Any],
    variant: str | None,
    at: Path = ("spec",),
) -> Iterator[Finding]:
    """Fields the variant does not have, and values this version does not know."""
    discriminator = kind.fields.get(kind.discriminator)
    if discriminator is not None and variant not in discriminator.known:
        variant = None  # a newer server knows it, and may know any field of it
    yield from _marks_of(document, kind, kind.fields, spec, at, variant)


def _marks_of(
    document: Document,
    kind: Kind,
    fields: FieldTable,
    spec: Mapping[str, Any],
    at: Path,
    variant: str | None,
) -> Iterator[Finding]:
    for name, value in spec.items():
        known = fields.get(name)
        if known is None:
            continue
        path = (*at, name)
        if not known.applies_to(variant):
            yield _not_applicable(document, kind, known, path, variant)
        if known.known or known.element is not None:
            yield from _unknown_values(document, known, value, path)
        if known.shape == "object" and isinstance(value, dict):
            yield from _marks_of(document, kind, known.fields, value, path, variant)


def _not_applicable(
    document: Document, kind: Kind, known: Field, path: Path, variant: str | None
) -> Finding:
    values = sorted(known.only_for or ())
    where = f": only for {', '.join(values)}" if values else ""
    return Finding(
        document.origin,
        document.index,
        path,
        "not-applicable",
        f"'{field_name(document, path)}' does not exist for "
        f"{kind.discriminator} '{variant}'{where}",
        f"take it out; if the server knows better, pass it through with spec.{PASS_THROUGH}",
        at="key",
    )


def _unknown_values(document: Document, known: Field, value: Any, path: Path) -> Iterator[Finding]:
    if isinstance(value, list):
        words = known.known or (known.element.known if known.element else ())
        texts = [((*path, index), item) for index, item in enumerate(value)] if words else []
    else:
        words, texts = known.known, [(path, value)]
    for place, text in texts:
        if not words or not isinstance(text, str) or text in words:
            continue
        hint = nearest_hint(text, words)
        yield Finding(
            document.origin,
            document.index,
            place,
            "unknown-value",
            f"'{text}' is no value of '{field_name(document, place)}' this version knows",
            hint or "a newer server may know it; --strict makes this an error",
            "warning",
        )


def extra_findings(
    document: Document,
    kind: Kind,
    spec: Mapping[str, Any],
    variant: str | None,
    at: Path = ("spec",),
) -> Iterator[Finding]:
    """What `spec.extra` may not hold, and a warning for what it passes through."""
    if not isinstance(spec.get(PASS_THROUGH), dict):
        return
    modelled = {k.wire: k.name for k in kind.fields.values() if k.applies_to(variant)}
    ours = {*kind.rest.constants, getattr(kind.rest, "name_field", "")}
    for name, value in spec[PASS_THROUGH].items():
        path = (*at, PASS_THROUGH, name)
        if name in modelled or name in ours:
            hint = f"write it as spec.{modelled[name]}" if name in modelled else ""
            yield Finding(
                document.origin,
                document.index,
                path,
                "extra-known",
                f"'{name}' is a field of {kind.name}",
                hint or "take it out: kind and metadata.name decide it",
                at="key",
            )
        elif is_secret_reference(value):
            yield Finding(
                document.origin,
                document.index,
                path,
                "extra-secret",
                "a secret cannot be passed through spec.extra",
                "only modelled fields take secret references",
            )
        else:
            yield Finding(
                document.origin,
                document.index,
                path,
                "extra-field",
                f"'{name}' is passed through without being checked",
                nearest_hint(name, modelled) or "only the server can tell whether it is right",
                "warning",
                at="key",
            )


def ignored_paths(document: Document, kind: Kind) -> Iterator[Finding]:
    metadata = document.data.get("metadata")
    lifecycle = metadata.get("lifecycle") if isinstance(metadata, dict) else None
    ignored = lifecycle.get("ignore") if isinstance(lifecycle, dict) else None
    for index, path in enumerate(ignored if isinstance(ignored, list) else ()):
        if isinstance(path, str) and (hint := _meaningless(kind, path)) is not None:
            yield Finding(
                document.origin,
                document.index,
                ("metadata", "lifecycle", "ignore", index),
                "ignore-path",
                f"{kind.name} has nothing at '{path}' to ignore",
                hint,
            )


def _meaningless(kind: Kind, path: str) -> str | None:
    """What to do about a path that ignores nothing; None for one that means something."""
    try:
        resolve(kind.fields, path)
    except NoSuchPath as fault:
        first = [f"spec.{name}" for name in kind.fields]
        usual = (
            "paths begin with 'spec.', such as spec.notes; [name] is an element of a set, "
            '["a.b"] a key of a map'
        )
        return str(fault) or nearest_hint(path, first) or usual
    return None

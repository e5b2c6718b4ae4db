"""The bytes of a YAML file in, plain data and diagnostics out.

A file is read twice at most. The fast pass builds data from libyaml's events and knows no faults:
whatever is unusual makes it give up. Then the careful pass reads the file again, keeps every
position and collects all faults. Good files, nearly all of them, pay for the fast pass only: what
finds and words faults is not even loaded for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.limits import MAX_BYTES
from reconciler.manifests.yaml.nodes import Positions, ReadDocument
from reconciler.manifests.yaml.parallel import read_all_fast


class Text(NamedTuple):
    """One YAML file: its name as it is printed, and its bytes."""

    file: str
    content: bytes


def read(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The documents of one file and everything that is wrong with it; never raises.

    A document with a fault is returned as far as it could be understood, so that later stages can
    tell its other mistakes in the same run; after an error nobody goes on to use it.
    """
    return next(read_all([Text(file, data)]))


def read_all(texts: Sequence[Text]) -> Iterator[tuple[list[ReadDocument], list[Diagnostic]]]:
    """What `read` returns, for each of many files."""
    for text, found in zip(texts, read_all_fast([t.content for t in texts]), strict=True):
        yield (found, []) if found is not None else _with_faults(text)


def _with_faults(text: Text) -> tuple[list[ReadDocument], list[Diagnostic]]:
    if len(text.content) > MAX_BYTES:
        from reconciler.manifests.yaml.source import too_large

        return [], [too_large(text.content, text.file)]
    from reconciler.manifests.yaml.careful import read_carefully

    return read_carefully(text.content, text.file)


def positions(data: bytes) -> list[Positions]:
    """Where everything is, one entry per document; reads the file again, so only on demand."""
    from reconciler.manifests.yaml.careful import careful_positions

    return careful_positions(data)

"""The bytes of a YAML file in, plain data and diagnostics out.

A file is read twice at most. The fast pass builds data from libyaml's events and knows no faults:
whatever is unusual makes it give up. Then the careful pass reads the file again, keeps every
position and collects all faults. Good files, nearly all of them, pay for the fast pass only.
"""

from __future__ import annotations

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.careful import CarefulPass
from reconciler.manifests.yaml.events import YAMLError
from reconciler.manifests.yaml.fast import UnusualError, read_fast
from reconciler.manifests.yaml.limits import MAX_BYTES
from reconciler.manifests.yaml.nodes import Positions, ReadDocument
from reconciler.manifests.yaml.source import decoded, too_large


def read(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The documents of one file and everything that is wrong with it; never raises.

    A document with a fault is returned as far as it could be understood, so that later stages can
    tell its other mistakes in the same run; after an error nobody goes on to use it.
    """
    if len(data) > MAX_BYTES:
        return [], [too_large(data, file)]
    try:
        return read_fast(data), []
    except (UnusualError, YAMLError, ValueError):  # UnicodeDecodeError is a ValueError
        return read_carefully(data, file)


def positions(data: bytes) -> list[Positions]:
    """Where everything is, one entry per document; reads the file again, so only on demand."""
    text = decoded(data, "")
    if not isinstance(text, str):
        return []
    careful = CarefulPass(text, "")
    careful.run()
    return [Positions(root) for root in careful.roots]


def read_carefully(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The same as `read`, by the careful pass alone."""
    text = decoded(data, file)
    if not isinstance(text, str):
        return [], text
    careful = CarefulPass(text, file)
    careful.run()
    return careful.documents, careful.found

"""The bytes of a YAML file in, plain data and diagnostics out.

A file is read twice at most. The fast pass builds data from libyaml's events and knows no faults:
whatever is unusual makes it give up. Then the careful pass reads the file again, keeps every
position and collects all faults. Good files, nearly all of them, pay for the fast pass only: what
finds and words faults is not even loaded for them.
"""

from __future__ import annotations

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.events import YAMLError
from reconciler.manifests.yaml.fast import UnusualError, read_fast
from reconciler.manifests.yaml.limits import MAX_BYTES
from reconciler.manifests.yaml.nodes import Positions, ReadDocument


def read(data: bytes, file: str) -> tuple[list[ReadDocument], list[Diagnostic]]:
    """The documents of one file and everything that is wrong with it; never raises.

    A document with a fault is returned as far as it could be understood, so that later stages can
    tell its other mistakes in the same run; after an error nobody goes on to use it.
    """
    if len(data) > MAX_BYTES:
        from reconciler.manifests.yaml.source import too_large

        return [], [too_large(data, file)]
    try:
        return read_fast(data), []
    except (UnusualError, YAMLError, ValueError):  # UnicodeDecodeError is a ValueError
        from reconciler.manifests.yaml.careful import read_carefully

        return read_carefully(data, file)


def positions(data: bytes) -> list[Positions]:
    """Where everything is, one entry per document; reads the file again, so only on demand."""
    from reconciler.manifests.yaml.careful import careful_positions

    return careful_positions(data)

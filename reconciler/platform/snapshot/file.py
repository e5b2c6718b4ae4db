"""A snapshot in, a file out, and back; compressed when the file's name ends in `.gz`."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.platform.snapshot.document import from_document, to_document
from reconciler.platform.snapshot.model import FORMAT, Snapshot

LARGEST = 1 << 30
"""Bytes of a snapshot, unpacked; more than a hundred thousand repositories need."""

_ADVICE = "`reconciler snapshot --out FILE` takes one"


def write_snapshot(file: Path, snapshot: Snapshot) -> None:
    """Write the file as a whole: a crash leaves the old one or none.

    Raises UsageError where it cannot be written.
    """
    text = json.dumps(to_document(snapshot), ensure_ascii=True, indent=1, sort_keys=False) + "\n"
    content = text.encode("ascii")
    if file.suffix == ".gz":
        content = gzip.compress(content, mtime=0)  # the same state gives the same bytes
    fresh = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        fresh.write_bytes(content)
        fresh.replace(file)
    except OSError as error:
        reason = error.strerror or str(error)
        if not file.parent.is_dir():
            reason = f"there is no folder {file.parent}"
        raise UsageError(
            f"the snapshot {file} cannot be written: {reason}",
            hint="name a file in a folder that exists and that this user may write in",
        ) from None


def read_snapshot(file: Path) -> Snapshot:
    """The snapshot of a file. Raises UsageError for a file that holds none."""
    try:
        document = json.loads(_content(file))
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON, whole or compressed"
        raise UsageError(f"the snapshot {file} cannot be read: {reason}", hint=_ADVICE) from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        told = f"its format is {found!r:.60}" if found else "it has no format"
        raise UsageError(f"{file} is no snapshot of format {FORMAT}: {told}", hint=_ADVICE)
    try:
        return from_document(document)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else f"{error!s:.200}"
        raise UsageError(f"the snapshot {file} is damaged: {reason}", hint=_ADVICE) from None


def _content(file: Path) -> bytes:
    """The unpacked bytes, whatever the file is called."""
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file) if packed else file.open("rb") as opened:
        content: bytes = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(0, f"it is larger than {LARGEST >> 20} MiB")
    return content

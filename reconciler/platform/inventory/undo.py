"""Records of what applies changed in, JSON out, and back; the same form wherever they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model import Address, Image, Plan, UndoRecord
from reconciler.platform.inventory.entries import changes_of, entries_json

FORMAT = "reconciler.undo-record/v1"

MOST_RECORDS = 10
"""Applies that can be undone; the oldest are forgotten first."""


def record_json(made: Plan) -> dict[str, Any]:
    """What a plan is about to change, as it is now. There is no secret in it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")  # several in one second are told apart
    return {
        "format": FORMAT,
        "id": f"{stamp}-{made.digest.removeprefix('sha256:')[:8]}",
        "created": made.created,
        "workspace": made.workspace,
        "digest": made.digest,
        "images": [
            {
                "address": image.address.full,
                "action": image.action,
                "spec": image.spec,
                "entry": entries_json({"": image.entry})[""],
                "lost": image.lost,
                **({"at": image.at.full} if image.at is not None else {}),
            }
            for image in made.images
        ],
    }


def record_of(document: Mapping[str, Any], *, qualified: bool) -> UndoRecord:
    """The reverse. Raises ValueError, LookupError, TypeError or AttributeError for other JSON."""
    if document["format"] != FORMAT:
        raise ValueError("it is of another version")
    return UndoRecord(
        str(document["id"]),
        str(document["created"]),
        str(document["workspace"]),
        str(document["digest"]),
        tuple(_image(raw, qualified=qualified) for raw in document["images"]),
    )


def _image(raw: Mapping[str, Any], *, qualified: bool) -> Image:
    address = Address.parse(raw["address"], qualified=qualified)
    entry = changes_of({address.full: raw["entry"]})[address.full]
    at = Address.parse(raw["at"], qualified=qualified) if "at" in raw else None
    return Image(address, str(raw["action"]), raw["spec"], entry, str(raw["lost"]), at)


def numbered(name: str) -> int:
    """The number a file's name begins with; 0 where it has none."""
    head = name.partition("-")[0]
    return int(head) if head.isascii() and head.isdecimal() else 0


def readable(contents: Iterable[bytes]) -> list[Mapping[str, Any]]:
    """The documents among some files that are whole."""
    found: list[Mapping[str, Any]] = []
    for content in contents:
        try:
            document = json.loads(content)
        except ValueError:
            continue
        if isinstance(document, dict):
            found.append(document)
    return found

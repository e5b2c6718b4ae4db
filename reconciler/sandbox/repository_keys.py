"""A new repository's key in, a refusal out when the server would not take the name.

The texts are those of the server's validator. Some rules are known from an old open server only
(6.20: lengths, characters, `-cache`); they are kept because nothing newer contradicts them.
"""

from __future__ import annotations

import re

from reconciler.sandbox.package_types import words
from reconciler.sandbox.refusals import Refusal

MAX_LENGTH = 64
CACHE_SUFFIX = "-cache"
FORBIDDEN = set('/\\:|?*"<>')
RESERVED = frozenset(
    words("list ui webapp repo auto-trashcan artifactory-edge-uploads jfrog-support-bundle")
)
XML_NAME = re.compile(r"[^\W][\w.\-]*")
"""A legal XML name, except that current servers also accept a leading digit."""

RELEASE_BUNDLES = "release-bundles"


def check_key(key: str, rclass: str, package_type: str) -> None:
    """A key, a class and a type in; nothing out when the name may be used."""
    if not key.strip():
        raise Refusal(400, "Repository key cannot be empty")
    check_length(key, rclass)
    check_characters(key)
    check_reserved(key, rclass, package_type)


def check_length(key: str, rclass: str) -> None:
    """Remotes must leave room for the name of their cache."""
    limit = MAX_LENGTH - len(CACHE_SUFFIX) if rclass == "remote" else MAX_LENGTH
    if len(key) > limit:
        raise Refusal(400, f"Repository key exceeds maximum length ({limit}) chars.")


def check_characters(key: str) -> None:
    """Names of the file system and of XML."""
    if key in (".", "..", "&"):
        raise Refusal(400, f"Repository key '{key}' is a reserved name")
    if FORBIDDEN & set(key):
        raise Refusal(400, "Illegal Repository key : '/,\\,:,|,?,<,>,*,\"' is not allowed")
    if XML_NAME.fullmatch(key) is None:
        raise Refusal(400, "Repository key contains illegal character")


def check_reserved(key: str, rclass: str, package_type: str) -> None:
    """Names the server keeps for itself."""
    if key.lower() in RESERVED:
        raise Refusal(400, f"Repository key '{key}' is a reserved name")
    if package_type == "releasebundles":
        if not key.endswith(f"{RELEASE_BUNDLES}-v2"):
            raise Refusal(400, f"Repository key must end with '{RELEASE_BUNDLES}-v2'")
    elif key == RELEASE_BUNDLES:
        raise Refusal(400, f"Repository key '{key}' is a reserved name")
    if rclass == "local" and key.endswith(CACHE_SUFFIX):
        raise Refusal(400, f"Local repository key cannot end with '{CACHE_SUFFIX}'")

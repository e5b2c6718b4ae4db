"""A stored repository in, the JSON a client reads out.

The v1 answer is a superset: every field of the class, whatever the package type. The v2 answer
holds the fields of the type only. A weak token gets five fields.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from random import Random
from typing import Any

from reconciler.sandbox import package_types
from reconciler.sandbox import repository_defaults as tables
from reconciler.sandbox.messages import encode
from reconciler.sandbox.store import Repository
from reconciler.sandbox.versions import at_least

Json = Any

SUFFIX = " (local file cache)"


class Views:
    """Knows the quirks, the version and the base URL that shape every answer."""

    def __init__(self, quirks: Mapping[str, bool], version: str, seed: int) -> None:
        self.quirks = quirks
        self.version = version
        self.seed = seed

    def full(self, repository: Repository) -> bytes:
        """A repository in, the bytes of its v1 configuration out."""
        if "full" not in repository.views:
            repository.views["full"] = encode(self.configuration(repository))
        return repository.views["full"]

    def relevant(self, repository: Repository) -> bytes:
        """A repository in, the bytes of its v2 configuration out."""
        if "relevant" not in repository.views:
            names = tables.relevant(repository.rclass, repository.package_type)
            names = names | {"unknownToTheReference", "password", "rclass"}
            everything = self.configuration(repository)
            kept = {name: value for name, value in everything.items() if name in names}
            repository.views["relevant"] = encode(kept)
        return repository.views["relevant"]

    def partial(self, repository: Repository) -> bytes:
        """A repository in, the few fields an account without rights sees out."""
        if "partial" not in repository.views:
            everything = self.configuration(repository)
            names = ("key", "packageType", "description", "url", "rclass")
            kept = {name: everything[name] for name in names if name in everything}
            repository.views["partial"] = encode(kept)
        return repository.views["partial"]

    def short(self, repository: Repository, base_url: str) -> bytes:
        """A repository in, its line in the list of repositories out."""
        if "short" not in repository.views:
            repository.views["short"] = encode(self.line(repository, base_url))
        return repository.views["short"]

    def line(self, repository: Repository, base_url: str) -> dict[str, Json]:
        """The list says `type` instead of `rclass` and spells both types its own way."""
        description = self.description(repository)
        url = repository.get("url") or f"{base_url}/artifactory/{repository.key}"
        return {
            "key": repository.key,
            **({"description": description} if description else {}),
            "type": repository.rclass.upper(),
            "url": url,
            "packageType": package_types.display(repository.package_type),
        }

    def configuration(self, repository: Repository) -> dict[str, Json]:
        """A repository in, its whole configuration in the order the server prints out."""
        fields: dict[str, Json] = {**repository.defaults, **repository.own}
        fields["key"] = repository.key
        fields["packageType"] = repository.package_type
        fields["description"] = self.description(repository)
        self.show_project(fields)
        if fields.get("disableProxy"):
            fields.pop("proxy", None)
        if self.quirks["encrypt_passwords"] and repository.hidden.get("password"):
            fields["password"] = encrypted(repository.hidden["password"])
        if self.quirks["unknown_fields"]:
            fields["unknownToTheReference"] = {"since": "tomorrow", "level": 7}
        if self.quirks["reorder_sets"]:
            self.reorder(repository.key, fields)
        fields["rclass"] = repository.rclass
        return {name: self.printed(value) for name, value in fields.items()}

    def description(self, repository: Repository) -> str:
        """The description; that of a remote may come back longer than it was sent."""
        text: str = repository.get("description")
        wanted = self.quirks["cache_suffix"] and repository.rclass == "remote"
        return text + SUFFIX if wanted and text and not text.endswith(SUFFIX) else text

    def show_project(self, fields: dict[str, Json]) -> None:
        """No project: the key is absent, except on the versions that say `default`.

        The environments are an empty list then. Some servers leave that out, for repositories
        they have had since before environments existed.
        """
        if "projectKey" not in fields and self.says_default():
            fields["projectKey"] = "default"
        if fields.get("environments"):
            return
        fields.pop("environments", None)
        if not self.quirks["absent_environments"]:
            fields["environments"] = []

    def says_default(self) -> bool:
        """Observed from 7.50 to 7.68.6 (self-hosted) or until 7.67.0 (cloud)."""
        until = "7.67.0" if self.quirks["cloud"] else "7.68.7"
        affected = at_least(self.version, "7.50.0") and not at_least(self.version, until)
        return self.quirks["default_project"] or affected

    def reorder(self, key: str, fields: dict[str, Json]) -> None:
        """Lists that mean sets come back in an order of the server's own."""
        for name in tables.SETS & fields.keys():
            sent = fields[name]
            mixed = list(sent)
            Random(f"{self.seed}:{key}:{name}").shuffle(mixed)
            fields[name] = mixed[::-1] if mixed == sent else mixed

    def printed(self, value: Json) -> Json:
        """A value in, the same in the clothes some servers dress it in out."""
        if isinstance(value, bool):
            return str(value).lower() if self.quirks["bools_as_strings"] else value
        if isinstance(value, int):
            return str(value) if self.quirks["numbers_as_strings"] else value
        if isinstance(value, dict):
            return {name: self.printed(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.printed(inner) for inner in value]
        return value


def encrypted(secret: str) -> str:
    """A secret in, something that looks encrypted and cannot be used out."""
    digest = hashlib.sha256(f"sandbox:{secret}".encode()).digest()
    return f"AM.2.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

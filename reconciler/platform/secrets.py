"""Secret references in, secret values and their keyed fingerprints out."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.model import Secret, reference_name


class SecretSource:
    """Resolves references from the environment and from files of the workspace.

    `allowed` (globs of `RECONCILER_SECRET_ENV`) restricts the variables when it is not empty.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        root: Path,
        folders: Sequence[Path] = (),
        allowed: Sequence[str] = (),
    ) -> None:
        self._environment = environment
        self._root = root.resolve()
        self._folders = [folder.resolve() for folder in folders]
        self._allowed = allowed

    def resolve(self, reference: Mapping[str, str]) -> Secret:
        """The value a reference names.

        Raises UsageError, naming the reference and never a value, when it is unset, empty,
        unreadable or not allowed.
        """
        name = reference_name(reference)
        value = (
            self._variable(reference["env"])
            if "env" in reference
            else self._file(reference["file"])
        )
        if not value:
            raise _unresolved(name, "it is empty")
        return Secret(value, name)

    def find(self, reference: Mapping[str, str]) -> Secret | None:
        """The value, or None where `resolve` would raise."""
        try:
            return self.resolve(reference)
        except UsageError:
            return None

    def _variable(self, name: str) -> str:
        if self._allowed and not any(fnmatchcase(name, pattern) for pattern in self._allowed):
            raise _unresolved(f"env:{name}", "RECONCILER_SECRET_ENV does not allow the variable")
        if name not in self._environment:
            raise _unresolved(f"env:{name}", "the variable is not set")
        value = self._environment[name]
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise _unresolved(f"env:{name}", "it is no UTF-8 text")
        return value

    def _file(self, path: str) -> str:
        try:
            file = (self._root / path).resolve()
            is_odd = file.exists() and not file.is_file()
        except (OSError, ValueError, RuntimeError):  # a loop of links, a null character
            raise _unresolved(f"file:{path}", "it is the name of no file") from None
        if not any(file.is_relative_to(folder) for folder in (self._root, *self._folders)):
            raise _unresolved(f"file:{path}", "the file lies outside the workspace")
        if is_odd:
            raise _unresolved(f"file:{path}", "it is no regular file")
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
            raise _unresolved(f"file:{path}", str(reason)) from None
        return text.removesuffix("\n").removesuffix("\r")


def _unresolved(name: str, reason: str) -> UsageError:
    return UsageError(f"the secret {name} cannot be resolved: {reason}")


def fingerprint(key: Secret, secret: Secret) -> str:
    """HMAC-SHA-256 of a secret under the workspace's key: equal exactly for equal values.

    A plain hash would let anyone who reads the inventory try passwords.
    """
    mac = hmac.new(key.reveal().encode(), secret.reveal().encode(), hashlib.sha256)
    return f"hmac-sha256:{mac.hexdigest()}"

"""Manifests and their secrets in, what is known of the secrets' values out: never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.engine.diff import SecretKnowledge
from reconciler.engine.naming import named
from reconciler.engine.sending import left_of
from reconciler.errors import UsageError
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.wire import secrets_in
from reconciler.manifests.messages import dotted, nearest_hint
from reconciler.manifests.workspace import Workspace
from reconciler.model import Address, Manifest, Secret
from reconciler.platform.secrets import SecretSource, fingerprint
from reconciler.settings import KEY_VARIABLE, Settings


def secret_source(workspace: Workspace, settings: Settings) -> SecretSource:
    """What resolves the secret references of a run."""
    return SecretSource(
        settings.environment, workspace.root, settings.secret_dirs, settings.secret_globs
    )


def knowledge(
    manifests: Iterable[Manifest],
    registry: Registry,
    workspace: Workspace,
    settings: Settings,
    *,
    elsewhere: Iterable[Manifest] = (),
) -> dict[Address, SecretKnowledge]:
    """Fingerprints of the secrets, where a key is configured, and what is to be rotated.

    What is rotated may be `elsewhere`: on another shard, which does it. Raises
    UsageError for a `--rotate` that names no declared secret.
    """
    source = secret_source(workspace, settings)
    key = _fingerprint_key(workspace, settings, source)
    if not key and not settings.rotate:
        return {}
    secrets = {m.address: (m, _secrets(registry, m)) for m in manifests}
    others = {m.address: (m, _secrets(registry, m)) for m in elsewhere if settings.rotate}
    forced = _rotations(registry, settings.rotate, {**others, **secrets})
    known: dict[Address, SecretKnowledge] = {}
    for address, (_, references) in secrets.items():
        prints: dict[str, str] = {}
        for path, reference in references.items() if key else ():
            secret = source.find(reference)
            if key and secret:
                prints[path] = fingerprint(key, secret)
        if prints or address in forced:
            known[address] = SecretKnowledge(prints, frozenset(forced.get(address, ())))
    return known


def _secrets(registry: Registry, manifest: Manifest) -> dict[str, Mapping[str, str]]:
    """The secrets a manifest declares: path such as `spec.password` -> reference."""
    fields = registry[manifest.address.kind].secret_fields
    return {dotted(path): reference for path, reference in secrets_in(fields, manifest.spec)}


def _fingerprint_key(
    workspace: Workspace, settings: Settings, source: SecretSource
) -> Secret | None:
    reference = workspace.spec.get("fingerprintKey")
    if reference:
        return source.find(reference)
    value = settings.environment.get(KEY_VARIABLE)
    return Secret(value, f"env:{KEY_VARIABLE}") if value else None


Declared = Mapping[Address, tuple[Manifest, Mapping[str, Mapping[str, str]]]]


def _rotations(
    registry: Registry, texts: Sequence[str], secrets: Declared
) -> dict[Address, set[str]]:
    """The secrets whose write is forced, by object. Raises UsageError."""
    found: dict[Address, set[str]] = {}
    for text in texts:
        name, hash_, path = text.partition("#")
        if not hash_ or not path:
            raise UsageError(
                f"--rotate '{text}' names no field",
                hint="write --rotate RemoteRepository/name#spec.password",
            )
        address = named(name, secrets)
        if address is None:
            near = nearest_hint(name, list(map(str, secrets)))
            raise UsageError(
                f"--rotate {name}: no manifest in scope has this address",
                hint=near or "write --rotate RemoteRepository/name#spec.password",
            )
        wanted = path if path.startswith("spec.") else f"spec.{path}"
        manifest, declared = secrets[address]
        _require_secret(registry[address.kind], manifest, wanted, declared)
        found.setdefault(address, set()).add(wanted)
    return found


def _require_secret(kind: Kind, manifest: Manifest, path: str, declared: Iterable[str]) -> None:
    """Raises UsageError for a path at which nothing would be written."""
    known = list(declared)
    subject = f"--rotate {manifest.address}#{path}"
    if path not in known:
        secrets = f"its secrets are {', '.join(known)}" if known else "it declares no secret at all"
        raise UsageError(
            f"{subject}: the manifest declares no secret there",
            hint="; ".join(filter(None, (nearest_hint(path, known), secrets))),
        )
    lifecycle = manifest.lifecycle
    if lifecycle.manage != "full" or left_of(kind, manifest).covers(path):
        what = "ignore" if lifecycle.manage == "full" else f"manage: {lifecycle.manage}"
        raise UsageError(
            f"{subject}: metadata.lifecycle.{what} keeps it from being written",
            hint="change the lifecycle, or leave out --rotate",
        )

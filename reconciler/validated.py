"""What an earlier `validate` found sound: asked before anything is parsed.

One small file for each workspace and set of paths, in the user's cache folder and never in the
workspace, which a pull request could write to. It holds no manifest, only a digest of all of them:
a run whose files, tool and settings are the same byte for byte has the same, empty result. Only
`validate` asks; what acts on manifests always reads them. See docs/explanation/decisions.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.errors import Diagnostic
from reconciler.manifests.files import Digest, environment_files, manifest_files, workspace_file
from reconciler.settings import CACHE_VARIABLE, KEY_VARIABLE, Settings

if TYPE_CHECKING:
    from reconciler.pipeline.desiring import Desire

MAX_ENTRIES = 100
"""Files in the cache folder; those that were not used for longest go first."""

_IMMATERIAL = frozenset(
    {"environment", "workspace", "paths", "output", "color", "verbose", "trace"}
)
"""Settings that do not decide what is valid, or are looked at in another way."""

_DECIDING = ("pydantic", "pydantic_core", "yaml")
"""Packages whose version decides, too."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A workspace without any finding: which manifests, and how many.

    `references` are those to secrets: whether each has a value is asked again every time.
    `environments` counts the manifests of each environment that was looked at.
    """

    digest: str
    paths: tuple[str, ...]
    documents: int
    manifests: int
    kinds: Mapping[str, int]
    references: tuple[Mapping[str, str], ...] = ()
    environments: Mapping[str, int] = field(default_factory=dict)


class Memory:
    """What earlier runs say of the workspace and the paths of this one.

    Made before anything is read; raises UsageError when the workspace file that was named does not
    exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = _file(settings)

    def recall(self) -> Sound | None:
        """What an earlier run found sound, if everything is as it was then; else None."""
        entry = _read(self._file) if self._file else None
        if self._file is None or entry is None or not _is_unchanged(entry, self._settings):
            return None
        with contextlib.suppress(OSError):
            os.utime(self._file)  # it is used: others go first
        return entry

    def remember(self, wanted: Sequence[Desire]) -> None:
        """Keep that these manifests are sound, in each environment that was looked at.

        Nothing is kept while anything was found.
        """
        if self._file is None or any(one.diagnostics or not one.digest for one in wanted):
            return
        if any(stone.expires for one in wanted for stone in one.tombstones):  # not sound for ever
            return
        if any(one.guardrails.waivers for one in wanted):  # nor are these
            return
        entry = _entry(self._settings, wanted)
        if self._file == _file(self._settings):  # else the workspace file has changed meanwhile
            _write(self._file, json.dumps(asdict(entry)))


def folder(environment: Mapping[str, str]) -> Path | None:
    """Where the cache lies; None where it is switched off or there is no place for it."""
    chosen = environment.get(CACHE_VARIABLE, "")
    if chosen.lower() == "off":
        return None
    if chosen:
        return Path(chosen).absolute()
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if Path(home := environment.get(variable, "")).is_absolute():
            return Path(home) / "reconciler"
    home = environment.get("HOME") or environment.get("USERPROFILE") or ""
    if not Path(home).is_absolute():
        return None
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path(home) / caches / "reconciler"


def _file(settings: Settings) -> Path | None:
    """The cache file of this tool, workspace file and settings."""
    place = folder(settings.environment)
    workspace = workspace_file(settings)
    if place is None:
        return None
    digest = Digest()
    try:
        for what in _tool():
            digest.add(what, b"")
        digest.add(str(workspace or Path.cwd()), workspace.read_bytes() if workspace else b"")
        for file in environment_files(workspace.parent).values() if workspace else ():
            digest.add(str(file), file.read_bytes())
    except OSError:
        return None
    for path in settings.paths:
        digest.add(str(path.absolute()), b"")
    for setting in fields(settings):
        if setting.name not in _IMMATERIAL:
            digest.add(setting.name, repr(getattr(settings, setting.name)).encode())
    for name, value in sorted(settings.environment.items()):
        if name.startswith("RECONCILER_") and name not in (CACHE_VARIABLE, KEY_VARIABLE):
            digest.add(name, value.encode("utf-8", "surrogateescape"))
    return place / f"validated-{digest.text()}.json"


def _tool() -> Iterator[str]:
    """What the tool is made of, as far as it decides: a checkout changes without its version."""
    yield __version__
    yield sys.version
    here = Path(__file__).parent
    for folder_, folders, names in os.walk(here):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield _stamp(os.path.join(folder_, name))
    for package in _DECIDING:
        spec = find_spec(package)
        yield _stamp(spec.origin) if spec and spec.origin else package


def _stamp(file: str) -> str:
    status = os.stat(file)
    return f"{file} {status.st_size} {status.st_mtime_ns}"


def _entry(settings: Settings, desires: Sequence[Desire]) -> Sound:
    from reconciler.kinds.wire import secrets_in
    from reconciler.pipeline.desiring import manifest_paths
    from reconciler.report.diagnostics import Counts

    wanted = desires[0]
    counts = Counts.of(wanted.manifests, len(wanted.documents))
    found = (
        tuple(sorted(reference.items()))
        for one in desires
        for manifest in one.manifests
        for _, reference in secrets_in(
            wanted.registry[manifest.address.kind].secret_fields, manifest.spec
        )
    )
    return Sound(
        wanted.digest,
        tuple(str(path) for path in manifest_paths(wanted.workspace, settings)),
        counts.documents,
        counts.manifests,
        counts.kinds,
        tuple(dict(reference) for reference in dict.fromkeys(found)),
        {one.workspace.environment_name: len(one.documents) for one in desires},
    )


def _is_unchanged(entry: Sound, settings: Settings) -> bool:
    workspace = workspace_file(settings)
    root = workspace.parent if workspace else Path.cwd()
    faults: list[Diagnostic] = []
    digest = Digest()
    try:
        for file in manifest_files(map(Path, entry.paths), root, faults):
            digest.add(file.name, file.read())
    except OSError:
        return False
    if faults or digest.text() != entry.digest:
        return False
    return not entry.references or _are_resolved(entry, root, settings)


def _are_resolved(entry: Sound, root: Path, settings: Settings) -> bool:
    from reconciler.platform.secrets import SecretSource

    source = SecretSource(settings.environment, root, settings.secret_dirs, settings.secret_globs)
    return all(source.find(reference) is not None for reference in entry.references)


def _read(file: Path) -> Sound | None:
    try:
        found = json.loads(file.read_bytes())
        return Sound(
            str(found["digest"]),
            tuple(map(str, found["paths"])),
            int(found["documents"]),
            int(found["manifests"]),
            {str(kind): int(count) for kind, count in found["kinds"].items()},
            tuple(_reference(written) for written in found["references"]),
            {str(name): int(count) for name, count in found["environments"].items()},
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None  # none yet, or not one of ours: it is written anew


def _reference(written: Any) -> Mapping[str, str]:
    ((source, name),) = written.items()
    if source not in ("env", "file"):
        raise ValueError(source)
    return {source: str(name)}


def _write(file: Path, text: str) -> None:
    """Put the entry in its place at once, so that nobody reads half of it; failing is no fault."""
    import tempfile  # takes long to import, and most runs only ask

    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix="validated-", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
            raise
        _tidy(file.parent)


def _tidy(place: Path) -> None:
    entries = [entry for entry in os.scandir(place) if entry.name.startswith("validated-")]
    for entry in sorted(entries, key=_last_use, reverse=True)[MAX_ENTRIES:]:
        with contextlib.suppress(OSError):  # another process was faster
            os.unlink(entry.path)


def _last_use(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0

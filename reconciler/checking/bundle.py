"""What was checked in, a file for whoever helps out: no manifest, no name of a variable's value."""

from __future__ import annotations

import json
import platform
import sys
import zipfile
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reconciler import __version__
from reconciler.kinds.values import without_credentials
from reconciler.model import Check
from reconciler.pipeline.desiring import Desire
from reconciler.platform.spellings import spellings
from reconciler.settings import Settings

PACKAGES = ("click", "httpx", "jmespath", "pydantic", "pyyaml", "rich", "ruamel.yaml")


def write_bundle(file: Path, checks: Sequence[Check], settings: Settings, wanted: Desire) -> None:
    """A zip of three documents. Raises OSError where it cannot be written."""
    documents = {
        "checks.json": [check.as_json() for check in checks],
        "machine.json": _machine(settings),
        "workspace.json": _workspace(wanted),
    }
    hidden = spellings(frozenset(_values(settings)))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, document in documents.items():
            text = json.dumps(without_credentials(document), ensure_ascii=False, indent=2)
            bundle.writestr(name, hidden.sub("***", text) + "\n")


def _values(settings: Settings) -> list[str]:
    """Every value of the environment that looks like one to keep: nothing of it is written."""
    return [
        value
        for name, value in settings.environment.items()
        if len(value) >= 6 and any(word in name.upper() for word in _SECRET_WORDS)
    ]


_SECRET_WORDS = ("TOKEN", "PASS", "SECRET", "KEY", "CREDENTIAL", "AUTH")


def _machine(settings: Settings) -> dict[str, Any]:
    named = [name for name in settings.environment if name.startswith(("RECONCILER_", "JFROG_"))]
    return {
        "reconciler": __version__,
        "python": sys.version,
        "system": platform.platform(),
        "packages": {name: _installed(name) for name in PACKAGES},
        "ci": settings.is_ci,
        "variables": sorted(named),
    }


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _workspace(wanted: Desire) -> dict[str, Any]:
    """How many of what, and which rules were broken: no name, no value."""
    return {
        "kinds": dict(Counter(m.address.kind for m in wanted.manifests)),
        "platforms": len(wanted.workspace.platform_names),
        "rules": dict(Counter(d.rule for d in wanted.diagnostics)),
    }

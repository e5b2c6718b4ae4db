"""The house holds: imports go down, each package has one door, start-up stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reconciler"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    ("errors",),
    ("model", "rules"),
    ("settings",),
    ("deployments",),
    ("kinds", "report"),
    ("manifests", "engine"),
    ("platform",),
    ("pipeline",),
    (
        "accepting",
        "checking",
        "comparing",
        "explaining",
        "exporting",
        "operating",
        "ownership",
        "snapshots",
        "testing",
        "undoing",
        "validated",
    ),
    ("terraform",),
    ("cli",),
    ("github",),
    ("__main__",),
)
"""Rooms from the ground up; a room imports those of lower floors, never one beside it."""

APART = "sandbox"
"""Imports nothing of the rest; only the commands that serve it or try on it import it."""

DOORS: Mapping[str, tuple[str, ...]] = {
    "click": ("cli",),
    "deepdiff": (),
    "jmespath": ("engine.guardrails.expressions",),
    "httpx": (
        "platform.client",
        "platform.connect",
        "platform.watch",
        "platform.keyless",
        "github.api",
    ),
    "jsonschema": ("cli.saved_plan",),
    "referencing": ("cli.saved_plan",),
    "pydantic": ("kinds", "manifests"),
    "pydantic_core": ("kinds.values", "model", "platform.inventory"),
    "rfc8785": ("engine.digest",),
    "rich": ("report.progress",),
    "ruamel": ("manifests.yaml.rewrite",),
    "yaml": ("manifests.yaml.events",),
    "certifi": ("platform.client",),
}
"""Third-party packages and the only modules or rooms that import them; tests may import any."""

HEAVY = frozenset(
    {"deepdiff", "httpx", "jmespath", "jsonschema", "pydantic", "rich", "ruamel", "yaml"}
)


def module_of(file: Path) -> str:
    """A file's module name below the package, such as `engine.diff`."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file, for type checking too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from names if node.module == "reconciler" else (node.module,)


def room(module: str) -> str:
    """The room a module is in: the first part of its name below the package."""
    return module.removeprefix("reconciler.").partition(".")[0]


def floor(name: str) -> int:
    """The floor a room is on. Raises LookupError for a room nobody has given a floor."""
    for number, rooms in enumerate(FLOORS):
        if name in rooms:
            return number
    raise LookupError(f"give '{name}' a floor in {Path(__file__).name} and in docs/explanation")


def own(file: Path) -> Iterator[str]:
    """The rooms of this package that a file imports, its own left out."""
    here = room(module_of(file))
    for name in imports(file):
        if name.startswith("reconciler.") and (there := room(name)) not in (here, "__version__"):
            yield there


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_go_down(file: Path) -> None:
    """A module imports from lower floors only: never up, never from a room beside its own."""
    here = room(module_of(file))
    if here in (APART, ""):
        return

    upwards = [n for n in own(file) if n != APART and floor(n) >= floor(here)]

    assert not upwards


def test_the_sandbox_stands_apart() -> None:
    """The sandbox imports nothing of the rest, and only its command and that of tests import it."""
    inside = [f for f in FILES if room(module_of(f)) == APART]
    leaks = [(module_of(f), n) for f in inside for n in own(f)]
    users = [module_of(f) for f in FILES if f not in inside and APART in own(f)]

    assert not leaks
    assert users == ["cli.commands.sandbox", "cli.commands.test"]


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_each_package_has_one_door(file: Path) -> None:
    """A third-party package is imported by its door only, and every package has one."""
    module = module_of(file)
    for name in imports(file):
        package = name.partition(".")[0]
        if package == "reconciler" or package in sys.stdlib_module_names:
            continue
        assert package in DOORS, f"{module} imports {package}, which has no door"
        doors = DOORS[package]
        assert any(module == door or module.startswith(f"{door}.") for door in doors), (
            f"{module} imports {package}; its door is {', '.join(doors)}"
        )


def test_the_pipeline_reads_like_the_line() -> None:
    """The picture of the floors in the documentation names every room."""
    text = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
    rooms = {name for names in FLOORS for name in names if (PACKAGE / name).exists()} | {
        f.stem for f in PACKAGE.glob("[!_]*.py")
    }

    assert [name for name in sorted(rooms | {APART}) if name not in text] == []


def loaded(*arguments: str) -> set[str]:
    """The third-party packages in memory after a command line ran."""
    program = (
        "import sys\n"
        "from reconciler.cli.main import run\n"
        "code = run(sys.argv[1:])\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print('\\n@', code, *sorted(tops))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    code, *names = done.stdout.rpartition("@")[2].split()
    assert code == "0", done.stderr
    return set(names)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=lambda a: a[0])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """`--help` and `--version` answer without loading a heavy package."""
    assert loaded(*arguments) & HEAVY == set()


def test_validate_loads_only_what_it_reads_with() -> None:
    """`validate` loads the YAML reader and the models, but no HTTP client, editor or renderer."""
    found = loaded("validate", "examples/quickstart/manifests")

    assert found & (HEAVY - {"pydantic", "yaml"}) == set()


def test_a_kind_is_loaded_when_a_manifest_names_it(tmp_path: Path) -> None:
    """A workspace without remotes never imports the model of remotes."""
    manifest = tmp_path / "local.yaml"
    manifest.write_text(
        "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: a-local}\n"
        "spec: {packageType: npm}\n"
    )
    program = (
        "import sys\n"
        "from reconciler.cli.main import run\n"
        "assert run(['validate', sys.argv[1]]) == 0\n"
        "assert 'reconciler.kinds.repositories.local_repository' in sys.modules\n"
        "assert 'reconciler.kinds.repositories.remote_repository' not in sys.modules\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(manifest)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr

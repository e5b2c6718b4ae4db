"""The documentation is true: commands do what pages show, links lead somewhere, nothing lags."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from reconciler.errors import Exit
from reconciler.kinds.documentation import field_docs
from reconciler.kinds.registry import builtin
from reconciler.manifests.schema import schemas
from reconciler.manifests.workspace_file import read_workspace
from reconciler.manifests.yaml.reader import read
from reconciler.model import Action
from reconciler.settings import Settings
from scripts import generate, reference
from tests.support.console import (
    CONNECT_PORT,
    URL,
    Console,
    DocumentationError,
    blocks,
    commands,
    matches,
    play,
)
from tests.support.platforms import Sites

ROOT = Path(__file__).resolve().parent.parent
PAGES = generate.pages()
EVERY_PAGE = [*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs/reference").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples/kinds").rglob("*.yaml"))
OF_SEVERAL = sorted((ROOT / "examples/kinds/federation").rglob("*.yaml"))
"""Examples that name platforms: east and west."""

ADMIN = '-H "Authorization: Bearer sandbox-default-admin-token"'

REGISTRY_HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted\.|npm[j]s\.(?:org|com)|deb\.[d]ebian|proxy\.[g]olang|crates\.[i]o"
    r"|repo1?\.[m]aven|hub\.[d]ocker|rubygems\.[o]rg|docker\.[i]o\b",
)


def shown(page: Path) -> str:
    """How a page is named in test ids."""
    return page.relative_to(ROOT).as_posix()


# --- commands --------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    """Every command of a page runs on a fresh platform and prints what stands below it."""
    text = page.read_text(encoding="utf-8")

    assert play(text, tmp_path) == text


def test_make_targets_exist() -> None:
    """Every `make` command of the documentation names a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        word
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.language == "console"
        for command, _ in commands(block)
        if command.startswith("make ")
        for word in command.split()[1:]
    }
    named |= {
        word
        for page in PAGES
        for word in re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= targets


def test_the_readme_shows_its_two_commands_early() -> None:
    """The picture and the two commands stand within the README's first screen."""
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]

    assert any("docs/images/plan.svg" in line for line in first)
    assert "$ make demo" in first
    assert "$ make test" in first


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_manifests_shown_are_yaml(page: Path) -> None:
    """Every YAML block of a page can be read by the reader that reads manifests."""
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "yaml":
            _, faults = read("\n".join(block.lines).encode(), shown(page))
            assert not faults


@pytest.mark.parametrize(
    "shown_lines, printed, same",
    [
        ([], ["anything"], True),
        (["a", "b"], ["a", "b"], True),
        (["a", "..."], ["a", "b", "c"], True),
        (["...", "c"], ["a", "b", "c"], True),
        (["..."], [], True),
        (["a"], ["a", "b"], False),
        (["Apply: 1 created in 0.0 s."], ["Apply: 1 created in 1.2 s."], True),
    ],
)
def test_ellipsis_stands_for_any_lines(
    shown_lines: list[str], printed: list[str], same: bool
) -> None:
    """`...` stands for any lines, durations are not compared, everything else is."""
    assert matches(shown_lines, printed) is same


def test_a_failing_command_fails_the_page(tmp_path: Path) -> None:
    """A command that ends with another code than 0 is a fault, unless the page shows the code."""
    failing = "```console\n$ reconciler validate nowhere\n```\n"
    told = "```console\n$ reconciler validate nowhere\n$ echo $?\n1\n```\n"

    with pytest.raises(AssertionError, match="ended with 1"):
        play(failing, tmp_path / "a")
    assert play(told, tmp_path / "b") == told


# --- reference -------------------------------------------------------------------------------


def test_generated_files_are_up_to_date() -> None:
    """What scripts/generate.py would write is what is there, and nothing more."""
    made = dict(generate.generated())
    differ = [n for n, text in made.items() if not (ROOT / n).exists() or _text(n) != text]
    left = [shown(f) for p in generate.WHOLLY_OURS for f in ROOT.glob(p) if shown(f) not in made]

    assert (differ, left) == ([], [])


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_check_names_the_stale_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`generate.py --check` ends with 1 and names what is stale, and with 0 when nothing is."""
    monkeypatch.setattr(generate, "everything", lambda: iter([("README.md", "other")]))
    monkeypatch.setattr(generate, "WHOLLY_OURS", ())
    assert generate.main(["--check"]) == 1
    assert "stale: README.md" in capsys.readouterr().err

    monkeypatch.setattr(generate, "everything", lambda: iter([("README.md", _text("README.md"))]))
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """Every command has a section in the reference and a row in the README."""
    assert f"## reconciler {name}\n" in _text("docs/reference/cli.md")
    assert f"`{name}`" in _text("README.md")


@pytest.mark.parametrize("code", [*map(int, Exit), *Action, *REASONS, *BLOCKS], ids=str)
def test_every_code_has_a_section(code: Any) -> None:
    """Every exit code, action, reason and block has a section of its own."""
    assert re.search(rf"^### {code}(?:: .*)?$", _text("docs/reference/codes.md"), re.MULTILINE)


def test_every_rule_has_a_section() -> None:
    """Every rule a diagnostic can name has a section with what to do."""
    rules = pytest.importorskip("reconciler.rules").RULES
    page = _text("docs/reference/rules.md")

    assert [name for name in rules if f"\n## {name}\n" not in page] == []


def test_ways_out_are_complete() -> None:
    """The reference tells a way out of every block, and words for every exit code and action."""
    assert set(BLOCK_WAYS) == set(BLOCKS)
    assert set(REASON_WAYS) == set(REASONS)
    assert set(reference.EXITS) == set(Exit)
    assert set(reference.ACTIONS) == set(Action)


_INNER = ("items", "additionalProperties", "then", "else", "anyOf", "allOf", "oneOf")


def _properties(schema: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every property of a schema, however deep, with its path."""
    if isinstance(schema, list):
        for inner in schema:
            yield from _properties(inner, at)
    if not isinstance(schema, dict):
        return
    for name, inner in schema.get("properties", {}).items():
        yield f"{at}.{name}", inner
        yield from _properties(inner, f"{at}.{name}")
    for keyword in _INNER:
        yield from _properties(schema.get(keyword), f"{at}/{keyword}")
    for name, inner in schema.get("$defs", {}).items():
        yield from _properties(inner, f"{at}/{name}")


SCHEMAS = {
    **dict(schemas(builtin())),
    **{f.name: json.loads(_text(shown(f))) for f in (ROOT / "schemas/documents").glob("*.json")},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_property_has_a_description(name: str) -> None:
    """Editors show something for every property of every schema; a constant shows itself."""
    bare = [
        at
        for at, value in _properties(SCHEMAS[name])
        if isinstance(value, dict) and not {"$ref", "const", "description"} & set(value)
    ]

    assert bare == []


@pytest.mark.parametrize("kind", list(builtin()), ids=lambda kind: kind.name)
def test_every_field_says_what_it_does(kind: Any) -> None:
    """Every field of a kind has a text, and the kind's page shows it."""
    page = _text(f"docs/reference/kinds/{kind.name}.md")
    docs = field_docs(kind.spec)

    assert [name for name in kind.fields if not docs.get(name)] == []
    assert [name for name in kind.fields if f"| `{name}`" not in page] == []


# --- links and words -------------------------------------------------------------------------


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists, and a heading it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = unquote(target).partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), target


def test_every_page_is_linked() -> None:
    """A reader who begins at the README reaches every page."""
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        text = page.read_text(encoding="utf-8")
        links = (t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text))
        todo += [page.parent / link for link in links if link and "://" not in link]

    assert [shown(p) for p in sorted((ROOT / "docs").rglob("*.md")) if p not in seen] == []


@pytest.mark.parametrize(
    "file",
    [
        *EVERY_PAGE,
        *sorted((ROOT / "examples").rglob("*.yaml")),
        *sorted((ROOT / "schemas").rglob("*.json")),
        *sorted((ROOT / "reconciler").rglob("*.py")),
    ],
    ids=shown,
)
def test_no_registry_is_named(file: Path) -> None:
    """Examples name hosts of example.com, never a public registry."""
    assert not REGISTRY_HOSTS.search(file.read_text(encoding="utf-8"))


# --- examples --------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [f for f in EXAMPLES if f not in OF_SEVERAL], ids=shown)
def test_examples_converge(file: Path, tmp_path: Path) -> None:
    """An example is applied, and a second plan finds nothing to do."""
    shutil.copy(file, tmp_path / file.name)
    secrets = re.findall(r"\{env: (\w+)\}", file.read_text(encoding="utf-8"))
    console = Console(tmp_path)
    with console.here():
        for name in secrets:
            console.run(f"export {name}=correct-horse")
        if file.parent.name == "connect":
            console.run("reconciler sandbox --port 8081 --connect &")
            console.run(f"export CONNECT_URL=http://127.0.0.1:{CONNECT_PORT}")
            console.run("export CONNECT_TOKEN=sandbox-connect-token")
        console.run(f"reconciler validate --strict {file.name}")
        console.run(f"reconciler fmt --check {file.name}")
        console.run(f"reconciler apply --yes {file.name}")
        console.run(f"reconciler plan --detailed-exitcode {file.name}")
        console.run(f"reconciler drift {file.name}")


@pytest.mark.parametrize("file", OF_SEVERAL, ids=shown)
def test_examples_of_several_platforms_converge(file: Path, tmp_path: Path) -> None:
    """The same, with the platforms that such an example names."""
    sites = Sites(tmp_path, "east", "west")
    sites.write({file.name: file.read_text(encoding="utf-8")})
    assert all(
        outcome.result == "done" and not outcome.fields for outcome in sites.apply().outcomes
    )
    assert sites.plan().changes == ()
    assert sites.drift().drifted == ()


@pytest.mark.parametrize("name", ["prod", "stage"])
def test_the_example_of_environments_converges(name: str, tmp_path: Path) -> None:
    """In each environment the example is applied, and a second plan finds nothing to do."""
    shutil.copytree(ROOT / "examples/environments", tmp_path, dirs_exist_ok=True)
    console = Console(tmp_path)
    with console.here():
        console.run("reconciler sandbox --port 8081 &")
        console.run(f"export {name.upper()}_URL=http://127.0.0.1:8081")
        console.run(f"export {name.upper()}_TOKEN=sandbox-default-admin-token")
        console.run("reconciler validate --strict")
        console.run("reconciler fmt --check")
        console.run(f"reconciler apply --yes --environment {name}")
        console.run(f"reconciler plan --detailed-exitcode --environment {name}")
        console.run(f"reconciler drift --environment {name}")


def test_the_example_of_tombstones_deletes(tmp_path: Path) -> None:
    """What it gives up goes with its content; then the Tombstone is told to be of no use."""
    shutil.copytree(ROOT / "examples/tombstones", tmp_path, dirs_exist_ok=True)
    console = Console(tmp_path)
    gone = {"apiVersion": "reconciler/v1", "kind": "LocalRepository"}
    gone |= {"metadata": {"name": "builds-2019"}, "spec": {"packageType": "generic"}}
    with console.here():
        console.run("reconciler validate --strict")
        console.run("reconciler fmt --check")
        console.run("mv manifests/tombstones.yaml later")
        console.write("manifests/gone.yaml", json.dumps(gone))
        console.run("reconciler apply --yes")
        console.run("rm manifests/gone.yaml")
        console.run("mv later manifests/tombstones.yaml")
        console.run(f"curl -X PUT -d x {URL}/artifactory/builds-2019/a.txt {ADMIN}")
        console.run("reconciler apply --yes")

        assert list(console.platform.store.repositories) == ["builds"]
        assert "tombstone-unused" in "".join(console.run("reconciler plan --detailed-exitcode"))


@pytest.mark.parametrize("kind", builtin().names())
def test_every_kind_has_an_example(kind: str) -> None:
    """Every kind has an example file of its own name, which holds the kind."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    found = [file for file in EXAMPLES if file.stem == name]

    assert found
    assert f"\nkind: {kind}\n" in found[0].read_text(encoding="utf-8")


def test_the_quick_start_is_a_workspace() -> None:
    """The example `make demo` plays has a sound workspace file."""
    workspace, faults = read_workspace(
        Settings(workspace=ROOT / "examples/quickstart/reconciler.yaml"), builtin()
    )

    assert (workspace.name, faults) == ("quickstart", [])


def test_the_kind_in_contributing_is_a_kind() -> None:
    """The kind that CONTRIBUTING shows can be declared as it stands there."""
    text = _text("CONTRIBUTING.md")
    source = re.search(r"   ```python\n(.*?)   ```", text, re.DOTALL)
    assert source is not None
    lines = [line.removeprefix("   ") for line in source[1].splitlines()]
    names: dict[str, Any] = {"__name__": "reconciler.kinds.spec"}
    exec("\n".join(lines), names)

    assert names["KIND"].name == "User"
    assert set(names["KIND"].fields) == {"email", "admin", "password"}


def test_the_example_of_guardrails_holds(tmp_path: Path) -> None:
    """Its rules pass their tests, its manifests keep them, and breaking one blocks the plan."""
    shutil.copytree(ROOT / "examples/guardrails", tmp_path, dirs_exist_ok=True)
    console = Console(tmp_path)
    with console.here():
        console.run("reconciler validate --strict")
        console.run("reconciler fmt --check")
        console.run("reconciler test")
        console.run("reconciler apply --yes")
        file = tmp_path / "manifests/npm.yaml"
        file.write_text(file.read_text("utf-8").replace("@acme/**,", ""), "utf-8")
        with pytest.raises(DocumentationError, match="breaks our-names-are-ours"):
            console.run("reconciler plan")

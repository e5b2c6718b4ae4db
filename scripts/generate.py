"""Rewrites every generated file; with --check, compares and names the stale ones.

Generated are the JSON Schemas, the reference pages, the picture of the README, and the outputs
shown below the commands of the documentation.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from reconciler.engine.codes import BLOCKS, REASONS  # noqa: E402
from reconciler.kinds.registry import builtin  # noqa: E402
from reconciler.manifests.schema import schemas  # noqa: E402
from scripts.picture import estate_svg, plan_svg  # noqa: E402
from scripts.reference import action_page, cli_page, codes_page, kind_page, rules_page  # noqa: E402
from tests.support.console import play  # noqa: E402

PLAN_SCHEMA = "schemas/documents/plan.v1.schema.json"
WHOLLY_OURS = ("schemas/*.schema.json", "docs/reference/kinds/*.md")
"""Folders in which a file nothing generates any more is stale."""


def generated() -> Iterator[tuple[str, str]]:
    """Every generated file with its text, by path from the root."""
    kinds = builtin()
    for name, schema in schemas(kinds):
        yield f"schemas/{name}", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for kind in kinds:
        yield f"docs/reference/kinds/{kind.name}.md", kind_page(kind)
    yield "docs/reference/cli.md", cli_page()
    if importlib.util.find_spec("reconciler.rules"):
        rules = importlib.import_module("reconciler.rules").RULES
        yield "docs/reference/rules.md", rules_page(rules)
    yield "docs/reference/codes.md", codes_page()
    yield "docs/reference/action.md", action_page()
    yield PLAN_SCHEMA, _with_codes((ROOT / PLAN_SCHEMA).read_text(encoding="utf-8"))
    yield "docs/images/plan.svg", plan_svg()
    yield "docs/images/graph.svg", estate_svg()


def _with_codes(text: str) -> str:
    """The schema of the plan document, its lists of codes as the engine has them."""
    schema = json.loads(text)
    change = schema["$defs"]["change"]["properties"]
    block = change["blocked"]["oneOf"][1]["properties"]["code"]
    for part, lead, codes in (
        (change["reason"], "Why the change is in the plan.", REASONS),
        (block, "Why.", BLOCKS),
    ):
        told = " ".join(f"`{code}`: {words}." for code, words in codes.items())
        part["description"] = f"{lead} Expect codes that are not listed here. {told}"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def pages() -> list[Path]:
    """The pages written by hand, in which commands are played."""
    made = {name for name, _ in generated()}
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if page.relative_to(ROOT).as_posix() not in made]


def played(page: Path) -> str:
    """A page with the outputs its commands have today."""
    with tempfile.TemporaryDirectory() as folder:
        return play(page.read_text(encoding="utf-8"), Path(folder).resolve())


def everything() -> Iterator[tuple[str, str]]:
    """Every file this script writes, with its text."""
    yield from generated()
    for page in pages():
        yield page.relative_to(ROOT).as_posix(), played(page)


def stale() -> list[str]:
    """Files that are not what they would be if they were generated now."""
    made = dict(everything())
    differ = [name for name, text in made.items() if _text(ROOT / name) != text]
    return sorted([*differ, *_left_over(set(made))])


def _left_over(made: set[str]) -> Iterator[str]:
    for pattern in WHOLLY_OURS:
        for file in ROOT.glob(pattern):
            if (name := file.relative_to(ROOT).as_posix()) not in made:
                yield name


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def rewrite() -> Iterator[str]:
    """Write what is stale and remove what is left over; the names of both."""
    made = dict(everything())
    for name, text in made.items():
        if _text(ROOT / name) != text:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(text, encoding="utf-8", newline="\n")
            yield f"wrote {name}"
    for name in _left_over(set(made)):
        (ROOT / name).unlink()
        yield f"removed {name}"


def main(arguments: list[str]) -> int:
    """Rewrite, or with --check name the stale files and return 1."""
    if arguments == ["--check"]:
        names = stale()
        for name in names:
            sys.stderr.write(f"stale: {name}\n")
        if names:
            sys.stderr.write("run `make generate`\n")
        return int(bool(names))
    if arguments:
        sys.stderr.write("usage: generate.py [--check]\n")
        return 2
    for told in rewrite():
        sys.stderr.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

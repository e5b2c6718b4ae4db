"""How two sides differ in, text, Markdown and JSON out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.model import Comparison, Declared, FieldChange, JsonValue
from reconciler.report.fence import code, fenced
from reconciler.report.figures import counted
from reconciler.report.paint import Paint, painter
from reconciler.report.rows import FULL, Row, rows
from reconciler.report.sanitise import visible

FORMAT = "reconciler.comparison/v1"


def comparison_text(found: Comparison, *, color: bool) -> str:
    """For a terminal: what the left side has is `-`, what the right side has is `+`."""
    paint = painter(color)
    left, right = visible(found.left), visible(found.right)
    lines = [f"{paint('red', f'- {left}')}", f"{paint('green', f'+ {right}')}", ""]
    for one in found.only_left:
        lines += [paint("red", f"  - {visible(str(one.address))}") + _place(one, paint), ""]
    for one in found.only_right:
        lines += [paint("green", f"  + {visible(str(one.address))}") + _place(one, paint), ""]
    for pair in found.differing:
        lines.append(
            f"  ~ {paint('bold', visible(str(pair.left.address)))}{_place(pair.left, paint)}"
        )
        lines += [f"      {_painted(line, paint)}" for line in _field_lines(pair.fields)]
        lines.append("")
    return "\n".join([*lines, _counts(found), ""])


def _place(one: Declared, paint: Paint) -> str:
    return paint("dim", f"  {visible(str(one.origin))}")


def _painted(line: str, paint: Paint) -> str:
    if line.startswith("- "):
        return paint("red", line)
    return paint("green", line) if line.startswith("+ ") else line


def _field_lines(fields: Iterable[FieldChange]) -> Iterator[str]:
    for row in rows(fields, FULL):
        yield from _row_lines(row)


def _row_lines(row: Row) -> Iterator[str]:
    if row.items:
        yield row.path
        yield from (f"{'!' if i.sign == '~' else i.sign}   {i.text}" for i in row.items)
        return
    yield row.path
    yield f"-   {row.before or '(unset)'}"
    yield f"+   {row.after or '(unset)'}"


def _counts(found: Comparison) -> str:
    if found.is_equal:
        return f"Nothing differs: {counted(found.equal, 'object')} on both sides."
    told = [
        f"{len(found.only_left):,} only in {visible(found.left)}",
        f"{len(found.only_right):,} only in {visible(found.right)}",
        f"{len(found.differing):,} differ",
        f"{found.equal:,} equal",
    ]
    return ", ".join(told) + "."


def comparison_markdown(found: Comparison, *, limit: int | None = None) -> str:
    """For a pull request: everything that is data stands in a fence.

    With a limit of code points, whole objects are left out and counted.
    """
    head = f"### {code(found.left)} and {code(found.right)}\n\n{_head(found)}"
    objects = list(_objects(found))
    shown = len(objects) if limit is None else _most(objects, limit - len(head) - 100)
    left = len(objects) - shown
    lines = [line for one in objects[:shown] for line in one]
    parts = [head, *([fenced(lines)] if lines else [])]
    parts += [f"_{left:,} more objects differ._"] if left else []
    return "\n\n".join(parts) + "\n"


def _objects(found: Comparison) -> Iterator[list[str]]:
    """The lines of each object that differs."""
    for sign, only in (("-", found.only_left), ("+", found.only_right)):
        for one in only:
            yield [f"{sign} {visible(str(one.address))}  {visible(str(one.origin))}"]
    for pair in found.differing:
        lines = [f"! {visible(str(pair.left.address))}  {visible(str(pair.left.origin))}"]
        for line in _field_lines(pair.fields):
            sign, rest = (line[0], line[1:]) if line[:1] in ("-", "+", "!") else (" ", f" {line}")
            lines.append(f"{sign}    {rest}")
        yield lines


def _most(objects: Iterable[list[str]], room: int) -> int:
    """How many objects fit; the fence around them may grow with the longest run of backticks."""
    count = taken = 0
    for lines in objects:
        taken += sum(len(line) + 1 for line in lines)
        ticks = 2 * max((line.count("`") for line in lines), default=0)
        if taken + ticks > room:
            break
        count += 1
    return count


def _head(found: Comparison) -> str:
    if found.is_equal:
        return f"Nothing differs: {counted(found.equal, 'object')} on both sides."
    return (
        f"{len(found.only_left):,} only in {code(found.left)}, "
        f"{len(found.only_right):,} only in {code(found.right)}, "
        f"{len(found.differing):,} differ, {found.equal:,} equal."
    )


def comparison_json(
    found: Comparison, exit_code: int, diagnostics: Iterable[Diagnostic]
) -> dict[str, Any]:
    """The published document; `jsonPatch` makes the left manifest the right one."""
    return {
        "format": FORMAT,
        "exitCode": exit_code,
        "left": found.left,
        "right": found.right,
        "equal": found.equal,
        "onlyLeft": [_object(one) for one in found.only_left],
        "onlyRight": [_object(one) for one in found.only_right],
        "differing": [
            {
                "left": _object(pair.left),
                "right": _object(pair.right),
                "fields": [field.as_json() for field in pair.fields],
                "jsonPatch": pair.json_patch(),
            }
            for pair in found.differing
        ],
        "diagnostics": [diagnostic.as_json() for diagnostic in diagnostics],
    }


def _object(one: Declared) -> dict[str, JsonValue]:
    return {"address": str(one.address), "origin": one.origin.as_json()}

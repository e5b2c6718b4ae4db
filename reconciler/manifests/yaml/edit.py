"""A YAML text and changes in, the changed text out, everything else as it was.

An edit first tries to replace just the characters that mean the value, found through the reader's
offsets; where that is not possible ruamel writes the document anew with its comments. Whatever way
was taken, the result is read again and must mean exactly what was asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reconciler.manifests.yaml.data import found_at, is_same, shown, with_value
from reconciler.manifests.yaml.parts import COMMENT, LINE_END, comments_of, data_of
from reconciler.manifests.yaml.reader import positions
from reconciler.manifests.yaml.rewrite import by_rewriting
from reconciler.manifests.yaml.splice import NotBySplicingError, Splice, Step, give_up
from reconciler.model import UNSET, Path


def edit(text: str, index: int, changes: Sequence[tuple[Path, Any]]) -> str:
    """The text with values set in document number `index`, everything else as it was.

    Missing parents are created, an index one past the end of a list appends to it, and UNSET
    removes. Raises ValueError when the text is faulty or the path leads through something else.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    for path, value in changes:
        body = _change(body, index, path, value)
    return mark + body


def _change(text: str, index: int, path: Path, value: Any) -> str:
    before = data_of(text)
    if index not in before:
        raise ValueError(f"the file has no document number {index}")
    old = found_at(before[index], path)
    if old is UNSET if value is UNSET else is_same(old, value):
        return text
    wanted = before | {index: with_value(before[index], path, value)}
    for way in (_by_splicing, by_rewriting):
        try:
            result = way(text, index, path, value)
        except NotBySplicingError:
            continue
        if _means(result, wanted) and not _lost_comments(text, result, index, path, value):
            return result
    raise ValueError(f"{shown(path)} cannot be changed without harm to the rest of the file")


def _means(text: str, wanted: dict[int, Any]) -> bool:
    try:
        return is_same(data_of(text), wanted)
    except ValueError:
        return False


def _lost_comments(text: str, result: str, index: int, path: Path, value: Any) -> bool:
    """Whether a comment is gone that did not stand in what was replaced."""
    trail = _trail(text, index, path)
    key, node = trail[-1]
    replaced = ""
    if len(trail) > len(path):
        if value is UNSET and len(trail) > 1 and len(trail[-2][1].parts) == 1:
            key, node = trail[-2]  # its parent is empty now
        end = LINE_END.search(text, node.end)
        replaced = text[key.start : end.start() if end else len(text)]
    gone = Counter(comments_of(text)) - Counter(comments_of(result))
    return bool(gone - Counter(COMMENT.findall(replaced)))


def _by_splicing(text: str, index: int, path: Path, value: Any) -> str:
    trail = _trail(text, index, path)
    rest = path[len(trail) - 1 :]
    splice = Splice(text, trail)
    if value is UNSET:
        return splice.remove() if not rest else give_up()
    return (
        splice.insert(rest[0], with_value(None, rest[1:], value)) if rest else splice.replace(value)
    )


def _trail(text: str, index: int, path: Path) -> list[Step]:
    """The nodes along the path from the root on, as far as it exists in the document itself."""
    root = positions(text.encode())[index].root
    trail: list[Step] = [(root, root)]
    for step in path:
        if step not in trail[-1][1].parts or trail[-1][1].alias:
            break
        trail.append(trail[-1][1].parts[step])
    return trail

"""A text and a place in, the text with other characters there out; the rest stays as it is."""

from __future__ import annotations

import re
from typing import Any

from reconciler.manifests.yaml.data import with_value
from reconciler.manifests.yaml.dump import (
    block_lines,
    fits_literal,
    flow_text,
    is_filled,
    is_plain,
    key_text,
    member_lines,
    quoted,
)
from reconciler.manifests.yaml.nodes import Node
from reconciler.manifests.yaml.parts import LINE_END, newline_of

Step = tuple[Node, Node]
"""A key and its value, or a list item twice."""


class NotBySplicingError(Exception):
    """This change cannot be made by replacing a few characters."""


def give_up() -> str:
    """What an expression says where the change cannot be made. Raises NotBySplicingError."""
    raise NotBySplicingError


class Splice:
    """One change at the end of a trail of nodes that begins at the root of the document."""

    def __init__(self, text: str, trail: list[Step]) -> None:
        self.text = text
        self.trail = trail
        self.key, self.node = trail[-1]
        self.parent = trail[-2][1] if len(trail) > 1 else None
        self.in_flow = any(node.style in ("{", "[") for _, node in trail[:-1])
        self.newline = newline_of(text)

    def replace(self, value: Any) -> str:
        """Another value in the place of the old one."""
        node, parent = self.node, self.parent
        if self.in_flow or (node.style in ("{", "[") and node.parts and is_filled(value)):
            return self._in_flow(flow_text(value))
        if parent is None:
            return self._in_flow(flow_text(value)) if not node.parts else give_up()
        if self._fits_the_line(value):
            return self._cut(node.start, node.end, self._like_before(value))
        return self._item(value) if self.key is node else self._member(value)

    def insert(self, step: str | int, value: Any) -> str:
        """A new member of the node: a key, or an item after the last one."""
        node = self.node
        if not node.parts:
            return self.replace(with_value(node.data, (step,), value))
        if node.alias:
            raise NotBySplicingError  # the value belongs to the anchor too
        if node.style in ("{", "["):
            last = [member for _, member in node.parts.values()][-1].end
            written = (
                f"{key_text(step)}: {flow_text(value)}" if node.style == "{" else flow_text(value)
            )
            return self._cut(last, last, f", {written}")
        at = self._line_end(self._true_end(node))
        entry = self._entry(next(iter(node.parts.values())), node)
        column = entry - self._line_start(entry)
        lines = block_lines({step: value} if isinstance(node.data, dict) else [value], column)
        return self._cut(at, at, "".join(self.newline + line for line in lines))

    def remove(self) -> str:
        """The key with its value, or the item, is gone."""
        parent = self.parent
        if parent is None:
            raise NotBySplicingError
        steps = list(parent.parts.values())
        if len(steps) == 1:
            return Splice(self.text, self.trail[:-1]).empty()
        place = next(i for i, step in enumerate(steps) if step[1] is self.node)
        start = self._entry(self.trail[-1], parent)
        own_line = not self.text[self._line_start(start) : start].strip()
        if parent.style == "block" and own_line:
            return self._without_lines(self._line_start(start), self._true_end(self.node))
        if place + 1 < len(steps):
            return self._up_to(start, self._entry(steps[place + 1], parent))
        return self._cut(steps[place - 1][1].end, self.node.end, "")

    def _up_to(self, start: int, following: int) -> str:
        # comments between the two belong to what follows
        end = self._line_end(self._true_end(self.node))
        if end < following and "#" in self.text[end:following]:
            return self.text[:start].rstrip(" ") + self.text[end:]
        return self._cut(start, following, "")

    def empty(self) -> str:
        """The collection holds nothing any more."""
        value: Any = {} if isinstance(self.node.data, dict) else []
        if self.parent is None:
            return self._cut(self.node.start, self._true_end(self.node), flow_text(value))
        return self.replace(value)

    def _in_flow(self, written: str) -> str:
        node = self.node
        if node.style == "block" or "#" in self.text[node.start : node.end]:
            raise NotBySplicingError  # a comment inside would be lost
        blank = "" if node.start < node.end else " "
        return self._cut(node.start, node.end, blank + written)

    def _fits_the_line(self, value: Any) -> bool:
        node = self.node
        return (
            node.start < node.end
            and node.style in ("", "'", '"')
            and not is_filled(value)
            and not (isinstance(value, str) and fits_literal(value))
        )

    def _like_before(self, value: Any) -> str:
        """The scalar in the quotes its predecessor had, where they can hold it."""
        if self.node.alias or not isinstance(value, str) or not self.node.style:
            return flow_text(value, "")
        if self.node.style == "'" and is_plain(f"x{value}x"):
            return "'" + value.replace("'", "''") + "'"
        return quoted(value)

    def _item(self, value: Any) -> str:
        dash = self._entry(self.trail[-1], self._parent())
        column = dash - self._line_start(dash)
        first, *more = block_lines([value], column)
        written = self.newline.join([first[column + 1 :], *more])
        return self._cut(dash + 1, self._true_end(self.node), written)

    def _member(self, value: Any) -> str:
        """A new value for a key: what follows on the key's line stays if it is a comment."""
        node, key = self.node, self.key
        colon = re.compile(r"[ \t]*:").match(self.text, key.end)
        if not colon:
            raise NotBySplicingError
        column = key.start - self._line_start(key.start)
        first, more = member_lines(value, column)
        end = self._line_end(self._true_end(node))
        rest = self.text[colon.end() : self._line_end(colon.end())]
        if node.line == key.line:
            rest = "" if node.style in ("|", ">", "block") else self.text[node.end : end]
        after = "".join(self.newline + line for line in more)
        return self._cut(colon.end(), end, first + rest.rstrip() + after)

    def _parent(self) -> Node:
        if self.parent is None:
            raise NotBySplicingError
        return self.parent

    def _entry(self, step: Step, parent: Node) -> int:
        """Where a member begins: its key, or its dash."""
        start = step[0].start
        dashed = isinstance(parent.data, list) and parent.style == "block"
        return self.text.rfind("-", 0, start) if dashed else start

    def _true_end(self, node: Node) -> int:
        # a block scalar's end is after the blank lines below it
        return len(self.text[: node.end].rstrip()) if node.start < node.end else node.end

    def _line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def _line_end(self, at: int) -> int:
        found = LINE_END.search(self.text, at)
        return found.start() if found else len(self.text)

    def _without_lines(self, start: int, end: int) -> str:
        stop = self._line_end(end)
        following = re.compile(r"\r\n|\r|\n").match(self.text, stop)
        if following:
            return self._cut(start, following.end(), "")
        before = self.text[:start].removesuffix("\n").removesuffix("\r")
        return before + self.text[stop:]

    def _cut(self, start: int, end: int, written: str) -> str:
        return self.text[:start] + written + self.text[end:]

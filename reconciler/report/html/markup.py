"""Texts in, markup out: whatever is not markup of ours is made visible and escaped.

A text becomes markup only through `element`, so a renderer cannot forget to escape one.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from reconciler.report.sanitise import visible


class Html(str):
    """Markup of ours, which is never escaped again."""

    __slots__ = ()


Content = str | None | Iterable["str | None"]
"""What an element holds: markup, texts of strangers, nothing, or several of these."""

Attribute = str | int | bool | None

_VOID = frozenset({"br", "input", "link", "meta"})
_LINES = frozenset({"body", "details", "footer", "head", "header", "main", "nav", "section", "ul"})
"""Elements whose children stand on lines of their own, for whoever reads the source."""


def element(tag: str, /, *content: Content, **attributes: Attribute) -> Html:
    """One element. Attributes are named as in HTML with `_` for `-`, and one at the end left out.

    An attribute that is None or False is left out, one that is True has no value.
    """
    opening = f"<{tag}{''.join(_attribute(*pair) for pair in attributes.items())}>"
    if tag in _VOID:
        return Html(opening)
    if tag in _LINES:
        lines = [text for part in content if (text := markup(part))]
        return Html("\n".join([opening, *lines, f"</{tag}>"]))
    return Html(f"{opening}{''.join(map(markup, content))}</{tag}>")


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(visible(str(value)), quote=True)}"'


def markup(content: Content) -> Html:
    """Content as markup; several parts follow each other without a blank."""
    if isinstance(content, Html):
        return content
    if content is None:
        return Html("")
    if isinstance(content, str):
        return Html(escape(visible(content), quote=False))
    return Html("".join(map(markup, content)))


def lines(parts: Iterable[Content]) -> Html:
    """Parts on lines of their own; those that are empty are left out."""
    return Html("\n".join(text for part in parts if (text := markup(part))))


def joined(parts: Iterable[Content]) -> Html:
    """Parts in one line, with commas."""
    return Html(", ".join(map(markup, parts)))

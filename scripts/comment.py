"""The comment of the quick start's plan as a page, drawn much as GitHub draws it."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

from reconciler.github import body
from reconciler.github.context import Context
from reconciler.github.work import Result
from scripts.picture import quick_start

CONTEXT = Context(
    sha="4f9d2c1e0b7a6f5e4d3c2b1a09f8e7d6c5b4a392",
    run_url="https://github.com/acme/platform/actions/runs/1",
)
STYLE = """
body { margin: 0; padding: 16px; background: #fff; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }
.box { border: 1px solid #d1d9e0; border-radius: 6px }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e;
  border-radius: 6px 6px 0 0 }
.head b { color: #1f2328 }
.label { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px }
.text { padding: 4px 16px 12px }
h3 { font-size: 1.25em; margin: 16px 0 8px } h4 { font-size: 1em; margin: 16px 0 8px }
code, pre { font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em }
pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: auto }
pre code { background: none; padding: 0 }
.i { background: #dafbe1; color: #116329 } .d { background: #ffebe9; color: #82071e }
.c { background: #fff8c5; color: #7d4e00 } .i, .d, .c { display: inline-block; width: 100% }
a { color: #0969da; text-decoration: none } sub { color: #59636e }
"""
_CLASSES = {"+": "i", "-": "d", "!": "c"}


def comment_page() -> str:
    """The page."""
    with quick_start() as (_, plan):
        shown = body.text(Result("plan", 3, plan), CONTEXT, "production")
    rendered = MarkdownIt("commonmark").enable("table").render(shown)
    rendered = re.sub(r'<code class="language-diff">(.*?)</code>', _diff, rendered, flags=re.S)
    rendered = rendered.replace("<details>", "<details open>", 1)
    head = "<b>github-actions</b> <span class=label>bot</span> commented"
    return (
        f"<!doctype html><meta charset=utf-8><title>Comment</title><style>{STYLE}</style>"
        f"<div class=box><div class=head>{head}</div><div class=text>{rendered}</div></div>"
    )


def _diff(found: re.Match[str]) -> str:
    lines = html.unescape(found[1]).rstrip("\n").split("\n")
    return "<code>" + "".join(_line(line) + "\n" for line in lines) + "</code>"


def _line(line: str) -> str:
    name = _CLASSES.get(line[:1])
    text = html.escape(line)
    return f'<span class="{name}">{text}</span>' if name else text

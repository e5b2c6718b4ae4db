"""A query as a client wrote it in, the same with quotation marks around every name out.

This is what servers make of a query they keep: `{$eq: "file"}` comes back as `{"$eq": "file"}`.
"""

from __future__ import annotations

from reconciler.sandbox.aql.tokens import tokens


def requote(text: str) -> str:
    """A query that parses in, its text with quoted names out; spaces stay as they are."""
    text = text.strip()
    parts: list[str] = []
    depth, done = 0, 0
    for token in tokens(text):
        if token.kind == "sign":
            depth += (token.value in "{[") - (token.value in "}]")
        if token.kind == "word" and depth > 0 and token.value != "null":
            parts += [text[done : token.start], f'"{token.value}"']
            done = token.end
    return "".join(parts) + text[done:]

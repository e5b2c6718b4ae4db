"""A place in a query in, the server's words about it out."""

from __future__ import annotations


class AqlError(Exception):
    """The query cannot be run; the message is the server's."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Where in the text, counted in characters from 0."""


def near(text: str, position: int) -> AqlError:
    """A text and the place where it stops making sense in, the refusal out.

    Servers say the same of wrong syntax, unknown fields, unknown operators and steps in a wrong
    order: they repeat the query, and what is left of it from that place on.
    """
    return AqlError(
        f"Failed to parse query: {text}, it looks like there is syntax error near the following "
        f"sub-query: {text[position:]}",
        position,
    )

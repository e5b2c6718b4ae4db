"""Tokens in, the tree of a query out: the grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from reconciler.kinds.policies.aql.tokens import DOMAINS, AqlError, Token, tokens
from reconciler.kinds.policies.aql.tree import (
    Combination,
    Comparison,
    Compound,
    Group,
    Query,
    Suffix,
    Value,
)

COMBINATIONS = ("$and", "$or", "$msp")
_BEGINNING = 'a query begins with items.find(, such as items.find({"repo": "docs-local"})'
_CONSTANTS: dict[str, Value] = {"null": None, "true": True, "false": False}
_MOST_NESTED = 64
_CLOSING = {"(": ")", "{": "}", "[": "]"}


def parse(text: str) -> Query:
    """The tree of a query. Raises AqlError at the first place that breaks the grammar."""
    return _Parser(tokens(text)).query()


@dataclass
class _Parser:
    """Where in the tokens we are."""

    tokens: list[Token]
    at: int = 0
    depth: int = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.here
        self.at += token.sort != "end"
        return token

    def is_at(self, sign: str) -> bool:
        return self.here.sort == "sign" and self.here.value == sign

    def take(self, sign: str, what: str) -> Token:
        if not self.is_at(sign):
            raise AqlError(self.here.offset, f"{what} is expected, but there is {self.here.shown}")
        return self.next()

    def query(self) -> Query:
        self._domain()
        self.take("(", "'('")
        groups = () if self.is_at(")") else self._groups(")", bare=False)
        self._close("(")
        suffixes: list[Suffix] = []
        while self.is_at("."):
            suffixes.append(self._suffix())
        if self.here.sort != "end":
            raise AqlError(self.here.offset, f"{self.here.shown} follows the end of the query")
        return Query(groups, tuple(suffixes))

    def _domain(self) -> None:
        domain = self.next()
        if domain.sort != "word" or domain.value != "items":
            if domain.value in DOMAINS:
                problem = f"a policy selects items; it cannot search '{domain.value}'"
                raise AqlError(domain.offset, problem, _BEGINNING)
            problem = f"'items' is expected, but there is {domain.shown}"
            raise AqlError(domain.offset, problem, _BEGINNING)
        self.take(".", "'.find('")
        find = self.next()
        if find.value != "find":
            raise AqlError(find.offset, f"'find' is expected, but there is {find.shown}")

    def _groups(self, end: str, *, bare: bool) -> tuple[Group, ...]:
        """One pair of braces after the other, up to a closing sign; `bare` ones lack the braces."""
        groups = [self._group(bare=bare)]
        while self.is_at(","):
            comma = self.next()
            if self.is_at(end):
                raise AqlError(comma.offset, f"nothing follows this ',' before '{end}'")
            groups.append(self._group(bare=bare))
        return tuple(groups)

    def _group(self, *, bare: bool) -> Group:
        if bare and self.here.sort in ("text", "word"):
            return Group((self._part(),), self.here.offset)
        opening = self.take("{", "'{'")
        self.depth += 1
        if self.depth > _MOST_NESTED:
            raise AqlError(opening.offset, f"more than {_MOST_NESTED} levels of nesting")
        if self.is_at("}"):
            raise AqlError(opening.offset, "there is nothing between these braces")
        parts = [self._part()]
        while self.is_at(","):
            comma = self.next()
            if self.is_at("}"):
                raise AqlError(comma.offset, "nothing follows this ',' before '}'")
            parts.append(self._part())
        self._close("{")
        self.depth -= 1
        return Group(tuple(parts), opening.offset)

    def _close(self, opening: str) -> None:
        sign = _CLOSING[opening]
        if not self.is_at(sign):
            hint = f"a '{opening}' before it is not closed" if self.here.sort == "end" else ""
            problem = f"',' or '{sign}' is expected, but there is {self.here.shown}"
            raise AqlError(self.here.offset, problem, hint)
        self.next()

    def _part(self) -> Comparison | Compound:
        key = self.next()
        if key.sort not in ("text", "word"):
            problem = f"a field, a property or $and, $or, $msp is expected, not {key.shown}"
            raise AqlError(key.offset, problem)
        self.take(":", "':'")
        if key.value in COMBINATIONS:
            return self._compound(key)
        if key.value.startswith("$"):
            known = ", ".join(COMBINATIONS)
            raise AqlError(
                key.offset, f"'{key.value}' combines nothing", f"{known} combine criteria"
            )
        if self.is_at("{"):
            return self._comparison(key)
        value_at = self.here.offset
        return Comparison(key.value, key.offset, "$eq", key.offset, self._value(), value_at)

    def _compound(self, key: Token) -> Compound:
        opening = self.take("[", f"'[' after {key.value}")
        if self.is_at("]"):
            raise AqlError(opening.offset, f"there is nothing that {key.value} could combine")
        groups = self._groups("]", bare=key.value == "$msp")  # the reference writes it so
        self._close("[")
        return Compound(cast(Combination, key.value), key.offset, groups)

    def _comparison(self, key: Token) -> Comparison:
        self.next()
        operator = self.next()
        if operator.sort not in ("text", "word"):
            problem = f"an operator such as $eq is expected, but there is {operator.shown}"
            raise AqlError(operator.offset, problem)
        self.take(":", "':'")
        value_at = self.here.offset
        value = self._value()
        if self.is_at(","):
            raise AqlError(
                self.here.offset,
                f"'{key.value}' is compared once between its braces",
                "write a second criterion for the second comparison",
            )
        self._close("{")
        return Comparison(key.value, key.offset, operator.value, operator.offset, value, value_at)

    def _value(self) -> Value:
        token = self.next()
        if token.sort in ("text", "number"):
            return token.value
        if token.sort == "word" and token.value in _CONSTANTS:
            return _CONSTANTS[token.value]
        hint = 'text stands in double quotes: "..."' if token.sort == "word" else ""
        hint = "for one of several values combine criteria with $or" if token.value == "[" else hint
        raise AqlError(token.offset, f"a value is expected, but there is {token.shown}", hint)

    def _suffix(self) -> Suffix:
        dot = self.next()
        name = self.next()
        if name.sort != "word":
            raise AqlError(name.offset, f"a name must follow '.', but there is {name.shown}")
        self.take("(", "'('")
        words: list[str] = []
        depth = 1
        while depth:
            token = self.next()
            if token.sort == "end":
                raise AqlError(token.offset, f"the '(' of '.{name.value}(' is not closed")
            depth += {"(": 1, ")": -1}.get(token.value, 0) if token.sort == "sign" else 0
            words.append(token.shown if token.sort == "text" else token.value)
        return Suffix(name.value, dot.offset, tuple(words[:-1]))

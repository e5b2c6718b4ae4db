"""The text of a query in, the query out: one method for each rule of the grammar.

    query      items . find ( [criteria {, criteria}] ) {. step ( arguments )}
    criteria   { member {, member} }
    member     name : value | name : { operator : value } | $and/$or/$msp : [ criteria {, ...} ]

Names may stand without quotation marks; that is how servers take them.
"""

from __future__ import annotations

from reconciler.sandbox.aql import fields
from reconciler.sandbox.aql.errors import AqlError, near
from reconciler.sandbox.aql.query import Compare, Criterion, Group, Property, Query, Value
from reconciler.sandbox.aql.tokens import Token, tokens
from reconciler.sandbox.aql.values import before, moment

LONGEST = 6000
STEPS = ("include", "transitive", "sort", "offset", "limit", "distinct", "transitive")
"""The steps after `find`, in the order they must come; `transitive` may also come last."""

GROUPS = ("$and", "$or", "$msp")
DOMAIN = "items"
FOREIGN = ("artifact.module.build.@", "artifact.module.@")
"""Properties of other domains; nothing here has any."""

FOREIGN_DOMAINS = ("artifact", "artifact.module", "artifact.module.build", "archive")


def parse(text: str) -> Query:
    """A text in, the query out. Raises AqlError with the server's words and the place."""
    text = text.strip()
    if len(text) > LONGEST:
        raise AqlError(
            f"AQL query is too long; please reduce the query length to less than {LONGEST} chars",
            LONGEST,
        )
    try:
        return Parser(text).query()
    except RecursionError as error:
        raise near(text, 0) from error


class Parser:
    """Walks along the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens(text))
        self.at = 0

    # --- tokens -----------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """The token that comes, left behind."""
        token = self.next
        self.at += 1
        return token

    def sign(self, value: str) -> bool:
        """Whether the sign comes; then it is left behind."""
        found = (self.next.kind, self.next.value) == ("sign", value)
        self.at += found
        return found

    def expect(self, value: str) -> None:
        """The sign must come."""
        if not self.sign(value):
            raise self.wrong()

    def wrong(self, token: Token | None = None) -> AqlError:
        """The refusal for what comes, or for another token."""
        return near(self.text, (token or self.next).start)

    # --- the query --------------------------------------------------------------------------------

    def query(self) -> Query:
        """The whole."""
        for word in (DOMAIN, "find"):
            if (self.next.kind, self.next.value) != ("word", word):
                raise self.wrong()
            self.take()
            self.expect("." if word == DOMAIN else "(")
        found = [] if self.sign(")") else self.criteria_list(")")
        query = Query(self.text, Group("$and", tuple(found)))
        done = 0
        while self.sign("."):
            query, done = self.step(query, done)
        if self.next.kind != "end":
            raise self.wrong()
        return query

    def step(self, query: Query, done: int) -> tuple[Query, int]:
        """A query and how far in the order of steps it is in, both with one step more out."""
        token = self.take()
        if token.kind != "word" or token.value not in STEPS[done:]:
            raise self.wrong(token)
        place = STEPS.index(token.value, done)
        self.expect("(")
        changes = getattr(self, f"step_{token.value}")()
        self.expect(")")
        return Query(**{**vars(query), **changes}), place + 1

    def step_include(self) -> dict[str, object]:
        """Names of fields and domains."""
        names = [self.included()]
        while self.sign(","):
            names.append(self.included())
        return {"include": tuple(names)}

    def included(self) -> str:
        """One name after `include`."""
        token = self.take()
        name = token.value
        known = fields.kind(name) is not None or name.startswith("@")
        domain = name.removesuffix(".*") in ("*", "item", "property", "stat", *FOREIGN_DOMAINS)
        if token.kind != "string" or not (known or domain):
            raise self.wrong(token)
        return name

    def step_transitive(self) -> dict[str, object]:
        """Nothing inside the brackets."""
        return {"transitive": True}

    def step_sort(self) -> dict[str, object]:
        """`{"$asc": ["field", ...]}`."""
        self.expect("{")
        direction = self.take()
        if direction.value not in ("$asc", "$desc"):
            raise self.wrong(direction)
        self.expect(":")
        self.expect("[")
        names = [self.sorted_by()]
        while self.sign(","):
            names.append(self.sorted_by())
        self.expect("]")
        self.expect("}")
        if len(set(names)) < len(names):
            raise AqlError("Duplicate fields, all the fields in the sort section should be unique.")
        return {"sort": tuple(names), "descending": direction.value == "$desc"}

    def sorted_by(self) -> str:
        """One field after `sort`."""
        token = self.take()
        if token.kind != "string" or fields.kind(token.value) is None:
            raise self.wrong(token)
        return token.value

    def step_offset(self) -> dict[str, object]:
        """A number."""
        return {"offset": self.count()}

    def step_limit(self) -> dict[str, object]:
        """A number."""
        return {"limit": self.count()}

    def count(self) -> int:
        """A number that is not negative."""
        token = self.take()
        if token.kind != "number" or token.value.startswith("-"):
            raise self.wrong(token)
        return int(token.value)

    def step_distinct(self) -> dict[str, object]:
        """`true` or `false`, without quotation marks."""
        token = self.take()
        if token.kind != "word" or token.value not in ("true", "false"):
            raise self.wrong(token)
        return {"distinct": token.value == "true"}

    # --- criteria ---------------------------------------------------------------------------------

    def criteria_list(self, end: str) -> list[Criterion]:
        """Objects with commas between them, up to a closing sign."""
        found = [self.criteria()]
        while self.sign(","):
            found.append(self.criteria())
        self.expect(end)
        return found

    def criteria(self) -> Criterion:
        """One object: all its members together."""
        self.expect("{")
        if self.sign("}"):
            return Group("$and", ())
        found = [self.member()]
        while self.sign(","):
            found.append(self.member())
        self.expect("}")
        return found[0] if len(found) == 1 else Group("$and", tuple(found))

    def member(self) -> Criterion:
        """One name and what is said of it."""
        name = self.take()
        if name.kind not in ("string", "word"):
            raise self.wrong(name)
        if name.value not in GROUPS and not known(name.value):
            raise self.wrong(name)
        self.expect(":")
        if name.value in GROUPS:
            return self.group(name)
        if self.sign("{"):
            operator = self.take()
            if operator.kind not in ("string", "word") or operator.value not in fits(name.value):
                raise self.wrong(operator)
            self.expect(":")
            made = self.comparison(name.value, operator.value)
            self.expect("}")
            return made
        return self.comparison(name.value, "$eq")

    def group(self, name: Token) -> Group:
        """What stands behind `$and`, `$or` and `$msp`."""
        self.expect("[")
        start = self.next
        found = self.criteria_list("]")
        if name.value == "$msp" and not all(about_properties(inner) for inner in found):
            raise self.wrong(start)
        return Group(name.value, tuple(found))

    def comparison(self, name: str, operator: str) -> Criterion:
        """A name and an operator in, the criterion with the value that comes out."""
        token = self.next
        value = self.value()
        domain, at, key = name.rpartition("@")
        if at:
            return Property("" if domain else key, operator, value)
        if not fitting(name, operator, value):
            raise self.wrong(token)
        return Compare(name, operator, value)

    def value(self) -> Value:
        """A string, a number or null."""
        token = self.take()
        if token.kind == "string":
            return token.value
        if token.kind == "number":
            return int(token.value)
        if (token.kind, token.value) == ("word", "null"):
            return None
        raise self.wrong(token)


def known(name: str) -> bool:
    """Whether an item can be asked for this."""
    prefix, at, key = name.rpartition("@")
    if at:
        return bool(key) and (not prefix or f"{prefix}@" in FOREIGN)
    return fields.kind(name) is not None


def fits(name: str) -> tuple[str, ...]:
    """A known name in, the operators that fit it out."""
    if "@" in name:
        return (*fields.COMPARISONS, *fields.MATCHES)
    return fields.operators(name)


def fitting(name: str, operator: str, value: Value) -> bool:
    """Whether a value is of the field's type. Raises AqlError at a span of time that is none."""
    if operator in fields.RELATIVE:
        before(0.0, str(value))
        return isinstance(value, str)
    if value is None:
        return operator in ("$eq", "$ne")
    if name == "type":
        return operator in ("$eq", "$ne") and value in fields.TYPES
    kind = fields.kind(name)
    if kind == "date":
        return moment(str(value)) is not None
    return kind == "string" or isinstance(value, int) or value.lstrip("-").isdecimal()


def about_properties(criterion: Criterion) -> bool:
    """Whether a criterion speaks of properties and nothing else."""
    if isinstance(criterion, Group):
        return all(about_properties(inner) for inner in criterion.criteria)
    return isinstance(criterion, Property) or criterion.field in fields.PROPERTY_FIELDS

"""Lists of Ant patterns in, a path that passes them out: exact, by walking all paths at once.

A namespace and the include and exclude patterns on the way to a repository are each turned into an
automaton; they are walked side by side, letter by letter. So the answer is a path, or the proof
that there is none, not a guess from examples.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_STATES = 50_000
"""Joint states that are looked at; patterns that need more are said to let something through."""

TOO_MANY = "(the patterns are too many to be sure)"

Filter = tuple[str, str]
"""The include and the exclude patterns of one repository, each a list separated by commas."""

_TOKENS = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|.", re.DOTALL)
_EVERYTHING = "**/*"

State = frozenset[int]


@dataclass(frozen=True)
class Automaton:
    """One pattern: for each place in it, which letters lead on, and what is skipped for free.

    A letter is None for any, "/" excluded where `within` says so.
    """

    steps: tuple[tuple[tuple[str, int], ...], ...]
    free: tuple[tuple[int, ...], ...]
    end: int

    def begin(self) -> State:
        """Where a walk starts."""
        return self._closed({0})

    def after(self, state: State, letter: str) -> State:
        """Where one letter leads."""
        found = {
            target
            for place in state
            for meant, target in self.steps[place]
            if meant == "any" or meant == letter or (meant == "inside" and letter != "/")
        }
        return self._closed(found)

    def accepts(self, state: State) -> bool:
        """Whether the pattern matches what was walked."""
        return self.end in state

    def _closed(self, places: set[int]) -> State:
        todo = list(places)
        while todo:
            for target in self.free[todo.pop()]:
                if target not in places:
                    places.add(target)
                    todo.append(target)
        return frozenset(places)


@lru_cache(maxsize=1024)
def automaton(pattern: str) -> Automaton:
    """A pattern as an automaton: `?` one letter, `*` any within a folder, `**` any."""
    steps: list[list[tuple[str, int]]] = [[]]
    free: list[list[int]] = [[]]

    def place() -> int:
        steps.append([])
        free.append([])
        return len(steps) - 1

    here = 0
    for token in _TOKENS.findall(pattern):
        there = place()
        if token in ("*", "**"):
            steps[here].append(("inside" if token == "*" else "any", here))
            free[here].append(there)
        elif token == "**/":  # nothing, or anything that ends with a slash
            middle = place()
            free[here] += [there, middle]
            steps[middle] += [("any", middle), ("/", there)]
        elif token == "/**":  # nothing, or a slash and anything
            middle = place()
            free[here].append(there)
            steps[here].append(("/", middle))
            steps[middle].append(("any", middle))
            free[middle].append(there)
        else:
            steps[here].append(("inside" if token == "?" else token, there))
        here = there
    return Automaton(tuple(map(tuple, steps)), tuple(map(tuple, free)), here)


def split(patterns: str) -> list[str]:
    """The patterns of a list that is separated by commas."""
    return [part for part in (one.strip() for one in patterns.split(",")) if part]


@dataclass(frozen=True)
class _Alternatives:
    """Several patterns, of which one has to match."""

    parts: tuple[Automaton, ...]

    def begin(self) -> tuple[State, ...]:
        return tuple(part.begin() for part in self.parts)

    def after(self, states: tuple[State, ...], letter: str) -> tuple[State, ...]:
        return tuple(p.after(s, letter) for p, s in zip(self.parts, states, strict=True))

    def accepts(self, states: tuple[State, ...]) -> bool:
        return any(p.accepts(s) for p, s in zip(self.parts, states, strict=True))


def witness(lists: Sequence[str], wanted: Callable[[Sequence[bool]], bool]) -> str | None:
    """The shortest path for which what each list of patterns says of it is wanted, or None.

    `wanted` is told for each list whether one of its patterns matches.
    """
    automata = [_Alternatives(tuple(map(automaton, split(text)))) for text in lists]
    letters = list(_letters(lists))
    start = tuple(each.begin() for each in automata)
    todo = deque([(start, "/", "")])
    seen = {(start, "/")}
    while todo:
        states, last, path = todo.popleft()
        is_path = path != "" and last != "/"
        if is_path and wanted([a.accepts(s) for a, s in zip(automata, states, strict=True)]):
            return path
        for letter in letters:
            if letter == "/" and last == "/":
                continue  # no folder is without a name
            then = tuple(a.after(s, letter) for a, s in zip(automata, states, strict=True))
            key = then, "/" if letter == "/" else "x"
            if key not in seen:
                if len(seen) >= MOST_STATES:
                    return TOO_MANY
                seen.add(key)
                todo.append((then, letter, path + letter))
    return None


def _letters(lists: Iterable[str]) -> Iterator[str]:
    """The letters that patterns tell apart: one stands for all that none of them names."""
    named = set("".join(lists)) - set("*?, /")
    yield next(c for c in map(chr, range(ord("x"), 0x10000)) if c not in named)
    yield from sorted(named)
    yield "/"


def passes(filters: Sequence[Filter], told: Sequence[bool]) -> bool:
    """Whether a path passes all filters; `told` holds what their lists say, two for each."""
    pairs = zip(told[::2], told[1::2], strict=True)
    return all(
        (included or not split(includes)) and not excluded
        for (included, excluded), (includes, _) in zip(pairs, filters, strict=True)
    )


def lists_of(filters: Iterable[Filter]) -> list[str]:
    """The lists of patterns of some filters, two for each; none includes everything."""
    return [text for includes, excludes in filters for text in (includes or _EVERYTHING, excludes)]


def admitted(filters: Sequence[Filter], namespace: str) -> str | None:
    """A path of a namespace that passes all the filters, or None where there is none."""
    return witness(
        [namespace, *lists_of(filters)], lambda told: told[0] and passes(filters, told[1:])
    )

"""Rules that several repository classes share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from string import ascii_letters, digits
from typing import Any
from urllib.parse import urlsplit

from reconciler.kinds.access._access import PREDEFINED_ENVIRONMENTS
from reconciler.kinds.kind import Fault, Limit, Rule, Subject
from reconciler.kinds.project_key import ALLOWED, is_project_key
from reconciler.kinds.repositories._package_types import classes_of
from reconciler.kinds.repositories._repository import NO_PROJECT

MAX_KEY = 64
MAX_REMOTE_KEY = 58

_RESERVED = frozenset({".", "..", "&", "list", "release-bundles"})
_ASCII_FIRST = frozenset(ascii_letters + digits + "_")
_ASCII_LATER = _ASCII_FIRST | {"-", "."}
_USUAL_KEY = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NAME = ("metadata", "name")


def key_rule(longest: int) -> Rule:
    """The rule for a repository's key in a class whose keys have this length at most."""

    def rule(subject: Subject) -> Iterator[Fault]:
        key = subject.name
        if key in _RESERVED:
            yield Fault(
                _NAME,
                "key-reserved",
                f"'{key}' cannot be a repository key: the server keeps it for itself",
                "choose another name",
            )
            return
        if len(key) > longest:
            yield Fault(
                _NAME,
                "key-too-long",
                f"the key has {len(key)} characters; {_limit(longest)}",
                f"shorten it by {len(key) - longest}",
            )
        if bad := _bad_character(key):
            yield Fault(
                _NAME,
                "key-illegal-character",
                f"the key {bad}: a key is part of paths and addresses",
                "use letters, digits, '-', '_' and '.', and begin with a letter or a digit",
            )

    return rule


def _limit(longest: int) -> str:
    if longest == MAX_REMOTE_KEY:
        return f"a remote's may have {longest}, because the server appends '-cache'"
    return f"a repository's may have {longest}"


def _bad_character(key: str) -> str:
    """What is wrong with the characters of a key, as the end of a sentence; empty if nothing."""
    if _USUAL_KEY.fullmatch(key):
        return ""
    if not key:
        return "is empty"
    for char in key:
        if not _is_legal(char):
            return f"contains {_shown(char)}"
    return "" if _is_legal(key[0], first=True) else f"begins with {_shown(key[0])}"


def _is_legal(char: str, *, first: bool = False) -> bool:
    """Whether XML allows the character in a name; a digit may come first, a colon never."""
    if char.isascii():
        return char in (_ASCII_FIRST if first else _ASCII_LATER)
    return bool(_beyond_ascii(first).fullmatch(char))


@cache
def _beyond_ascii(first: bool) -> re.Pattern[str]:
    """Compiled when a key needs it, because few do and it takes milliseconds."""
    letters = (
        "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
        "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
    )
    return re.compile(f"[{letters}]" if first else f"[\u00b7\u0300-\u036f\u203f\u2040{letters}]")


def _shown(char: str) -> str:
    if char == " ":
        return "a blank"
    return f"'{char}'" if char.isprintable() else f"U+{ord(char):04X}"


def key_not_of_a_cache(subject: Subject) -> Iterator[Fault]:
    """The ending `-cache` belongs to the caches of remotes."""
    if subject.name.endswith("-cache"):
        yield Fault(
            _NAME,
            "key-ends-in-cache",
            "the key ends in '-cache', which the server keeps for the caches of remotes",
            "choose another ending",
        )


def class_rule(rclass: str) -> Rule:
    """The rule that the class has the package type, as far as the package type is known."""

    def rule(subject: Subject) -> Iterator[Fault]:
        package_type = subject.spec.get("packageType")
        if not isinstance(package_type, str):
            return
        classes = classes_of(package_type)
        if classes and rclass not in classes:
            yield Fault(
                ("spec", "packageType"),
                "class-package-type",
                f"there are no {rclass} repositories of type '{package_type}'",
                "it exists for: " + ", ".join(f"{c.capitalize()}Repository" for c in classes),
            )

    return rule


def proxy_conflict(subject: Subject) -> Iterator[Fault]:
    """A proxy and the order to use none contradict each other."""
    if subject.spec.get("proxy") and subject.spec.get("disableProxy") is True:
        yield Fault(
            ("spec", "proxy"),
            "proxy-conflict",
            "a proxy is named and disableProxy is true; the server would drop the proxy",
            "remove one of the two",
        )


def project_key(subject: Subject) -> Iterator[Fault]:
    """The project's key is part of an address, and no project has a key of another form."""
    key = subject.spec.get("projectKey")
    if isinstance(key, str) and in_project(subject.spec) and not is_project_key(key):
        text = f"'{key}' cannot be the key of a project"
        yield Fault(("spec", "projectKey"), "name-illegal", text, ALLOWED)


def password_in_url(
    at: tuple[str | int, ...], name: str, url: str, hint: str, *, user: bool = False
) -> Iterator[Fault]:
    """A URL with a password in it; with `user`, one with a user's name alone, too."""
    try:
        parts = urlsplit(url.strip())
        found = bool(parts.password or (user and "@" in parts.netloc))
    except ValueError:
        found = "@" in url
    if found:
        text = f"{name} holds a password, which everyone who reads the manifest would see"
        yield Fault(at, "secret-literal", text, hint)


def environments_without_project(subject: Subject) -> Iterator[Fault]:
    """Environments mean something inside a project only."""
    if subject.spec.get("environments") and not in_project(subject.spec):
        yield Fault(
            ("spec", "environments"),
            "environments-without-project",
            "environments have no effect on a repository outside of a project",
            "set projectKey, or remove environments",
            severity="warning",
        )


def environments_declared(subject: Subject) -> Iterator[Fault]:
    """A name that nobody declares is often misspelt; the server takes it without a word."""
    project, declared = subject.spec.get("projectKey"), subject.declared
    if declared is None or not in_project(subject.spec):
        return
    everywhere = {*PREDEFINED_ENVIRONMENTS, *(parts[-1] for parts in declared("GlobalEnvironment"))}
    inside = {"-".join(parts) for parts in declared("ProjectEnvironment")}
    own = {name for name in inside if name.startswith(f"{project}-")}
    for index, name in enumerate(subject.spec.get("environments") or ()):
        if name not in everywhere and name not in own:
            yield Fault(
                ("spec", "environments", index),
                "environment-undeclared",
                f"'{name}' is an environment of another project"
                if name in inside
                else f"no manifest declares the environment '{name}'",
                "a repository has the environments of its own project, and global ones"
                if name in inside
                else _environment_hint(name, f"{project}-", everywhere | own),
                severity="warning",
            )


def _environment_hint(name: str, prefix: str, known: Collection[str]) -> str:
    if f"{prefix}{name}" in known:
        return f"did you mean '{prefix}{name}'? An environment of a project has its key in front"
    folded = {one.casefold(): one for one in sorted(known)}
    if near := get_close_matches(name.casefold(), folded, 1, 0.75):
        return f"did you mean '{folded[near[0]]}'?"
    return (
        "declare it as a GlobalEnvironment or ProjectEnvironment; one that others look after is "
        "declared with metadata.lifecycle.manage: observe"
    )


def _first_environments_only(subject: Subject) -> str:
    named = _environments(subject)
    ours = ", ".join(name for name in named if name not in ("DEV", "PROD"))
    return f"there are only DEV and PROD, and environments names {ours}" if ours else ""


def _one_environment(subject: Subject) -> str:
    count = len(set(_environments(subject)))
    return f"a repository has one environment, and environments has {count}" if count > 1 else ""


def _environments(subject: Subject) -> list[str]:
    """The environments that count: outside of a project the server ignores them."""
    outside = "projectKey" in subject.spec and not in_project(subject.spec)
    return [] if outside else list(subject.spec.get("environments") or ())


ENVIRONMENT_LIMITS = (
    Limit("7.53.1", _first_environments_only),
    Limit("7.107.1", _one_environment, since="7.53.1"),
)
"""How many environments a version takes, and which: known from the vendor's own client."""


def in_project(spec: Mapping[str, Any]) -> bool:
    """Whether a spec assigns the repository to a project."""
    return spec.get("projectKey") not in (None, "", NO_PROJECT)


def external_dependencies_patterns(subject: Subject) -> Iterator[Fault]:
    """The list of external dependencies needs its switch, and cannot be empty."""
    spec, at = subject.spec, ("spec", "externalDependenciesPatterns")
    if "externalDependenciesPatterns" not in spec:
        return
    if not spec["externalDependenciesPatterns"]:
        summary = "the server turns an empty list of patterns into '**', which admits everything"
        hint = "name the patterns, or set externalDependenciesEnabled to false and leave them out"
    elif spec.get("externalDependenciesEnabled", _follows_by_default(spec)) is not True:
        summary = "the patterns have no effect: external dependencies are not followed"
        hint = "set externalDependenciesEnabled to true"
    else:
        return
    yield Fault(at, "external-dependencies-patterns", summary, hint, severity="warning")


def _follows_by_default(spec: Mapping[str, Any]) -> bool:
    return spec.get("packageType") == "go"

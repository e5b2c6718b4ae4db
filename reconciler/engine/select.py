"""`--only` and `--exclude` in, the selected manifests out; what they name comes along.

A term is an address glob (`LocalRepository/pay-*`, `east:*/x`) or one of `kind=`, `label=K=V`,
`path=GLOB`, `project=`, `platform=`. Commas inside one flag mean and, repeated flags mean or,
exclude wins.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from reconciler.engine.resolve import Resolved
from reconciler.engine.shard import holds, members
from reconciler.errors import UsageError
from reconciler.model import Address, Manifest, Origin, Scope

Test = Callable[[Manifest], bool]

TERMS = (
    "terms are address globs like 'LocalRepository/pay-*', or kind=, label=K=V, path=GLOB, "
    "project=, platform="
)

_NOWHERE = Origin("", 0)


def select(
    resolved: Resolved, scope: Scope, gone: Sequence[Manifest] = ()
) -> tuple[list[Manifest], set[Address]]:
    """The manifests in scope, in order, and which of them came in by reference only.

    `gone` is what lost its manifest and may be deleted: a term may select it, too.

    A shard takes its part of what the terms select; it may be nothing. What an object names is
    always on its shard. Raises UsageError for a term that cannot mean anything or selects nothing.
    """
    chosen, by_reference = _selected(resolved, scope, gone)
    if scope.shard is None:
        return chosen, by_reference
    here = members(resolved, scope.shard)
    return [m for m in chosen if m.address in here], by_reference & here


def _selected(
    resolved: Resolved, scope: Scope, gone: Sequence[Manifest]
) -> tuple[list[Manifest], set[Address]]:
    if not scope.only and not scope.exclude:
        return list(resolved.manifests), set()
    only = [_every(flag, "--only") for flag in scope.only]
    exclude = [_every(flag, "--exclude") for flag in scope.exclude]
    named = {m.address for m in resolved.manifests if not only or any(test(m) for test in only)}
    known = [*resolved.manifests, *gone]
    _refuse_empty("--only", scope.only, only, known)
    _refuse_empty("--exclude", scope.exclude, exclude, known)
    excluded = {m.address for m in resolved.manifests if any(test(m) for test in exclude)}
    named -= excluded
    if not named and not any(surely_in_scope(probe, scope) for probe in gone):
        raise UsageError(
            "the selection is empty: --exclude takes out all that --only names",
            hint="an excluded object stays out, whatever else selects it",
        )
    reached = _closure(named, resolved) - excluded
    chosen = [m for m in resolved.manifests if m.address in named or m.address in reached]
    return chosen, reached - named


def in_scope(address: Address, scope: Scope) -> bool:
    """Whether an object that has no manifest is in scope, judged by its address alone."""
    if scope.shard is not None and not holds(address, scope.shard):
        return False
    probe = Manifest(address, {}, _NOWHERE)
    only = [_every(flag, "--only") for flag in scope.only]
    exclude = [_every(flag, "--exclude") for flag in scope.exclude]
    wanted = not only or any(test(probe) for test in only)
    return wanted and not any(test(probe) for test in exclude)


def surely_in_scope(probe: Manifest, scope: Scope) -> bool:
    """Whether an object that lost its manifest is in scope, whatever labels and file it had.

    `probe` has what is remembered of it. A term that only the manifest could answer selects
    nothing, and excludes everything.
    """
    if scope.shard is not None and not holds(probe.address, scope.shard):
        return False

    def judged(flag: str, option: str) -> Test:
        return _every(",".join(t for t in _terms(flag) if not _is_lost(t)) or "*/*", option)

    only = [_every(flag, "--only") for flag in scope.only]
    wanted = not only or any(test(probe) for test in only)
    return wanted and not any(judged(flag, "--exclude")(probe) for flag in scope.exclude)


def _is_lost(term: str) -> bool:
    """Whether a term asks for what is gone with the manifest."""
    return _parts(term)[0] in ("label", "path")


def check_scope(scope: Scope, kinds: Sequence[str], platforms: Sequence[str]) -> None:
    """Raises UsageError for a term that cannot mean anything here."""
    for option, flags in (("--only", scope.only), ("--exclude", scope.exclude)):
        for flag in flags:
            _every(flag, option)
            for kind in _kinds_named(flag):
                _require(f"{option} '{flag}'", "kind", kind, kinds)
            for platform in _platforms_named(flag):
                _require(f"{option} '{flag}'", "platform", platform, platforms)


def _require(subject: str, what: str, pattern: str, known: Sequence[str]) -> None:
    if any(fnmatchcase(name, pattern) for name in known):
        return
    near = get_close_matches(pattern, known, 1)
    raise UsageError(
        f"{subject} selects nothing: there is no {what} '{pattern}'",
        hint=f"did you mean '{near[0]}'?" if near else f"there are {', '.join(sorted(known))}",
    )


def _kinds_named(flag: str) -> Iterator[str]:
    """The patterns of kinds in the terms of one flag."""
    for term in _terms(flag):
        key, value = _parts(term)
        if not key:
            yield term.partition("/")[0].rpartition(":")[2]
        elif key == "kind":
            yield value


def _platforms_named(flag: str) -> Iterator[str]:
    """The patterns of platforms in the terms of one flag."""
    for term in _terms(flag):
        key, value = _parts(term)
        platform, colon, _ = term.partition("/")[0].rpartition(":")
        if not key and colon:
            yield platform
        elif key == "platform":
            yield value


def platform_in_scope(name: str, scope: Scope) -> bool:
    """Whether anything on a platform can be in scope, judged by the terms that name platforms."""

    def may_hold(flag: str) -> bool:
        return all(fnmatchcase(name, pattern) for pattern in _platforms_named(flag))

    def holds_all(flag: str) -> bool:
        return may_hold(flag) and all(term.startswith("platform=") for term in _terms(flag))

    wanted = not scope.only or any(map(may_hold, scope.only))
    return wanted and not any(map(holds_all, scope.exclude))


def _refuse_empty(
    option: str, flags: Sequence[str], tests: Sequence[Test], all_: Iterable[Manifest]
) -> None:
    manifests = list(all_)
    for flag, test in zip(flags, tests, strict=True):
        if not any(test(m) for m in manifests):
            raise UsageError(
                f"{option} '{flag}' selects nothing",
                hint=TERMS,
            )


def _closure(named: set[Address], resolved: Resolved) -> set[Address]:
    reached: set[Address] = set()
    todo = list(named)
    while todo:
        for target in resolved.requires.get(todo.pop(), ()):
            if target not in reached:
                reached.add(target)
                todo.append(target)
    return reached


def exactly(address: Address) -> str:
    """The term that selects one object, whatever its name has in it."""
    return glob.escape(str(address)).replace(",", "[,]")


def _terms(flag: str) -> list[str]:
    """The terms of one flag; a comma in brackets, as `exactly` writes it, belongs to a name."""
    return [term.strip() for term in re.split(r",(?!\])|(?<!\[),", flag)]


def _parts(term: str) -> tuple[str, str]:
    """The key and value of a term; no key for an address, whose name may have an equals sign."""
    key, equals, value = term.partition("=")
    return (key, value) if equals and "/" not in key else ("", term)


def _every(flag: str, option: str) -> Test:
    terms = _terms(flag)
    for term in terms:
        if not term or term.endswith("="):
            what = f"'{term}' says nothing" if term else "a term is empty"
            raise UsageError(f"{option} '{flag}': {what}", hint=TERMS)
    tests = [_test(term, option) for term in terms]
    return lambda manifest: all(test(manifest) for test in tests)


def _test(term: str, option: str) -> Test:
    key, value = _parts(term)
    if not key and not term.startswith("="):
        return _address_glob(term, option)
    match key:
        case "kind":
            return lambda m: fnmatchcase(m.address.kind, value)
        case "platform":
            return lambda m: fnmatchcase(m.address.platform, value)
        case "path":
            return lambda m: fnmatchcase(m.origin.file, value)
        case "project":
            return lambda m: _project(m) == value
        case "label":
            label, _, wanted = value.partition("=")
            if not label:
                raise UsageError(f"{option} '{term}' names no label", hint="write label=team=pay")
            return lambda m: label in m.labels and fnmatchcase(m.labels[label], wanted or "*")
    raise UsageError(
        f"{option} '{term}' is no term",
        hint=TERMS,
    )


def _project(manifest: Manifest) -> str:
    project = manifest.spec.get("projectKey")
    return project if isinstance(project, str) else manifest.address.parts[0]


def _address_glob(term: str, option: str) -> Test:
    if "/" not in term:
        raise UsageError(
            f"{option} '{term}' is no address",
            hint=f"an address is Kind/name: write '*/{term}' for any kind, or kind={term}",
        )
    if ":" in term.partition("/")[0]:
        return lambda m: fnmatchcase(m.address.full, term)
    return lambda m: fnmatchcase(m.address.unqualified, term)

"""What an archive policy would move: the platform's preview, and queries for the details."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.policies import aql
from reconciler.kinds.policies._counting import Candidate, Tally, percent
from reconciler.kinds.policies._stored import MOST_FILES, Found, all_files, files_by
from reconciler.kinds.rest import Flow, object_of, send
from reconciler.model import Impact, Request, Response, Share

POLICIES = "/artifactory/api/retention/archive/policies"
_AGES = {"createdBefore": "created", "downloadedBefore": "stat.downloaded"}


def previewed(policy: Mapping[str, Any], budget: Budget) -> Flow:
    """Returns the `Impact` of a policy as the API has it."""
    packages = policy.get("packageSearchCriteriaForm")
    noun = "package version" if packages else "file"
    tally = Tally("preview", noun)
    count = size = None
    try:
        count, size = yield from preview(policy)
        if count and packages:
            yield from _by_repository(policy, packages["packageRepos"], tally, budget)
        elif count > MOST_FILES:
            tally.gap(f"{count:,} files are too many to list, so nobody knows where they lie")
        elif count:
            yield from _files(policy, tally, budget)
    except AnswerError as error:
        tally.gap(error.summary)
    found: Impact = tally.impact()
    return replace(found, candidates=count, artifacts=None if packages else count, bytes=size)


def preview(policy: Mapping[str, Any]) -> Flow:
    """2.6.12: returns number and bytes of the candidates of a policy that is not stored."""
    request = Request("POST", f"{POLICIES}/preview", json=dict(policy), asks=True)
    return (yield from figures(request))


def figures(request: Request) -> Flow:
    """Returns number and bytes of a preview. Raises AnswerError for anything else."""
    response: Response = yield from send(request)
    raw = object_of(request, response)
    count, size = raw.get("count"), raw.get("totalSize")
    if type(count) is not int or type(size) is not int:
        raise AnswerError(f"{request} answered no figures")
    return count, size


def _by_repository(
    policy: Mapping[str, Any], repositories: Sequence[str], tally: Tally, budget: Budget
) -> Flow:
    """The same preview for each repository alone."""
    budget.matched(len(repositories))
    for key in repositories:
        form = {**policy["packageSearchCriteriaForm"], "packageRepos": [key]}
        try:
            count, size = yield from preview({**policy, "packageSearchCriteriaForm": form})
            files = (yield from all_files(key)) if count else []
        except AnswerError as error:
            tally.unmeasured(key, error.summary)
            continue
        if count:
            share = percent(size, sum(file.size for file in files))
            tally.shares.append(Share(key, count, None, size, share))


def _files(policy: Mapping[str, Any], tally: Tally, budget: Budget) -> Flow:
    """The files themselves, by a query that asks the same."""
    found: list[Found] = yield from files_by((yield from _criteria(policy)))
    by_repository: dict[str, list[Candidate]] = {}
    for one in found:
        name = f"{one.repository}/{one.file.path}"
        candidate = Candidate(name, (one.file,), one.file.created, one.downloaded)
        by_repository.setdefault(one.repository, []).append(candidate)
    budget.matched(len(by_repository))
    for key, hit in sorted(by_repository.items()):
        try:
            tally.measured(key, hit, (yield from all_files(key)))
        except AnswerError as error:
            tally.unmeasured(key, error.summary)


def _criteria(policy: Mapping[str, Any]) -> Flow:
    """What stands in the parentheses of `items.find` for a policy on files.

    The conversion (2.6.4) writes ages as they are sent, though a policy counts them in months: so
    they are added here.
    """
    if text := policy.get("aqlQuery"):
        return _joined(text, [])
    form = policy["searchCriteriaForm"]
    plain = {name: part for name, part in form.items() if name not in _AGES}
    response: Response = yield from send(
        Request("POST", f"{POLICIES}/convertToAql", json=plain, asks=True)
    )
    ages = [
        {field: {"$before": f"{form[name]}mo"}} for name, field in _AGES.items() if form.get(name)
    ]
    return _joined(response.text, ages)


def _joined(text: str, more: Sequence[Mapping[str, Any]]) -> str:
    """The criteria of a query and further ones; raises AnswerError for a query nobody can read."""
    query = aql.read(text).query
    if query is None:
        raise AnswerError("the query cannot be read")
    whole = text[: query.suffixes[0].at] if query.suffixes else text
    inside = whole[whole.index("(") + 1 : whole.rindex(")")].strip()
    parts = [*([inside] if inside else []), *map(json.dumps, [*more, {"type": "file"}])]
    return f'{{"$and":[{",".join(parts)}]}}'

"""The body of a classic archive policy in, clean fields with the server's defaults out."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import aql
from reconciler.sandbox.policies.archive_form import AGES, GROUPS, SIDES
from reconciler.sandbox.policies.rules import check_cron, count, text, texts
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import boolean

Json = Any
Fields = dict[str, Json]

OPERATORS = ("and", "or")
PACKAGE_FORM = "packageSearchCriteriaForm"
FORM = "searchCriteriaForm"


def checked(sent: Fields) -> Fields:
    """A whole body in, its fields as they are printed out. The words of the refusals are ours."""
    sent = {name: value for name, value in sent.items() if value is not None}
    key = text("key", sent.get("key") or "")
    if not key:
        raise Refusal(400, "key is mandatory")
    if "enabled" not in sent:
        raise Refusal(400, "enabled is mandatory")
    made: Fields = {"key": key, "enabled": boolean("enabled", sent["enabled"])}
    for name in ("description", "cronExp"):
        if sent.get(name):
            made[name] = text(name, sent[name])
    check_cron(made.get("cronExp", ""))
    for name in ("durationInMinutes", "expirationTimeInMonths"):
        made[name] = count(name, sent.get(name) or 0)
    made["skipTrashcan"] = boolean("skipTrashcan", sent.get("skipTrashcan") or False)
    packages = boolean("packageRetention", sent.get("packageRetention") or False)
    made.update(package_mode(sent) if packages else artifact_mode(sent))
    return made


def package_mode(sent: Fields) -> Fields:
    """What a policy on packages has."""
    if sent.get("aqlQuery"):
        raise Refusal(400, "aqlQuery cannot be used for packages")
    form = sent.get(PACKAGE_FORM)
    if not isinstance(form, dict) or not form.get("packageType") or not form.get("packageRepos"):
        raise Refusal(400, f"{PACKAGE_FORM} needs packageType and packageRepos")
    made: Fields = {
        "packageType": text("packageType", form["packageType"]),
        "packageRepos": texts("packageRepos", form["packageRepos"]),
    }
    for name in ("componentName", "version"):
        if form.get(name) is not None:
            made[name] = text(name, form[name])
    made.update(ages(form))
    return {"packageRetention": True, PACKAGE_FORM: made}


def artifact_mode(sent: Fields) -> Fields:
    """What a policy on artifacts has: a query or a form."""
    query, form = sent.get("aqlQuery"), sent.get(FORM)
    if bool(query) == bool(form):
        raise Refusal(400, f"Exactly one of aqlQuery and {FORM} is mandatory")
    if query:
        return {"aqlQuery": checked_query(text("aqlQuery", query))}
    return {FORM: checked_form(form)}


def checked_query(query: str) -> str:
    """A query in, the same with its names quoted out."""
    try:
        aql.parse(query)
        return aql.requote(query)
    except aql.AqlError as error:
        raise Refusal(400, error.message) from error


def checked_form(form: Json) -> Fields:
    """A search form in, the same with every operator out."""
    if not isinstance(form, dict):
        raise Refusal(400, f"{FORM} must be an object")
    made: Fields = {}
    for name in GROUPS:
        if form.get(name) is not None:
            made[name] = {side: checked_side(name, form[name], side) for side in SIDES}
    if not any(side["values"] for group in made.values() for side in group.values()):
        raise Refusal(400, f"{FORM} needs at least one of {', '.join(GROUPS)}")
    return {**made, **ages(form)}


def checked_side(name: str, group: Json, side: str) -> Fields:
    """What is included or excluded by one group."""
    held = group.get(side) if isinstance(group, dict) else None
    held = held if isinstance(held, dict) else {}
    operator = held.get("operator") or "or"
    values = held.get("values") or []
    if operator not in OPERATORS or not isinstance(values, list):
        raise Refusal(400, f"{name}.{side} needs an operator, 'and' or 'or', and values")
    if name != "properties":
        return {"operator": operator, "values": texts(f"{name}.{side}", values)}
    return {"operator": operator, "values": [checked_pair(pair) for pair in values]}


def checked_pair(pair: Json) -> Fields:
    """One property with its value."""
    if not isinstance(pair, dict) or not pair.get("propertyKey") or "propertyValue" not in pair:
        raise Refusal(400, "properties need propertyKey and propertyValue")
    return {
        "propertyKey": text("propertyKey", pair["propertyKey"]),
        "propertyValue": text("propertyValue", pair["propertyValue"]),
    }


def ages(form: Fields) -> Fields:
    """The two ages of a form, where they are set."""
    return {name: count(name, form[name]) for name in AGES if form.get(name) is not None}

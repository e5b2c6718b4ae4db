"""JFrog Connect in, whether it is what the manifests about its fleets need out. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler.checking.platforms import Patient, clock_check, transport_check, way_there
from reconciler.checking.token import token_check
from reconciler.deployments.marker import PREFIX, owner_of, parse
from reconciler.errors import ReconcilerError, UnauthorisedError
from reconciler.model import Address, Check, Response
from reconciler.report.figures import counted

MOST = 1000
"""Records of one page: the doctor reads the first one."""

DEPLOYING = ("UpdateFlow", "Deployment")


def fleet_checks(patient: Patient, declared: Sequence[Address]) -> Iterator[Check]:
    """Every question about Connect: the way there, then each fleet that manifests are about."""
    yield transport_check(patient)
    fleets = sorted({address.parts[0] for address in declared})
    answers: dict[str, Response] = {}
    try:
        for fleet in fleets:
            query = (("limit", str(MOST)), ("enrich_info", "true"))
            answers[fleet] = patient.get(f"{_base(fleet)}/devices", query)
    except UnauthorisedError as error:
        yield patient.check("connection", "ok", f"{patient.client.base} answers")
        yield patient.check("sign-in", "failed", str(error), error.hint)
        return
    except ReconcilerError as error:
        yield patient.check("connection", "failed", str(error), way_there(error))
        return
    if answers and not any(map(_is_connect, answers.values())):
        first = next(iter(answers.values()))
        told = f"{patient.client.base} answers, but not like JFrog Connect ({first.status})"
        hint = "is this its base URL, such as https://api.connect.jfrog.io, without a path?"
        yield patient.check("connection", "failed", told, hint)
        return
    yield patient.check("connection", "ok", f"{patient.client.base} answers")
    yield patient.check("sign-in", "ok", "the token is accepted, so it is one of API v2")
    for answer in list(answers.values())[:1]:
        yield clock_check(patient, answer)
    yield token_check(patient.name, patient.client.endpoint.token(), patient.now)
    for fleet, answer in answers.items():
        yield from _Fleet(patient, fleet, declared).checks(answer)


@dataclass(frozen=True)
class _Fleet:
    """One fleet, and what the manifests want of it."""

    patient: Patient
    key: str
    declared: Sequence[Address]

    def checks(self, answer: Response) -> Iterator[Check]:
        """Its devices, flows and deployments, as far as the token sees them."""
        devices = _records(_document(answer), ("devices", "data"))
        if not answer.ok or devices is None:
            hint = (
                f"is '{self.key}' the key of the fleet, and not its name? The token needs the "
                "right to see its devices"
            )
            told = f"its devices cannot be listed ({answer.status})"
            yield self._check("failed", told, hint)
            return
        more = "at least " if len(devices) >= MOST else ""
        told = f"{more}{counted(len(devices), 'device')}"
        if not devices:
            hint = "has the token the right to see them? A deployment to none is refused"
            yield self._check("warning", told, hint)
        else:
            yield self._check("ok", told)
        if any(a.kind in DEPLOYING and a.parts[0] == self.key for a in self.declared):
            yield from self._deploying(devices)

    def _deploying(self, devices: Sequence[dict[str, Any]]) -> Iterator[Check]:
        flows = self._listed("update-flows", "update_flows")
        if isinstance(flows, Check):
            yield flows
        runs = self._listed("deployments", "deployments")
        if isinstance(runs, Check):
            yield runs
            return
        owners = {
            owner_of(*address.parts): address
            for address in self.declared
            if address.kind == "Deployment" and address.parts[0] == self.key
        }
        markers = [parse(str(run.get("comment") or "")) for run in runs]
        ours = [one for one in markers if one is not None and one.owner in owners]
        told = f"{counted(len(runs), 'deployment')} listed, {len(ours)} of these manifests"
        hidden = _tagged(devices, owners.keys() - {one.owner for one in ours})
        if hidden and len(runs) < MOST:
            names = ", ".join(sorted(str(owners[owner]) for owner in hidden))
            hint = (
                "another identity sent them: the list shows the caller's own only. What devices "
                "tell of themselves is used instead; keep to one identity"
            )
            yield self._check("warning", f"{told}; devices take part in {names}", hint)
        else:
            yield self._check("ok", told)
        yield self._check(
            "skipped",
            "what the token may change shows when it is used: an apply needs the rights to modify "
            "devices (tags) and to create and deploy updates",
        )

    def _listed(self, path: str, name: str) -> Sequence[dict[str, Any]] | Check:
        """The first page of a list, or why there is none."""
        try:
            answer = self.patient.get(f"{_base(self.key)}/{path}", (("limit", str(MOST)),))
        except ReconcilerError as error:
            return self._check("failed", f"its {path} cannot be listed: {error}", error.hint)
        found = _records(_document(answer), (name,))
        if answer.ok and found is not None:
            return found
        hint = "the token needs the right to see and to deploy updates"
        return self._check("failed", f"its {path} cannot be listed ({answer.status})", hint)

    def _check(self, state: Any, told: str, hint: str = "") -> Check:
        return self.patient.check(f"fleet {self.key}", state, told, hint)


def _tagged(devices: Sequence[dict[str, Any]], owners: set[str]) -> set[str]:
    """The owners of whose rollouts devices have the reserved tag."""
    found: set[str] = set()
    for device in devices:
        tags = device.get("tags")
        names = tags.get("names") if isinstance(tags, dict) else tags
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name.startswith(PREFIX):
                found.add(name.removeprefix(PREFIX).partition("-")[0])
    return found & owners


def _is_connect(answer: Response) -> bool:
    """Whether it may be JFrog Connect that answered: a fleet that is not there is 403, not 404."""
    return answer.status != 404 and isinstance(_document(answer), (dict, list))


def _base(fleet: str) -> str:
    return f"/api/v2/{quote(fleet, safe='')}"


def _document(answer: Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _records(document: Any, names: Sequence[str]) -> Sequence[dict[str, Any]] | None:
    """The records of a list, however it is wrapped; None for anything else."""
    if isinstance(document, dict):
        found = next((document[name] for name in names if name in document), None)
    else:
        found = document
    if not isinstance(found, list):
        return None
    return [one for one in found if isinstance(one, dict)]

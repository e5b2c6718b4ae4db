"""One platform in, whether it is what the manifests need out: way there, version, rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from reconciler.checking.rights import Need, rights_answer
from reconciler.checking.token import token_check
from reconciler.checking.vouching import mapping_hint, oidc_checks
from reconciler.errors import ReconcilerError, UnauthorisedError
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.model import Check, Request, Response
from reconciler.platform.client import Client

ATTEMPTS = 2
SKEW, WRONG = 30, 300
"""Seconds a clock may differ until it is told, and until sign-in by short-lived tokens fails."""

OLDEST = "7.49.0"
"""The oldest version the tests know."""

LICENCES: dict[str, tuple[str, ...]] = {
    "FederatedRepository": ("enterprise x", "enterprise plus", "enterprise+", "edge"),
    "Federation": ("enterprise x", "enterprise plus", "enterprise+", "edge"),
    "ArchivePolicy": ("enterprise",),
    "PackageCleanupPolicy": ("enterprise",),
    "ReleaseBundleCleanupPolicy": ("enterprise",),
}
"""What the licence's type has to begin with for a kind, as the reference says; others need none."""


@dataclass(frozen=True)
class Patient:
    """One platform, and what the manifests want of it."""

    client: Client
    kinds: Sequence[Kind]
    now: datetime
    needs: Sequence[Need] = ()

    @property
    def name(self) -> str:
        """The platform's name."""
        return self.client.endpoint.name

    def check(self, name: str, state: Any, told: str, hint: str = "") -> Check:
        """An answer about this platform."""
        return Check(name, state, told, hint, self.name)

    def get(self, path: str, query: tuple[tuple[str, str], ...] = ()) -> Response:
        """One read."""
        return self.client.send(Request("GET", path, query), ATTEMPTS)


def platform_checks(patient: Patient) -> Iterator[Check]:
    """Every question about one platform, as far as the answers before allow to ask it."""
    yield transport_check(patient)
    yield from oidc_checks(patient.name, patient.client.endpoint.token)
    try:
        answer = patient.get("/artifactory/api/system/version")
    except UnauthorisedError as error:
        yield patient.check("connection", "ok", f"{patient.client.base} answers")
        hint = error.hint + mapping_hint(patient.client.endpoint.token)
        yield patient.check("sign-in", "failed", str(error), hint)
        return
    except ReconcilerError as error:
        yield patient.check("connection", "failed", str(error), way_there(error))
        return
    version = _version(answer)
    if version is None:
        told = f"{patient.client.base} answers, but not like a JFrog Platform ({answer.status})"
        hint = "is this its base URL, such as https://acme.example.com?"
        yield patient.check("connection", "failed", told, hint)
        return
    yield patient.check("connection", "ok", f"{patient.client.base} answers")
    yield patient.check("sign-in", "ok", "the token is accepted")
    yield clock_check(patient, answer)
    yield token_check(patient.name, patient.client.endpoint.token(), patient.now)
    yield from _versions(patient, version)
    yield from _licence_and_rights(patient)


def transport_check(patient: Patient) -> Check:
    """Whether the way there can be listened to."""
    parts = urlsplit(patient.client.base)
    if parts.scheme == "https":
        return patient.check("transport", "ok", "encrypted, and its certificate is verified")
    if _is_here(parts.hostname or ""):
        return patient.check("transport", "ok", "plain HTTP, to this machine")
    hint = "use its https URL"
    told = "plain HTTP: anybody on the way can read the token"
    return patient.check("transport", "failed", told, hint)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def way_there(error: ReconcilerError) -> str:
    """What may help where a platform cannot be reached."""
    if "certificate" in str(error).lower():
        return "give the certificates of your authority with --ca-file or SSL_CERT_FILE"
    return error.hint or "is the URL right, and is HTTPS_PROXY what it should be?"


def _version(answer: Response) -> str | None:
    try:
        found = answer.json() if answer.ok else None
    except ValueError:
        return None
    return str(found["version"]) if isinstance(found, dict) and "version" in found else None


def clock_check(patient: Patient, answer: Response) -> Check:
    """Whether both clocks agree."""
    written = {name.lower(): value for name, value in answer.headers.items()}.get("date", "")
    try:
        there = parsedate_to_datetime(written)
    except (TypeError, ValueError):
        return patient.check("clock", "skipped", "the answer has no date")
    off = abs((patient.now - there).total_seconds())
    if off <= SKEW:
        return patient.check("clock", "ok", "both clocks agree")
    state = "failed" if off >= WRONG else "warning"
    told = f"the clocks differ by {off:.0f} s"
    hint = "keep both by NTP, or short-lived tokens are refused; leases go by the platform's clock"
    return patient.check("clock", state, told, hint)


def _versions(patient: Patient, version: str) -> Iterator[Check]:
    if not at_least(version, OLDEST):
        told = f"Artifactory {version} is older than anything this version is tested with"
        yield patient.check("version", "warning", told, f"{OLDEST} or newer is")
        return
    old = [
        f"{kind.name} ({kind.since})"
        for kind in patient.kinds
        if kind.service == "artifactory" and not at_least(version, kind.since)
    ]
    if old:
        told = f"Artifactory {version} is too old for {', '.join(old)}"
        yield patient.check("version", "failed", told, "upgrade it, or take these manifests out")
    else:
        yield patient.check("version", "ok", f"Artifactory {version}")


def _licence_and_rights(patient: Patient) -> Iterator[Check]:
    """The licence is shown to administrators only, so one request answers both questions."""
    try:
        answer = patient.get("/artifactory/api/system/license")
    except ReconcilerError as error:
        yield patient.check("licence", "skipped", f"it could not be read: {error}")
        yield _rights(patient, None)
        return
    yield _licence(patient, answer)
    shown = True if answer.ok else False if answer.status in (401, 403) else None
    yield _rights(patient, shown)


def _licence(patient: Patient, answer: Response) -> Check:
    try:
        found = answer.json() if answer.ok else None
    except ValueError:
        found = None
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(kind, str):
        return patient.check("licence", "skipped", "the token may not see it")
    missing = [
        known.name
        for known in patient.kinds
        if known.name in LICENCES and not kind.lower().startswith(LICENCES[known.name])
    ]
    if missing:
        hint = "an apply of them will be refused; take them out, or ask for another licence"
        told = f"the licence is {kind}, which may lack {', '.join(missing)}"
        return patient.check("licence", "warning", told, hint)
    return patient.check("licence", "ok", kind)


def _rights(patient: Patient, shown: bool | None) -> Check:
    answered = rights_answer(patient.needs, patient.client.endpoint.token(), shown)
    return patient.check("rights", *answered)


def by_name(kinds: Iterable[Kind]) -> list[Kind]:
    """Each kind once, by name."""
    return sorted({kind.name: kind for kind in kinds}.values(), key=lambda kind: kind.name)

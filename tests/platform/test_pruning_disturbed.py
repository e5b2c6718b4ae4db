"""A run that deletes, disturbed at every request: the next one ends as if nothing had been."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.errors import ReconcilerError
from tests.support.estate import Estate, local, manifest, virtual
from tests.support.transport import InProcess

STAY = local("stay")
STONE = manifest("Tombstone", "t", {"address": "LocalRepository/full", "maxBytes": 10})
GOING = (
    local("full"),
    local("empty"),
    virtual("v", repositories=["full", "empty", "stay"]),
    manifest("Group", "devs"),
)
FAULTS: dict[str, dict[str, Any]] = {
    "lost before": {"action": "reset-before"},
    "lost after": {"action": "reset-after"},
    "gateway": {"action": "html", "status": 502},
    "signed out": {"action": "html", "status": 200},
    "conflict": {"action": "conflict"},
    "no rights": {"action": "status", "status": 403, "message": "Forbidden"},
    "not found": {"action": "html", "status": 404},
}


class Crash(BaseException):
    """The process died."""


def prepared(root: Path) -> Estate:
    """Four objects were applied, and nobody declares them any more."""
    estate = Estate(root)
    estate.declare(STAY, *GOING)
    estate.apply()
    estate.upload("full", "a.txt", b"12345")
    estate.put("unmanaged", rclass="local", packageType="generic")
    estate.declare(STAY, STONE)
    estate.forget_requests()
    return estate


def out_of_service(estate: Estate) -> list[str]:
    """The repositories that are blacked out."""
    store = estate.platform.store
    return [repository.key for repository in store if repository.get("blackedOut")]


def ended(estate: Estate) -> None:
    """What an undisturbed run comes to."""
    assert estate.keys() == ["stay", "unmanaged"]
    assert "devs" not in estate.platform.store.directory.groups
    assert list(estate.inventory().entries) == ["default:LocalRepository/stay"]
    assert out_of_service(estate) == []


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many requests an undisturbed run sends."""
    estate = prepared(tmp_path_factory.mktemp("undisturbed"))
    estate.apply(prune=True)
    ended(estate)
    return len(estate.requests())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_anywhere(requests: int, fault: dict[str, Any], tmp_path: Path) -> None:
    """Nothing but what the plan names is deleted, and the next run does what is left."""
    for number in range(requests):
        estate = prepared(tmp_path / str(number))
        estate.fault(**fault, skip=number, times=1)
        with contextlib.suppress(ReconcilerError):
            estate.apply(prune=True)
        kept = set(estate.keys())
        assert {"stay", "unmanaged"} <= kept, number
        for key in kept & {"full", "empty"}:
            entry = estate.inventory().entries[f"default:LocalRepository/{key}"]
            assert bool(estate.stored(key).get("blackedOut")) == bool(entry.withdrawn), (
                number,
                key,
            )

        estate.sandbox.faults.clear()
        estate.apply(prune=True)
        ended(estate)


@pytest.mark.parametrize("landed", [False, True])
def test_a_crash_anywhere(
    requests: int, landed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after a request landed; declared again, everything is as it was."""
    for number in range(requests):
        estate = prepared(tmp_path / f"{number}")
        carry, sent = InProcess.handle_request, iter(range(requests + 1))

        def dying(
            self: InProcess,
            request: httpx.Request,
            number: int = number,
            carry: Any = carry,
            sent: Any = sent,
        ) -> httpx.Response:
            is_last = next(sent) >= number
            if is_last and not landed:
                raise Crash
            response: httpx.Response = carry(self, request)
            if is_last:
                raise Crash
            return response

        with monkeypatch.context() as patch:
            patch.setattr(InProcess, "handle_request", dying)
            with contextlib.suppress(Crash, ReconcilerError):
                estate.apply(prune=True)

        if number % 2:
            estate.apply(prune=True)
            ended(estate)
        else:
            estate.declare(STAY, *GOING)
            estate.apply()
            assert estate.keys() == ["empty", "full", "stay", "unmanaged", "v"]
            assert out_of_service(estate) == []
            assert estate.plan().is_empty

"""Where an update replaces the object, its secrets are sent again, or nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from reconciler.kinds.registry import Registry
from reconciler.kinds.shapes import Collection
from tests.engine.test_toy_kind import LAMP, House
from tests.support.estate import Estate, manifest

assert isinstance(LAMP.rest, Collection)
WHOLE_LAMP = replace(LAMP, rest=replace(LAMP.rest, update_by="PUT", replaces=True))


class StrictHouse(House):
    """A house in which an update replaces the lamp: what is not sent is gone."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if request.method == "PUT":
            self.codes.pop(name, None)
            self.lamps[name] = {}
            sent = json.loads(request.read())
            sent.pop("serial", None)
        return super().handle_request(request)


@pytest.fixture
def house(estate: Estate) -> StrictHouse:
    """The estate, with such a house."""
    server = StrictHouse()
    estate.transport = server  # type: ignore[assignment]
    estate.registry = Registry({}).with_kinds(WHOLE_LAMP)
    estate.environment["CODE"] = "1234"
    return server


def lamp(**spec: Any) -> dict[str, Any]:
    """One lamp."""
    return manifest("Lamp", "desk", {"room": "study", **spec})


def test_an_update_sends_the_secret_again(estate: Estate, house: StrictHouse) -> None:
    """The plan shows that it is written, and for whom; afterwards the server still has it."""
    estate.declare(lamp(code={"env": "CODE"}))
    estate.apply()
    estate.declare(lamp(code={"env": "CODE"}, watts=7))
    (change,) = estate.plan().changes
    estate.apply()

    assert [(f.path, f.secret, f.reference) for f in change.fields if f.secret] == [
        ("spec.code", "set", "env:CODE")
    ]
    assert house.codes == {"desk": "1234"}
    assert estate.plan().changes == ()


def test_an_unchanged_object_sends_nothing(estate: Estate, house: StrictHouse) -> None:
    """A secret that cannot be compared is no reason for an update."""
    estate.declare(lamp(code={"env": "CODE"}))
    estate.apply()
    house.writes.clear()

    assert estate.plan().changes == ()
    assert estate.apply().outcomes == []
    assert house.writes == []


def test_without_the_reference_it_is_blocked(estate: Estate, house: StrictHouse) -> None:
    """Nobody declared the code: an update would lose it."""
    estate.declare(lamp(code={"env": "CODE"}))
    estate.apply()
    estate.declare(lamp(watts=7))
    (change,) = estate.plan().changes

    assert change.blocked is not None
    assert change.blocked.code == "secret-needed"
    assert "spec.code" in change.blocked.message
    assert {o.result for o in estate.apply().outcomes} == {"blocked"}
    assert house.codes == {"desk": "1234"}


def test_null_says_that_there_is_none(estate: Estate, house: StrictHouse) -> None:
    """Whoever knows that there is no code can say so."""
    estate.declare(lamp())
    estate.apply()
    estate.declare(lamp(watts=7, code=None))
    (change,) = estate.plan().changes

    assert change.blocked is None
    assert set(estate.apply().results().values()) == {"done"}
    assert house.lamps["desk"]["watts"] == 7


def test_an_ignored_secret_cannot_be_left_to_others(estate: Estate, house: StrictHouse) -> None:
    """The whole object holds it: leaving it out would take it away."""
    lifecycle = {"lifecycle": {"ignore": ["spec.code"]}}
    estate.declare(lamp(code={"env": "CODE"}))
    estate.apply()
    ignoring = lamp(code={"env": "CODE"}, watts=7)
    ignoring["metadata"].update(lifecycle)
    estate.declare(ignoring)
    (change,) = estate.plan().changes

    assert change.blocked is not None
    assert change.blocked.code == "secret-needed"


def test_a_create_needs_none(estate: Estate, house: StrictHouse) -> None:
    """What does not exist has no secret to lose."""
    estate.declare(lamp(watts=7))

    assert set(estate.apply().results().values()) == {"done"}


def test_adopting_needs_none(estate: Estate, house: StrictHouse) -> None:
    """Adoption writes nothing, and no secret either."""
    house.lamps["desk"] = {"room": "study", "watts": 40, "shade": {"color": "white"}}
    house.codes["desk"] = "somebody's"
    estate.declare(lamp(code={"env": "CODE"}))
    estate.apply()

    assert house.codes == {"desk": "somebody's"}
    assert house.writes == []

"""A kind is data: one declared in this file goes through every stage, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest

from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import UNORDERED, Default, Known, Ref, Since, Wire
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Listing
from reconciler.kinds.shapes import Collection
from reconciler.kinds.spec import ObjectSpec, SecretValue, Spec, unset
from reconciler.manifests.schema import kind_schema
from reconciler.model import Action
from tests.support.estate import Estate, manifest


class Shade(Spec):
    """How a lamp is covered."""

    color: Annotated[str, Known("white", "red"), Default("white")] = unset()
    """Color of the cover."""


class LampSpec(ObjectSpec):
    """A lamp of the house."""

    room: str
    """Room it stands in."""

    watts: Annotated[int, Default(40)] = unset()
    """Power it takes."""

    friends: Annotated[list[str] | None, UNORDERED, Ref("Lamp")] = unset()
    """Lamps that are switched together with it."""

    shade: Shade = unset()
    """Cover."""

    code: SecretValue | None = unset()
    """Number that unlocks the switch."""

    note: Annotated[str | None, Wire("remark")] = unset()
    """Text for the electrician."""

    dimmer: Annotated[bool, Since("99.0.0")] = unset()
    """Needs a newer house."""


class LampListing(Listing):
    """All lamps in one answer."""

    def read(self) -> Any:
        """By name."""
        response = yield from self._get()
        return {raw["name"]: raw for raw in response.json()}

    def _get(self) -> Any:
        from reconciler.kinds.rest import send
        from reconciler.model import Request

        return (yield from send(Request("GET", "/house/lamps")))


LAMP = Kind(
    "Lamp",
    LampSpec,
    Collection(
        "/house/lamps",
        create_by="POST",
        update_by="PATCH",
        name_field="name",
        listing=LampListing("/house/lamps"),
    ),
    area="House",
    namespace="lamp",
)


class House(httpx.BaseTransport):
    """A server of thirty lines that knows lamps only."""

    def __init__(self) -> None:
        self.lamps: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, str] = {}
        self.writes: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, name = request.url.path, request.url.path.rpartition("/")[2]
        if path == "/artifactory/api/system/version":
            return httpx.Response(200, json={"version": "7.1.1"})
        if path == "/house/lamps":
            return httpx.Response(200, json=[self.shown(n) for n in self.lamps])
        if request.method == "GET" and name in self.lamps:
            return httpx.Response(200, json=self.shown(name))
        if request.method == "GET":
            return httpx.Response(404, json={"errors": [{"code": "NOT_FOUND", "message": "no"}]})
        body = json.loads(request.read())
        self.writes.append(f"{request.method} {name} {sorted(body)}")
        if unknown := set(body.get("friends") or ()) - set(self.lamps):
            return httpx.Response(400, json={"errors": [{"message": f"no lamp {unknown}"}]})
        self.codes.update({name: body.pop("code")} if "code" in body else {})
        self.lamps[name] = {
            "watts": 40,
            "shade": {"color": "white"},
            **self.lamps.get(name, {}),
            **body,
        }
        return httpx.Response(200, text="ok")

    def shown(self, name: str) -> dict[str, Any]:
        lamp = dict(self.lamps[name])
        lamp["friends"] = list(reversed(lamp.get("friends") or []))
        return {"name": name, "serial": 7, **lamp, "watts": str(lamp["watts"])}


@pytest.fixture
def house(estate: Estate) -> House:
    """The estate, with a house for a platform and lamps for kinds."""
    server = House()
    estate.transport = server  # type: ignore[assignment]
    estate.registry = Registry({}).with_kinds(LAMP)
    estate.environment["CODE"] = "1234"
    return server


def lamps() -> list[dict[str, Any]]:
    return [
        manifest("Lamp", "desk", {"room": "study", "friends": ["floor", "wall"], "note": "n"}),
        manifest("Lamp", "floor", {"room": "study", "watts": 7, "code": {"env": "CODE"}}),
        manifest("Lamp", "wall", {"room": "hall", "shade": {"color": "red"}}),
    ]


def test_plan_and_apply(estate: Estate, house: House) -> None:
    """Created in the order of the references, with the API's names, and then converged."""
    estate.declare(*lamps())
    plan = estate.plan()
    assert [(c.action, c.address.name) for c in plan.changes] == [
        (Action.CREATE, "floor"),
        (Action.CREATE, "wall"),
        (Action.CREATE, "desk"),
    ]
    assert set(estate.apply().results().values()) == {"done"}
    assert house.lamps["desk"]["remark"] == "n"
    assert house.codes == {"floor": "1234"}
    assert estate.plan().changes == ()
    house.writes.clear()
    assert estate.apply().outcomes == []
    assert house.writes == []


def test_update_of_one_field(estate: Estate, house: House) -> None:
    """Only what differs is sent."""
    estate.declare(*lamps())
    estate.apply()
    house.lamps["floor"]["watts"] = 60
    house.writes.clear()
    (change,) = estate.plan().changes
    assert [f.as_json() for f in change.fields if f.secret is None] == [
        {"path": "spec.watts", "before": 60, "after": 7}
    ]
    estate.apply()
    assert house.writes == ["PATCH floor ['name', 'watts']"]


def test_adopt(estate: Estate, house: House) -> None:
    """Lamps that are there already are taken over without a write."""
    estate.declare(*lamps())
    estate.apply()
    (estate.root / ".reconciler" / "inventory.json").unlink()
    house.writes.clear()
    assert estate.plan().summary()["adopt"] == 3
    estate.apply()
    assert house.writes == []
    assert len(estate.inventory().entries) == 3


def test_drift(estate: Estate, house: House) -> None:
    """What somebody else turned is told."""
    estate.declare(*lamps())
    estate.apply()
    house.lamps["wall"]["shade"] = {"color": "blue"}
    (entry,) = estate.drift().entries
    assert [f.path for f in entry.fields] == ["spec.shade.color"]


def test_export_and_plan(estate: Estate, house: House) -> None:
    """Exported lamps have no defaults, and no differences."""
    estate.declare(*lamps())
    estate.apply()
    (estate.root / ".reconciler" / "inventory.json").unlink()
    (estate.root / "manifests" / "all.yaml").unlink()
    exported = dict(estate.export().created)
    for file, text in exported.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    wall = (estate.root / "manifests" / "Lamp" / "wall.yaml").read_text("utf-8")
    assert "color: red" in wall
    assert "watts" not in wall
    plan = estate.plan()
    assert plan.is_empty
    assert plan.summary()["adopt"] == 3


def test_schema() -> None:
    """The schema knows its fields, their texts and nothing more."""
    made = json.dumps(kind_schema(LAMP))
    for text in ("Room it stands in.", "Color of the cover.", '"watts"', '"env"', "Lamp"):
        assert text in made


def test_a_newer_field_is_refused_by_version(estate: Estate, house: House) -> None:
    """The house is too old for it: told in the plan, not by an error of the server."""
    estate.declare(manifest("Lamp", "x", {"room": "hall", "dimmer": True}))
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "unsupported"


def test_a_wrong_manifest_is_told(estate: Estate, house: House) -> None:
    """The misspelt field, the missing one and the dangling name, without asking the house."""
    estate.declare(manifest("Lamp", "x", {"watt": 1, "friends": ["nobody"]}))
    rules = {d.rule for d in estate.desire().diagnostics}
    assert {"unknown-field", "missing-field"} <= rules


def test_no_other_file_names_the_kind() -> None:
    """The engine knows no kind's name, neither this one nor a real one."""
    package = Path(__file__).parents[2] / "reconciler"
    for folder in ("engine", "platform"):
        for file in (package / folder).glob("*.py"):
            text = file.read_text("utf-8")
            assert "LocalRepository" not in text.replace("`LocalRepository/pay-*`", "").replace(
                "'LocalRepository/pay-*'", ""
            )
            assert "artifactory/api/repositories" not in text

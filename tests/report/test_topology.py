"""Pictures of federations: complete, still, and safe whatever the names are."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Place, Tie, Topology
from reconciler.report.html.parts import NOWHERE
from reconciler.report.html.plan import plan_html
from reconciler.report.markdown import plan_markdown
from reconciler.report.topology import topologies
from reconciler.report.topology.mermaid import topology_mermaid
from reconciler.report.topology.picture import topology_svg, topology_words
from tests.platform.test_convergence import assert_done
from tests.platform.test_federations import federation
from tests.report.samples import HOSTILE
from tests.support.platforms import Sites

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Two federations, one of which is late."""
    made = Sites(tmp_path, "east", "north", "west")
    made.declare(
        federation("libs", platforms=["east", "west"]),
        federation("wheels", "pypi", platforms=["east", "west"]),
    )
    assert_done(made.apply(), set())
    made.made.mesh.delay = 600.0
    made.at("east").upload("libs", "a/a.tgz")
    return made


def test_a_plan_shows_who_is_late_and_who_is_new(sites: Sites) -> None:
    """Only the federations that change, once each, on their first change."""
    sites.declare(
        federation("libs", platforms=["east", "north", "west"]),
        federation("wheels", "pypi", platforms=["east", "west"]),
    )
    made = sites.plan()
    (found,) = topologies(made)
    assert topology_words(found) == (
        "libs: east, north, west; east and north will be added; east and west late; "
        "north and west will be added"
    )
    assert [p.change for p in found.places] == ["update", "create", "update"]
    assert "```mermaid\nflowchart LR\n" in plan_markdown(made)
    assert 'aria-label="Members of these federations: libs: east' in plan_html(
        made, surroundings=NOWHERE
    )


def test_each_line_shows_its_own_state_and_lag(sites: Sites) -> None:
    """A server tells the worst of each member: whose connections have trouble is asked."""
    everybody = ["east", "north", "west"]
    sites.declare(federation("libs", platforms=everybody))
    sites.apply()
    sites.at("west").upload("libs", "b/b.tgz")
    sites.made.clock.advance(75)
    sites.made.mesh.switch("north", down=True)
    off = [{"platform": "east"}, {"platform": "west"}, {"platform": "north", "enabled": False}]
    sites.declare(federation("libs", members=off))
    (found,) = topologies(sites.plan())
    assert topology_words(found).startswith("libs: east, north, west; east and north will be dis")
    assert "east and west late, " in topology_words(found)
    assert next(t.lag for t in found.ties if (t.one, t.other) == (0, 2)) >= 75


def test_a_site_that_does_not_answer_is_drawn_as_such(sites: Sites) -> None:
    """It stays in the picture."""
    sites.made.mesh.switch("west", down=True)
    sites.declare(
        federation("libs", platforms=["east", "west"], settings={"description": "b"}),
        federation("wheels", "pypi", platforms=["east", "west"]),
    )
    (found,) = topologies(sites.plan())
    assert [(p.label, p.reachable) for p in found.places] == [("east", True), ("west", False)]
    assert found.ties == (Tie(0, 1, "NOT_AVAILABLE"),)


def test_the_evidence_is_no_part_of_the_digest(sites: Sites) -> None:
    """How the members are doing changes by itself; what was approved does not."""
    sites.declare(
        federation("libs", platforms=["east", "west"], settings={"description": "b"}),
        federation("wheels", "pypi", platforms=["east", "west"]),
    )
    late = sites.plan()
    sites.made.mesh.delay = 0.0
    healthy = sites.plan()
    assert list(topologies(late)) != list(topologies(healthy))
    assert late.digest == healthy.digest


NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40))
LOOKS = st.sampled_from(["", "HEALTHY", "DELAYED", "ERROR", "NOT_AVAILABLE", "DISABLED", "odd"])
PLANNED = st.sampled_from(["kept", "added", "removed", "disabled"])


@st.composite
def drawn(draw: st.DrawFn) -> Topology:
    """Any federation of up to ten members."""
    places = draw(
        st.lists(st.builds(Place, NAMES, NAMES, st.booleans(), NAMES), min_size=1, max_size=10)
    )
    pairs = [(a, b) for a in range(len(places)) for b in range(a)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ties = tuple(Tie(a, b, draw(LOOKS), draw(PLANNED)) for a, b in chosen)
    return Topology(draw(NAMES), tuple(places), ties)


@given(st.lists(drawn(), max_size=3))
def test_no_name_breaks_a_picture(found: list[Topology]) -> None:
    """Every box lies inside the picture and none on another; one statement a line."""
    root = ElementTree.fromstring(topology_svg(found, "acme"))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    boxes = [
        tuple(float(box.get(n, 0)) for n in ("x", "y", "width", "height"))
        for box in root.iter(f"{SVG}rect")
        if (box.get("class") or "").startswith("tb")
    ]
    assert len(boxes) == sum(len(topology.places) for topology in found)
    for number, (x, y, wide, high) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + wide <= width + 1
        assert y + high <= height + 1
        for left, top, across, down in boxes[:number]:
            beside = x + wide <= left or left + across <= x
            assert beside or y + high <= top or top + down <= y
    for line in topology_mermaid(found).splitlines():
        assert line.startswith(("flowchart LR", "  "))
        assert line.count('"') in (0, 2)

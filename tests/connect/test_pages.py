"""Deployments on the HTML page: every device, with what it runs, what it gets and why."""

from __future__ import annotations

import re

from reconciler.model import Action
from reconciler.report.html import devices
from reconciler.report.html.plan import plan_html
from tests.connect.support import Fleet

ROW = re.compile(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>')


def test_every_device_is_listed(fleet: Fleet) -> None:
    """The lines above name ten of a wave; the table has all of them."""
    fleet.add(25)
    fleet.deploy()
    page = plan_html(fleet.plan())
    rows = dict(ROW.findall(page.partition('class="devices"')[2].partition("</details>")[0]))

    assert len(rows) == 25
    assert "<summary>25 devices</summary>" in page
    assert all("2.0" in cells for cells in rows.values())


def test_a_long_list_is_cut_and_counted(fleet: Fleet) -> None:
    """A page stays a page."""
    fleet.add(25)
    fleet.deploy()
    plan = fleet.plan()
    change = next(c for c in plan.changes if c.action is Action.DEPLOY)
    found = change.evidence["devices"]
    assert isinstance(found, list)
    many = {**change.evidence, "devices": found * 60}
    told = str(devices.device_list(many))

    assert len(ROW.findall(told)) == devices.MOST
    assert "500 more are in the plan as JSON." in told

"""Ten thousand devices, page by page, in bounded time."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import pytest

from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, ConnectApi, tagged

FLEET = 10_000


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def test_ten_thousand_devices(api: ConnectApi) -> None:
    """Made, listed with tags, deployed to, followed and finished within seconds each."""
    api.clear()
    making = seconds(lambda: api.add(FLEET, group="Production", tags=["indoor"]))
    listed: list[dict[str, str]] = []
    listing = seconds(
        lambda: listed.extend(api.pages(DEVICES, "devices", limit="1000", enrich_info="true"))
    )
    runs: list[str] = []
    deploying = seconds(lambda: runs.append(api.deployed(tagged("indoor"))))
    api.advance(600)
    following = seconds(lambda: api.counts(runs[0]))

    assert len({device["device_uuid"] for device in listed}) == FLEET
    assert len({device["device_name"] for device in listed}) == FLEET
    assert api.counts(runs[0]) == {"Success": FLEET}
    # each takes far less; a machine with other work to do may be slow
    assert max(making, listing, deploying, following) < 5


def test_a_cursor_is_a_place_and_a_limit(api: ConnectApi) -> None:
    """As in the sample of the reference; the limit in it wins over the one beside it."""
    page = api.get(DEVICES, limit="5")
    after = page["pagination_info"]["after"]
    held = json.loads(base64.b64decode(after + "=="))
    following = api.get(DEVICES, after=after, limit="1000")["devices"]

    assert set(held) == {"cursor", "limit"}
    assert "=" not in after
    assert len(following) == 5


def test_a_full_page_has_a_cursor_though_nothing_follows(api: ConnectApi) -> None:
    """So the last page may be empty."""
    pages = list(api.each_page(DEVICES, limit="6"))

    assert [len(page["devices"]) for page in pages] == [6, 6, 0]
    assert pages[-1]["pagination_info"] == {"after": None, "total": 12}


@pytest.mark.parametrize(
    ("setting", "info"),
    [
        ("null", {"after": None, "total": 12}),
        ("empty", {"after": "", "total": 12}),
        ("absent", {"total": 12}),
    ],
)
def test_the_end_has_several_looks(api: ConnectApi, setting: str, info: object) -> None:
    """null, empty, absent."""
    api.settings(last_page=setting)
    assert api.get(DEVICES)["pagination_info"] == info


def test_the_end_may_repeat_itself(api: ConnectApi) -> None:
    """The last page gives the cursor that led to it; whoever follows it turns in circles."""
    api.settings(last_page="repeat")
    after = api.get(DEVICES, limit="10")["pagination_info"]["after"]
    last = api.get(DEVICES, after=after)

    assert last["pagination_info"]["after"] == after
    assert api.get(DEVICES, after=after) == last


@pytest.mark.parametrize("cursor", ["nonsense", "e30", "%", "eyJjdXJzb3IiOiAieCJ9"])
def test_wrong_cursors(api: ConnectApi, cursor: str) -> None:
    """400."""
    assert api.send("GET", DEVICES, query=(("after", cursor),)).status == 400


def comments(api: ConnectApi, count: int) -> list[str]:
    """That many deployments in the list, two per page, one more made between; comments out."""
    flow = api.flow()
    for number in range(count):
        api.deployed(tagged("canary"), flow_uuid=flow, comment=str(number))
    pages = api.each_page(DEPLOYMENTS, limit="2")
    first = [one["comment"] for one in next(pages)["deployments"]]
    api.deployed(tagged("canary"), flow_uuid=flow, comment="between")
    return first + [one["comment"] for page in pages for one in page["deployments"]]


@pytest.mark.parametrize(
    ("order", "cursor", "expected"),
    [
        ("newest", "item", ["4", "3", "2", "1", "0"]),
        ("newest", "offset", ["4", "3", "3", "2", "1", "0"]),
        ("oldest", "item", ["0", "1", "2", "3", "4", "between"]),
    ],
)
def test_lists_move_while_they_are_read(
    api: ConnectApi, order: str, cursor: str, expected: list[str]
) -> None:
    """A cursor that counts shows some twice when others are added before them."""
    api.settings(list_order=order, cursor=cursor)
    assert comments(api, 5) == expected


def test_a_list_may_have_no_order(api: ConnectApi) -> None:
    """Everything is in it once nevertheless."""
    api.settings(list_order="shuffled")
    found = comments(api, 9)

    assert sorted(set(found) - {"between"}) == [str(number) for number in range(9)]
    assert found != sorted(found)
    assert len(found) == len(set(found))


def test_devices_that_go_do_not_shift_the_rest(api: ConnectApi) -> None:
    """A cursor remembers the last item, so nobody is skipped."""
    uuids = api.uuids()
    pages = api.each_page(DEVICES, limit="4")
    found = [device["device_uuid"] for device in next(pages)["devices"]]
    api.control("DELETE", "connect/devices", {"select": {"devices": found}})

    assert [device["device_uuid"] for page in pages for device in page["devices"]] == uuids[4:]

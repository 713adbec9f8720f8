"""Openings that are due or wait without a change of their incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from aiops.notify.held_openings import EVERY_S
from tests.notify.engine_desk import EngineDesk

OpenDesk = Callable[..., EngineDesk]
US = """
[[endpoints]]
name = "us"
type = "webhook"
settle_s = { warning = 5 }
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['region="us"']
endpoints = ["us"]
"""
MUTED = """
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['region="eu"']
mute_time_intervals = ["ever"]
[[time_intervals]]
name = "ever"
[[time_intervals.time_intervals]]
months = ["january"]
"""


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with ExitStack() as stores:

        def open_one(text: str, joins: bool = True) -> EngineDesk:
            desk = EngineDesk(tmp_path / str(len(list(tmp_path.iterdir()))), text, joins=joins)
            stores.callback(desk.store.close)
            return desk

        yield open_one


def test_a_stream_that_is_no_news_opens_the_incident_where_its_labels_lead(open_desk: OpenDesk) -> None:
    desk = open_desk(US)
    desk.fire("Slow", "api-1", service="api", region="eu")
    desk.fire("Slow", "api-1", service="api", region="us")
    desk.wait(10)
    assert list(desk.names.values()) == ["Slow"], "one incident"
    assert (desk.changes("Slow"), desk.changes("Slow", "us")) == (["opened"], ["opened"])
    for region in ("eu", "us"):
        desk.end("Slow", "api-1", service="api", region=region)
    desk.wait(20)
    assert (desk.changes("Slow"), desk.changes("Slow", "us")) == (["opened", "resolved"], ["opened", "resolved"])


def test_a_late_opening_is_added_once(open_desk: OpenDesk) -> None:
    desk = open_desk(US)
    desk.fire("Slow", "api-1", service="api", region="eu")
    desk.wait(6)
    for _ in range(3):
        desk.fire("Slow", "api-1", service="api", region="us")
        desk.wait(3)
    assert desk.changes("Slow", "us") == ["opened"]


def test_a_reload_that_ends_a_mute_lets_what_waits_leave(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED)
    desk.fire("Slow", "api-1", region="eu")
    desk.wait(10)
    assert desk.sent == []
    desk.reload('[route]\nendpoints = ["chat"]')
    desk.wait(2)
    assert desk.changes("Slow") == ["opened"]


def test_a_reload_that_leads_nowhere_withdraws_what_waits(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED)
    desk.fire("Slow", "api-1", region="eu")
    desk.wait(10)
    desk.reload("[route]\nendpoints = []")
    desk.wait(10)
    assert (desk.sent, desk.store.outbox.rows("due")) == ([], [])


def test_nothing_is_watched_without_routes_and_rules(open_desk: OpenDesk) -> None:
    desk = open_desk("")
    desk.fire("Slow", "api-1")
    desk.wait(2)
    assert desk.engine.clusters.take_fired() == {}
    desk.reload(US)
    desk.fire("Slow", "api-2", region="us")
    desk.wait(10)
    assert ("us", "Slow", "opened") in desk.sent
    desk.reload("")
    desk.fire("Other", "api-3")
    assert desk.engine.clusters.take_fired() == {}


def test_a_review_comes_once_a_second(open_desk: OpenDesk) -> None:
    desk = open_desk(US)
    desk.now += EVERY_S
    assert desk.openings.review(desk.store, desk.now) == 0
    desk.fire("Slow", "api-1", region="us")
    assert desk.store.outbox.rows("due") != []

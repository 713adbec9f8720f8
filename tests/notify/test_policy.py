"""Who is told of what, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.config import DEFAULT_SETTLE_S, EndpointConfig
from aiops.engine.config import IncidentConfig
from aiops.engine.events import IncidentChange, IncidentChanged
from aiops.notify.policy import SLOW_EVERY_S, EndpointPolicy
from aiops.records import Cause, Incident
from aiops.store.store import FrameDecisions, Store
from aiops.verdict.sentence import suspect

SETTLE = {"critical": 0.0, "high": 10.0, "warning": 60.0}


class Story:
    """Changes of one incident, each in a frame of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.version = 0

    def tell(
        self, change: IncidentChange, at: float, severity: str = "high", cause: str | None = None, found: str = ""
    ) -> None:
        self.version += 1
        over = {"resolved": "resolved", "merged": "merged"}.get(change, "open")
        causes = [Cause(cause, confidence="medium")] if cause else []
        incident = Incident(id="i/1", status=over, severity=severity, causes=causes)  # type: ignore[arg-type]
        event = IncidentChanged(
            seq=self.version, at=at, change=change, incident=incident, version=self.version, what=[]
        )
        if found:
            event.what, event.said = ["finding"], found
        self.store.apply([FrameDecisions(self.version, at, [event])])

    def due(self) -> list[tuple[str, int, float]]:
        rows = [row for row in self.store.outbox.rows() if row.state == "due"]
        return [(row.change, row.version, row.due_at) for row in reversed(rows)]

    def deliver(self, now: float) -> list[str]:
        told = []
        while rows := self.store.outbox.claim(now, 10, ["pager"]):
            told += [row.change for row in rows]
            self.store.outbox.sent([row.id for row in rows], now)
        return told


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    endpoint = EndpointConfig("pager", "webhook", settle_s=SETTLE, max_updates=2, update_every_s=15.0)
    store = Store(tmp_path, EndpointPolicy([endpoint], "https://aiops.example.org/"))
    yield Story(store)
    store.close()


def test_it_settles_by_severity_and_comes_earlier_when_it_gets_worse(story: Story) -> None:
    story.tell("opened", 100.0, "warning")
    assert story.due() == [("opened", 1, 160.0)]
    story.tell("updated", 105.0, "critical")
    assert story.due() == [("opened", 1, 105.0)]
    (row,) = story.store.outbox.claim(105.0, 1, ["pager"])
    assert b'"critical"' in row.body
    assert row.link == "https://aiops.example.org/incidents/i%2F1"


def test_what_ends_while_it_settles_is_told_to_nobody(story: Story) -> None:
    story.tell("opened", 100.0, "warning")
    story.tell("resolved", 130.0, "warning")
    assert story.due() == []
    story.tell("reopened", 140.0, "warning")
    assert story.due() == [("opened", 3, 200.0)]


def test_an_end_is_told_where_the_opening_was(story: Story) -> None:
    story.tell("opened", 100.0)
    assert story.deliver(110.0) == ["opened"]
    story.tell("acknowledged", 120.0)
    story.tell("resolved", 130.0)
    story.tell("reopened", 140.0)
    assert story.deliver(140.0) == ["acknowledged", "resolved"]
    assert story.deliver(150.0) == ["reopened"]


def test_updates_come_at_their_rate_and_beyond_the_cap_at_a_slower_one(story: Story) -> None:
    story.tell("opened", 100.0, "warning")
    assert story.deliver(160.0) == ["opened"]
    story.tell("updated", 170.0, "warning")
    assert story.due() == []
    story.tell("updated", 171.0, "warning", cause="db")
    assert story.due() == [("updated", 3, 175.0)]
    assert story.deliver(175.0) == ["updated"]
    story.tell("updated", 180.0, "warning", cause="web")
    assert story.due() == [("updated", 4, 190.0)]
    assert story.deliver(190.0) == ["updated"]
    story.tell("updated", 200.0, "warning", cause="db")
    assert story.due() == [("updated", 5, 190.0 + SLOW_EVERY_S)]
    story.tell("updated", 210.0, "critical", cause="db")
    assert story.due() == [("updated", 6, 210.0)], "a rise is not held back"
    story.tell("resolved", 220.0, "critical")
    assert story.deliver(220.0) == ["resolved"]


def test_what_collectors_found_is_an_update_at_the_usual_rate_and_no_opening(story: Story) -> None:
    story.tell("opened", 100.0, "warning")
    assert story.deliver(160.0) == ["opened"]
    story.tell("updated", 162.0, "warning", found="found: OOMKilled")
    assert story.due() == [("updated", 2, 175.0)]
    (row,) = story.store.outbox.claim(175.0, 1, ["pager"])
    assert row.news == '["found: OOMKilled"]'


def test_a_finding_of_a_snoozed_incident_is_sent_to_nobody(story: Story) -> None:
    story.tell("opened", 100.0)
    assert story.deliver(110.0) == ["opened"]
    story.version += 1
    incident = Incident(id="i/1", status="acknowledged", severity="high", snoozed_until=9_000.0)
    event = IncidentChanged(2, 120.0, "updated", incident, story.version, ["finding"], said="found: OOMKilled")
    story.store.apply([FrameDecisions(story.version, 120.0, [event])])
    assert story.due() == []


def test_a_suspect_without_confidence_is_no_news() -> None:
    for confidence, named in (("low", None), ("medium", "db"), ("high", "db")):
        cause = Cause("db", confidence=confidence)  # type: ignore[arg-type]
        assert suspect(Incident(id="i-1", causes=[cause], entities=["db", "web"], entity_count=2)) == named


def test_a_cause_that_is_found_while_an_opening_settles_is_part_of_it(story: Story) -> None:
    story.tell("opened", 100.0, "high")
    story.tell("updated", 108.0, "high", cause="db")
    assert [change for change, _, _ in story.due()] == ["opened"]
    assert story.deliver(200.0) == ["opened"]
    story.tell("updated", 230.0, "high", cause="db")
    assert story.due() == [], "the opening had it"


def test_below_the_minimum_nothing_is_told_until_it_is_severe_enough(story: Story) -> None:
    story.tell("opened", 100.0, "info")
    story.tell("resolved", 101.0, "info")
    assert story.due() == []
    story.tell("reopened", 110.0, "info")
    story.tell("updated", 120.0, "high")
    assert story.due() == [("opened", 4, 130.0)]


def test_the_first_ranking_comes_before_an_opening_of_severity_high_is_due() -> None:
    """By default it carries its likely cause, and no update follows that only names it."""
    assert IncidentConfig().rank_after_s < DEFAULT_SETTLE_S["high"]

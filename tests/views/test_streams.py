"""Streams of an incident: episodes of one stream are one, and the record completes them."""

from __future__ import annotations

from typing import Any

from aiops.store.incident_episodes import IncidentEpisode
from aiops.topology import Topology
from aiops.views.service_graph import ServiceGraph
from aiops.views.streams import MAX_ONSETS, streams_of
from tests.views.incidents import START, incident, member

GRAPH = ServiceGraph(Topology())


def episode(name: str = "Slow", entity: str = "web-0", **more: Any) -> IncidentEpisode:
    given: dict[str, Any] = {
        "workload": "web", "service": "web", "source": "mesh", "labels": '{"env": "prod"}', "severity": 2,
        "started_at": START, "last_at": START + 60, "ended_at": None, "count": 2, "message": "slow", "url": None,
        "alert_id": "a-1",
    } | more  # fmt: skip
    return IncidentEpisode(f"f-{name}-{entity}", name, entity, **given)


def test_episodes_of_a_stream_are_one() -> None:
    first = episode(ended_at=START + 90, count=3)
    second = episode(started_at=START + 300, last_at=START + 360, severity=4, count=4, message="slower", alert_id="a-9")
    [found] = streams_of(incident(), [first, second], GRAPH)
    assert (found.count, found.severity, found.is_firing) == (7, 4, True)
    assert (found.first_at, found.last_at, found.onsets) == (START, START + 360, [START, START + 300])
    assert (found.message_at, found.ended_at) == (START + 300, None)
    assert (found.message, found.alert_id, found.place, found.labels) == ("slower", "a-1", "web", {"env": "prod"})


def test_the_record_adds_the_newest_text_and_the_silence() -> None:
    one = member(
        "Slow", "web-0", message="newest", last_at=START + 500, annotations={"runbook_url": "https://r.example"},
        silenced_by="s-1", silenced_until=START + 900, count=9, alert_id="a-1",
    )  # fmt: skip
    [found] = streams_of(incident(one), [episode()], GRAPH)
    assert (found.message, found.runbook_url, found.silenced_by) == ("newest", "https://r.example", "s-1")
    assert (found.count, found.last_at, found.message_at) == (9, START + 500, START + 500)


def test_an_incident_without_episodes_has_the_members_of_its_record() -> None:
    one = member("Slow", "web-0", service="web", labels={"a": "b"}, url="https://x.example", status="resolved")
    [found] = streams_of(incident(one), [], GRAPH)
    assert (found.place, found.labels, found.url, found.is_firing) == ("web", {"a": "b"}, "https://x.example", False)


def test_a_stream_that_flaps_keeps_some_onsets() -> None:
    found = streams_of(incident(), [episode(started_at=START + turn) for turn in range(500)], GRAPH)
    assert len(found[0].onsets) == MAX_ONSETS
    assert found[0].count == 1_000


def test_a_stream_ended_with_its_last_episode() -> None:
    first, last = episode(ended_at=START + 90), episode(started_at=START + 300, ended_at=START + 400, message=None)
    [found] = streams_of(incident(), [first, last], GRAPH)
    assert (found.is_firing, found.ended_at, found.message_at) == (False, START + 400, START)

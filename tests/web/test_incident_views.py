"""The timeline, the neighbourhood and the alerts of an incident over the API, for pages and programs alike."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aiops.records import Alert, Incident
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.incidents import get
from aiops.topology import Edge, Topology
from aiops.views.service_graph import ServiceGraph
from aiops.web.incident_views import TimelineQuery, list_alerts, show_neighbourhood, show_timeline, views_of
from aiops.web.openapi import document
from tests.store.episodes import begun, keep, state
from tests.views.sample import keep_reads
from tests.web.calls import Desk, desk_in
from tests.web.conftest import HOSTILE, NOW


def fetched(site: Any, path: str) -> Any:
    answer = site.client.get(f"/api/v1/incidents/{site.incident}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_timeline_has_the_services_and_what_people_did(site: Any) -> None:
    site.client.post(f"/api/v1/incidents/{site.incident}/acknowledge", json={"message": "on it"})
    found = fetched(site, "timeline")
    assert [track["name"] for track in found["tracks"]] == ["checkout"]
    assert found["tracks"][0]["alerts"] == 9
    assert [mark["text"] for mark in found["people"]] == ["acknowledged"]
    assert found["decisions"][0]["text"] == "opened"
    assert [mark["text"] for mark in found["notifications"]] == ["pager: opening not delivered"]


def test_a_stretch_is_given_by_the_address(site: Any) -> None:
    found = fetched(site, f"timeline?from={NOW - 300}&to={NOW}")
    assert (found["start"], found["end"]) == (NOW - 300, NOW)


@pytest.mark.parametrize("query", ["from=x", "from=-1", "to=1e300", "from=nan", "from=1&from=2", "since=1"])
def test_a_stretch_that_is_no_time_is_refused(site: Any, query: str) -> None:
    answer = site.client.get(f"/api/v1/incidents/{site.incident}/timeline?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("query: ")


def test_the_neighbourhood_follows_the_topology(site: Any) -> None:
    site.host.services = ServiceGraph(Topology.build([], [Edge("web", "checkout", "calls")]))
    found = fetched(site, "neighbourhood")
    assert [(node["name"], node["role"]) for node in found["nodes"]] == [("checkout", "symptom"), ("web", "quiet")]
    assert found["edges"] == [{"source": "web", "target": "checkout", "kind": "calls", "is_on_path": False}]


def test_alerts_are_grouped_by_name_with_hostile_text_as_it_came(site: Any) -> None:
    found = fetched(site, "alerts")
    assert HOSTILE in {group["name"] for group in found["groups"]}
    assert all(group["rows"][0]["fingerprint"] for group in found["groups"])
    assert {group["url"] for group in found["groups"]} == {"javascript:alert(1)"}


def test_findings_are_the_reads_and_what_counts_of_them(site: Any) -> None:
    assert fetched(site, "findings") == {"looked": [], "findings": []}
    keep_reads(site.host.store, site.incident)
    found = fetched(site, "findings")
    assert [one["state"] for one in found["looked"]] == ["done", "done", "failed", "skipped"]
    first = found["looked"][0]
    assert (first["rows"], first["found"]) == ([["a", "OOMKilled"]], ["OOMKilled in the last state of payments-api-1"])


@pytest.mark.parametrize("path", ["timeline", "neighbourhood", "alerts", "findings"])
def test_an_unknown_incident_is_not_found(site: Any, path: str) -> None:
    assert site.client.get(f"/api/v1/incidents/inc-nothing/{path}").status_code == 404


def test_the_operations_are_documented() -> None:
    from aiops.web.app import OPERATIONS

    paths = document(OPERATIONS)["paths"]
    assert [one["name"] for one in paths["/api/v1/incidents/{id}/timeline"]["get"]["parameters"]] == [
        "id",
        "from",
        "to",
    ]
    assert {"/api/v1/incidents/{id}/neighbourhood", "/api/v1/incidents/{id}/alerts"} <= paths.keys()


def test_the_views_of_one_reading_agree(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        found = get(desk.host.store.database.reader, desk.incident)
        assert found is not None
        views = views_of(desk.call(query=TimelineQuery()), found.incident)
        assert views.timeline == show_timeline(desk.call(query=TimelineQuery()))
        assert views.neighbourhood == show_neighbourhood(desk.call())
        assert views.alerts == list_alerts(desk.call())
        assert [one.name for one in views.ties] == [HOSTILE]


def _storm(desk: Desk) -> Incident:
    """10,000 alerts in 1,617 streams of 40 services, as the store keeps them."""
    rows = [
        begun(
            seq, f"Alert{seq % 8}", f"service-{seq % 40}-pod-{seq}", service=f"service-{seq % 40}",
            labels=f'{{"env":"prod","namespace":"shop","pod":"service-{seq % 40}-pod-{seq}"}}', message="it fails",
        )
        for seq in range(1_617)
    ]  # fmt: skip
    own = {"incident": desk.incident, "disposition": "incident"}
    states = [state(seq, started_at=NOW - 3_000 + seq, last_at=NOW, count=6, **own) for seq in range(1_617)]
    minutes = {
        (desk.incident, int(NOW // 60) - minute, f"Alert{name}", f"service-{place}", 3): 1
        for minute in range(50)
        for name in range(8)
        for place in range(0, 40, 2)
    }
    keep(desk.host.store, 99, FrameAlerts(begun=rows, states=states, minutes=minutes))
    edges = [Edge(f"service-{number}", f"service-{number // 2}", "calls") for number in range(1, 40)]
    desk.host.services = ServiceGraph(Topology.build([], edges))
    found = get(desk.host.store.database.reader, desk.incident)
    assert found is not None
    return found.incident


def test_an_incident_of_thousands_of_streams_is_read_in_time(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        incident = _storm(desk)
        times = []
        for _ in range(7):
            begun_at = time.process_time()
            views = views_of(desk.call(query=TimelineQuery()), incident)
            times.append(time.process_time() - begun_at)
        assert views.alerts.described >= 1_617
        assert views.timeline.folded_count >= 28
        # Some 20 ms of processor time on a small machine; a busy one takes longer.
        assert min(times) < 0.1


def test_new_alerts_are_in_the_next_answer(site: Any) -> None:
    site.host.fold([Alert(ts=NOW, name="New", id="n", severity="critical", entity="checkout", service="checkout")])
    assert "New" in {group["name"] for group in fetched(site, "alerts")["groups"]}

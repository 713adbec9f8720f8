"""The parts of an incident's page: they render whatever the incident holds, and hostile text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from aiops.pages.assets import Assets
from aiops.pages.incident_parts import drawn, parts_of, query_of
from aiops.pages.reader import Reader
from aiops.pages.rendering import environment
from aiops.records import Alert, Evidence, Incident
from aiops.store.incidents import get
from aiops.topology import Edge, Topology
from aiops.views.alert_groups import alert_groups
from aiops.views.course import Course
from aiops.views.marks import Mark
from aiops.views.neighbourhood import neighbourhood
from aiops.views.service_graph import ServiceGraph
from aiops.views.stretch import stretch_of
from aiops.views.ties import ties_of
from aiops.views.timeline import timeline
from aiops.web.incident_views import IncidentViews, TimelineQuery
from aiops.web.operations import ApiError
from tests.pages.test_pages import Parsed
from tests.views.incidents import START, alerts, incident, member, minute, stream
from tests.web.calls import Desk, desk_in
from tests.web.conftest import HOSTILE, NOW

PAGE = """{% import "parts.html" as ui with context %}{% include "incident/timeline.html" %}
{% include "incident/graph.html" %}{% include "incident/why.html" %}{% include "incident/alerts.html" %}"""


def render(one: Incident, parts: Any, may_write: bool = True) -> Parsed:
    env = environment("", Assets(), lambda: NOW)
    known = {"reader": Reader(), "may_write": may_write, "own": Markup("")}
    return Parsed(env.from_string(PAGE).render(incident=one, parts=parts, **known))


def shown(one: Incident, own: Any, course: Course | None = None, graph: Topology | None = None) -> Any:
    course, services = course or Course(), ServiceGraph(graph or Topology())
    stretch = stretch_of(one, [], START + 600)
    return drawn(
        IncidentViews(
            timeline(one, own, course, stretch),
            stretch,
            neighbourhood(one, own, services),
            ties_of(one),
            alert_groups(own, one.stream_count),
        ),
        "UTC",
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        found.host.services = ServiceGraph(Topology.build([], [Edge("web", "checkout", "calls")]))
        yield found


def test_the_parts_of_a_stored_incident_are_pictures_and_text(desk: Desk) -> None:
    stored = get(desk.host.store.database.reader, desk.incident)
    assert stored is not None
    found = parts_of(desk.call(query=TimelineQuery()), stored.incident, "Europe/Berlin")
    page = render(stored.incident, found)
    assert page.tags.count("svg") >= 4
    assert HOSTILE in page.text
    assert "script" not in page.tags
    assert all(link.startswith(("/", "#", "http://", "https://")) for link in page.links)
    assert "Europe/Berlin" not in page.text
    assert f"/incidents/{desk.incident}/explain?alert=a-0-0" in page.links


def test_hostile_text_stays_text() -> None:
    texts = ["<img src=x onerror=alert(1)>", "a\u202eb\x00", '"></svg><script>', "x" * 10_000]
    own = alerts(
        *[
            stream(text, text, labels={text: text}, message=text, url="javascript:alert(1)", source=text)
            for text in texts
        ],
        minutes=tuple(minute(0, text, 1) for text in texts),
        cause=texts[0],
    )
    one = incident(*[member(text, text, evidence=[Evidence("near", 1.0, text)]) for text in texts])
    marks = [Mark(START + 60, text, text, text) for text in texts]
    graph = Topology.build([], [Edge(texts[0], text, text) for text in texts[1:]])
    page = render(one, shown(one, own, Course(marks, marks, marks, marks, marks), graph))
    assert {"img", "script"} & set(page.tags) == set()
    assert not any("javascript" in link for link in page.links)
    assert "\\u202e" in page.text


def test_each_alert_can_be_silenced_explained_and_selected() -> None:
    own = alerts(stream("Slow", "web-0"), stream("Slow", "web-1"), stream("Down & out", "db"))
    page = render(incident(), shown(incident(), own))
    assert "/silences?alertname=Slow&entity=web-1" in page.links
    assert "/silences?alertname=Down%20%26%20out&entity=db" in page.links
    assert "/incidents/inc-1/explain?alert=f-Slow-web-0" in page.links
    assert page.tags.count("input") == 3 + 1
    assert "Split out the checked alerts" in page.text
    assert render(incident(), shown(incident(), own), may_write=False).tags.count("input") == 1
    ended = incident(status="resolved")
    assert render(ended, shown(ended, own)).tags.count("input") == 1


def test_links_of_the_sender_are_web_links_only() -> None:
    own = alerts(
        stream("Slow", "a", url="https://mesh.example/1", runbook_url="https://runbooks.example", source="mesh")
    )
    page = render(incident(), shown(incident(), own))
    assert {"https://mesh.example/1", "https://runbooks.example"} <= set(page.links)
    bad = alerts(stream("Slow", "a", url="data:text/html,x"))
    assert not any(link.startswith("data:") for link in render(incident(), shown(incident(), bad)).links)


def test_rows_state_what_fires_what_ended_and_how_old_a_message_is() -> None:
    own = alerts(
        stream("Down", "db", severity=4, is_firing=False, ended_at=NOW - 43 * 60),
        stream("Slow", "web-1", severity=2, message="Probe fails since 62 s", message_at=NOW - 43 * 60),
        *[stream("Busy", f"cart-{number}", severity=2, is_firing=number > 20) for number in range(24)],
    )
    page = render(incident(), shown(incident(), own))
    assert "ended 43 min ago" in page.text
    assert "43 min ago: Probe fails since 62 s" in page.text
    assert "3 of 24 firing" in page.text
    assert "12 more streams, none of them firing" in page.text
    assert page.text.index("Slow") < page.text.index("43 min ago: Probe") < page.text.index("Down")


def test_stretches_of_time_are_links() -> None:
    one = incident(last_alert_at=START + 6_000)
    page = render(one, shown(one, alerts(stream("Slow", "web"))))
    found = [link for link in page.links if link.endswith("#timeline")]
    assert len(found) == 2
    assert all(link.startswith("/incidents/inc-1?from=") for link in found)


def test_an_incident_without_anything_states_it() -> None:
    text = render(incident(), shown(incident(), alerts())).text
    assert "No alert is kept of this incident." in text
    assert "No dependencies are configured" in text
    assert "No member of this incident is kept." in text


def test_what_is_left_out_is_stated() -> None:
    one = incident(stream_count=900)
    own = alerts(*[stream(f"Name{number}", f"service-{number}") for number in range(60)])
    text = render(one, shown(one, own)).text
    assert "48 more services" in text
    assert "30 more kinds" in text
    assert "60 of 900 streams are listed" in text


def test_a_page_of_two_hundred_services_is_small() -> None:
    own = alerts(
        *[
            stream(f"Alert{n % 8}", f"service-{n}-0", f"service-{n}", message="it fails", labels={"env": "prod"})
            for n in range(200)
        ],
        minutes=tuple(minute(t, f"service-{n}", 3, 2 + n % 3, f"Alert{n % 8}") for n in range(200) for t in range(60)),
    )
    graph = Topology.build([], [Edge(f"service-{n}", f"service-{n // 3}", "calls") for n in range(1, 200)])
    one = incident(last_alert_at=START + 3_600, stream_count=200)
    env = environment("", Assets(), lambda: NOW)
    parts = shown(one, own, graph=graph)
    html = env.from_string(PAGE).render(incident=one, parts=parts, reader=Reader(), may_write=True, own=Markup(""))
    assert len(html) < 150_000


@pytest.mark.parametrize("given", [{"from": "x"}, {"to": "-1"}, {"from": "nan"}])
def test_an_address_that_is_no_time_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="expected times in Unix seconds"):
        query_of(given)


def test_an_address_is_a_stretch() -> None:
    assert query_of({"from": "100", "to": "400.5", "live": "off"}) == TimelineQuery(100.0, 400.5)
    assert query_of({"from": ""}) == TimelineQuery()


def test_new_alerts_are_drawn(desk: Desk) -> None:
    desk.host.fold([Alert(ts=NOW, name="New", id="n", severity="critical", entity="cart", service="cart")])
    stored = get(desk.host.store.database.reader, desk.incident)
    assert stored is not None
    assert parts_of(desk.call(query=TimelineQuery()), stored.incident, "UTC").timeline_wide

"""During a storm, what stands alone is grouped by failure domain."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, Event, IncidentChanged, Notice, Placed
from aiops.engine.incidents.storm import MAX_RESERVED, MAX_STORMS
from aiops.engine.incidents.storm_grouping import GROUPED
from aiops.records import Alert

T0 = 1_795_000_000.0
LIMIT = 3


def alert(number: float, severity: str = "high", **more: Any) -> Alert:
    """One that nothing ties to the others."""
    return Alert(ts=T0 + number, name=f"Fault{number}", entity=f"host-{number}", severity=severity, **more)


def storm(*severities: str, **more: Any) -> Engine:
    """An engine in a storm, with one more alert for each severity given."""
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=LIMIT)))
    engine.step([alert(number) for number in range(LIMIT)])
    assert engine.pipeline.storms.active
    engine.step([alert(10 + number, severity, **more) for number, severity in enumerate(severities)])
    return engine


def placed(events: list[Event]) -> list[Placed]:
    return [event for event in events if isinstance(event, Placed)]


def test_the_incidents_that_make_it_a_storm_keep_theirs_and_the_next_one_is_the_storms() -> None:
    engine = storm()
    (first,) = placed(engine.step([alert(10)]))
    (second,) = placed(engine.step([alert(11)]))
    assert (first.disposition, first.reason) == ("incident", GROUPED)
    assert second.incident == first.incident
    assert len(engine.incidents.by_id) == LIMIT + 1
    assert engine.pipeline.storms.grouped == 2


def test_each_failure_domain_has_its_own_incident_up_to_a_handful() -> None:
    engine = storm()
    zones = [f"z{number}" for number in range(MAX_STORMS + 3)]
    found = placed(engine.step([alert(10 + n, labels={"zone": zone}) for n, zone in enumerate(zones)]))
    assert len({each.incident for each in found}) == MAX_STORMS
    again = placed(engine.step([alert(40, labels={"zone": "z0"})]))
    assert again[0].incident == found[0].incident


def test_what_is_worse_than_the_storms_incident_opens_its_own_as_long_as_there_is_room() -> None:
    engine = storm("high")
    before = len(engine.incidents.by_id)
    found = placed(engine.step([alert(20 + n, "critical") for n in range(MAX_RESERVED + 2)]))
    assert [each.reason for each in found] == [None] * MAX_RESERVED + [GROUPED] * 2
    assert len(engine.incidents.by_id) == before + MAX_RESERVED


def test_what_is_as_severe_as_the_storms_incident_joins_it() -> None:
    engine = storm("critical")
    assert placed(engine.step([alert(20, "critical")]))[0].reason == GROUPED


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_what_would_open_no_incident_is_not_grouped(severity: str) -> None:
    engine = storm("high")
    found = placed(engine.step([alert(20, severity)]))[0]
    assert (found.disposition, found.incident) == ("background", None)


def test_a_repeat_in_the_storms_incident_is_a_duplicate() -> None:
    engine = storm("high")
    found = placed(engine.step([Alert(ts=T0 + 30, name="Fault10", entity="host-10", severity="high")]))
    assert [each.disposition for each in found] == ["duplicate"]


def test_evidence_that_ties_an_alert_to_a_known_cluster_speaks_louder_than_the_storm() -> None:
    engine = storm("high")
    tied = Alert(ts=T0 + 12, name="Fault0", entity="host-0", severity="high", message="still", labels={"n": "2"})
    found = placed(engine.step([tied]))[0]
    assert found.reason != GROUPED


def test_background_that_gets_company_is_taken_in_whole() -> None:
    """Warnings wait as background; what makes an incident of them moves their whole cluster to the storm's."""
    engine = storm("high")
    waiting = placed(engine.step([Alert(ts=T0 + 20, name="Slow", entity="web", severity="warning")]))[0]
    storms = engine.pipeline.storms
    for second in range(LIMIT):
        # As many with evidence as a storm allows have opened.
        storms.opens(T0 + 20 + second / 10)
    events = engine.step([Alert(ts=T0 + 21, name="Slow", entity="web", severity="high", labels={"n": "2"})])
    merged = [event for event in events if isinstance(event, ClusterMerged)]
    assert [(event.source, event.reason) for event in merged] == [(waiting.cluster, GROUPED)]
    assert placed(events)[0].incident == next(
        cluster.incident for cluster in engine.clusters.by_number.values() if cluster.storm is not None
    )


def test_the_end_of_a_storm_says_how_much_it_held_and_leaves_the_incidents_open() -> None:
    engine = storm("high", "high")
    before = engine.accounts()["open_incidents"]
    notices = [event.text for event in engine.finish() if isinstance(event, Notice) and event.topic == "storm"]
    assert notices[0] == "the storm has ended: 2 alerts grouped into 1 incident"
    assert before == LIMIT + 1


def test_the_storms_incident_counts_names_and_entities() -> None:
    engine = storm(*["high"] * 7)
    cluster = next(cluster for cluster in engine.clusters.by_number.values() if cluster.storm is not None)
    assert cluster.storm is not None
    assert len(cluster.storm.entities) == len(cluster.storm.names) == 7
    changed = [
        event.incident.title
        for event in engine.step([alert(30), alert(40)])
        if isinstance(event, IncidentChanged) and event.incident.id == cluster.incident
    ]
    assert changed
    assert changed[-1] is not None
    assert changed[-1].startswith("Storm: ")

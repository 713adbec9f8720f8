"""What is carried along the way of one alert: it starts anew with each, and holds one decision."""

from __future__ import annotations

from math import inf

import pytest

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.dedup.stream import new_stream
from aiops.engine.detect.entity_anomaly import EntityAnomaly
from aiops.engine.events import Disposition, Event, Notice, Placed
from aiops.engine.incidents.clusters import new_cluster
from aiops.engine.interning import Shared
from aiops.records import Alert, Severity

ALERT = Alert(ts=5.0, name="DiskFull", id="a-1", entity="db", severity="critical")


def arrived(cluster: int = -1, member: int = -1) -> Arrival:
    """An arrival whose stream was placed before, in the given cluster."""
    arrival = Arrival()
    arrival.seq, arrival.now = 7, 6.0
    arrival.begin(ALERT, 5.0)
    arrival.stream = new_stream(0, (None, "DiskFull", "db", None, ()), Shared(), ALERT, "db")
    arrival.stream.cluster, arrival.stream.member = cluster, member
    return arrival


def test_a_moment_collects_the_events_of_its_record() -> None:
    out: list[Event] = []
    moment = Moment(3, 9.0, out)
    moment.out.append(Notice(moment.seq, "storm", "it begins"))
    assert out == [Notice(3, "storm", "it begins")]
    assert Moment().out is not Moment().out


def test_an_arrival_begins_with_what_the_alert_says() -> None:
    arrival = arrived()
    assert (arrival.alert, arrival.at, arrival.severity) == (ALERT, 5.0, Severity.CRITICAL)
    assert arrival.free == arrival.seq == 7
    assert arrival.ended_at == inf
    assert arrival.placed is None


def test_nothing_of_one_alert_is_left_for_the_next() -> None:
    arrival = arrived()
    arrival.reason, arrival.silence, arrival.ended_at = "late", "night", 4.0
    arrival.anomaly = EntityAnomaly()
    arrival.repeats = arrival.is_derived = True
    arrival.free = 1
    arrival.place("suppressed", None, "silence night")
    arrival.begin(Alert(ts=8.0, name="Slow", entity="web", severity="info"), 8.0)
    left = [arrival.reason, arrival.silence, arrival.anomaly, arrival.placed]
    assert left == [None] * 4
    assert (arrival.repeats, arrival.is_derived, arrival.ended_at) == (False, False, inf)
    assert (arrival.severity, arrival.free) == (Severity.INFO, 7)


@pytest.mark.parametrize("incident", [None, "inc-1"])
@pytest.mark.parametrize("disposition", ["incident", "duplicate", "background", "suppressed"])
def test_a_decision_names_the_cluster_its_incident_and_the_member(
    disposition: Disposition, incident: str | None
) -> None:
    arrival = arrived(cluster=2, member=4)
    cluster = new_cluster(3, 1.0)
    cluster.incident = incident
    arrival.place(disposition, cluster, "why")
    # The stream's cluster may have been merged into the one that is named.
    assert arrival.placed == Placed(7, "a-1", disposition, 3, 4, incident, "why")


def test_a_decision_without_a_cluster_names_the_one_that_the_stream_had() -> None:
    arrival = arrived(cluster=2, member=4)
    arrival.place("duplicate", None, "exact copy")
    assert arrival.placed == Placed(7, "a-1", "duplicate", 2, 4, None, "exact copy")

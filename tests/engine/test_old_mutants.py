"""What no test noticed before: which incident goes on, when a storm is over, what size says against a cluster."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Moment
from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.correlate.scoring import Weights, size
from aiops.engine.correlate.state import new_cluster
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged
from aiops.engine.incidents.storm import Storms
from aiops.records import Alert

T0 = 1_795_000_000.0


@pytest.mark.parametrize("target", [0, 1])
def test_the_older_of_two_merged_incidents_goes_on(target: int) -> None:
    """People know it; whichever of the two clusters takes in the other."""
    engine = Engine()
    for number in range(2):
        at = T0 + 3000.0 * number
        engine.step([Alert(ts=at, name=f"F{number}", entity=f"e{number}", severity="critical", starts_at=at)])
    older, younger = list(engine.incidents.by_id)
    clusters = [engine.clusters.of(engine.incidents.by_id[name].cluster) for name in (older, younger)]
    into, source = clusters[target], clusters[1 - target]
    assert into is not None
    assert source is not None
    out: list[Event] = []
    engine.pipeline.merging.merge(into, source.number, "they are one", Moment(9, T0 + 3001, out))
    assert list(engine.incidents.by_id) == [older]
    assert engine.incidents.by_id[older].cluster == into.number
    assert engine.incidents.by_id[older].merged_from == [younger]
    ended = [event.incident for event in out if isinstance(event, IncidentChanged) and event.change == "merged"]
    assert [(one.id, one.merged_into) for one in ended] == [(younger, older)]


def test_a_storm_is_over_once_fewer_than_half_as_many_wanted_to_open_within_the_window() -> None:
    storms = Storms(EngineConfig(incidents=IncidentConfig(storm_incidents=4, storm_window_s=100.0)).incidents)
    assert [storms.opens(T0 + at) for at in (0.0, 10.0, 20.0, 30.0)] == [False, False, False, True]
    assert storms.active
    # Two of the latest four, half of the limit, leave the window one after the other.
    assert storms.next_due() == T0 + 20.0 + 100.0
    storms.wanted(T0 + 50.0)
    assert storms.next_due() == T0 + 30.0 + 100.0
    storms.end()
    assert not storms.active
    assert storms.next_due() == float("inf")
    assert not storms.groups(False, T0 + 131.0)


def test_a_storm_ends_by_itself_and_the_next_alert_opens_its_own_incident() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=5, storm_window_s=60.0)))
    for number in range(20):
        engine.step([Alert(ts=T0 + 500.0 + 0.1 * number, name=f"A{number}", entity=f"e{number}", severity="critical")])
    assert engine.accounts()["storm"]
    engine.step([Alert(ts=T0 + 560.0, name="B", entity="b", severity="info")])
    assert engine.accounts()["storm"], "within a window of the last that wanted to open"
    events = engine.step([Alert(ts=T0 + 1000.0, name="C", entity="c", severity="critical")])
    assert not engine.accounts()["storm"]
    assert [
        event.change for event in events if isinstance(event, IncidentChanged) and "C" in (event.incident.title or "")
    ]


def test_a_large_cluster_takes_in_strangers_less_readily_and_its_own_as_well() -> None:
    weights = Weights()
    small, large = new_cluster(1, T0), new_cluster(2, T0)
    small.count, large.count = 2, 2_000
    assert size(weights, large, False) < size(weights, small, False) - 1.0
    assert size(weights, large, True) < size(weights, small, True)
    assert size(weights, small, False) < size(weights, small, True)

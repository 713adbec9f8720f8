"""The bounds of a noise model: what it may hold back, and when that opens."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.arrival import Moment
from aiops.engine.engine import Engine
from aiops.engine.incidents.noise_gate import LASTED
from aiops.engine.noise.stage import CHECK_EVERY, WINDOW
from aiops.records import Alert, Record, Tick
from tests.engine.noise.models import state, swap
from tests.engine.noise.site import Site, T, openings


def test_what_is_like_noise_is_background_with_the_reason_and_is_counted() -> None:
    site = Site()
    placed = site.held()
    assert placed.reason == (
        "like what people marked as noise here: 8 of 10 incidents with Slow; "
        "an incident if it grows or lasts 10 min 0 s"
    )
    assert site.opened() == 0
    assert (site.engine.accounts()["noise"]["held"], site.engine.accounts()["conserved"]) == (1, True)


@pytest.mark.parametrize("model", [False, True])
def test_without_a_model_or_beyond_what_it_knows_everything_opens(model: bool) -> None:
    site = Site(model=model)
    assert site.alert("Down" if model else "Slow").disposition == "incident"


def test_no_model_holds_anything_where_the_share_is_nought() -> None:
    site = Site(share=0.0)
    assert site.alert().disposition == "incident"
    assert site.engine.accounts()["noise"]["limited"] == 1


def test_at_most_the_share_of_the_latest_decisions_is_held() -> None:
    site = Site(share=0.1)
    placed = [site.alert().disposition for _ in range(40)]
    assert placed.count("background") == 0.1 * WINDOW
    # The others opened at once, and those that last opened later.
    assert (site.engine.accounts()["noise"]["limited"], site.opened()) == (30 - 1, 40)


def test_each_tenth_opens_to_be_judged() -> None:
    site = Site(share=0.9)
    placed = [site.alert().disposition for _ in range(3 * CHECK_EVERY)]
    assert placed.count("incident") == 3
    assert site.engine.accounts()["noise"]["checked"] == 3


@pytest.mark.parametrize(
    ("name", "severity", "entity"), [("Slow", "critical", ""), ("Lag", "high", ""), ("Slow", "high", "other")]
)
def test_a_held_cluster_opens_when_it_grows(name: str, severity: str, entity: str) -> None:
    site = Site()
    held = site.held()
    known = f"host-{site.count}"
    if entity:
        # The correlator would not join it: the growth of the cluster is what counts here.
        cluster = site.engine.clusters.of(held.cluster)
        assert cluster is not None
        site.engine.noise.held[cluster.number].sight.entities = ["another"]
    assert site.alert(name, known, severity, after=5.0).incident is not None
    assert site.engine.clusters.of(held.cluster).incident is not None  # type: ignore[union-attr]


def test_a_held_cluster_that_lasts_opens_although_nothing_comes() -> None:
    site = Site()
    held = site.held()
    assert openings(site.pass_time(599.0)) == []
    [reason] = openings(site.pass_time(2.0))
    assert site.engine.accounts()["noise"]["lasted"] == 1
    assert LASTED in reason
    assert site.engine.clusters.of(held.cluster).incident is not None  # type: ignore[union-attr]


def test_a_lone_warning_that_lasted_is_held_as_it_was_when_it_had() -> None:
    site = Site(model=False)
    waited = math.log1p(1_800.0)
    site.fold(swap(T, state(most=[20.0] * 6 + [waited], lasted_s=7_200.0)))
    for number in range(2):
        name = f"host-{number}"
        site.now += 5_003.0
        site.fold(Alert(ts=site.now, name="Slow", entity=name, severity="warning", starts_at=site.now))
        # The record that makes it due comes later than that.
        assert openings(site.pass_time(1_900.0 + number)) == []
    assert site.engine.noise.counts["held"] == 2


def test_a_held_cluster_that_ended_stays_background() -> None:
    site = Site()
    site.held()
    site.now += 30.0
    site.fold(Alert(ts=site.now, name="Slow", entity=f"host-{site.count}", status="resolved", starts_at=site.now - 30))
    assert openings(site.pass_time(700.0)) == []


def test_a_rolled_back_model_opens_what_it_held_with_its_next_alert() -> None:
    site = Site()
    site.held()
    site.fold(swap(site.now, "", "none"))
    assert site.alert(entity=f"host-{site.count}", after=700.0).disposition in ("incident", "duplicate")
    assert site.opened() == 1


def test_nothing_is_held_in_a_storm_and_held_clusters_count_towards_one() -> None:
    site = Site(model=False, storm_incidents=5, storm_window_s=600.0)
    names = [f"Kind{number}" for number in range(8)]
    site.fold(swap(site.now, state(kinds=dict.fromkeys(names, (9, 9)))))
    notices = []
    for name in names:
        site.now += 41.0
        alert = Alert(ts=site.now, name=name, entity=f"far-{name}", severity="high", starts_at=site.now)
        notices += [event for event in site.fold(alert) if getattr(event, "topic", "") == "storm"]
    assert len(notices) == 1
    assert site.engine.pipeline.storms.active
    assert site.engine.accounts()["noise"]["held"] <= 5
    assert site.alert("Kind1", after=1.0).incident is not None


@pytest.mark.parametrize("is_held", [True, False])
def test_a_cluster_opens_in_a_storm_and_is_held_no_more(is_held: bool) -> None:
    site = Site()
    cluster = site.engine.clusters.of(site.held().cluster)
    assert cluster is not None
    gate, moment = site.engine.pipeline.opening.noise, Moment(0, site.now)
    if not is_held:
        site.engine.noise.release(cluster.number)
    site.engine.pipeline.storms.active = True
    assert gate.reason(cluster, site.now, moment) is None
    assert cluster.number not in site.engine.noise.held
    site.engine.pipeline.storms.active = False
    assert gate.reason(cluster, site.now, moment) is not None


ALERTS = st.lists(
    st.tuples(
        st.sampled_from(("Slow", "Lag", "Down")),
        st.sampled_from(("db", "web", "cart")),
        st.sampled_from(("warning", "high", "critical")),
        st.sampled_from((False, False, True)),
        st.sampled_from((1.0, 40.0, 900.0, 4_000.0)),
    ),
    max_size=30,
)


def records_of(given_alerts: list[tuple[str, str, str, bool, float]]) -> list[Record]:
    """Alerts of a model that finds everything to be noise, with ticks between them."""
    now, found = T, [swap(T, state(kinds={"Slow": (9, 9), "Lag": (9, 9), "Down": (9, 9)}))]
    records: list[Record] = list(found)
    for number, (name, entity, severity, ends, after) in enumerate(given_alerts):
        now += after
        status = "resolved" if ends else "firing"
        # An end is no reason to open anything, whatever its severity.
        level = "warning" if ends else severity
        alert = Alert(ts=now, name=name, entity=entity, severity=level, id=f"a{number}", status=status)  # type: ignore[arg-type]
        records += [alert, Tick(ts=now + 0.5)]
    return records


@settings(max_examples=60, deadline=None)
@given(given_alerts=ALERTS, cut=st.integers(0, 60))
def test_nothing_critical_is_ever_hidden_and_a_restart_decides_the_same(
    given_alerts: list[tuple[str, str, str, bool, float]], cut: int
) -> None:
    records = records_of(given_alerts)
    whole = Engine(Site(0.9, model=False).config)
    events = []
    for record in records:
        events += whole.step([record])
        for cluster in whole.clusters.by_number.values():
            assert cluster.incident is not None or cluster.severity < 4 or cluster.firing <= 0
            assert cluster.incident is None or cluster.number not in whole.noise.held
    first = Engine(whole.config)
    part = first.step(records[:cut])
    restored = Engine(whole.config)
    restored.restore(first.snapshot())
    assert part + restored.step(records[cut:]) == events
    assert restored.snapshot() == whole.snapshot()

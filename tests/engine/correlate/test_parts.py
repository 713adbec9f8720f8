"""The parts of the correlator: co-occurrence, habits, hops, caps and the packed statistics."""

from __future__ import annotations

import msgspec
import pytest

from aiops.engine.correlate import open_clusters as module
from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import (
    BIN_S,
    BOTH_NEW,
    MAX_PARTNERS,
    MAX_QUIET_BINS,
    MAX_TYPES,
    NEVER_TOGETHER,
    Cooccurrence,
)
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.hops import Hops
from aiops.topology import Edge, Node, Topology

NO_TOPOLOGY = Topology.build([], [])
SHOP = Topology.build(
    [Node(name) for name in ("web", "api", "db", "cache", "far", "lonely")],
    [Edge("web", "api"), Edge("api", "db"), Edge("api", "cache")],
)


def correlator(topology: Topology = NO_TOPOLOGY, sensitivity: float = 0.5) -> Correlator:
    return Correlator(CorrelateConfig(sensitivity=sensitivity), topology)


def trained(quiet: bool = True) -> Cooccurrence:
    learned = Cooccurrence(quiet)
    for second in range(0, 20_000, 50):
        learned.observe("noise", second)
        if second % 1000 == 0:
            learned.observe("disk", second)
            learned.observe("raid", second)
        if second % 1000 == 500:
            learned.observe("login", second)
    return learned


def test_types_that_always_fire_together_are_near_one_and_others_negative() -> None:
    learned = trained()
    assert learned.npmi("disk", "raid") > 0.9
    assert learned.npmi("disk", "login") == NEVER_TOGETHER
    # It never comes alone, but a fifth of all bins have noise.
    assert 0.0 < learned.npmi("disk", "noise") < 0.4
    assert trained(quiet=False).npmi("disk", "noise") < 0.3
    assert learned.npmi("disk", "raid") == learned.npmi("raid", "disk")


def test_quiet_time_says_as_much_as_time_in_which_other_things_happen() -> None:
    noisy, quiet = Cooccurrence(), Cooccurrence()
    for start in range(0, 30_000, 600):
        for learned in (noisy, quiet):
            learned.observe("disk", start)
            learned.observe("raid", start + 1)
        for second in range(start + 10, start + 600, 10):
            noisy.observe("noise", second)
        if start % 3000 == 0:
            quiet.observe("fan", start + 2)
            noisy.observe("fan", start + 599)
    assert quiet.npmi("disk", "raid") == pytest.approx(noisy.npmi("disk", "raid"), abs=0.01)
    assert quiet.npmi("disk", "fan") > 0.4


def test_where_a_graph_tells_what_is_near_quiet_time_says_nothing() -> None:
    without, graph = correlator(), correlator(SHOP)
    for engine in (without, graph):
        for number in range(60):
            for offset, type_ in enumerate(("disk", "raid", "fan")[: 2 + number % 2]):
                engine.learn(600.0 * number + offset, type_, "store")
    assert without.cooccurrence.npmi("disk", "fan") > 0.5
    assert graph.cooccurrence.npmi("disk", "fan") < 0.1


def test_a_pause_of_months_says_no_more_than_one_of_a_day() -> None:
    day, year = trained(), trained()
    for learned, pause_s in ((day, MAX_QUIET_BINS * BIN_S), (year, 365 * MAX_QUIET_BINS * BIN_S)):
        learned.observe("noise", 20_000 + pause_s)
        learned.observe("noise", 20_000 + pause_s + BIN_S)
    assert day.npmi("disk", "raid") == year.npmi("disk", "raid")
    assert abs(day.npmi("disk", "noise") - year.npmi("disk", "noise")) < 0.001


def test_what_is_new_is_neutral_to_the_known_and_drawn_to_the_new() -> None:
    learned = trained()
    assert learned.npmi("unseen", "disk") == 0.0
    assert learned.npmi("unseen", "other") == BOTH_NEW


def test_what_happens_during_a_flood_is_not_taken_for_part_of_it() -> None:
    learned = trained()
    for second in range(20_000, 22_000):
        learned.observe("flood", second)
        if second % 300 == 0:
            learned.observe("sudo", second)
            learned.observe("audit", second)
    learned.observe("noise", 23_000)
    assert learned.npmi("sudo", "audit") > learned.npmi("sudo", "flood") + 0.3


def test_nothing_is_learned_from_the_bin_that_is_under_way() -> None:
    learned = trained()
    before = learned.npmi("disk", "login")
    learned.observe("disk", 30_000.0)
    learned.observe("login", 30_000.1)
    assert learned.npmi("disk", "login") == before


@pytest.mark.slow
def test_counts_of_a_million_types_stay_within_the_caps() -> None:
    learned = Cooccurrence()
    for index in range(1_000_000):
        learned.observe(f"type-{index}", index * 1.0)
    assert len(learned.types) <= MAX_TYPES
    assert all(len(known.partners) <= MAX_PARTNERS for known in learned.types.values())
    assert len(learned.pending) < 2000


def test_streams_entries_and_clusters_stay_within_the_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 500)
    monkeypatch.setattr(module, "MAX_ENTRIES", 300)
    monkeypatch.setattr(module, "MAX_CLUSTERS", 50)
    for sensitivity in (0.01, 0.99):
        engine = correlator(sensitivity=sensitivity)
        opened, closed = set(), set()
        for seq in range(20_000):
            closed |= {gone.cluster for gone in engine.advance(seq * 0.01)}
            placement = engine.place(seq, seq * 0.01, f"t{seq % 7}", f"host-{seq}")
            if placement.new_cluster:
                opened.add(placement.cluster)
            closed |= {source for source, _ in placement.merged}
        assert len(engine.keys) <= 500
        assert len(engine.recent) <= 300
        assert len(engine.clusters) <= 50
        assert sum(len(cluster.entries) for cluster in engine.clusters.values()) == len(engine.recent)
        assert closed | set(engine.held.evicted) | set(engine.clusters) == opened


def test_a_stream_that_comes_by_the_clock_is_background_and_returns_off_its_time() -> None:
    habit = Habit()
    reasons = []
    for start in range(0, 12 * 3600, 3600):
        reasons.append(habit.reason(start))
        habit.observe(float(start))
    assert reasons[0] is None
    assert reasons[-1] == "periodic: fires every 3600 s"
    assert habit.reason(12 * 3600.0 + 60.0) is not None
    assert habit.reason(11 * 3600.0 + 1800.0) is None


def test_a_chronic_stream_returns_while_it_surges() -> None:
    habit = Habit()
    for minute in range(0, 20 * 60, 2):
        habit.observe(minute * 60.0)
    now = 20 * 3600.0
    assert (habit.reason(now) or "").startswith("chronic")
    for step in range(60):
        habit.observe(now + step)
    assert habit.reason(now + 60.0) is None


def test_an_alert_near_in_the_graph_joins_and_a_far_one_does_not() -> None:
    engine = correlator(SHOP)
    engine.place(0, 100.0, "latency", "web")
    near = engine.place(1, 110.0, "deadlocks", "db")
    assert near.cluster == 0
    assert any(evidence.name == "near" and "2 hops" in evidence.text for evidence in near.evidence)
    without = correlator()
    without.place(0, 100.0, "latency", "web")
    assert without.place(1, 110.0, "deadlocks", "db").cluster == 1


def test_a_surge_over_an_old_cluster_begins_a_new_one() -> None:
    engine = correlator(SHOP)
    for seq in range(60):
        assert engine.place(seq, seq * 4.0, f"a{seq % 3}", "web").cluster == 0
    clusters = {engine.place(60 + seq, 240.0 + seq * 0.01, f"b{seq}", "db").cluster for seq in range(40)}
    assert len(clusters - {0}) == 1


def test_a_surge_over_a_cluster_of_few_alerts_is_its_ramp() -> None:
    engine = correlator(SHOP)
    for seq in range(20):
        engine.place(seq, seq * 10.0, f"a{seq % 3}", "web")
    assert {engine.place(20 + seq, 195.0 + seq * 0.01, f"b{seq}", "db").cluster for seq in range(40)} == {0}


def test_a_node_without_edges_and_an_unknown_service_are_unplaced() -> None:
    hops = Hops(SHOP)
    assert hops.site("lonely", None) == ""
    assert hops.site("web-1", "unknown") == ""
    assert hops.site("web-1", None) is None
    assert hops.distance("web", "far") is None


def test_what_packed_statistics_say_is_doubted_until_seen_here() -> None:
    teacher = Cooccurrence()
    for second in range(0, 6000, 200):
        for type_ in ("disk", "backup") if second % 2000 == 0 else ("other",):
            teacher.observe(type_, second)
    teacher.observe("other", 7000)
    pupil = Cooccurrence()
    pupil.load(teacher.dump())
    pupil.restart()
    told = pupil.npmi("disk", "backup")
    pupil.discount(20.0)
    assert told > BOTH_NEW == pupil.npmi("disk", "backup")


def test_packed_statistics_work_on_another_clock() -> None:
    teacher = correlator()
    for slot in range(200):
        teacher.learn(slot * 300.0, "heartbeat", "db")
    state = msgspec.json.decode(msgspec.json.encode(teacher.dump_statistics()))
    pupil = correlator()
    pupil.load_statistics(state)
    placement = pupil.place(0, 1_700_000_000.0, "heartbeat", "db")
    assert (placement.background or "").startswith("chronic")
    assert correlator().place(0, 1_700_000_000.0, "heartbeat", "db").background is None

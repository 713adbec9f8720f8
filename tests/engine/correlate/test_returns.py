"""Crash loops are one cluster each, whatever their pods are called, and what is held of them is restored."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.phases import Phases
from aiops.engine.correlate.returns import Returns, in_core
from aiops.engine.correlate.state import Cluster, Entry, Key, add, new_cluster, new_entry
from aiops.topology import Topology
from tests.engine.through_bytes import restored, saved

T0 = 1_795_000_000.0
# Time, type, entity, service.
Placed = tuple[float, str, str, str]
KINDS = ("BackOff", "Unhealthy", "CrashLoop")


def correlator() -> Correlator:
    return Correlator(CorrelateConfig(), Topology.build([], []))


def loops(workloads: int, period_s: float, hours: float, seed: int = 1) -> list[Placed]:
    """Workloads that begin some minutes apart; each restart has a new pod."""
    chance = random.Random(seed)
    items: list[Placed] = []
    for number in range(workloads):
        at = number * 1_500.0 + chance.uniform(0, period_s)
        while at < hours * 3_600.0:
            pod = f"pod/app{number}-7d9f8c6b5d-{chance.randrange(10_000, 99_999)}"
            items += [(T0 + at + i * chance.uniform(1, 10), kind, pod, f"app{number}") for i, kind in enumerate(KINDS)]
            at += period_s * chance.uniform(0.95, 1.05)
    return sorted(items)


def feed(engine: Correlator, items: Sequence[Placed], first: int = 0) -> list[tuple[int, list[tuple[int, int]]]]:
    """The cluster of each alert, and the merges that were reported before it."""
    found = []
    for seq, (ts, type_, entity, service) in enumerate(items, first):
        merged = [(source, one.cluster) for one in engine.advance(ts) for source, _ in one.merged]
        found.append((engine.place(seq, ts, type_, entity, service).cluster, merged))
    return found


def finals(engine: Correlator, items: Sequence[Placed]) -> list[int]:
    """The cluster that each alert ended in."""
    placed = feed(engine, items)
    parent = dict(each for _, merged in placed for each in merged)
    out = []
    for number, _ in placed:
        at = number
        while at in parent:
            at = parent[at]
        out.append(at)
    return out


def cluster_of(*phases: tuple[int, int]) -> Cluster:
    """A cluster of streams with their last phase and the number of their phases."""
    cluster = new_cluster(1, T0)
    for number, (phase, count) in enumerate(phases):
        entry = new_entry((f"Kind{number}", "app"), "app-1", "", T0)
        entry.phase, entry.phases = phase, count
        add(cluster, entry.name, entry)
    return cluster


def entries(cluster: Cluster) -> list[Entry]:
    return list(cluster.entries.values())


@pytest.mark.parametrize("period_s", [300.0, 900.0])
def test_each_crash_loop_is_one_cluster_whatever_its_pods_are_called(period_s: float) -> None:
    items = loops(6, period_s, 7)
    ended = finals(correlator(), items)
    found = {
        service: {number for number, item in zip(ended, items, strict=True) if item[3] == service}
        for service in {item[3] for item in items}
    }
    assert all(len(numbers) == 1 for numbers in found.values()), found
    assert len(set(ended)) == 6


def test_a_loop_whose_streams_come_together_is_no_habit_of_each() -> None:
    engine = correlator()
    for seq, (ts, type_, entity, service) in enumerate(loops(1, 300.0, 6)):
        engine.advance(ts)
        assert engine.place(seq, ts, type_, entity, service).background is None


@pytest.mark.parametrize("at", [7, 40, 95, 151])
def test_a_correlator_that_was_restored_amid_returns_decides_as_one_that_never_stopped(at: int) -> None:
    items = loops(3, 480.0, 5, seed=2)
    straight, before, after = correlator(), correlator(), correlator()
    expected = feed(straight, items)
    got = feed(before, items[:at])
    restored(before, after)
    got += feed(after, items[at:], at)
    assert got == expected
    assert saved(after) == saved(straight)
    assert any(each.phases is not None for each in straight.clusters.values())


def test_clusters_that_wait_for_their_judgement_are_restored() -> None:
    items = loops(1, 900.0, 2)
    before, after = correlator(), correlator()
    feed(before, items[:4])
    assert before.fingerprints.waiting
    restored(before, after)
    assert after.fingerprints.waiting == before.fingerprints.waiting
    assert after.next_due() == before.next_due()
    assert feed(after, items[4:], 4) == feed(before, items[4:], 4)


def test_the_silence_between_two_phases_is_no_part_of_pace_and_interval() -> None:
    engine = correlator()
    items = loops(1, 300.0, 3)
    feed(engine, items)
    (cluster,) = [*engine.clusters.values(), *engine.resting.values()]
    assert cluster.phases is not None
    assert cluster.phases.count == len(items) // 3 - 1
    assert cluster.pace is not None
    assert cluster.pace.gap_s < 20.0
    assert all(entry.interval < 60.0 for entry in cluster.entries.values())


def test_a_stranger_counts_by_how_seldom_returned_clusters_bring_one() -> None:
    returns, phases = Returns(), Phases()
    at_first = returns.novelty(phases)
    phases.alerts = returns.alerts = 50
    assert returns.novelty(phases) < at_first - 2.0
    phases.strangers = returns.strangers = 25
    assert returns.novelty(phases) > -1.0


def test_the_phase_that_ends_is_checked_once_against_those_before() -> None:
    returns, cluster = Returns(), cluster_of((2, 3), (2, 3), (2, 3))
    phases = cluster.phases = Phases()
    phases.count = 2
    returns.check(cluster)
    returns.check(cluster)
    assert phases.verified == 1
    phases.count = 3
    returns.check(cluster)
    assert phases.verified == 0


def test_a_stream_is_of_the_core_while_it_came_in_half_of_the_phases() -> None:
    one, two = entries(cluster_of((4, 2), (4, 1)))
    phases = Phases()
    phases.count = 4
    assert in_core(one, phases)
    assert not in_core(two, phases)
    assert in_core(two, None)


def test_alerts_count_where_a_cluster_has_returned_and_nowhere_else() -> None:
    returns, cluster = Returns(), cluster_of((0, 1))
    (entry,) = entries(cluster)
    returns.follow(entry, is_new=False)
    assert returns.alerts == 0
    returns.begin(cluster, T0 + 300.0)
    returns.follow(entry, is_new=False)
    returns.follow(entry, is_new=False)
    assert (returns.alerts, entry.phase, entry.phases) == (2, 1, 2)
    assert cluster.pace is not None
    assert cluster.pace.since == T0 + 300.0


def alone(pauses: list[float], kind: str = "JobFailed") -> list[int]:
    """The clusters of one alert that comes after each of the pauses, the first at once."""
    engine, at, found = correlator(), T0, []
    for seq, pause in enumerate([0.0, *pauses]):
        at += pause
        engine.advance(at)
        found.append(engine.place(seq, at, kind, "nightly-billing", "nightly-billing").cluster)
    return found


def test_a_lone_alert_that_keeps_its_pause_is_known_by_it_from_its_third_time_on() -> None:
    assert alone([3600.0] * 5) == [0, 1, 1, 1, 1, 1]
    assert alone([3600.0, 3000.0, 3500.0]) == [0, 1, 1, 1]


def test_a_lone_alert_at_any_time_is_new_each_time() -> None:
    assert alone([3600.0, 1500.0, 4800.0, 1200.0]) == [0, 1, 2, 3, 4]


def test_a_lone_alert_that_comes_after_the_rest_of_its_cluster_is_new() -> None:
    assert alone([7200.0, 7200.0]) == [0, 1, 2]


def test_one_of_two_streams_that_keeps_its_pause_does_not_lead_both_back() -> None:
    engine = correlator()
    times = [(0.0, "A"), (3600.0, "A"), (3601.0, "B"), (7200.0, "A")]
    found = []
    for seq, (at, kind) in enumerate(times):
        engine.advance(T0 + at)
        found.append(engine.place(seq, T0 + at, kind, "nightly", "nightly").cluster)
    assert found == [0, 1, 1, 3]


def test_a_part_that_left_the_cluster_that_returned_has_not_returned() -> None:
    cluster, entry = new_cluster(1, T0), new_entry(("BackOff", "api"), "api-0", "", T0)
    add(cluster, entry.name, entry)
    candidate, key = Candidate(), Key()
    key.habit, key.pattern = Habit(), entry
    candidate.begin(2, T0 + 600.0, "api-1", entry.name, key)
    Returns().expect(candidate)
    assert cluster.phases is None
    assert candidate.pattern is None

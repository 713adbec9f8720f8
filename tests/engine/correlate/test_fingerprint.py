"""A new cluster with the same streams as an older one is its return, and what merely resembles it is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aiops.engine.correlate import fingerprint
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.fingerprint import WAIT_S
from aiops.engine.correlate.result import Closed
from aiops.topology import Topology

T0 = 1_795_000_000.0
PAUSE_S = 1_500.0
KINDS = ["Slow", "Errors", "Restarts", "Full"]


def correlator() -> Correlator:
    return Correlator(CorrelateConfig(), Topology.build([], []))


def burst(engine: Correlator, at: float, kinds: Sequence[str], first: int, service: str = "api") -> list[Closed]:
    """Place one alert of each kind, five seconds apart; return what was merged."""
    found = []
    for number, kind in enumerate(kinds):
        ts = T0 + at + 5.0 * number
        found += [each for each in engine.advance(ts) if each.merged]
        engine.place(first + number, ts, kind, f"{service}-1", service)
    return found


def twice(then: Sequence[str], service: str = "api") -> list[Closed]:
    """A burst, and so much later another; return what was merged a minute after it began."""
    engine = correlator()
    burst(engine, 0.0, KINDS, 0)
    found = burst(engine, PAUSE_S, then, 10, service)
    assert not found
    return [each for each in engine.advance(T0 + PAUSE_S + WAIT_S) if each.merged]


def test_the_same_streams_are_a_return_and_the_reason_tells_them_and_the_pause() -> None:
    [closed] = twice(KINDS)
    assert closed.cluster == 0
    assert closed.merged == [(10, "the same 4 streams came here 24 min 45 s before")]
    assert not closed.is_final


@pytest.mark.parametrize(
    "then", [["Slow"], ["Slow", "Errors"], ["Slow", "Other", "Another", "Third"], [*KINDS, "Other", "Another"]]
)
def test_what_lacks_most_or_brings_much_else_is_something_new(then: list[str]) -> None:
    assert not twice(then)


def test_the_same_kinds_on_another_workload_are_something_new() -> None:
    assert not twice(KINDS, "cart")


def test_a_return_is_judged_when_it_is_a_minute_old_and_not_before() -> None:
    engine = correlator()
    burst(engine, 0.0, KINDS, 0)
    burst(engine, PAUSE_S, KINDS, 10)
    assert engine.next_due() == pytest.approx(T0 + PAUSE_S + WAIT_S, abs=0.01)
    assert not [each for each in engine.advance(T0 + PAUSE_S + WAIT_S - 1.0) if each.merged]
    assert [each for each in engine.advance(T0 + PAUSE_S + WAIT_S) if each.merged]


def test_after_the_merge_all_is_in_the_older_cluster_and_counted_as_its_phase() -> None:
    engine = correlator()
    burst(engine, 0.0, KINDS, 0)
    burst(engine, PAUSE_S, KINDS, 10)
    before = engine.onsets.found
    engine.advance(T0 + PAUSE_S + WAIT_S)
    (cluster,) = [*engine.clusters.values(), *engine.resting.values()]
    assert (cluster.id, cluster.count, len(cluster.entries)) == (0, 8, 4)
    assert cluster.phases is not None
    assert (cluster.phases.count, cluster.phases.verified) == (1, 1)
    assert all((entry.phase, entry.phases) == (1, 2) for entry in cluster.entries.values())
    assert [entry.type for entry in engine.recent.values()] == KINDS
    assert engine.held.named == sum(len(entry.members) for entry in cluster.entries.values())
    assert engine.onsets.found < before
    assert all(key.joined == 1.0 for key in engine.keys.values())


def test_clusters_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "MAX_WAITING", 0)
    assert not twice(KINDS)


def test_large_clusters_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "MAX_ENTRIES", 3)
    assert not twice(KINDS)


def test_a_cluster_that_was_not_silent_is_no_earlier_phase() -> None:
    engine = correlator()
    burst(engine, 0.0, KINDS, 0)
    burst(engine, PAUSE_S, KINDS, 10)
    engine.clusters[10].first = engine.resting[0].last
    assert not [each for each in engine.advance(T0 + PAUSE_S + WAIT_S) if each.merged]


def test_nothing_waits_longer_when_the_clock_is_set_back() -> None:
    engine = correlator()
    burst(engine, 0.0, KINDS, 0)
    burst(engine, PAUSE_S, KINDS, 10)
    engine.fingerprints.set_back(T0)
    assert engine.fingerprints.next_due() == T0 + WAIT_S

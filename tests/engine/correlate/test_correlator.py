"""The correlator: one pass, deterministic, restartable at any point, bounded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Closed, CorrelationResult
from aiops.engine.correlate.scoring import Weights
from aiops.topology import Topology
from tests.engine.through_bytes import restored, saved

Item = tuple[float, str, str]
NO_TOPOLOGY = Topology.build([], [])


def correlator(sensitivity: float = 0.5) -> Correlator:
    return Correlator(CorrelateConfig(sensitivity=sensitivity), NO_TOPOLOGY)


def facts(placed: CorrelationResult, closed: Sequence[Closed]) -> bytes:
    """What was decided of one alert, to compare."""
    ended = [[one.cluster, [[split.target, split.members, split.reason] for split in one.splits]] for one in closed]
    numbers = [placed.cluster, placed.member, placed.new_cluster, placed.new_member]
    return msgspec.json.encode([ended, numbers, placed.background, placed.evidence, placed.merged])


def feed(engine: Correlator, items: Sequence[Item], first: int = 0) -> list[bytes]:
    out = []
    for seq, (ts, type_, entity) in enumerate(items, first):
        closed = engine.advance(ts)
        out.append(facts(engine.place(seq, ts, type_, entity), closed))
    return out


ITEMS = st.lists(
    st.tuples(st.floats(0, 400), st.sampled_from("abcdef"), st.sampled_from(["db", "web", "mail"])),
    max_size=120,
).map(lambda items: sorted(items, key=lambda item: item[0]))


@settings(max_examples=60, deadline=None)
@given(ITEMS, st.integers(0, 120), st.sampled_from([0.2, 0.5, 0.9]))
def test_a_dump_at_any_point_changes_nothing(items: list[Item], cut: int, sensitivity: float) -> None:
    straight = correlator(sensitivity)
    expected = feed(straight, items)
    before = correlator(sensitivity)
    got = feed(before, items[:cut])
    after = correlator(sensitivity)
    restored(before, after)
    got += feed(after, items[cut:], min(cut, len(items)))
    assert got == expected
    assert saved(after) == saved(straight)


@settings(max_examples=30, deadline=None)
@given(ITEMS)
def test_batches_do_not_matter(items: list[Item]) -> None:
    """Advancing before each alert, or more often, gives the same clusters."""
    often, seldom = correlator(), correlator()
    for seq, (ts, type_, entity) in enumerate(items):
        for part in (0.25, 0.5, 1.0):
            often.advance(often.now + part * (ts - often.now))
        seldom.advance(ts)
        first, second = often.place(seq, ts, type_, entity), seldom.place(seq, ts, type_, entity)
        assert (first.cluster, first.member, first.new_cluster) == (second.cluster, second.member, second.new_cluster)


@settings(max_examples=60, deadline=None)
@given(ITEMS)
def test_evidence_sums_to_a_score_above_the_threshold(items: list[Item]) -> None:
    engine = correlator(0.9)
    for seq, (ts, type_, entity) in enumerate(items):
        placement = engine.place(seq, ts, type_, entity)
        if placement.new_member and not placement.new_cluster and placement.background is None:
            assert sum(evidence.value for evidence in placement.evidence) > engine.limits.threshold - 1e-6
            assert all(evidence.text for evidence in placement.evidence)


def test_alerts_of_one_entity_join_and_others_later_do_not() -> None:
    engine = correlator()
    first = engine.place(0, 100.0, "cpu", "db")
    assert first.new_cluster
    cluster, member = first.cluster, first.member
    same = engine.place(1, 100.0, "cpu", "db")
    assert (same.cluster, same.member, same.new_member) == (cluster, member, False)
    later = engine.place(2, 190.0, "login", "vpn")
    assert later.cluster != cluster


def test_an_idle_cluster_closes_and_is_not_joined_again() -> None:
    engine = correlator(0.5)
    engine.place(0, 0.0, "cpu", "db")
    assert engine.advance(100.0) == []
    assert [closed.cluster for closed in engine.advance(121.0)] == [0]
    assert engine.place(1, 121.0, "cpu", "db").cluster == 1


def test_an_eager_setting_waits_longer_for_what_comes_late() -> None:
    engine = correlator(0.9)
    engine.place(0, 0.0, "login", "vpn")
    assert engine.advance(1000.0) == []
    assert engine.place(1, 1000.0, "login", "vpn").cluster == 0
    assert [closed.cluster for closed in engine.advance(2100.0)] == [0]
    assert correlator(0.9999).limits.idle_s == 3600.0
    assert correlator(0.1).limits.idle_s == correlator(0.5).limits.idle_s == 120.0


def test_what_other_streams_drown_comes_back_to_its_own_cluster() -> None:
    engine = correlator()
    engine.place(0, 0.0, "sudo", "vpn")
    for seq in range(1, 21):
        engine.place(seq, 1.0 + seq, f"noise {seq}", f"host {seq}")
    assert all(entry.entity != "vpn" for entry in list(engine.recent.values())[-8:])
    assert engine.place(21, 25.0, "sudo", "vpn").cluster == 0


def test_news_on_two_entities_says_so_without_naming_one() -> None:
    engine = correlator(0.8)
    engine.place(0, 0.0, "probe", "mail")
    found = engine.place(1, 0.0, "scan", "vpn").evidence
    rare = [(each.value, each.text) for each in found if each.name == "rare"]
    assert rare == [(Weights().rare_elsewhere, "both alerts are rare: they have hardly ever fired before")]


def test_time_that_goes_back_counts_as_the_last_time() -> None:
    engine = correlator()
    engine.place(0, 1000.0, "cpu", "db")
    assert engine.place(1, 10.0, "cpu", "db").cluster == 0
    assert engine.now == 1000.0


def test_a_stream_of_half_a_day_becomes_background_with_the_reason() -> None:
    engine = correlator()
    last = CorrelationResult()
    for seq in range(15 * 12):
        engine.advance(seq * 300.0)
        last = engine.place(seq, seq * 300.0, "backup", "db")
    assert last.background is not None
    assert "100%" in last.background


@pytest.mark.parametrize("field", ["sensitivity", "idle_s"])
def test_a_setting_out_of_range_is_refused(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: 0.0}, CorrelateConfig)


def test_default_weights_are_those_documented() -> None:
    assert correlator().limits.threshold == pytest.approx(Weights().threshold)

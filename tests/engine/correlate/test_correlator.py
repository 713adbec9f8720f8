"""The correlator: one pass, deterministic, restartable at any point, bounded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate import open_clusters
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Closed, CorrelationResult
from aiops.engine.correlate.scoring import Weights
from aiops.topology import Edge, Node, Topology
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
    assert engine.advance(121.0) == []
    assert (list(engine.clusters), list(engine.resting)) == ([], [0])
    assert engine.place(1, 121.0, "cpu", "db").cluster == 1
    ended = engine.advance(121.0 + CorrelateConfig().rest_s)
    assert [(closed.cluster, closed.is_final) for closed in ended] == [(0, True)]
    assert list(engine.resting) == [1]


def test_an_eager_setting_waits_longer_for_what_comes_late() -> None:
    engine = correlator(0.9)
    engine.place(0, 0.0, "login", "vpn")
    assert engine.advance(1000.0) == []
    assert engine.place(1, 1000.0, "login", "vpn").cluster == 0
    assert engine.advance(2100.0) == []
    assert list(engine.resting) == [0]
    assert [closed.cluster for closed in engine.advance(1001.0 + CorrelateConfig().rest_s)] == [0]
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


def crash(engine: Correlator, seq: int, at: float) -> CorrelationResult:
    engine.advance(at)
    return engine.place(seq, at, "KubePodCrashLooping", f"orders-7d9f8c6b5d-x2x{seq}z", "orders")


def test_a_crash_loop_comes_back_to_its_cluster_with_a_member_for_each_pod() -> None:
    engine = correlator()
    assert crash(engine, 0, 20_000.0).new_cluster
    again = crash(engine, 1, 20_300.0)
    assert (again.cluster, again.new_cluster, again.new_member, again.member) == (0, False, True, 2)
    assert again.evidence[0].name == "returns"
    assert engine.clusters[0].entries["KubePodCrashLooping", "orders"].members == {
        "orders-7d9f8c6b5d-x2x0z": 1,
        "orders-7d9f8c6b5d-x2x1z": 2,
    }


def test_a_cluster_at_rest_wakes_for_its_own_stream_only() -> None:
    engine = correlator()
    crash(engine, 0, 20_000.0)
    engine.advance(20_200.0)
    assert list(engine.resting) == [0]
    other = engine.place(1, 21_000.0, "Other", "mail", "mail")
    assert other.cluster == 1
    assert list(engine.resting) == [0]


def test_a_flood_into_a_cluster_at_rest_is_compared_after_the_clock_was_set_back() -> None:
    engine = correlator()
    for seq in range(60):
        engine.place(seq, 1000.0 + seq * 0.01, "cpu", "db")
    engine.advance(2000.0)
    assert list(engine.resting) == [0]
    engine.set_back(500.0)
    assert engine.place(60, 500.0, "cpu", "db").cluster == 0
    assert (list(engine.clusters), list(engine.resting)) == ([0], [])


def test_clusters_at_rest_can_be_merged_after_the_clock_was_set_back() -> None:
    engine = correlator()
    for seq in range(40):
        at = 10_000.0 * seq
        engine.place(3 * seq, at, "disk", f"host{seq}x")
        engine.place(3 * seq + 1, at, "raid", f"host{seq}x")
    engine.advance(engine.now + 10_000.0)
    first = engine.place(900, engine.now, "disk", "alpha.local").cluster
    engine.advance(engine.now + 121.0)
    second = engine.place(901, engine.now + 130.0, "raid", "beta.local").cluster
    engine.advance(engine.now + 121.0)
    assert {first, second} <= set(engine.resting)
    engine.set_back(1000.0)
    found = engine.place(902, 1000.0, "disk", "beta.local")
    assert found.cluster in (first, second)
    assert [number for number, _ in found.merged] == [first + second - found.cluster]
    assert not engine.resting


SERVICES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 2.0, 20.0, 130.0, 400.0, 1000.0, 4000.0]),
        st.sampled_from("abc"),
        st.sampled_from(["db-0", "db-1", "web-7d9f8c6b5d-x2x4z", "web-7d9f8c6b5d-a2b4c", "mail", "host-1"]),
        st.booleans(),
        st.sampled_from(["", "", "", "advance", "back"]),
    ),
    max_size=100,
)
START = 1_000_000.0
GRAPH = Topology.build([Node(name) for name in ("db", "web", "mail")], [Edge("web", "db")])


def whole(engine: Correlator) -> None:
    """All that is held fits together: no stale entry, no lost member, no wrong count."""
    held = engine.held
    clusters = [*held.clusters.values(), *held.resting.values(), *held.background.values()]
    entries = {id(entry): entry for cluster in clusters for entry in cluster.entries.values()}
    assert all(entry.cluster.entries[entry.name] is entry for entry in entries.values())
    assert all(cluster.resting for cluster in held.resting.values())
    assert not any(cluster.resting for cluster in (*held.clusters.values(), *held.background.values()))
    assert len({cluster.id for cluster in clusters}) == len(clusters)
    members = [number for entry in entries.values() for number in entry.members.values()]
    assert len(set(members)) == len(members) == held.named
    assert len({entry.member for entry in entries.values()}) == len(entries)
    for entry in (*held.recent.values(), *held.latest.values()):
        assert id(entry) in entries
    for key in held.keys.values():
        assert key.entry is None or id(key.entry) in entries
    assert {id(entry) for entry in held.recent.values()} == {
        number for number, entry in entries.items() if not entry.cluster.background
    }


def run(engine: Correlator, moves: Sequence[tuple[float, str, str, bool, str]], first: int, at: float) -> list[bytes]:
    out = []
    for seq, (gap, type_, entity, is_service, move) in enumerate(moves, first):
        at = engine.now + gap if engine.now else at
        closed = engine.advance(at) if move == "advance" else []
        # Before the first alert there is no time to set back.
        if move == "back" and engine.now:
            engine.set_back(engine.now - gap / 2)
            at = engine.now
        service = entity.split("-")[0] if is_service else None
        out.append(facts(engine.place(seq, at, type_, entity, service), closed))
        whole(engine)
    return out


@settings(max_examples=80, deadline=None)
@given(SERVICES, st.integers(0, 100), st.sampled_from([0.3, 0.5, 0.9]), st.sampled_from([NO_TOPOLOGY, GRAPH]))
def test_rest_returns_and_replicas_survive_a_restart_at_any_point(
    moves: list[tuple[float, str, str, bool, str]], cut: int, sensitivity: float, graph: Topology
) -> None:
    straight, before, after = (
        Correlator(CorrelateConfig(sensitivity=sensitivity, background=False), graph) for _ in range(3)
    )
    expected = run(straight, moves, 0, START)
    got = run(before, moves[:cut], 0, START)
    restored(before, after)
    got += run(after, moves[cut:], min(cut, len(moves)), START)
    assert got == expected
    assert saved(after) == saved(straight)


@settings(max_examples=40, deadline=None)
@given(SERVICES)
def test_caps_hold_and_leave_nothing_stale(moves: list[tuple[float, str, str, bool, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MAX_CLUSTERS", "MAX_ENTRIES", "MAX_MEMBERS", "MAX_STREAMS"):
            patch.setattr(open_clusters, name, 3)
        engine = Correlator(CorrelateConfig(), GRAPH)
        run(engine, moves, 0, START)
        held = engine.held
        assert all(len(each) <= 3 for each in (held.clusters, held.resting, held.background, held.keys))
        assert held.recent.count <= 3


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

"""What leaves a cluster as it closes, why, and that alerts and incidents follow."""

from __future__ import annotations

from collections.abc import Sequence

from aiops.backtest import replay
from aiops.engine.config import EngineConfig
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Split
from aiops.engine.correlate.splitting import splits
from aiops.engine.correlate.state import add, new_cluster, new_entry, touch
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterSplit, IncidentChanged
from aiops.records import Alert, Record, Tick
from aiops.topology import Edge, Node, Topology
from tests.engine.through_bytes import restored

NOTHING = Topology.build([], [])
CHAIN = Topology.build([Node(f"n{i}") for i in range(9)], [Edge(f"n{i}", f"n{i + 1}") for i in range(8)])
Item = tuple[float, str, str]
# Two stories that begin within a second while nobody knows their types: the first alert of the second joins through the
# first, and that bridge is all that holds them together. Later the types are seen to fire apart.
STORE = [("disk", "store"), ("raid", "store"), ("smart", "store")]
GATE = [("login", "gate"), ("vpn", "gate")]


KNOB = CorrelateConfig(sensitivity=0.825, idle_s=1200.0)


def joined(at: float) -> list[Item]:
    """Five streams within a second, all new: one cluster."""
    return [(at + 0.1 * step, *name) for step, name in enumerate([*STORE, *GATE, *STORE, *GATE])]


def apart(at: float, times: int) -> list[Item]:
    """The same types elsewhere, the two stories in turn, never in one ten-second bin."""
    items: list[Item] = []
    for turn in range(times):
        story = (STORE, GATE)[turn % 2]
        items += [(at + 50.0 * turn, type_, f"{entity}{turn}.local") for type_, entity in story]
    return items


def feed(engine: Correlator, items: Sequence[Item], first: int = 0) -> list[int]:
    clusters = []
    for seq, (ts, type_, entity) in enumerate(items, first):
        engine.advance(ts)
        clusters.append(engine.place(seq, ts, type_, entity).cluster)
    return clusters


def parts(engine: Correlator, cluster: int) -> list[Split]:
    """The parts that leave a cluster as it comes to rest."""
    closed = {each.cluster: each for each in engine.advance(engine.now + 4000.0)}
    assert cluster in engine.resting
    if cluster not in closed:
        return []
    assert not closed[cluster].is_final
    return closed[cluster].splits


def test_a_part_that_only_a_bridge_held_leaves_with_the_reason() -> None:
    engine = Correlator(KNOB, NOTHING)
    assert set(feed(engine, joined(1000.0))) == {0}
    feed(engine, apart(1050.0, 18), 10)
    assert parts(engine, 0) == [
        Split(
            3,
            [4, 5],
            "no tie between these 2 streams and the rest: other entities, types that fire together by chance at most "
            "(NPMI up to 0.0)",
        )
    ]


def test_where_only_busy_time_counts_the_types_of_both_parts_never_fire_together() -> None:
    engine = Correlator(KNOB, CHAIN)
    assert set(feed(engine, joined(1000.0))) == {0}
    feed(engine, apart(1050.0, 18), 10)
    assert parts(engine, 0) == [
        Split(
            3,
            [4, 5],
            "no tie between these 2 streams and the rest: other entities, types that never fire together",
        )
    ]


def test_a_cluster_that_nothing_speaks_against_stays_whole() -> None:
    engine = Correlator(KNOB, NOTHING)
    feed(engine, joined(1000.0))
    assert parts(engine, 0) == []


def test_a_part_of_one_stream_is_a_straggler_and_stays() -> None:
    engine = Correlator(KNOB, NOTHING)
    lone = [item for item in joined(1000.0) if item[1] != "vpn"]
    assert set(feed(engine, lone)) == {0}
    feed(engine, apart(1050.0, 18), len(lone))
    assert parts(engine, 0) == []


def test_streams_that_are_near_in_the_graph_stay_together_whatever_their_types_do() -> None:
    where = {"store": "n0", "gate": "n2"}
    items = [(ts, type_, where[entity]) for ts, type_, entity in joined(1000.0)]
    for topology, whole in ((CHAIN, True), (NOTHING, False)):
        engine = Correlator(KNOB, topology)
        assert set(feed(engine, items)) == {0}
        feed(engine, apart(1050.0, 18), 10)
        assert (parts(engine, 0) == []) is whole


def test_a_part_rests_and_ends_as_a_cluster_of_its_own() -> None:
    engine = Correlator(KNOB, NOTHING)
    feed(engine, joined(1000.0))
    feed(engine, apart(1050.0, 18), 10)
    [split] = parts(engine, 0)
    assert engine.resting[3].resting
    found = {each.name: (each.cluster.id, each.parent, each.seq) for each in engine.resting[3].entries.values()}
    assert found == {("login", "gate"): (3, -1, -1), ("vpn", "gate"): (3, split.members[0], 4)}
    assert (engine.resting[0].count, engine.resting[3].count) == (6, 4)
    ended = engine.advance(engine.now + 4000.0 + KNOB.rest_s)
    assert [(each.cluster, each.is_final) for each in ended if each.cluster in (0, 3)] == [(0, True), (3, True)]
    assert engine.held.named == 0


def test_streams_of_one_workload_are_tied_whichever_replica_was_last() -> None:
    cluster = new_cluster(0, 0.0)
    for seq, (type_, workload, replica) in enumerate(
        [("disk", "store", 1), ("raid", "store", 2), ("login", "gate", 1), ("vpn", "gate", 2)]
    ):
        name, entity = (type_, workload), f"{workload}-{replica}"
        entry = new_entry(name, entity, None, 0.0)
        entry.member, entry.seq = seq, seq
        add(cluster, name, entry)
        touch(entry, 0.0)
        touch(entry, 1.0)
    engine = Correlator(KNOB, NOTHING)
    feed(engine, apart(1050.0, 18))
    assert [each.members for each in splits(cluster, engine.cooccurrence, engine.hops)] == [[2, 3]]


def test_no_distance_is_named_where_no_graph_holds_both() -> None:
    cluster = new_cluster(0, 0.0)
    for seq, name in enumerate([*STORE[:2], *GATE]):
        entry = new_entry(name, name[1], "", 0.0)
        entry.member, entry.seq = seq, seq
        add(cluster, name, entry)
        touch(entry, 0.0)
        touch(entry, 1.0)
    engine = Correlator(KNOB, NOTHING)
    feed(engine, apart(1050.0, 18))
    [split] = splits(cluster, engine.cooccurrence, engine.hops)
    assert split.members == [2, 3]
    assert "hop" not in split.reason


def test_a_dump_keeps_what_the_check_needs() -> None:
    straight = Correlator(KNOB, NOTHING)
    feed(straight, joined(1000.0))
    after = Correlator(KNOB, NOTHING)
    restored(straight, after)
    for engine in (straight, after):
        feed(engine, apart(1050.0, 18), 10)
    assert parts(straight, 0) == parts(after, 0) != []


def records() -> list[Record]:
    items = [*joined(1000.0), *apart(1050.0, 18)]
    out: list[Record] = [
        Alert(ts=ts, name=type_, entity=entity, severity="critical", id=f"a{seq}")
        for seq, (ts, type_, entity) in enumerate(items)
    ]
    return [*out, Tick(ts=9000.0)]


def test_the_part_becomes_an_incident_and_its_alerts_go_with_it() -> None:
    engine = Engine(EngineConfig(correlate=KNOB))
    events = engine.step(records())
    split = next(event for event in events if isinstance(event, ClusterSplit) and event.source == 0)
    opened = [e.incident for e in events if isinstance(e, IncidentChanged) and e.change == "opened"]
    named = [incident for incident in opened if any("split from" in line for line in incident.explanation)]
    assert split.target == 3
    assert named
    assert engine.finish() is not None
    assert engine.accounts()["open_incidents"] == 0
    done = replay(records(), Engine(EngineConfig(correlate=KNOB)))
    found = {decision.id: decision for decision in done.decisions()}
    first = {found[f"a{seq}"].cluster for seq in (0, 1, 2, 5, 6, 7)}
    second = {found[f"a{seq}"].cluster for seq in (3, 4, 8, 9)}
    assert (first, second) == ({"c0"}, {"c3"})
    assert found["a0"].incident != found["a3"].incident
    assert {found["a3"].incident, found["a0"].incident} <= {incident.id for incident in done.incidents()}

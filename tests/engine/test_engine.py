"""The fold's guarantees: batches, snapshots and hash seeds change nothing, and every record is accounted for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.engine.config import DedupConfig, EngineConfig, IncidentConfig, PlaybooksConfig
from aiops.engine.engine import SNAPSHOT_VERSION, Engine, step
from aiops.engine.events import IncidentChanged, Notice, Placed
from aiops.errors import UsageError
from aiops.records import Action, Alert, Change, Metric, Record, Tick
from aiops.simulate import Options, save, simulate
from aiops.topology import Edge, Node, Topology

TOPOLOGY = Topology.build([Node("web"), Node("api"), Node("db", "database")], [Edge("web", "api"), Edge("api", "db")])
# Reading the catalogue for each example would take most of the time; its suggester has tests of its own.
# Small caps and early storms, so that forgetting and gathering are part of what is tested.
CONFIG = EngineConfig(
    playbooks=PlaybooksConfig(""),
    dedup=DedupConfig(max_recent=8, max_streams=12),
    incidents=IncidentConfig(storm_incidents=3),
)
ENTITIES = st.sampled_from(["web", "api", "db", "node-1", "elsewhere"])
NAMES = st.sampled_from(["HighLatency", "Errors", "DiskFull", "CPU", "ContainerRestarts"])


def times() -> st.SearchStrategy[float]:
    """Steps that go on, jump, and sometimes go back."""
    return st.one_of(st.floats(0, 30), st.floats(-40, 0), st.sampled_from([0.0, 0.0, 400.0, 2000.0, 90_000.0]))


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    alert = Alert(
        ts=0.0,
        name=draw(NAMES),
        id=draw(st.sampled_from(["", "a", "b", "c"])),
        entity=draw(ENTITIES),
        severity=draw(st.sampled_from([None, "info", "warning", "high", "critical", "purple"])),
        status=draw(st.sampled_from(["firing", "firing", "firing", "resolved"])),
        labels=draw(st.dictionaries(st.sampled_from(["env", "z", "caller"]), st.sampled_from(["x", "3.5"]))),
    )
    if draw(st.integers(0, 3)) == 0:
        alert.key = draw(st.sampled_from(["k1", "k2", "DiskFull"]))
    if draw(st.booleans()):
        alert.starts_at = draw(st.sampled_from([1.0, 100.0, 1000.0]))
    if draw(st.integers(0, 4)) == 0:
        alert.ends_at = draw(st.floats(0, 5000))
    return alert


ACTIONS = st.sampled_from(
    [
        Action(
            ts=0.0,
            verb="silence",
            args={"id": "s", "matchers": '[{"label":"env","op":"=","value":"x"}]', "until": "3000"},
        ),
        Action(ts=0.0, verb="unsilence", args={"id": "s"}),
        # Some are over, or their windows are, by the time that they come.
        Action(ts=0.0, verb="silence", args={"id": "t", "matchers": 'env=~"x|y"', "from": "500", "until": "1500"}),
        Action(
            ts=0.0,
            verb="silence",
            args={"id": "u", "matchers": "alertname!~x.*,env!=''", "until": "90000", "every": "day", "from": "3600"},
        ),
        Action(
            ts=0.0,
            verb="silence",
            args={
                "id": "s",
                "matchers": "{entity=~'db|web', env=x}",
                "from": "1000",
                "until": "1100",
                "every": "week",
                "zone": "Europe/Berlin",
                "weekdays": "thu,fri",
            },
        ),
        Action(ts=0.0, verb="nonsense"),
        Action(ts=0.0, verb="confirm_cause", incident="inc-unknown", entity="db"),
    ]
)
OTHERS = st.one_of(
    st.builds(Tick, ts=st.just(0.0)),
    st.builds(Change, ts=st.just(0.0), entity=ENTITIES, name=st.just("deploy")),
    st.builds(Metric, ts=st.just(0.0), entity=ENTITIES, name=st.just("cpu"), value=st.floats(0, 100)),
    ACTIONS,
)


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    now = 1000.0
    records: list[Record] = []
    for record in draw(st.lists(st.one_of(alerts(), alerts(), alerts(), OTHERS), max_size=60)):
        now = max(0.0, now + draw(times()))
        copy = msgspec.structs.replace(record, ts=now)
        records.append(copy)
    return records


def encoded(events: object) -> bytes:
    return msgspec.json.encode(events)


def whole(records: list[Record]) -> tuple[bytes, bytes]:
    engine = build_engine(CONFIG, TOPOLOGY)
    events = engine.step(records)
    return encoded(events + engine.finish()), engine.snapshot()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(logs(), st.lists(st.integers(1, 7), min_size=1, max_size=10))
def test_batches_change_nothing(records: list[Record], sizes: list[int]) -> None:
    engine = build_engine(CONFIG, TOPOLOGY)
    events = []
    start = turn = 0
    while start < len(records):
        size = sizes[turn % len(sizes)]
        events += step(engine, records[start : start + size])
        start, turn = start + size, turn + 1
    assert (encoded(events + engine.finish()), engine.snapshot()) == whole(records)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(logs(), st.integers(0, 60))
def test_a_snapshot_at_any_record_continues_as_if_nothing_had_happened(records: list[Record], cut: int) -> None:
    first = build_engine(CONFIG, TOPOLOGY)
    events = first.step(records[:cut])
    second = build_engine(CONFIG, TOPOLOGY)
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    events += second.step(records[cut:])
    assert (encoded(events + second.finish()), second.snapshot()) == whole(records)


def test_a_restored_engine_tells_of_a_cap_when_the_other_would_have() -> None:
    """Time does not pass for it at the first record after the snapshot because nobody knows what is due."""
    records: list[Record] = [Alert(ts=1000.0, name="Errors", entity=f"host-{n}") for n in range(13)]
    records += [Alert(ts=1000.0, name="Errors", entity="host-12")]
    engine = build_engine(CONFIG, TOPOLOGY)
    events = engine.step(records[:13])
    restored = build_engine(CONFIG, TOPOLOGY)
    restored.restore(engine.snapshot())
    events += restored.step(records[13:])
    assert (encoded(events + restored.finish()), restored.snapshot()) == whole(records)
    assert [event.seq for event in events if isinstance(event, Notice) and event.topic == "cap"] == []


def test_a_restored_engine_explains_a_join_as_the_other_would_have() -> None:
    """What no graph places is not weighed by a rate, also after an alert that one does place."""

    def alert(at: float, entity: str = "web") -> Alert:
        # An end that stands still is no lease: each of these is placed anew.
        return Alert(ts=at, name="HighLatency", key="k1", entity=entity, ends_at=0.0)

    plain = Alert(ts=1000.0, name="HighLatency", entity="web")
    records: list[Record] = [Tick(ts=1000.0), alert(1000.0), plain, alert(1000.0), alert(1000.0), plain]
    records += [Tick(ts=3000.0), alert(3000.0), Tick(ts=3000.0), alert(3000.0, "node-1")]
    engine = build_engine(CONFIG, TOPOLOGY)
    engine.step(records)
    joins = [member.join for cluster in engine.clusters.by_number.values() for member in cluster.members.values()]
    assert [join.rate for join in joins if join is not None and not join.is_placed] == [0.0]
    for cut in range(len(records) + 1):
        first = build_engine(CONFIG, TOPOLOGY)
        events = first.step(records[:cut])
        restored = build_engine(CONFIG, TOPOLOGY)
        restored.restore(first.snapshot())
        events += restored.step(records[cut:])
        assert (encoded(events + restored.finish()), restored.snapshot()) == whole(records), cut


@settings(max_examples=150, deadline=None)
@given(logs())
def test_every_alert_has_exactly_one_disposition_and_one_cluster(records: list[Record]) -> None:
    done = replay(records, build_engine(CONFIG, TOPOLOGY))
    accounts = done.engine.accounts()
    inputs = [record for record in records if isinstance(record, Alert)]
    decisions = list(done.decisions())
    assert accounts["conserved"]
    assert [decision.id for decision in decisions] == [alert.id for alert in inputs]
    assert sum(accounts["dispositions"].values()) == len(inputs)
    assert all(decision.cluster for decision in decisions)
    open_ids = {incident.id for incident in done.incidents()}
    named = {decision.incident for decision in decisions if decision.incident is not None}
    assert named <= open_ids
    homes: dict[str, set[str | None]] = {}
    for decision in decisions:
        if decision.disposition != "suppressed":
            homes.setdefault(decision.cluster, set()).add(decision.incident)
    assert all(len(incidents) == 1 for incidents in homes.values()), "one cluster, two incidents"


@settings(max_examples=150, deadline=None)
@given(logs())
def test_everything_open_ends_by_itself_and_versions_count_from_one(records: list[Record]) -> None:
    engine = build_engine(CONFIG, TOPOLOGY)
    events = engine.step(records) + engine.finish()
    assert engine.accounts()["open_incidents"] == 0
    versions: dict[str, int] = {}
    for event in events:
        if isinstance(event, IncidentChanged):
            assert event.version == versions.get(event.incident.id, 0) + 1
            versions[event.incident.id] = event.version
    assert all(cluster.firing == 0 for cluster in engine.clusters.by_number.values())


def test_events_of_a_batch_stand_in_the_order_of_its_records() -> None:
    records: list[Record] = [Alert(ts=float(at), name="N", entity=f"e{at % 5}", id=str(at)) for at in range(200)]
    placed = [event.seq for event in Engine().step(records) if isinstance(event, Placed)]
    assert placed == list(range(200))


@pytest.mark.parametrize(
    ("state", "which"),
    [({"version": 4, "seq": 9}, "unsupported snapshot version 4"), ({"seq": 9}, "snapshot without a version")],
)
def test_a_snapshot_of_another_version_is_refused_with_what_to_do(state: dict[str, int], which: str) -> None:
    text = f"{which} (this build reads {SNAPSHOT_VERSION}); state is rebuilt from the journal"
    with pytest.raises(UsageError, match=f"^{re.escape(text)}$"):
        Engine().restore(msgspec.msgpack.encode(state))


@pytest.mark.slow
def test_another_process_and_hash_seed_give_the_same_bytes(tmp_path: Path) -> None:
    save(simulate(Options(seed=5, services=8, faults=5, hours=1.0)), tmp_path)
    outputs = []
    for seed in ("0", "1", "4242"):
        out, decisions = tmp_path / f"i{seed}.jsonl", tmp_path / f"d{seed}.jsonl"
        command = [sys.executable, "-m", "aiops.cli", "replay", str(tmp_path / "alerts.jsonl"), "--out", str(out)]
        command += ["--decisions", str(decisions), "--topology", str(tmp_path / "topology.json"), "--json"]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True)
        outputs.append((out.read_bytes(), decisions.read_bytes()))
    assert outputs[0] == outputs[1] == outputs[2]
    assert len(outputs[0][0]) > 100

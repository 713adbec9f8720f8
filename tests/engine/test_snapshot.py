"""Snapshots in parts are the same bytes, and what is restored takes no more memory than what was there before."""

import gc
import gzip
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pytest

from aiops.engine.engine import FIRST_VERSION, SNAPSHOT_VERSION, Engine
from aiops.engine.fields import saved_fields
from aiops.engine.interning import Shared
from aiops.engine.snapshot import Forms, parts
from aiops.errors import UsageError
from aiops.records import Alert
from tests.engine.through_bytes import Kept

SITES = 4


def load(streams: int = 1_500) -> list[Alert]:
    """Alerts decoded as a source decodes them, so that nothing is shared to begin with."""
    rows = [
        {
            "kind": "alert",
            "ts": 1_000_000.0 + number * 0.25,
            "starts_at": 1_000_000.0 + number * 0.25,
            "name": f"Kind{number % 7}",
            "entity": f"host-{number // 5}",
            "service": f"service-{number // 50}",
            "severity": "high" if number % 3 else "warning",
            "message": "the same words for many",
            "labels": {"region": f"region-{number % SITES}", "team": f"team-{number % SITES}", "env": "production"},
        }
        for number in range(streams)
    ]
    return msgspec.json.decode(msgspec.json.encode(rows), type=list[Alert])


class Inner(TypedDict):
    model: list[list[Any]]
    table: Any


class Deep(TypedDict):
    part: Inner


def test_parts_are_the_plain_encoding() -> None:
    for count in (0, 1, 15, 16, 256, 257, 700, 65_536 + 300):
        rows = [[number, str(number)] for number in range(count)]
        table = {str(number): number for number in range(count % 70_000)}
        stages = {
            "rows": Kept(list[list[Any]], rows),
            "deep": Kept(Deep, {"part": {"model": rows, "table": table}}),
            "none": Kept(Any, None),
        }
        first = {"version": 1, "seq": count}
        found = list(parts(first, stages))
        plain = {name: stage.dump() for name, stage in stages.items()}
        assert b"".join(found) == msgspec.msgpack.encode({**first, **plain}), count
        assert max(map(len, found)) < 100_000 or count % 70_000 > 15, "no part holds all of a long list"


def held() -> int:
    """Bytes in use; a collection also empties the interpreter's lists of free tuples and floats."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_a_restored_engine_is_no_larger_than_the_one_it_was() -> None:
    alerts = load()
    Engine().step(alerts[:10])
    tracemalloc.start()
    try:
        engine = Engine()
        engine.step(load())
        fresh = held()
        state = engine.snapshot()
        before = held()
        other = Engine()
        other.restore(state)
        restored = held() - before
    finally:
        tracemalloc.stop()
    assert other.snapshot() == state
    assert restored < 1.1 * fresh, (restored, fresh)


def test_parts_restore_what_the_whole_does_and_never_hold_all_of_it() -> None:
    engine = Engine()
    engine.step(load(3_000))
    pieces = list(engine.snapshot_parts())
    other = Engine()
    other.restore(b"".join(pieces))
    assert other.snapshot() == b"".join(pieces)
    peaks = []
    ways: list[Callable[[Engine], None]] = [
        lambda each: each.restore_parts(iter(pieces)),
        lambda each: each.restore(b"".join(pieces)),
    ]
    for restore in ways:
        fresh = Engine()
        tracemalloc.start()
        try:
            restore(fresh)
            kept, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        peaks.append(most - kept)
        assert fresh.snapshot() == b"".join(pieces)
    assert peaks[0] < peaks[1] - len(b"".join(pieces)) / 4, peaks


@pytest.mark.parametrize("damage", ["none", "first", "short", "order", "version"])
def test_parts_of_another_kind_are_refused(damage: str) -> None:
    engine = Engine()
    engine.step(load(300))
    pieces = list(engine.snapshot_parts())
    pieces = {
        "none": [],
        "first": pieces[:1],
        "short": pieces[:-3],
        "order": pieces[:2] + pieces[3:],
        "version": [pieces[0], pieces[1].replace(b"version", b"notions"), *pieces[2:]],
    }[damage]
    with pytest.raises(UsageError, match="state is rebuilt from the journal"):
        Engine().restore_parts(iter(pieces))


@pytest.mark.parametrize("version", range(FIRST_VERSION, SNAPSHOT_VERSION + 1))
def test_snapshot_of_an_earlier_version_lacks_what_was_added_since(version: int) -> None:
    engine = Engine()
    engine.step(load(60))
    stages = dict(engine._stages_of(version))
    first = {"version": version, "seq": engine.seq, "timeline": engine.timeline, "kinds": engine.kinds}
    pieces = list(parts({**first, "skipped": engine.skipped, "faults": engine.faults.counts}, stages, version))
    for restore in ("parts", "whole"):
        other = Engine()
        other.restore_parts(iter(pieces)) if restore == "parts" else other.restore(b"".join(pieces))
        assert other.accounts()["streams"] == engine.accounts()["streams"] > 0
        assert ("serving" in stages) == (version == SNAPSHOT_VERSION)
        assert other.snapshot() == engine.snapshot() or version < SNAPSHOT_VERSION


def test_a_damaged_part_is_refused_and_never_crashes() -> None:
    engine = Engine()
    engine.step(load(20))
    pieces = list(engine.snapshot_parts())
    for at in range(0, len(pieces), 2):
        for damaged in (b"", b"\x93\x01\x02\xa1x", pieces[at][:-1]):
            with pytest.raises(UsageError, match="state is rebuilt from the journal"):
                Engine().restore_parts(iter([*pieces[:at], damaged, *pieces[at + 1 :]]))


def test_a_link_to_nothing_is_refused() -> None:
    engine = Engine()
    engine.step(load(50))
    state = msgspec.msgpack.decode(engine.snapshot())
    state["correlate"]["latest"] = [999_999]
    with pytest.raises(UsageError, match=r"damaged snapshot \(KeyError\(999999\)\); state is rebuilt from the journal"):
        Engine().restore(msgspec.msgpack.encode(state))


def test_streams_share_what_they_have_in_common() -> None:
    engine = Engine()
    engine.step(load(200))
    other = Engine()
    other.restore(engine.snapshot())
    for each in (engine, other):
        streams = list(each.dedup.streams.values())
        assert len({id(stream.identity[4]) for stream in streams}) == SITES
        assert len({id(stream.service) for stream in streams}) == 4


def test_members_share_the_words_of_their_alerts() -> None:
    engine = Engine()
    engine.step(load(200))
    engine.step([msgspec.structs.replace(alert, ts=alert.ts + 600.0) for alert in load(200)])
    members = [member for cluster in engine.clusters.by_number.values() for member in cluster.members.values()]
    assert len(members) > 50
    assert len({id(member.message) for member in members}) == 1


def test_a_field_that_an_earlier_version_lacks_has_its_default() -> None:
    engine = Engine()
    engine.step(load(1))
    [cluster] = engine.clusters.by_number.values()
    [member] = cluster.members.values()
    kind: Any = type(member)
    before, now = saved_fields(kind, 7), saved_fields(kind)
    assert set(now) - set(before) == {"recent"}
    raw = msgspec.msgpack.encode([{} if name == "streams" else getattr(member, name) for name in before])
    found = Forms(7).decode(kind, raw)
    assert (found.alert, found.entity, found.recent) == (member.alert, member.entity, 1.0)


def test_zeros_of_both_signs_survive() -> None:
    engine = Engine()
    engine.step(load(20))
    for stream in engine.dedup.streams.values():
        stream.habit = -0.0
    other = Engine()
    other.restore(engine.snapshot())
    assert all(math.copysign(1.0, stream.habit) < 0 for stream in other.dedup.streams.values())
    assert other.snapshot() == engine.snapshot()


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_shared_values_are_equal_whatever_the_bound(limit: int) -> None:
    shared = Shared(limit)
    for _ in range(2):
        for number in range(20):
            labels = {"b": str(number % 5), "a": "x"}
            assert shared.text(str(number)) == str(number)
            assert list(shared.mapping(labels).items()) == list(labels.items())
            identity = (None, "name", str(number), None, tuple(labels.items()))
            assert shared.identity(identity) == identity
    assert shared.text(None) is None
    assert shared.size <= 3 * limit


def test_snapshot_of_the_version_before_is_read() -> None:
    """Written by the release that had version 7: 60 alerts of four machines, an open incident, a silence."""
    engine = Engine()
    engine.restore(gzip.decompress((Path(__file__).parent / "snapshot_7.msgpack.gz").read_bytes()))
    accounts = engine.accounts()
    assert (engine.seq, accounts["conserved"], accounts["open_incidents"]) == (63, True, 1)
    assert accounts["dispositions"] == {
        "incident": 19, "duplicate": 40, "suppressed": 0, "background": 1, "rejected": 0,
    }  # fmt: skip
    assert accounts["drift"]["inputs"]["rate"]["steps"] == 0
    again = Engine()
    again.restore(engine.snapshot())
    assert again.snapshot() == engine.snapshot()
    alert = Alert(ts=engine.timeline.now + 5, name="LatencyHigh", entity="web-1", service="web", severity="critical")
    assert again.step([alert]) == engine.step([alert])
    engine.finish()
    assert engine.accounts()["open_incidents"] == 0

"""The correlator's state: taken and restored it decides as before; what was learned can go elsewhere."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate import open_clusters
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.snapshot import dump, dump_statistics, load_statistics
from aiops.engine.snapshot import rows
from tests.engine import through_bytes
from tests.engine.correlate.test_correlator import Item, correlator, feed

T0 = 1_795_000_000.0
TYPES, ENTITIES = ["Disk", "Cpu", "Down", "Slow"], ["db", "web", "cart"]
ITEMS = st.lists(st.tuples(st.floats(0, 90), st.sampled_from(TYPES), st.sampled_from(ENTITIES)), max_size=40)


def run(moves: list[tuple[float, str, str]], start: float = T0) -> list[Item]:
    at, items = start, list[Item]()
    for gap, type_, entity in moves:
        at += gap
        items.append((at, type_, entity))
    return items


def plain(state: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state, enc_hook=rows()))


def restored(engine: Correlator) -> Correlator:
    return through_bytes.restored(engine, correlator())


@settings(max_examples=60)
@given(ITEMS, ITEMS)
def test_restored_correlator_decides_as_one_that_never_stopped(
    before: list[tuple[float, str, str]], after: list[tuple[float, str, str]]
) -> None:
    engine = correlator()
    items = run(before)
    feed(engine, items)
    other = restored(engine)
    more = run(after, items[-1][0] if items else T0)
    assert feed(engine, more, len(items)) == feed(other, more, len(items))
    assert plain(dump(engine)) == plain(dump(other))


def test_load_replaces_all_that_was_there() -> None:
    engine, other = correlator(), correlator()
    feed(engine, run([(1.0, "Disk", "db")] * 5))
    feed(other, run([(3.0, "Cpu", "web")] * 9))
    through_bytes.restored(engine, other)
    assert plain(dump(other)) == plain(dump(engine))


def test_empty_correlator_is_restored_as_one() -> None:
    assert plain(dump(restored(correlator()))) == plain(dump(correlator()))


@pytest.mark.parametrize("count", [1, 30])
def test_what_was_learned_is_taken_without_open_clusters(count: int) -> None:
    engine, fresh = correlator(), correlator()
    feed(engine, run([(20.0, "Disk", "db"), (1.0, "Slow", "web")] * count))
    load_statistics(fresh, plain(dump_statistics(engine)))
    assert not fresh.clusters
    assert set(fresh.keys) == set(engine.keys)


def test_what_was_learned_leaves_open_clusters_as_they_are() -> None:
    engine, other = correlator(), correlator()
    feed(engine, run([(20.0, "Disk", "db")] * 9))
    feed(other, run([(1.0, "Cpu", "web"), (1.0, "Disk", "db")]))
    clusters = list(other.clusters)
    load_statistics(other, plain(dump_statistics(engine)))
    assert list(other.clusters) == clusters
    assert all(key.entry is not None for name, key in other.keys.items() if "Cpu" in name)


def test_what_was_learned_keeps_what_returns_rest_on() -> None:
    engine, other = correlator(), correlator()
    feed(engine, run([(20.0, "Disk", "db")] * 9))
    feed(other, run([(1.0, "Disk", "db")] * 5))
    key = other.keys["Disk", "db"]
    before = (key.alerts, key.last, key.interval, key.joined, key.entry)
    load_statistics(other, plain(dump_statistics(engine)))
    key = other.keys["Disk", "db"]
    assert (key.alerts, key.last, key.interval, key.joined, key.entry) == before


def test_packed_streams_are_bounded_like_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, other = correlator(), correlator()
    feed(engine, run([(20.0, f"kind-{number}", "db") for number in range(6)]))
    feed(other, run([(20.0, f"own-{number}", "db") for number in range(3)]))
    monkeypatch.setattr(open_clusters, "MAX_STREAMS", 4)
    load_statistics(other, plain(dump_statistics(engine)))
    assert [name[0] for name in other.keys] == ["kind-2", "kind-3", "kind-4", "kind-5"]

"""Starts of episodes in snapshots, and snapshots without them."""

from __future__ import annotations

import pytest

from aiops.engine.dedup.episode import episode_of
from aiops.engine.dedup.starts import Starts
from aiops.engine.engine import Engine
from aiops.records import Alert


def fed(engine: Engine, count: int) -> Engine:
    first = engine.seq
    engine.step([Alert(ts=1_000.0 + first + n, name="Down", entity=f"db-{n % 3}") for n in range(count)])
    return engine


def episodes(engine: Engine) -> list[tuple[int, int]]:
    found = [episode_of(stream) for stream in engine.dedup.streams.values()]
    return [(one.seq, one.count) for one in found]


def test_starts_continue_after_a_snapshot() -> None:
    engine = fed(Engine(), 7)
    again = Engine()
    again.restore_parts(iter(engine.snapshot_parts()))
    assert episodes(fed(again, 6)) == episodes(fed(engine, 6)) == [(0, 5), (1, 4), (2, 4)]


def test_without_starts_an_episode_begins_with_the_next_alert() -> None:
    engine = fed(Engine(), 7)
    for stream in engine.dedup.streams.values():
        stream.begun, stream.before = -1, 0
    assert episodes(fed(engine, 3)) == [(7, 1), (8, 1), (9, 1)]


def test_start_of_an_unknown_stream_is_refused() -> None:
    with pytest.raises(LookupError, match="no stream 5"):
        Starts(Engine().dedup).load([(5, 1, 0)])

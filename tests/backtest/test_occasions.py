"""Occasions of streams over an archive: what fires without a pause is one, and old ones fade."""

from __future__ import annotations

from typing import Any

from aiops.backtest import occasions as module
from aiops.backtest.occasions import Occasions
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.rank import Models
from aiops.records import Alert, Logged
from aiops.topology import Topology


def alert(at: float, entity: str = "db") -> Alert:
    return Alert(ts=1_795_000_000.0 + at, name="Down", id=f"{entity}-{at}", entity=entity, severity="critical")


def test_occasions_are_apart_and_fade() -> None:
    occasions = Occasions()
    found = [occasions.count(alert(at)) for at in (0, 600, 1_200, 9_000, 90_000)]
    assert found[:3] == [1.0, 1.0, 1.0]
    assert 1.2 < found[3] < 1.4
    assert found[4] < 1.01
    assert occasions.recent("db", "Down") == found[4]
    assert occasions.recent("web", "Down") == 1.0


def test_streams_are_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 1)
    occasions = Occasions()
    for at in (0, 5_000):
        occasions.count(alert(at))
        occasions.count(alert(at, "web"))
    assert occasions.recent("db", "Down") > 1.0
    assert occasions.recent("web", "Down") == 1.0


def test_the_engine_counts_the_same() -> None:
    engine, occasions = Engine(EngineConfig(), Topology(), Models()), Occasions()
    for at in (0, 600, 4_000, 9_000, 20_000):
        one: list[Logged] = [alert(at)]
        engine.step(one)
        count = occasions.count(alert(at))
        [stream] = engine.dedup.streams.values()
        assert abs(stream.recent - count) < 1e-9

"""The stages that are timed alone do the work that they do in the fold."""

from __future__ import annotations

import pytest

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.records import Alert
from aiops.records.decode import decode
from benchmarks.throughput.generate import lines, topology
from benchmarks.throughput.load import find
from benchmarks.throughput.stages import Stages, measure


@pytest.mark.parametrize("name", ["storms of 100", "storms of 100, topology", "repeated, 100 entities", "unique 10^4"])
def test_the_stages_come_to_the_state_that_they_have_in_the_fold(name: str) -> None:
    load = find(name, 0.02)
    stages, engine = Stages(load), Engine(EngineConfig(), topology(load))
    alerts = [record for line in lines(load) if isinstance(record := decode(line), Alert)]
    for alert in alerts:
        stages.take(alert)
    engine.step(alerts)
    assert len(stages.dedup.streams) == len(engine.dedup.streams) > 1
    assert stages.correlate.held.members == engine.correlate.held.members > 1
    assert list(stages.correlate.clusters) == list(engine.correlate.clusters)
    assert measure(load).total == len(alerts)

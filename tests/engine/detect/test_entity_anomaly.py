"""The verdict of a swapped-in model on an entity."""

from __future__ import annotations

import pytest

from aiops.engine.detect.entity_anomaly import EntityAnomaly
from tests.engine.made import made


@pytest.mark.parametrize(("p", "text"), [(0.00123, "p = 0.0012"), (0.5, "p = 0.5")])
def test_it_is_a_sentence_with_two_figures(p: float, text: str) -> None:
    anomaly = made(EntityAnomaly, at=5.0, entity="db", score=3.25, p=p)
    assert anomaly.sentence() == f"alerts of db are unlike what the model learned: {text}"
    assert (anomaly.at, anomaly.entity, anomaly.score, anomaly.p) == (5.0, "db", 3.25, p)

"""The verdict of a swapped-in model on an entity."""

from __future__ import annotations

import pytest

from aiops.engine.detect.entity_anomaly import EntityAnomaly


@pytest.mark.parametrize(("p", "text"), [(0.00123, "p = 0.0012"), (0.5, "p = 0.5")])
def test_it_is_a_sentence_with_two_figures(p: float, text: str) -> None:
    anomaly = EntityAnomaly(5.0, "db", 3.25, p)
    assert anomaly.sentence() == f"alerts of db are unlike what the model learned: {text}"
    assert (anomaly.at, anomaly.entity, anomaly.score, anomaly.p) == (5.0, "db", 3.25, p)

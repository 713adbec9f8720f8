"""The detection stage as a whole: deterministic, restartable, bounded, and clear about what does not fit."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from aiops.engine.detect.feature_row import NAMES
from aiops.engine.detect.stage import Detect, DetectConfig
from aiops.engine.model_faults import Faults
from aiops.errors import AiopsError
from aiops.records import Metric
from tests.engine.arrivals import measure
from tests.engine.through_bytes import restored, saved


class Sum:
    """A detector whose score is a weighted sum."""

    def __init__(self, state: Any) -> None:
        self.weights = [float(weight) for weight in state["weights"]]

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        return [sum(w * v for w, v in zip(self.weights, row, strict=True)) for row in rows]


SCORERS = {"sum": Sum}
CONFIG = DetectConfig(batch_rows=16, batch_wait_s=120.0)


STATE = json.dumps({"weights": [1.0] * len(NAMES)})


def swap(detect: Detect, algorithm: str = "sum", state: str = STATE) -> None:
    detect.swap(algorithm, state)


def stream(n: int, seed: int = 1) -> list[tuple[float, str, str, str, int]]:
    random_ = random.Random(seed)
    ts, out = 1.7e9, []
    for _ in range(n):
        ts += random_.expovariate(0.5)
        entity, type_ = f"e{random_.randrange(8)}", f"t{random_.randrange(4)}"
        out.append((ts, f"{entity}/{type_}", entity, type_, random_.randrange(5)))
    return out


def sample(ts: float, value: float) -> Metric:
    return Metric(ts=ts, entity="web", name="cpu", value=value)


def test_a_restart_anywhere_changes_nothing() -> None:
    whole, first = Detect(CONFIG, SCORERS), Detect(CONFIG, SCORERS)
    alerts = stream(2000)
    for detect in (whole, first):
        swap(detect)
        for alert in alerts[:900]:
            measure(detect, *alert)
    for minute in range(40):
        whole.metric(sample(1.7e9 + 60 * minute, 1.0 + minute % 3))
        first.metric(sample(1.7e9 + 60 * minute, 1.0 + minute % 3))
    second = Detect(CONFIG, SCORERS)
    restored(first, second)
    for alert in alerts[900:]:
        a, b = measure(whole, *alert), measure(second, *alert)
        assert (a.nats, a.p, a.seen, a.expected, a.first) == (b.nats, b.p, b.seen, b.expected, b.first)
    for minute in range(40, 60):
        ours = whole.metric(sample(1.7e9 + 60 * minute, 50.0))
        theirs = second.metric(sample(1.7e9 + 60 * minute, 50.0))
        assert ours == theirs
    assert saved(whole) == saved(second)


def test_a_surge_is_told_in_a_sentence() -> None:
    detect = Detect()
    for minute in range(200):
        measure(detect, 1.7e9 + 60 * minute, "s", "e", "t", 2)
    surge = [measure(detect, 1.7e9 + 60 * 200 + i, "s", "e", "t", 2).p for i in range(20)]
    assert surge[0] > 0.3
    assert surge[-1] < 1e-6
    assert surge == sorted(surge, reverse=True)
    said = measure(detect, 1.7e9 + 60 * 200 + 30, "s", "e", "t", 2).sentence()
    assert said.startswith("expected 1/min, saw 21, p = ")


def test_rows_are_scored_in_batches_of_records_and_the_odd_one_out_is_told() -> None:
    detect = Detect(CONFIG, SCORERS)
    swap(detect)
    for alert in stream(3000):
        measure(detect, *alert)
    last = 1.7e9 + 20_000
    for i in range(500):
        measure(detect, last + i * 0.1, f"odd/{i}", "odd", f"t{i}", 4)
    for i in range(10):
        measure(detect, last + 300 + 60 * i, "e0/t0", "e0", "t0", 1)
    odd, plain = detect.anomaly_of("odd"), detect.anomaly_of("e1")
    assert odd is not None
    assert plain is not None
    assert odd.p < 0.05 < plain.p
    assert "odd" in odd.sentence()


def test_a_sample_is_taken_for_the_time_that_the_fold_believes() -> None:
    detect = Detect()
    for minute in range(60):
        detect.metric(sample(1.7e9 + 60 * minute, 1.0 + minute % 3))
    detect.metric(sample(4e9, 2.0), at=1.7e9 + 3600)
    found = [detect.metric(sample(1.7e9 + 3660 + 60 * minute, 90.0)) for minute in range(5)]
    (alert,) = [alert for alert in found if alert is not None]
    assert alert.ts < 1.7e9 + 4000


def test_training_rows_are_bounded_and_shaped() -> None:
    detect = Detect(DetectConfig(training_rows=100))
    for alert in stream(3000):
        measure(detect, *alert)
    rows = detect.rows()
    assert len(rows) == 100
    assert all(len(row.values()) == len(NAMES) for row in rows)
    assert rows == sorted(rows, key=lambda row: row.at)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"algorithm": "magic"}, "expected one of: sum; got 'magic'"),
        ({"state": "{"}, "state: no state of 'sum'"),
        ({"state": '{"weights": ["x"]}'}, "state: no state of 'sum'"),
        ({"state": '{"weights": [1]}'}, "state: no state of 'sum'"),
        ({"state": "[" * 100_000}, "state: no state of 'sum'"),
        ({"state": " " * 4_000_001}, "at most 4000000 characters"),
    ],
)
def test_a_bad_swap_says_what_was_expected_and_leaves_the_model(args: dict[str, str], message: str) -> None:
    detect = Detect(CONFIG, SCORERS)
    swap(detect)
    with pytest.raises(AiopsError) as caught:
        swap(detect, **args)
    assert message in str(caught.value)
    assert detect.dump()["model"][0] == "sum"
    assert detect.loaded == ("sum", STATE)


def test_no_model_takes_the_place_of_one() -> None:
    faults = Faults()
    detect = Detect(CONFIG, SCORERS, faults)
    for alert in stream(500):
        measure(detect, *alert)
    before = saved(detect)
    swap(detect)
    assert detect.in_place is not None
    detect.swap("none", "")
    assert detect.loaded is None
    assert saved(detect) == before
    assert faults.counts == {}


def test_the_first_alert_of_a_new_replica_is_no_first_of_its_workload() -> None:
    detect = Detect()
    for minute in range(50):
        measure(detect, 1.7e9 + 60 * minute, f"s{minute}", f"cart-{minute}", "t", 2)
    known = measure(detect, 1.7e9 + 60 * 50, "s50", "cart-50", "t", 2)
    assert not known.first
    assert known.sentence().startswith("expected 1/min, saw 1, p = ")
    assert measure(detect, 1.7e9 + 60 * 50, "shop", "shop-1", "t", 2).first
    assert measure(detect, 1.7e9 + 60 * 50, "other", "cart-50", "other", 2).first

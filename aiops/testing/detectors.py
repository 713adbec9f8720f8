"""The conformance kit of detectors: `check_detector(cls)` for a class of the group `aiops.detectors`.

A detector is fitted offline on rows of eight features, exported as plain numbers, and built from them wherever the
journal is read. Equal numbers must score equally, and numbers that do not fit must be refused by an exception that the
engine expects.
"""

from __future__ import annotations

import math
import random
import tracemalloc
from typing import Any

import msgspec

from aiops.detectors.plugins import DetectorClass
from aiops.detectors.training import plant, roc_area

FEATURES = 8
# A model that separates planted anomalies worse than this is not worth its cost (see `aiops.detectors.training`).
MIN_AREA = 0.7
# What a swap record and each snapshot carry.
MAX_STATE_BYTES = 2_000_000
MAX_GROWTH_BYTES = 500_000
HOSTILE: tuple[Any, ...] = (None, 1, "x", [], {}, {"means": []}, [{}], {"x": {"y": [1e308] * 9}})


def check_detector(cls: DetectorClass, max_state_bytes: int = MAX_STATE_BYTES) -> None:
    """Check fitting, the round trip of the numbers, separation of anomalies, refusals and bounds."""
    training, fresh = _rows(600, 1), _rows(200, 2)
    fitted = cls.fit(training)
    assert fitted.score(fresh) == cls.fit(training).score(fresh), "two fits on the same rows differ"
    raw = msgspec.json.encode(fitted.state())
    loaded = cls.from_state(msgspec.json.decode(raw))
    assert loaded.score(fresh) == fitted.score(fresh), "it scores differently after a round trip through JSON"
    assert msgspec.json.encode(loaded.state()) == raw, "the loaded state is not the exported one"
    scores = loaded.score(fresh)
    assert len(scores) == len(fresh), f"{len(scores)} scores for {len(fresh)} rows"
    assert all(math.isfinite(score) for score in scores), "a score is not finite"
    assert scores == [loaded.score([row])[0] for row in fresh], "a score depends on the other rows of its batch"
    area = roc_area(loaded.score(plant(fresh, random.Random(3))), scores)
    assert area >= MIN_AREA, f"it hardly separates planted anomalies: ROC area {area:.3f}, at least {MIN_AREA}"
    _check_refusals(cls, loaded)
    _check_bounds(cls, max_state_bytes)


def _check_refusals(cls: DetectorClass, loaded: Any) -> None:
    for state in HOSTILE:
        try:
            cls.from_state(state)
        except (ValueError, TypeError, KeyError):
            continue
        raise AssertionError(f"from_state took {state!r}: expected ValueError, TypeError or KeyError")
    try:
        loaded.score([[0.0] * (FEATURES - 1)])
    except ValueError:
        return
    raise AssertionError("score took a row with a feature too few: expected ValueError")


def _check_bounds(cls: DetectorClass, max_state_bytes: int) -> None:
    large = cls.fit(_rows(10_000, 4))
    size = len(msgspec.json.encode(large.state()))
    assert size <= max_state_bytes, f"its numbers take {size} bytes after 10,000 rows, at most {max_state_bytes}"
    rows = _rows(200, 5)
    large.score(rows)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        large.score(rows)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < MAX_GROWTH_BYTES, f"scoring keeps something: memory grew by {grown} bytes over 2,000 rows"


def _rows(count: int, seed: int) -> list[list[float]]:
    """Return rows as the engine makes them: correlated counts, skewed, with ties."""
    source = random.Random(seed)
    rows = []
    for _ in range(count):
        size = source.expovariate(0.3)
        rows.append([math.log1p(size * step + source.randrange(3)) for step in range(FEATURES - 1)] + [float(size > 3)])
    return rows

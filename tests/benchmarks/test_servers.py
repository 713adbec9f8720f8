"""The HTTP benchmark on a real server: our source alone."""

from __future__ import annotations

import msgspec

from benchmarks.throughput.http import TURNS, measure
from benchmarks.throughput.http_client import BATCH, SERIES, batches
from benchmarks.throughput.http_server import bare


def test_batches_are_other_alerts_in_another_turn() -> None:
    def labels(turn: int) -> set[tuple[tuple[str, str], ...]]:
        bodies = [msgspec.json.decode(body) for body in batches(1_700_000_000.0, turn)]
        assert {len(body) for body in bodies} == {BATCH}
        return {tuple(sorted(alert["labels"].items())) for body in bodies for alert in body}

    first, second = labels(1), labels(2)
    assert len(first) == len(second) == SERIES
    assert not first & second
    assert labels(0) == labels(0)


def test_a_server_is_measured_in_turns() -> None:
    with bare() as server:
        [row] = measure([server], "renewed", TURNS, later_s=0.0)
        assert row.alerts == TURNS * SERIES
        assert len(row.turns) == TURNS
        assert 0 < row.cpu_us < 10_000
        # Everything is at least what was counted in turns, but for the kernel's ticks of 10 ms.
        assert row.whole_us > sum(row.turns) / TURNS * 0.8
        assert 0 < row.p50_ms <= row.p99_ms
        assert row.peak_mib > 10

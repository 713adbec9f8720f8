"""The daemon's tables come from the JSON of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.page import write
from benchmarks.throughput.daemon import Results, merged, read, report
from benchmarks.throughput.daemon_kafka import STAGES, Row
from tests.benchmarks.test_tables import PLACE

STAGE_S = dict.fromkeys((*STAGES, "source"), 0.02)
KAFKA = {
    "real": {
        "client kafka-python": [Row(10_000, seconds, 0.05) for seconds in (0.1, 0.2, 0.3)],
        "daemon kafka-python": [Row(10_000, seconds, 0.3, STAGE_S, 9) for seconds in (0.5, 0.25, 0.4)],
    }
}
SPREAD = {"p50": 4.0, "p99": 40.0, "max": 41.0}
LATENCY: dict[str, Any] = {
    "probes": 200,
    "told": 199,
    "alerts_per_second": 500,
    "webhook_ms": SPREAD,
    "ingest_answer_ms": SPREAD,
    "disk_sync_ms": {},
}
MEMORY = {"now": 300, "most": 350}
RECOVERY: dict[str, Any] = {
    "active": 100_000,
    "active_after": 100_000,
    "fed_per_second": 9_000,
    "recovery_s": 2.25,
    "fold_s": 1.2,
    "interpreter_s": 0.4,
    "records": 1,
    "incidents": 1,
    "memory_empty_mb": MEMORY,
    "memory_feeding_mb": MEMORY,
    "memory_mb": MEMORY,
    "memory_after_recovery_mb": MEMORY,
    "snapshot_mb": 21.5,
}


def test_the_median_round_is_shown_beside_the_client() -> None:
    text = report(Results(PLACE, KAFKA, LATENCY, {"storm": RECOVERY, "spread": RECOVERY | {"incidents": 1_002}}))
    assert "| real | client kafka-python | 50,000 | 1.000 | 5.0 |" in text
    assert "| real | daemon kafka-python | 25,000 | 0.500 | 30.0 | 2.0 |" in text
    assert "| webhook received | 4.0 | 40.0 | 41.0 |" in text
    assert "disk synced" not in text
    assert "199 of 200 received" in " ".join(text.split())
    assert "| memory after the restart | 300 (350) | 300 (350) |" in text
    assert "| open incidents | 1 | 1,002 |" in text


def test_what_was_left_out_has_no_table(tmp_path: Path) -> None:
    results = Results(PLACE, latency=LATENCY)
    write(tmp_path / "daemon.json", results)
    assert read(tmp_path / "daemon.json") == results
    assert "kill -9" not in report(results)
    assert "Broker" not in report(results)


def test_a_part_that_is_measured_again_replaces_its_own_only() -> None:
    found = merged(
        Results(PLACE, KAFKA, LATENCY), Results(PLACE, recovery={"storm": RECOVERY}), ["latency", "recovery"]
    )
    assert found == Results(PLACE, KAFKA, {}, {"storm": RECOVERY})

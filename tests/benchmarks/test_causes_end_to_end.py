"""Causes end to end: groups that are right rank as if given; a fault in no incident still counts."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from aiops.records import Incident
from benchmarks.accuracy.causes_end_to_end import STREAMS, end_to_end, end_to_end_table, metric_alerts, present

NAME, FOLDER, FILE, _ = STREAMS[0]


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_bytes(gzip.compress(b"".join(msgspec.json.encode(record) + b"\n" for record in records)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two faults of a database six hours apart, and one that raised nothing."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    nodes = [{"id": name, "kind": "service"} for name in ("web", "db", "cache")]
    graph = {"nodes": nodes, "edges": [{"from": "web", "to": "db", "kind": "calls"}]}
    (folder / "topology.json").write_bytes(msgspec.json.encode(graph))
    alerts, incidents = [], []
    for fault in range(2):
        start = 1_000_000.0 + fault * 21_600
        root = {"entity": "db", "level": "service"}
        incidents.append({"kind": "incident", "id": f"f{fault}", "opened_at": start, "root_cause": root})
        for at, (entity, name) in enumerate([("db", "cpu_usage"), ("db", "disk_io"), ("web", "latency_p99")] * 4):
            truth = {"incident": f"f{fault}"}
            alert = {"kind": "alert", "id": f"{fault}-{at}", "ts": start + at, "name": name, "entity": entity}
            alerts.append({**alert, "severity": "critical", "truth": truth})
    incidents.append({**incidents[0], "id": "silent", "root_cause": {"entity": "cache", "level": "service"}})
    write(folder / "incidents.jsonl.gz", incidents)
    write(folder / f"{FILE}.jsonl.gz", alerts)
    return tmp_path


def test_a_fault_alone_is_ranked_as_with_its_group_given(data: Path) -> None:
    [found] = end_to_end(data, STREAMS[:1])
    assert (found.name, found.cases, found.answered) == (NAME, 3, 2)
    assert found.grouped.top1 == found.given.top1 == found.counted.top1 == pytest.approx(2 / 3)


def test_the_table_has_a_row_a_stream(data: Path) -> None:
    console = Console(width=110, record=True)
    console.print(end_to_end_table(end_to_end(data, STREAMS[:1])))
    text = console.export_text()
    assert NAME in text
    assert text.count("0.667") == 6


def test_streams_that_are_not_here_are_left_out(data: Path, tmp_path: Path) -> None:
    assert present(data) == [STREAMS[0]]
    assert present(data, ["cloudbed-1"]) == []
    assert present(data, [NAME]) == [STREAMS[0]]
    assert present(tmp_path / "nowhere") == []


def test_no_labelled_root_is_no_case(data: Path) -> None:
    write(data / FOLDER / "incidents.jsonl.gz", [])
    [found] = end_to_end(data, STREAMS[:1])
    assert (found.cases, found.given.top1) == (0, 0.0)


def test_metrics_become_alerts_of_the_fault_in_whose_time_they_begin(tmp_path: Path) -> None:
    values = [*(10.0 + n % 2 for n in range(60)), *(90.0 for _ in range(10))]
    samples = [
        {"kind": "metric", "ts": 1_000_000.0 + 60 * n, "entity": "db", "name": "cpu", "value": value}
        for n, value in enumerate(values)
    ]
    write(tmp_path / "metrics.jsonl.gz", samples)
    fault = Incident(id="f", opened_at=1_000_000.0 + 3_600, resolved_at=1_000_000.0 + 4_200)
    [alert] = metric_alerts(tmp_path / "metrics.jsonl.gz", [fault])
    assert (alert.entity, alert.name, alert.status) == ("db", "cpu high", "firing")
    assert alert.truth is not None
    assert alert.truth.incident == "f"

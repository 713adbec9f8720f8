"""Streams through the whole engine: incidents are counted by the labels, and a setting of `correlate` reaches it."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from benchmarks.accuracy.generality import main
from benchmarks.accuracy.generality_engine import EngineTask, alerts_of, measure_engine
from benchmarks.accuracy.generality_rows import BY_NAME


def test_isolated_faults_are_an_incident_each() -> None:
    found = measure_engine(EngineTask("isolated faults", Path()))
    assert found.found == 1.0
    assert 1.0 <= found.incidents <= found.opened < 1.2
    assert found.engine_f1 > 0.98


def test_settings_of_correlate_reach_the_engine() -> None:
    plain = measure_engine(EngineTask("isolated faults", Path()))
    apart = measure_engine(EngineTask("isolated faults", Path(), (("sensitivity", "0.001"),)))
    assert apart.engine_f1 < plain.engine_f1


def test_a_recorded_stream_keeps_what_its_file_says(tmp_path: Path) -> None:
    row = BY_NAME["micross spaced"]
    path = tmp_path / row.file
    path.parent.mkdir(parents=True)
    (path.parent / "topology.json").write_text('{"nodes": [], "edges": []}')
    lines = [{"kind": "alert", "id": str(at), "ts": 5.0, "name": "n", "severity": "critical"} for at in range(20)]
    path.write_bytes(gzip.compress(b"".join(msgspec.json.encode(line) + b"\n" for line in lines)))
    alerts = alerts_of(row, row.make(tmp_path, 0), tmp_path)
    assert {alert.severity for alert in alerts} == {"critical"}
    assert [int(alert.id) for alert in alerts] != list(range(20))
    assert sorted(int(alert.id) for alert in alerts) == list(range(20))


def test_the_command_shows_incidents_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "unrelated, 1 a day", "--end-to-end", "--jobs", "1"]) == 0
    assert "incidents a fault" in capsys.readouterr().out


def test_weights_do_not_reach_the_engine_and_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.accuracy.generality_settings import Settings

    field = next(iter(Settings.default().weights.__dataclass_fields__))
    with pytest.raises(SystemExit):
        main(["--rows", "unrelated, 1 a day", "--end-to-end", "--set", f"{field}=77"])
    assert "--end-to-end" in capsys.readouterr().err

"""`aiops.Engine`: the engine of the daemon, fed by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import aiops
from aiops.records.decode import decode

DAY_S = 86_400.0
DISK: dict[str, Any] = {"ts": 0, "name": "DiskFull", "severity": "critical", "entity": "db-1"}


def disk(**fields: Any) -> dict[str, Any]:
    return {**DISK, **fields}


def engine_of(folder: Path) -> aiops.Engine:
    return aiops.Engine(topology=folder / "topology.json")


def test_record_by_record_decides_what_a_replay_decides(folder: Path, result: aiops.Result) -> None:
    engine = engine_of(folder)
    records = [decode(line) for line in (folder / "alerts.jsonl").read_bytes().splitlines()]
    dispositions: dict[str, int] = {}
    ids: set[str] = set()
    for record in records:
        changes = engine.process(record)
        for placed in changes.placed:
            dispositions[placed.disposition] = dispositions.get(placed.disposition, 0) + 1
        ids.update(change.incident.id for change in changes)
    assert set(result.incidents.index) <= ids
    # What the end of an archive alone decides: background whose cluster became an incident later.
    assert sum(dispositions.values()) == len(result.alerts)
    assert dispositions["duplicate"] == result.report["dispositions"]["duplicate"]
    at_once = engine_of(folder)
    at_once.process(folder / "alerts.jsonl")
    assert at_once.incidents == engine.incidents
    assert at_once.snapshot() == engine.snapshot()


def test_a_snapshot_goes_on_as_if_nothing_had_happened(folder: Path) -> None:
    lines = (folder / "alerts.jsonl").read_bytes().splitlines()
    records = [decode(line) for line in lines]
    half = len(records) // 2
    whole, first, second = engine_of(folder), engine_of(folder), engine_of(folder)
    whole.process(records)
    first.process(records[:half])
    second.restore(first.snapshot())
    second.process(records[half:])
    assert second.incidents == whole.incidents
    assert second.now == whole.now


def test_time_passes_by_advance() -> None:
    engine = aiops.Engine()
    assert engine.now is None
    [opened] = engine.process(DISK)
    assert opened.change == "opened"
    assert engine.incident(opened.incident.id).status == "open"
    changes = engine.advance(to=datetime.fromtimestamp(2 * DAY_S, UTC))
    assert "resolved" in [change.change for change in changes]
    assert [incident.status for incident in changes.incidents] == ["resolved"]
    assert engine.now == 2 * DAY_S
    assert engine.incident(opened.incident.id).status == "resolved"


@pytest.mark.parametrize("to", [3600, 3600.0, "1970-01-01T01:00:00Z", datetime(1970, 1, 1, 1)])
def test_a_time_has_many_forms(to: float | str | datetime) -> None:
    engine = aiops.Engine()
    engine.advance(to)
    assert engine.now == 3600.0


def test_time_does_not_go_back() -> None:
    engine = aiops.Engine()
    engine.advance(60)
    with pytest.raises(aiops.UsageError, match=r"time does not go back \(got 59, before 60\)"):
        engine.advance(59)
    engine.advance(60)


@pytest.mark.parametrize("is_restored", [False, True])
def test_an_alert_long_after_advance_is_of_its_own_time(is_restored: bool) -> None:
    """The clock that `advance` told is no host's: records are not ahead of it."""
    engine = aiops.Engine()
    engine.advance(60)
    if is_restored:
        other = aiops.Engine()
        other.restore(engine.snapshot())
        engine = other
    engine.process(disk(ts=DAY_S))
    assert engine.now == DAY_S
    assert engine.incidents[0].opened_at == DAY_S


def test_many_streams_end_in_one_advance() -> None:
    """More than one tick ends."""
    engine = aiops.Engine(settings={"incidents.storm_incidents": 0})
    engine.process([disk(ts=600.0 * at, entity=f"db-{at}", name=f"Kind{at}") for at in range(600)])
    assert len([one for one in engine.incidents if one.status != "resolved"]) > 1
    engine.advance(to=600 * 600 + 3 * DAY_S)
    assert {one.status for one in engine.incidents} == {"resolved"}


def test_what_is_no_record_is_refused() -> None:
    engine = aiops.Engine()
    with pytest.raises(aiops.UsageError, match=r"records:2: \$: expected field ts"):
        engine.process([DISK, {"name": "DiskFull"}])
    assert len(engine.incidents) == 1


def test_a_change_of_severity_is_a_change() -> None:
    engine = aiops.Engine()
    engine.process(disk(severity="high"))
    changes = engine.process(disk(ts=1))
    assert [(change.change, change.what) for change in changes] == [("updated", ["severity"])]
    assert repr(changes) == f"<aiops.Changes: 1 alert placed, updated {changes.incidents[0].id}>"
    assert repr(engine.process(disk(ts=2))) == "<aiops.Changes: 1 alert placed, no incident changed>"


def test_actions_are_records() -> None:
    engine = aiops.Engine()
    [opened] = engine.process(DISK)
    changes = engine.process(aiops.Action(ts=1.0, verb="acknowledge", incident=opened.incident.id, actor="alice"))
    assert [change.change for change in changes] == ["acknowledged"]


def test_an_engine_is_shown_small_and_escaped() -> None:
    engine = aiops.Engine(settings={"incidents.storm_incidents": 0})
    assert repr(engine) == "<aiops.Engine: 0 alerts processed, 0 open incidents>"
    engine.process([disk(ts=60.0 * at, entity=f"<b>{at}</b>" + "x" * 900, name=f"Kind{at}") for at in range(30)])
    html = engine._repr_html_()
    assert len(html) < 10_000
    assert "<b>" not in html
    assert "The 10 most severe of" in html

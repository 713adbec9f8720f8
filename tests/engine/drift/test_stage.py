"""The stage in the engine: it decides nothing, survives a snapshot, and reports alarms as notices."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.drift.stage import _MAX_ALARMS, TOPIC, Drift
from aiops.engine.engine import Engine
from aiops.engine.events import Notice
from aiops.records import Action, Alert, Logged, Tick

HOUR_S = 3600.0


def records(hours: int) -> list[Logged]:
    found: list[Logged] = []
    for hour in range(hours):
        found.append(Tick(ts=hour * HOUR_S))
        found += [
            Alert(ts=hour * HOUR_S + 60.0 * number, name=f"N{number % 3}", entity=f"e{hour % 5}", id=f"{hour}-{number}")
            for number in range(4)
        ]
    return found


def test_engine_measures_hours_and_a_restored_one_continues() -> None:
    rows = records(40)
    whole, first = Engine(), Engine()
    whole.step(rows)
    first.step(rows[:77])
    second = Engine()
    second.restore(first.snapshot())
    second.step(rows[77:])
    assert second.snapshot() == whole.snapshot()
    report = whole.accounts()["drift"]
    assert report["inputs"]["rate"]["steps"] == 38
    assert report["inputs"]["rate"]["recent"] == 4.0


def test_alarm_is_a_notice_and_is_kept() -> None:
    drift = Drift()
    moment = Moment(9, 100.0)
    for number in range(_MAX_ALARMS + 3):
        drift.raised.append(("rate", f"change {number}"))
    drift.report_alarms(moment)
    assert moment.out[0] == Notice(9, TOPIC, "rate: change 0")
    assert len(drift.report()["alarms"]) == _MAX_ALARMS
    assert drift.raised == []
    drift.set_back(50.0)
    assert {one["at"] for one in drift.report()["alarms"]} == {50.0}


def test_corrections_of_people_are_judgements_of_the_engine() -> None:
    engine = Engine()
    for number in range(3):
        engine.step([Alert(ts=float(number), name=f"N{number}", entity="db", severity="critical", id=str(number))])
    incident = next(iter(engine.incidents.by_id))
    engine.step([Action(ts=9.0, verb="confirm_grouping", id="a", incident=incident)])
    engine.step([Action(ts=9.0, verb="confirm_grouping", id="b", incident=incident, args={"wrong": "1"})])
    found = engine.accounts()["drift"]["outcomes"]["grouping"]
    assert (found["outcomes"], found["hits"]) == (1, 1)

"""Alerts that name no entity: the absence is no equality, in grouping as in titles."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.records import Alert, Incident, Tick
from aiops.wording import located

START = 1_772_359_200.0


def incidents(*alerts: Alert) -> dict[str, Incident]:
    engine = Engine()
    events = engine.step([*alerts, Tick(ts=START + 600.0)])
    return {event.incident.id: event.incident for event in events if isinstance(event, IncidentChanged)}


def alert(number: int, name: str, **more: object) -> Alert:
    fields = {"source": "webhook", "severity": "critical", **more}
    return Alert(ts=START + number, id=str(number), name=name, **fields)  # type: ignore[arg-type]


def test_two_alerts_of_one_tool_without_an_entity_are_two_incidents() -> None:
    found = incidents(alert(0, "Payroll export failed"), alert(3, "Office door sensor offline"))
    assert sorted(one.title or "" for one in found.values()) == ["Office door sensor offline", "Payroll export failed"]


def test_two_alerts_on_one_entity_stay_one_incident() -> None:
    found = incidents(alert(0, "Payroll export failed", entity="hr-1"), alert(3, "Disk full", entity="hr-1"))
    [one] = found.values()
    assert one.title == "Payroll export failed on hr-1"


def test_no_message_names_the_tool_as_a_place() -> None:
    for one in incidents(alert(0, "Payroll export failed", labels={"job": "eu"})).values():
        texts = [one.title or "", *one.explanation, *(cause.entity for cause in one.causes)]
        assert not [text for text in texts if "webhook" in text]


@pytest.mark.parametrize(
    ("name", "entity", "expected"),
    [
        ("Disk full", "db-1", "Disk full on db-1"),
        ("Disk full", "Disk full", "Disk full"),
        ("Disk full", "Disk full [key]", "Disk full"),
        ("Disk full", "Disk fuller", "Disk full on Disk fuller"),
        ("web", "web-1", "web on web-1"),
    ],
)
def test_a_place_that_is_the_alert_itself_is_not_repeated(name: str, entity: str, expected: str) -> None:
    assert located(name, entity) == expected


def test_a_stream_without_an_entity_has_the_name_of_its_alert() -> None:
    engine = Engine()
    engine.step([alert(0, "Payroll export failed")])
    names = [stream.entity for stream in engine.dedup.streams.values()]
    assert names == ["Payroll export failed"]

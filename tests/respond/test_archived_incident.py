"""Incidents of an archive as playbooks see them."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.ports import AlertFact
from aiops.records import Alert, Cause, Change, Incident, Member, Record, Tick
from aiops.respond import archived_incident
from aiops.respond.archived_incident import CHANGE_WINDOW_S, Archive, sort_records, view_of_archive

AT = 1_700_000_000.0


def alert(number: int, ts: float = AT, name: str = "DiskFull", severity: str = "high", **more: str) -> Alert:
    return Alert(ts=ts, name=name, id=f"a{number}", entity="db-1", severity=severity, **more)  # type: ignore[arg-type]


def test_gather_sorts_records_by_kind() -> None:
    records: list[Record] = [
        alert(1),
        Change(ts=AT, entity="db-1", name="deploy"),
        Tick(ts=AT),
        Incident(id="i1"),
        alert(2),
    ]
    made = sort_records(records)
    assert list(made.alerts) == ["a1", "a2"]
    assert [one.id for one in made.incidents] == ["i1"]
    assert [one.name for one in made.changes] == ["deploy"]


def test_gather_numbers_alerts_without_an_id_and_holds_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived_incident, "MAX_ALERTS", 2)
    made = sort_records(Alert(ts=AT + number, name="A", entity="e") for number in range(5))
    assert [one.ts for one in made.alerts.values()] == [AT, AT + 1]


def test_view_of_the_only_incident_has_its_alerts_as_facts() -> None:
    incident = Incident(id="i1", opened_at=AT, alerts=["a1", "a2", "gone"], causes=[Cause("db-1")], severity="critical")
    view = view_of_archive(sort_records([alert(1), alert(2, AT + 5), alert(3, name="Other"), incident]), None)
    assert (view.id, view.opened_at, view.severity) == ("i1", AT, 4)
    assert view.causes == [Cause("db-1")]
    [fact] = view.facts
    assert (fact.entity, fact.name, fact.count, fact.first_at, fact.last_at) == ("db-1", "DiskFull", 2, AT, AT + 5)


def test_times_of_a_fact_hold_whatever_the_order_of_its_alerts() -> None:
    incident = Incident(id="i1", alerts=["a3", "a1", "a2"])
    records = [alert(1, AT + 20, severity="info"), alert(2, AT + 10), alert(3, AT + 30, severity="critical")]
    [fact] = view_of_archive(sort_records([*records, incident]), "i1").facts
    assert (fact.first_at, fact.last_at, fact.count, fact.severity) == (AT + 10, AT + 30, 3, 4)


def test_alerts_within_the_incident_count_too() -> None:
    incident = Incident(id="i1", alerts=[alert(1), "a2"])
    assert view_of_archive(sort_records([alert(2, AT + 1), incident]), None).facts[0].count == 2


def test_members_stand_for_alerts_that_the_archive_does_not_have() -> None:
    member = Member(
        fingerprint="f",
        status="firing",
        entity="db-1",
        name="DiskFull",
        severity="high",
        count=7,
        first_at=AT,
        last_at=AT + 9,
    )
    view = view_of_archive(Archive(incidents=[Incident(id="i1", members=[member])]), None)
    assert view.facts == [AlertFact("db-1", "DiskFull", 3, 7, AT, AT + 9)]
    assert (view.opened_at, view.severity) == (AT, 3)


def test_incident_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(UsageError, match="i1 has no members"):
        view_of_archive(sort_records([alert(1), Incident(id="i1", alerts=["gone"])]), None)


def test_without_incidents_all_alerts_are_one() -> None:
    view = view_of_archive(sort_records([alert(1), alert(2, name="Other")]), None)
    assert view.id == "all alerts"
    assert [fact.name for fact in view.facts] == ["DiskFull", "Other"]


@pytest.mark.parametrize("records", [[], [alert(1)]])
def test_incident_that_is_not_there_is_refused(records: list[Alert]) -> None:
    with pytest.raises(UsageError, match="the archive has none"):
        view_of_archive(sort_records(records), "i9")


def test_of_several_incidents_one_must_be_named() -> None:
    archive = sort_records([alert(1), *[Incident(id=f"i{number}", alerts=["a1"]) for number in range(7)]])
    with pytest.raises(UsageError, match="the archive has 7: i0, i1, i2, i3, i4, …"):
        view_of_archive(archive, None)
    with pytest.raises(UsageError, match="i9; the archive has i0"):
        view_of_archive(archive, "i9")
    assert view_of_archive(archive, "i3").id == "i3"


def test_last_version_of_an_incident_counts() -> None:
    archive = sort_records(
        [alert(1), Incident(id="i1", alerts=["a1"], title="first"), Incident(id="i1", alerts=["a1", "a1"])]
    )
    assert view_of_archive(archive, "i1").facts[0].count == 2


@pytest.mark.parametrize(
    ("at", "counts"), [(AT - CHANGE_WINDOW_S, True), (AT - CHANGE_WINDOW_S - 1, False), (AT + 5, True), (AT + 6, False)]
)
def test_changes_up_to_an_hour_before_count(at: float, counts: bool) -> None:
    incident = Incident(id="i1", opened_at=AT, alerts=["a1"])
    view = view_of_archive(
        sort_records([alert(1, AT + 5), Change(ts=at, entity="db-1", name="deploy"), incident]), None
    )
    assert bool(view.changes) == counts


def test_alert_without_an_entity_is_about_its_service() -> None:
    records = [Alert(ts=AT, name="A", id="a1", service="shop"), Alert(ts=AT, name="B", id="a2")]
    assert [fact.entity for fact in view_of_archive(sort_records(records), None).facts] == ["shop", "unknown"]

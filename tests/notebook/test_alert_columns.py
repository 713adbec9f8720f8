"""Columns of the alerts that a replay read."""

from __future__ import annotations

from aiops.engine.dedup.stream import entity_of, fingerprint_of, identity_of
from aiops.notebook.alert_columns import AlertColumns
from aiops.records import Alert, Change, Metric, Skipped, Truth

ALERT = Alert(ts=2.0, name="DiskFull", id="a", severity="P1", labels={"pod": "web-0", "value": "7"}, ends_at=9.0)


def columns_of(*records: Alert | Change | Metric | Skipped) -> AlertColumns:
    columns = AlertColumns(frozenset({"value"}))
    assert list(columns.noting(records)) == list(records)
    return columns


def test_an_alert_is_an_entry() -> None:
    columns = columns_of(ALERT, Alert(ts=3.0, name="Slow", truth=Truth("i", True)))
    assert len(columns) == 2
    assert columns.ids == ["a", ""]
    assert list(columns.ts) == [2.0, 3.0]
    assert columns.texts["name"] == ["DiskFull", "Slow"]
    assert columns.entity == ["web-0", "Slow"]
    assert columns.severities() == ["critical", "warning"]
    assert columns.severity_text == ["P1", None]
    assert columns.labels == [ALERT.labels, {}]
    assert columns.ends_at[0] == 9.0
    assert columns.ends_at[1] != columns.ends_at[1]
    assert columns.truth_incident == [None, "i"]
    assert columns.truth_root_cause == [None, True]


def test_a_fingerprint_is_that_of_the_engine() -> None:
    columns = columns_of(ALERT)
    assert columns.fingerprint == [fingerprint_of(identity_of(ALERT, entity_of(ALERT), frozenset({"value"})))]


def test_equal_texts_and_labels_are_held_once() -> None:
    twins = [Alert(ts=1.0, name="".join(["Disk", "Full"]), labels={"pod": "web-0"}) for _ in range(2)]
    assert twins[0].name is not twins[1].name
    columns = columns_of(*twins)
    assert columns.texts["name"][0] is columns.texts["name"][1]
    assert columns.labels[0] is columns.labels[1]
    assert columns.fingerprint[0] is columns.fingerprint[1]


def test_changes_are_kept_and_others_pass() -> None:
    change = Change(ts=1.0, entity="web", name="deploy")
    columns = columns_of(change, Metric(ts=1.0, entity="web", name="cpu", value=1.0))
    assert columns.changes == [change]
    assert len(columns) == 0


def test_an_alert_that_was_set_aside_keeps_its_place() -> None:
    skipped = Skipped(ts=1.0, of="alert", id="s", reason="bad")
    columns = columns_of(skipped, Skipped(ts=1.0, of="change", id="c", reason="bad"), ALERT)
    assert columns.ids == ["s", "a"]
    assert columns.severities() == [None, "critical"]
    assert columns.texts["name"] == [None, "DiskFull"]
    assert columns.entity == [None, "web-0"]
    assert len(columns.labels) == len(columns.starts_at) == len(columns.texts["message"]) == 2

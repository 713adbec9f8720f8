"""Words that no table knows lose no alert, and are counted where people look."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.file import FileSource
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.mapping.states import state_of
from aiops_connectors.payloads.unknown_words import MAX_CHARACTERS, MAX_WORDS, OTHERS, UnknownWords

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.records import Alert, Severity, Tick, parse_severity
from aiops.records.decode import format_time
from aiops.telemetry.log_repeats import RepeatFilter
from aiops.testing.inbox import MemoryInbox

NOW = 1_772_400_000.0


@pytest.mark.parametrize("status", ["purple", "Sonstiges", 1, True, 7.5])
def test_an_unknown_status_fires_and_is_counted(http: Any, status: Any) -> None:
    before = dict(http.source.health()["unknown"]["status"])
    answer = http.post("/ingest/webhook", {"title": "DiskFull", "host": "h", "severity": "critical", "status": status})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 1, 0)
    assert "taken as firing" in answer.json()["problems"][0]["reason"]
    [alert] = http.inbox.records
    assert (alert.status, alert.severity) == ("firing", "critical")
    assert http.inbox.letters == []
    # A bare code states nothing that is known of all tools.
    word = "(none)" if status == 1 and status is not True else str(status).lower()
    assert http.source.health()["unknown"]["status"][word] == before.get(word, 0) + 1


@pytest.mark.parametrize("status", ["breached", "fired", "Fault", "BREACH", "Alarm", "Fire"])
def test_common_words_fire_uncounted(http: Any, status: str) -> None:
    answer = http.post("/ingest/webhook", {"title": "DiskFull", "host": "h", "status": status})
    assert answer.json() == {
        "accepted": 1,
        "rejected": 0,
        "late": 0,
        "problems": [],
        "error": None,
        "hint": None,
        "late_s": 0.0,
    }
    assert http.inbox.records[0].status == "firing"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Alarm cleared", "resolved"),
        ("incident.resolved", "resolved"),
        ("Down ended", "resolved"),
        ("ALERT_RECOVERED", "resolved"),
        ("CLOSED", "resolved"),
        ("Insufficient_Data", "no_data"),
        ("not resolved", None),
        ("un-resolved", None),
        ("to be closed", None),
        ("unresolved", None),
        ("resolved by nobody", None),
        ("x" * 100 + " resolved", None),
    ],
)
def test_a_text_that_ends_in_an_end_is_one(word: str, state: str | None) -> None:
    assert state_of(word) == state


def test_a_mapping_with_a_table_of_its_own_counts_what_neither_knows(http: Any) -> None:
    answer = http.post("/ingest/riemann", {"host": "h", "service": "s", "state": "wobbly"})
    assert (answer.status_code, answer.json()["accepted"], len(answer.json()["problems"])) == (200, 1, 1)
    for state in ("critical", "ok"):
        assert http.post("/ingest/riemann", {"host": "h", "service": "s", "state": state}).json()["problems"] == []
    assert [record.status for record in http.inbox.records] == ["firing", "firing", "resolved"]


def test_severities_that_are_not_known_are_counted_for_every_source(http: Any, tmp_path: Path) -> None:
    http.post("/ingest/webhook", {"title": "A", "host": "h", "severity": "5"})
    http.post("/ingest/archive", {"kind": "alert", "ts": NOW, "name": "A", "severity": 5, "status": "firing"})
    assert http.source.health()["unknown"]["severity"]["5"] == 2
    assert [parse_severity(alert.severity) for alert in http.inbox.records] == [Severity.WARNING] * 2
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"kind":"alert","ts":1,"name":"A","severity":"lila","status":"brennt"}\n')
    inbox = MemoryInbox()
    source = FileSource("file", {"path": str(path)}, clock=lambda: NOW, sleep=lambda _: source.stop())
    source.run(inbox, None)
    assert source.health()["unknown"] == {"severity": {"lila": 1}, "status": {"brennt": 1}, "ignored": {}}
    assert [record.status for record in inbox.records if isinstance(record, Alert)] == ["firing"]
    assert inbox.letters == []


def test_an_archive_record_s_status_may_be_a_tool_s_word(http: Any) -> None:
    alerts = [{"kind": "alert", "ts": NOW, "name": "A", "status": word} for word in ("OK", "open", "lila", "cleared")]
    answer = http.post("/ingest/archive", alerts)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 4)
    assert [record.status for record in http.inbox.records] == ["resolved", "firing", "firing", "resolved"]


def test_hostile_words_are_bounded_and_printable(caplog: pytest.LogCaptureFixture) -> None:
    unknown = UnknownWords("s")
    with caplog.at_level(logging.WARNING):
        for number in range(1_000):
            unknown.count("status", f"{number}" + '\n"\\\x1b[31m\u202e' + "x" * 1_000)
            unknown.count("severity", "again")
    counts = unknown.counted()
    assert len(counts["status"]) == MAX_WORDS + 1
    assert sum(counts["status"].values()) == 1_000
    assert counts["status"][OTHERS] == 1_000 - MAX_WORDS
    assert counts["severity"] == {"again": 1_000}
    assert all(len(word) <= MAX_CHARACTERS and word.isprintable() and '"' not in word for word in counts["status"])
    # Each word once, and the rest once.
    assert len(caplog.records) == MAX_WORDS + 2
    assert all(record.getMessage().isascii() and "\n" not in record.getMessage() for record in caplog.records)


def test_the_log_names_every_word_once_whatever_it_leaves_out_of_repeats() -> None:
    """Through the filter that the daemon's log has; words that differ in their digits are other words."""
    lines: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = lines.append  # type: ignore[method-assign, assignment]
    handler.addFilter(RepeatFilter(lines.append, lambda: 0.0))
    logger = logging.getLogger(UnknownWords.__module__)
    logger.addHandler(handler)
    try:
        for source in (UnknownWords("s"), UnknownWords("t")):
            for word in ("p1", "p2", "lila", "p1", "p2"):
                source.count("severity", word)
                source.count("status", word)
            for number in range(1_000):
                source.count("status", f"w{number}")
    finally:
        logger.removeHandler(handler)
    told = [line.getMessage() for line in lines]
    assert len(told) == len(set(told)) == 2 * (3 + MAX_WORDS + 1)
    for word in ("p1", "p2", "lila"):
        for field in ("severity", "status"):
            assert sum(f"unknown {field} '{word}' from source s " in text for text in told) == 1


def test_problems_of_words_are_no_dead_letters() -> None:
    unknown = UnknownWords("s")
    kept = Problem("$", "bad")
    assert list(unknown.sift([Problem("$", "r", warning=True, word="w"), kept])) == [kept]
    assert unknown.counted()["status"] == {"w": 1}


ALARM = {
    "AlarmName": "throttle",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:throttle",
    "NewStateReason": "r",
    "Trigger": {"MetricName": "Throttles", "Dimensions": [{"name": "FunctionName", "value": "orders"}]},
}


def cloudwatch(state: str, at: float) -> list[Any]:
    message = {**ALARM, "NewStateValue": state, "StateChangeTime": format_time(at)}
    records, problems = load_mapping("aws_cloudwatch_sns").apply(
        {"Type": "Notification", "Message": json.dumps(message)}, {}, None, at
    )
    assert not problems
    return list(records)


def opened(events: list[Any]) -> list[str]:
    return [event.change for event in events if isinstance(event, IncidentChanged)]


def test_insufficient_data_is_no_alarm() -> None:
    engine = Engine()
    events = engine.step(cloudwatch("INSUFFICIENT_DATA", NOW)) + engine.step([Tick(ts=NOW + 7_200)])
    assert opened(events) == []


def test_insufficient_data_leaves_an_alarm_as_it_is() -> None:
    engine = Engine()
    events = engine.step(cloudwatch("ALARM", NOW)) + engine.step(cloudwatch("INSUFFICIENT_DATA", NOW + 60))
    assert "opened" in opened(events)
    later = engine.step([Tick(ts=NOW + 3_600)])
    assert "resolved" not in opened(later)
    over = engine.step(cloudwatch("OK", NOW + 3_660)) + engine.step([Tick(ts=NOW + 5_000)])
    assert "resolved" in opened(over)


@pytest.mark.parametrize(
    ("tool", "payload", "name"),
    [
        (
            "alertmanager",
            {"data": {"alerts": [{"labels": {"alertname": "A", "host": "h"}, "state": "pending"}]}},
            "A (pending)",
        ),
        ("grafana", {"ruleName": "R", "ruleId": 1, "orgId": 1, "state": "pending"}, "R (pending)"),
        ("pingdom", {"check_id": 1, "check_name": "C", "current_state": "PAUSED"}, "C (paused)"),
        ("pingdom", {"check_id": 1, "check_name": "C", "current_state": "UNKNOWN"}, "C (no data)"),
        ("status_gator", {"service": {"name": "S"}, "monitor": {"id": "m"}, "status": "unknown"}, "S (no data)"),
        ("site24x7", {"MONITORNAME": "M", "MONITOR_ID": "1", "STATUS": "SUSPENDED"}, "M (paused)"),
        ("webhook", {"title": "T", "host": "h", "status": "maintenance", "severity": "critical"}, "T (paused)"),
    ],
)
def test_states_without_an_alarm_are_information(tool: str, payload: Any, name: str) -> None:
    records, problems = load_mapping(tool).apply(payload, {}, None, NOW)
    assert not problems
    [alert] = records
    assert isinstance(alert, Alert)
    assert (alert.name, alert.severity, alert.status) == (name, "info", "firing")
    assert alert.ends_at is not None
    assert alert.ends_at > NOW


@pytest.mark.parametrize(
    ("tool", "payload"),
    [
        ("sentry", {"action": "assigned", "data": {"issue": {"id": "1", "title": "T"}}}),
        ("pagerduty", {"messages": [{"event": "incident.annotate", "incident": {"id": "P1", "title": "T"}}]}),
    ],
)
def test_what_people_do_is_no_alarm(tool: str, payload: Any) -> None:
    records, notes = load_mapping(tool).apply(payload, {}, None, NOW)
    assert not records
    assert [note.note for note in notes] == [True]


def test_a_payload_without_a_state_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    words = UnknownWords("http")
    _, problems = load_mapping("webhook").apply([{"title": "a"}, {"title": "b"}], {}, None, NOW)
    assert words.sift(problems) == []
    assert words.counted()["status"] == {"(none)": 2}
    [message] = caplog.messages
    assert message.startswith("no status in a payload of source http is taken as firing")

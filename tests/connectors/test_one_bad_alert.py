"""One bad character or one bad alert costs itself: the others of its request are kept, and each bad one is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.file import FileSource

from aiops.archive import Rejections, read
from aiops.records import Alert
from aiops.testing.inbox import MemoryInbox

NOW = 1_772_400_000.0
GOOD = {"status": "firing", "labels": {"alertname": "Good", "severity": "critical", "host": "h"}}
RECORD = {"kind": "alert", "ts": NOW - 5, "name": "Good", "entity": "h", "severity": "critical"}
HALF = "cut emoji \\ud83d"


def group(*alerts: str) -> str:
    return '{"version": "4", "status": "firing", "alerts": [' + ", ".join(alerts) + "]}"


def counts(http: Any, path: str, body: str | bytes) -> tuple[int, int, int]:
    answer = http.post(path, body)
    found = answer.json()
    assert found["accepted"] == len(http.inbox.records)
    assert found["rejected"] <= len(http.inbox.letters)
    assert len(found["problems"]) >= found["rejected"]
    return answer.status_code, found["accepted"], found["rejected"]


BAD_ALERT = '{"status": "firing", "labels": {"alertname": "Bad"}, "annotations": {"summary": "' + HALF + '"}}'


@pytest.mark.parametrize("path", ["/ingest/alertmanager", "/ingest/grafana"])
def test_half_an_emoji_costs_only_itself(http: Any, path: str) -> None:
    assert counts(http, path, group(BAD_ALERT, json.dumps(GOOD))) == (200, 2, 0)
    bad, good = http.inbox.records
    assert (bad.message, good.name) == ("cut emoji \ufffd", "Good")


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_half_an_emoji_in_what_prometheus_posts(http: Any, where: str) -> None:
    bad = '{"labels": {"alertname": "Bad"%s}, "annotations": {%s}}'
    piece = f'"text": "{HALF}"'
    bad = bad % ((", " + piece, "") if where == "labels" else ("", '"summary": "' + HALF + '"'))
    assert counts(http, "/api/v2/alerts", f"[{bad}, {json.dumps({'labels': GOOD['labels']})}]") == (200, 2, 0)
    assert [record.name for record in http.inbox.records] == ["Bad", "Good"]


def test_latin_1_in_one_label_of_what_prometheus_posts_costs_that_alert(http: Any) -> None:
    bad = b'{"labels": {"alertname": "Bad", "host": "m\xfc"}}'
    body = b"[" + bad + b", " + json.dumps({"labels": GOOD["labels"]}).encode() + b"]"
    assert counts(http, "/api/v2/alerts", body) == (400, 1, 1)
    assert http.inbox.letters[0].place == "$[0]"
    assert "not UTF-8" in http.inbox.letters[0].reason


def test_a_number_that_is_none_is_null_and_noted_with_its_place(http: Any) -> None:
    bad = '{"status": "firing", "labels": {"alertname": "Bad"}, "value": NaN}'
    assert counts(http, "/ingest/alertmanager", group(bad, json.dumps(GOOD))) == (200, 2, 0)
    [letter] = http.inbox.letters
    assert (letter.place, letter.reason) == (
        "$.alerts[0].value",
        "$.alerts[0].value: expected a number; got nan: taken as null",
    )


def test_a_number_that_is_needed_and_none_is_refused_with_its_item(http: Any) -> None:
    metric = '{"kind": "metric", "ts": 1772399995, "entity": "e", "name": "n", "value": %s}'
    body = f"[{metric % 'NaN'}, {metric % '1e999'}, {metric % '4.5'}, {json.dumps(RECORD)}]"
    assert counts(http, "/ingest/archive", body) == (400, 2, 2)
    refused = [letter for letter in http.inbox.letters if "null" not in letter.reason]
    assert [letter.place for letter in refused] == ["$[0]", "$[1]"]
    assert "$[0].value: expected float" in refused[0].reason


@pytest.mark.parametrize(
    "bad", ["7", "null", '"text"', "[]", '{"labels": []}', '{"labels": {"alertname": {}}}', "true"]
)
@pytest.mark.parametrize("path", ["/ingest/alertmanager", "/ingest/grafana"])
def test_an_alert_of_a_wrong_type_costs_itself(http: Any, path: str, bad: str) -> None:
    assert counts(http, path, group(json.dumps(GOOD), bad, json.dumps(GOOD))) == (400, 2, 1)
    [letter] = http.inbox.letters
    assert letter.place == "$.alerts[1]"
    assert "expected" in letter.reason
    assert "got" in letter.reason


@pytest.mark.parametrize("bad", ["7", "null", '{"labels": 5}', '{"labels": {}}', '{"labels": {"alertname": 5.5}}'])
def test_a_wrong_type_in_what_prometheus_posts_costs_itself(http: Any, bad: str) -> None:
    good = json.dumps({"labels": GOOD["labels"]})
    status, accepted, rejected = counts(http, "/api/v2/alerts", f"[{good}, {bad}, {good}]")
    assert accepted + rejected == 3
    assert [record.name for record in http.inbox.records].count("Good") == 2
    assert (status == 400) == (rejected == 1)


WRONG = {"ts": "soon", "name": 5, "labels": {"a": ["list"]}, "status": {"is": "firing"}, "starts_at": "yesterday"}


@pytest.mark.parametrize("field", WRONG)
@pytest.mark.parametrize("lines", [False, True])
def test_an_archive_record_of_a_wrong_type_costs_itself(http: Any, field: str, lines: bool) -> None:
    records = [RECORD, {**RECORD, field: WRONG[field]}, RECORD]
    body = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    status, accepted, rejected = counts(http, "/ingest/archive", body)
    if field == "status":
        # A status that is none is no reason to lose an alert.
        assert (status, accepted, rejected) == (200, 3, 0)
        return
    assert (status, accepted, rejected) == (400, 2, 1)
    [letter] = http.inbox.letters
    assert letter.place.startswith("line 2" if lines else "$[1]")
    assert field in letter.reason


@pytest.mark.parametrize("field", ["severity", "entity", "service", "message", "id", "key"])
def test_a_number_where_an_archive_record_has_text_is_text(http: Any, field: str) -> None:
    assert counts(http, "/ingest/archive", json.dumps([{**RECORD, field: 5}, RECORD])) == (200, 2, 0)
    assert getattr(http.inbox.records[0], field) == "5"


def test_a_bad_line_of_json_lines_costs_itself(http: Any) -> None:
    good = json.dumps(RECORD).encode()
    bad = [b'{"kind": "alert", "name": "m\xfc"}', b"{", b'{"kind": "alert", "ts": 1, "name": "' + HALF.encode() + b'"}']
    assert counts(http, "/ingest/archive", b"\xef\xbb\xbf" + b"\n".join([good, *bad, good])) == (400, 3, 2)
    assert [letter.place.split(":")[0] for letter in http.inbox.letters] == ["line 2", "line 3"]
    assert http.inbox.records[1].name == "cut emoji \ufffd"


def test_sns_carries_half_an_emoji_in_text_inside_text(http: Any) -> None:
    message = '{"AlarmName": "A", "NewStateValue": "ALARM", "NewStateReason": "' + HALF + '"}'
    assert counts(http, "/ingest/aws_cloudwatch_sns", json.dumps({"Type": "Notification", "Message": message})) == (
        200,
        1,
        0,
    )
    assert http.inbox.records[0].message == "cut emoji \ufffd"


def test_a_file_with_a_mark_and_half_an_emoji(tmp_path: Path) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    line = json.dumps(RECORD).encode()
    path.write_bytes(
        b"\xef\xbb\xbf" + line + b"\n" + line.replace(b"Good", HALF.encode()) + b"\nm\xfc\n" + line + b"\n"
    )
    source = FileSource("file", {"path": str(path)}, clock=lambda: NOW, sleep=lambda _: source.stop())
    source.run(inbox, None)
    assert [record.name for record in inbox.records if isinstance(record, Alert)] == [
        "Good",
        "cut emoji \ufffd",
        "Good",
    ]
    assert ["not UTF-8" in letter.reason for letter in inbox.letters] == [True]


def test_an_archive_with_a_mark_and_half_an_emoji_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    line = json.dumps(RECORD).encode()
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\n" + line.replace(b"Good", HALF.encode()) + b"\n" + b"m\xfc\n" + line)
    rejections = Rejections()
    names = [record.name for record in read([path], rejections) if isinstance(record, Alert)]
    assert names == ["Good", "cut emoji \ufffd", "Good"]
    assert [(one.line, one.expected) for one in rejections.kept] == [(3, "one JSON object")]

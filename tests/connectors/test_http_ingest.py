"""The HTTP source as senders see it: what is taken, what is refused, and what is said of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from typing import Any

import pytest
from aiops_connectors.http.source import HttpSource

from aiops.errors import UsageError
from aiops.http.auth import new_token, token_hash
from aiops.records import Alert, Change, Metric

NOW = 1_772_400_000.0
ALERT = {"kind": "alert", "ts": NOW - 5, "name": "DiskFull", "entity": "db-1", "id": "a-1"}
GROUP: dict[str, Any] = {
    "version": "4",
    "status": "firing",
    "alerts": [{"status": "firing", "labels": {"alertname": "Down", "host": "w1"}}],
}


def test_an_alertmanager_group_is_taken(http: Any) -> None:
    answer = http.post("/ingest/alertmanager", GROUP)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    [alert] = http.inbox.records
    assert isinstance(alert, Alert)
    assert (alert.name, alert.entity, alert.ts) == ("Down", "w1", NOW)
    assert alert.id


def test_ids_are_unique_over_requests(http: Any) -> None:
    for _ in range(3):
        http.post("/ingest/alertmanager", {"alerts": GROUP["alerts"] * 2})
    ids = [record.id for record in http.inbox.records]
    assert len(set(ids)) == 6


def test_good_alerts_of_a_batch_are_kept_and_the_bad_are_told(http: Any) -> None:
    answer = http.post("/ingest/alertmanager", {"alerts": [*GROUP["alerts"], {"labels": {}}, 3]})
    assert answer.status_code == 400
    found = answer.json()
    assert (found["accepted"], found["rejected"]) == (1, 2)
    assert [problem["place"] for problem in found["problems"]] == ["$.alerts[1]", "$.alerts[2]"]
    assert len(http.inbox.records) == 1
    assert [letter.source for letter in http.inbox.letters] == ["http/alertmanager"] * 2
    assert json.loads(http.inbox.letters[0].raw) == {"labels": {}}


def test_alerts_that_the_sender_left_out_are_told_to_people(http: Any) -> None:
    answer = http.post("/ingest/alertmanager", {**GROUP, "truncatedAlerts": 7})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 1, 0)
    assert "7 items" in http.inbox.letters[0].reason


@pytest.mark.parametrize(
    ("body", "kind", "names"),
    [
        (json.dumps(ALERT), "application/json", ["DiskFull"]),
        (json.dumps(ALERT, indent=2), "application/json", ["DiskFull"]),
        (json.dumps([ALERT, ALERT]), "application/json", ["DiskFull", "DiskFull"]),
        (json.dumps(ALERT) + "\n" + json.dumps(ALERT) + "\n", "application/x-ndjson", ["DiskFull", "DiskFull"]),
        (json.dumps(ALERT) + "\n\n" + json.dumps(ALERT), "", ["DiskFull", "DiskFull"]),
    ],
)
def test_archive_records_in_every_form(http: Any, body: str, kind: str, names: list[str]) -> None:
    answer = http.post("/ingest/archive", body, headers={"content-type": kind})
    assert answer.status_code == 200, answer.text
    assert [record.name for record in http.inbox.records] == names


def test_archive_records_of_every_kind(http: Any) -> None:
    metric = {"kind": "metric", "ts": NOW, "entity": "web", "name": "cpu", "value": 1}
    change = {"kind": "change", "ts": "2026-03-01T10:00:00Z", "entity": "web", "name": "deploy"}
    assert http.post("/ingest/archive", [ALERT, metric, change]).json()["accepted"] == 3
    assert [type(record) for record in http.inbox.records] == [Alert, Metric, Change]
    assert http.inbox.records[0].id == "a-1"
    assert all(record.id for record in http.inbox.records)


@pytest.mark.parametrize(
    ("records", "accepted", "place"),
    [
        ([ALERT, {"kind": "alert", "ts": "soon", "name": "x"}], 1, "$[1]"),
        ([{"kind": "action", "ts": NOW, "verb": "resolve"}, ALERT], 1, "$[0]"),
        ([{"kind": "tick", "ts": NOW}], 0, "$[0]"),
        ([{**ALERT, "ts": NOW + 86_400}, ALERT], 1, "record 0"),
        ([{**ALERT, "labels": {f"l{n}": "v" for n in range(500)}}], 0, "record 0"),
        ("text", 0, "$"),
    ],
)
def test_records_that_do_not_fit_are_told(http: Any, records: Any, accepted: int, place: str) -> None:
    answer = http.post("/ingest/archive", json.dumps(records))
    assert (answer.status_code, answer.json()["accepted"]) == (400, accepted)
    assert answer.json()["problems"][0]["place"] == place
    assert len(http.inbox.records) == accepted


def test_a_bad_line_is_told_with_its_number(http: Any) -> None:
    answer = http.post("/ingest/archive", f"{json.dumps(ALERT)}\nnot json\n{json.dumps(ALERT)}\n")
    assert (answer.status_code, answer.json()["accepted"]) == (400, 2)
    assert answer.json()["problems"][0]["place"].startswith("line 2")


EVENT = {"specversion": "1.0", "id": "e1", "source": "/shop", "type": "disk.full", "subject": "db-1"}


def test_cloudevents_structured_and_batch(http: Any) -> None:
    event = {**EVENT, "data": {"severity": "critical", "message": "97 %"}}
    headers = {"content-type": "application/cloudevents+json"}
    assert http.post("/ingest/cloudevents", event, headers=headers).status_code == 200
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = http.post("/ingest/cloudevents", [event, {**event, "specversion": "0.3"}, 5], headers=headers)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (400, 1, 2)
    found = http.inbox.records
    assert [(record.name, record.id, record.severity) for record in found] == [
        ("disk.full", "/shop#e1", "critical")
    ] * 2


def test_cloudevents_binary(http: Any) -> None:
    headers = {f"ce-{name}": value for name, value in EVENT.items()} | {"content-type": "application/json"}
    assert http.post("/ingest/cloudevents", {"severity": "info"}, headers=headers).status_code == 200
    assert http.post("/ingest/cloudevents", ALERT, headers=headers).status_code == 200
    assert [record.name for record in http.inbox.records] == ["disk.full", "DiskFull"]


def test_cloudevents_that_hold_a_tool_s_payload(http: Any) -> None:
    assert http.post("/ingest/alertmanager", {**EVENT, "data": GROUP}).json()["accepted"] == 1


def prometheus(**more: Any) -> dict[str, Any]:
    labels = {"alertname": "HighLoad", "instance": "w1:9100", "severity": "critical"}
    return {"labels": labels, "annotations": {"summary": "load"}, "startsAt": "2026-03-01T21:00:00Z", **more}


def test_prometheus_posts_leases(http: Any) -> None:
    lease, over = "2026-03-01T21:24:00Z", "2026-03-01T21:10:00.000Z"
    batch = [prometheus(endsAt=lease), prometheus(endsAt=over), prometheus()]
    assert http.post("/api/v2/alerts", batch).status_code == 200
    firing, resolved, endless = http.inbox.records
    assert isinstance(firing, Alert)
    assert isinstance(resolved, Alert)
    assert isinstance(endless, Alert)
    assert (firing.status, firing.ends_at, firing.entity, firing.severity) == ("firing", NOW + 240, "w1", "critical")
    assert (resolved.status, resolved.ends_at, resolved.ts) == ("resolved", NOW - 600, NOW - 600)
    assert (endless.status, endless.ends_at) == ("firing", NOW + 300)
    assert firing.labels == resolved.labels


@pytest.mark.parametrize("body", [{}, "not json", [{"labels": {}}], [7]])
def test_what_prometheus_does_not_post_is_refused(http: Any, body: Any) -> None:
    assert http.post("/api/v2/alerts", body).status_code == 400


@pytest.mark.skipif(shutil.which("amtool") is None, reason="needs amtool (Debian: prometheus-alertmanager)")
def test_amtool_adds_an_alert(http: Any) -> None:
    url = f"--alertmanager.url=http://127.0.0.1:{http.port}"
    subprocess.run(["amtool", "alert", "add", url, "alertname=FromAmtool", "node=n1"], check=True, timeout=300)
    [alert] = http.inbox.records
    assert isinstance(alert, Alert)
    assert (alert.name, alert.entity) == ("FromAmtool", "n1")


def test_a_full_engine_answers_503_and_took_nothing(http: Any) -> None:
    http.inbox.full = True
    answer = http.post("/ingest/alertmanager", GROUP)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert http.inbox.records == []


def test_a_broken_journal_answers_503(http: Any) -> None:
    http.inbox.broken = True
    answer = http.post("/ingest/alertmanager", GROUP)
    assert answer.status_code == 503
    assert "space" not in answer.text


def test_an_unknown_connector_lists_what_there_is(http: Any) -> None:
    answer = http.post("/ingest/nothing", {})
    assert answer.status_code == 404
    assert "alertmanager" in answer.json()["error"]
    assert http.client.delete("/ingest/alertmanager").status_code == 405


def test_a_foreign_page_cannot_use_the_browser(http: Any) -> None:
    for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "null"}):
        assert http.post("/ingest/alertmanager", GROUP, headers=headers).status_code == 403
    own = {"origin": f"http://127.0.0.1:{http.port}"}
    assert http.post("/ingest/alertmanager", GROUP, headers=own).status_code == 200


def test_tokens_are_asked_for(monkeypatch: pytest.MonkeyPatch, serving: Any, caplog: pytest.LogCaptureFixture) -> None:
    token, other = new_token(), new_token()
    monkeypatch.setenv("OTHER_TOKEN", other)
    tokens = [
        {"name": "am", "scopes": ["ingest"], "sha256": token_hash(token)},
        {"name": "page", "scopes": ["read"], "env": "OTHER_TOKEN"},
    ]
    with serving(tokens=tokens) as http:
        for authorization, status in [
            (None, 401),
            (f"Bearer {new_token()}", 401),
            (f"Basic {token}", 401),
            (f"Bearer {token_hash(token)}", 401),
            (f"Bearer {other}", 403),
            (f"Bearer {token}", 200),
            (f"bearer {token}", 200),
        ]:
            headers = {"authorization": authorization} if authorization is not None else {}
            answer = http.post("/ingest/alertmanager", GROUP, headers=headers)
            assert answer.status_code == status, authorization
            assert token not in answer.text
        assert len(http.inbox.records) == 2
    refused = [record.getMessage() for record in caplog.records if "a sender was refused" in record.getMessage()]
    assert len(refused) == 5
    assert all(token not in line and other not in line for line in refused)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "tokens"),
        ({"port": -1}, "port"),
        ({"unknown": 1}, "unknown"),
        ({"certfile": "x"}, "keyfile"),
        ({"connectors": {"x": {}}}, "mapping"),
        ({"tokens": [{"name": "a", "scopes": ["ingest"]}]}, "sha256 or env"),
        ({"tokens": [{"name": "a", "scopes": ["ingest"], "env": "NOT_SET"}]}, "NOT_SET"),
        ({"connectors": {"grafana": {"signature": {"scheme": "grafana", "secret_env": "NOT_SET"}}}}, "NOT_SET"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        HttpSource("http", options)


def test_many_senders_at_once(http: Any) -> None:
    def send(number: int) -> None:
        for turn in range(5):
            body = [{**ALERT, "id": f"{number}-{turn}-{k}"} for k in range(8)]
            assert http.post("/ingest/archive", body).status_code == 200

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({record.id for record in http.inbox.records}) == 8 * 5 * 8


def test_health_counts(http: Any) -> None:
    before = http.source.health()
    http.post("/ingest/alertmanager", {"alerts": [*GROUP["alerts"], 3]})
    after = http.source.health()
    assert after["accepted"] == before["accepted"] + 1
    assert after["rejected"] == before["rejected"] + 1
    assert (after["waiting"], after["held_bytes"]) == (0, 0)

"""The API over a real engine and store: lists, details, actions, silences, outbox, and what is refused."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, new_token, token_hash
from aiops.store.outbox import OutboxTable
from aiops.web import forms, operations

NOW = 1_772_400_000.0


def test_incidents_are_listed_and_shown(site: Any) -> None:
    [line] = site.client.get("/api/v1/incidents").json()["incidents"]
    assert (line["id"], line["status"], line["severity"]) == (site.incident, "open", "critical")
    found = site.client.get(f"/api/v1/incidents/{site.incident}").json()
    assert found["incident"]["id"] == site.incident
    assert found["incident"]["members"]
    assert site.client.get("/api/v1/incidents?status=resolved,merged").json()["incidents"] == []
    assert site.client.get("/api/v1/incidents?min_severity=high").json()["incidents"] != []


def test_incidents_are_searched(site: Any) -> None:
    found = site.client.get("/api/v1/incidents", params={"q": "service:checkout -storm:yes", "facets": "true"}).json()
    assert [line["id"] for line in found["incidents"]] == [site.incident]
    assert (found["total"], found["facets"]["severity"]) == (1, {"critical": 1})
    for query in ({"q": "sevice:x"}, {"q": '"'}, {"q": "a " * 50}, {"sort": "size"}, {"facets": "maybe"}):
        answer = site.client.get("/api/v1/incidents", params=query)
        assert (answer.status_code, list(answer.json())) == (400, ["error"]), query


def test_pages_of_a_list_are_whole(site: Any, history: Callable[..., None]) -> None:
    history(site.host, 25)
    seen: list[str] = []
    query = {"limit": "4"}
    while True:
        page = site.client.get("/api/v1/incidents", params=query).json()
        seen += [line["id"] for line in page["incidents"]]
        if page.get("next") is None:
            break
        query["before"] = page["next"]
    assert len(seen) == len(set(seen)) == 26


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("acknowledge", {}, "acknowledged"),
        ("resolve", {"message": "restarted it"}, "resolved"),
        ("confirm-cause", {"entity": "checkout"}, None),
        ("confirm-grouping", {"wrong": ["a-0-2"]}, None),
        ("confirm-playbook", {"playbook": "restart", "outcome": "helped"}, None),
    ],
)
def test_actions_reach_the_engine(site: Any, path: str, body: dict[str, Any], status: str | None) -> None:
    answer = site.client.post(f"/api/v1/incidents/{site.incident}/{path}", json=body)
    assert (answer.status_code, answer.json()["applied"]) == (200, True), answer.text
    found = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]
    assert status is None or found["status"] == status
    entries = site.client.get("/api/v1/audit").json()["entries"]
    assert entries[-1]["actor"] == "local" or entries[-2]["actor"] == "local"


def test_a_confirmed_cause_is_in_the_incident(site: Any) -> None:
    site.client.post(f"/api/v1/incidents/{site.incident}/confirm-cause", json={"entity": "checkout"})
    found = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]
    assert any("cause confirmed: checkout" in sentence for sentence in found["explanation"])


def test_silences_once_and_recurring(site: Any) -> None:
    matchers = [{"label": "service", "op": "=", "value": "checkout"}]
    once = {"matchers": matchers, "until": "2026-03-02T00:00:00Z", "id": "once", "comment": "deploy"}
    weekly = {"matchers": matchers, "from": NOW - 50, "until": NOW + 3_600, "every": "week"}
    assert site.client.post("/api/v1/silences", json=once).status_code == 201
    assert site.client.post("/api/v1/silences", json=weekly).status_code == 201
    found = site.client.get("/api/v1/silences").json()["silences"]
    assert {silence["every"] for silence in found} == {None, "week"}
    assert site.client.delete("/api/v1/silences/once").status_code == 200
    assert site.client.delete("/api/v1/silences/once").status_code == 404
    assert len(site.client.get("/api/v1/silences").json()["silences"]) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": [{"label": "a", "op": "~", "value": "b"}]}, "op"),
        ({"matchers": [{"label": "a", "op": "=~", "value": "("}]}, ""),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"until": 1e400}, ""),
        ({"every": "year"}, "every"),
        ({"every": "month", "days": [0]}, "days"),
        ({"weekdays": ["mon"]}, "expected every = week"),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"until": "nan"}, "until"),
        ({"until": 1e300}, "until"),
        ({"from": "inf"}, "from"),
        ({"from": NOW - 60, "until": NOW - 1}, "expected a time to come; it ended"),
        ({"matchers": [{"label": "nosuch", "op": "!=", "value": "x"}]}, "lacks these labels"),
        ({"matchers": ["alertname=~.*"]}, "lacks these labels"),
        ({"matchers": ['a="b']}, "closing"),
        ({"every": "day", "until": NOW + 90_000}, "recurs"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_silences_that_do_not_fit_are_told(lasting: Any, change: dict[str, Any], said: str) -> None:
    body = {"matchers": [{"label": "a", "op": "=", "value": "b"}], "until": NOW + 60} | change
    answer = lasting.client.post("/api/v1/silences", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert lasting.client.get("/api/v1/silences").json()["silences"] == []


JSON = {"content-type": "application/json"}


def test_a_silence_is_previewed_before_it_is_set(site: Any) -> None:
    body = {"matchers": ['service="checkout"'], "until": NOW + 7_200, "every": "day", "zone": "Europe/Berlin"}
    found = site.client.post("/api/v1/silences/preview", json=body).json()
    assert (found["streams"], found["firing"], found["incidents"]) == (3, 3, 1)
    assert "CheckoutErrors on checkout" in found["examples"]
    assert [one["start"] for one in found["windows"]] == [NOW, NOW + 86_400, NOW + 2 * 86_400]
    assert site.client.get("/api/v1/silences").json()["silences"] == []
    nothing = {"matchers": ["service=cart"], "until": NOW + 60}
    assert site.client.post("/api/v1/silences/preview", json=nothing).json()["streams"] == 0
    wrong = {"matchers": ["service!=cart"], "until": NOW + 60}
    assert site.client.post("/api/v1/silences/preview", json=wrong).status_code == 400


def test_a_window_on_days_of_a_zone_is_listed(site: Any) -> None:
    matchers = ['"host.name"=~"web-\\d+"', {"label": "app.kubernetes.io/name", "op": "=", "value": "checkout"}]
    weekly = {
        "matchers": matchers,
        "from": "2026-03-02T02:00",
        "until": "2026-03-02T04:00",
        "every": "week",
        "weekdays": ["tue", "mon"],
        "zone": "Europe/Berlin",
    }
    monthly = {**weekly, "every": "month", "weekdays": [], "days": [1, -1]}
    for body in (weekly, monthly):
        assert site.client.post("/api/v1/silences", json=body).status_code == 201
    one, two = site.client.get("/api/v1/silences").json()["silences"]
    assert (one["start"], one["end"]) == (1_772_413_200.0, 1_772_420_400.0)
    assert (one["every"], one["zone"], one["weekdays"]) == ("week", "Europe/Berlin", ["mon", "tue"])
    assert (two["every"], two["days"]) == ("month", [-1, 1])
    assert one["matchers"][0] == {"label": "host.name", "op": "=~", "value": "web-\\d+"}


def test_the_outbox_is_listed_retried_and_dropped(site: Any) -> None:
    rows = site.client.get("/api/v1/outbox").json()["deliveries"]
    assert {row["state"] for row in rows} == {"dead", "due"}
    assert all("body" not in row for row in rows)
    [dead] = site.client.get("/api/v1/outbox?state=dead&endpoint=pager").json()["deliveries"]
    assert (dead["last_status"], dead["last_error"]) == (400, "400: no such key")
    assert site.client.post("/api/v1/outbox/retry", json={"ids": [dead["id"]]}).json() == {"count": 1}
    outbox: OutboxTable = site.host.store.outbox
    outbox.dead(outbox.claim(NOW, 1, ["pager"])[0].id, "again", NOW)
    assert site.client.post("/api/v1/outbox/drop", json={}).json() == {"count": 1}
    assert site.client.post("/api/v1/outbox/drop", json={}).json() == {"count": 0}
    entries = [one for one in site.client.get("/api/v1/audit").json()["entries"] if one["topic"] == "outbox"]
    assert [one["text"].split(" to ")[1] for one in entries] == [
        "pager is sent again; it was dead",
        "pager was dropped; it was dead",
    ]
    assert all(one["actor"] and one["incident"] == dead["incident"] for one in entries)


def test_a_disabled_endpoint_is_listed_and_enabled(site: Any) -> None:
    [one] = site.client.get("/api/v1/endpoints").json()["endpoints"]
    assert (one["name"], one["ok"], one["disabled"]) == ("pager", False, True)
    answer = site.client.post("/api/v1/endpoints/pager/enable", json={"reason": "it is back"})
    assert (answer.status_code, answer.json()) == (200, {"enabled": True})
    assert site.host.delivery.asked == [("pager", "local", "it is back")]
    assert site.client.post("/api/v1/endpoints/pager/enable", json={}).json() == {"enabled": False}
    assert site.client.post("/api/v1/endpoints/nobody/enable", json={}).status_code == 404
    [one] = site.client.get("/api/v1/endpoints").json()["endpoints"]
    # It is in use again; what could not be delivered before is still there.
    assert (one["disabled"], one["ok"], one["undelivered"]) == (False, False, 1)


def test_rejected_input_is_listed_without_what_was_in_it(site: Any) -> None:
    answer = site.client.get("/api/v1/dead-letters")
    [letter] = answer.json()["letters"]
    assert (letter["place"], letter["size"]) == ("$[3].ts", 11)
    assert "secret body" not in answer.text


def test_probes_and_metrics(site: Any) -> None:
    assert site.client.get("/healthz").json() == {"status": "ok"}
    assert site.client.get("/readyz").status_code == 200
    metrics = site.client.get("/metrics")
    assert "aiops_up 1" in metrics.text
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    site.host.status = "degraded"
    assert site.client.get("/readyz").status_code == 503
    assert site.client.get("/healthz").status_code == 200
    site.host.status = "failed"
    assert site.client.get("/healthz").status_code == 503
    assert "/var/lib" not in site.client.get("/healthz").text
    assert site.client.get("/api/v1/health").json()["health"]["status"] == "failed"


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/v1/incidents/nothing", {}, 404),
        ("POST", "/api/v1/incidents/nothing/resolve", {"json": {}}, 404),
        ("GET", "/api/v1/incidents?limit=0", {}, 400),
        ("GET", "/api/v1/incidents?limit=1&limit=2", {}, 400),
        ("GET", "/api/v1/incidents?unknown=1", {}, 400),
        ("GET", "/api/v1/incidents?before=x~y", {}, 400),
        ("GET", "/api/v1/nothing", {}, 404),
        ("PUT", "/api/v1/incidents", {}, 405),
        ("POST", "/api/v1/outbox/drop", {"content": b"{}"}, 415),
        ("POST", "/api/v1/outbox/drop", {"content": b"ids=1", "headers": {"content-type": "text/plain"}}, 415),
        ("POST", "/api/v1/outbox/drop", {"content": b"{", "headers": JSON}, 400),
        ("POST", "/api/v1/outbox/drop", {"content": b"[" * 100_000, "headers": JSON}, 400),
        ("POST", "/api/v1/outbox/drop", {"content": b" " * 300_000, "headers": JSON}, 413),
        ("POST", "/api/v1/outbox/drop", {"json": {"ids": ["x"]}}, 400),
        ("POST", "/api/v1/outbox/drop", {"json": {}, "headers": {"origin": "https://evil.example"}}, 403),
        ("GET", "/api/v1/incidents", {"headers": {"host": "evil.example"}}, 403),
    ],
)
def test_what_is_refused(lasting: Any, method: str, path: str, more: dict[str, Any], status: int) -> None:
    answer = lasting.client.request(method, path, **more)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("path", "kind"), [("/api/v1/outbox/drop", "application/json"), ("/silences", "application/x-www-form-urlencoded")]
)
def test_a_slow_body_is_given_up(lasting: Any, path: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "BODY_TIMEOUT_S", 0.2)
    monkeypatch.setattr(forms, "FORM_TIMEOUT_S", 0.2)
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{lasting.port}\r\norigin: {lasting.origin['origin']}\r\n"
    with socket.create_connection(("127.0.0.1", lasting.port), timeout=300) as sock:
        sock.sendall(f"{head}content-type: {kind}\r\ncontent-length: 50\r\n\r\n{{".encode())
        assert sock.recv(200).startswith(b"HTTP/1.1 408 ")


def test_a_busy_engine_is_told(site: Any) -> None:
    site.host.busy = True
    answer = site.client.post(f"/api/v1/incidents/{site.incident}/resolve", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_action_that_does_not_apply_is_a_conflict(site: Any, history: Callable[..., None]) -> None:
    history(site.host, 1)
    answer = site.client.post("/api/v1/incidents/old-000/acknowledge", json={})
    assert answer.status_code == 409
    assert "old-000" in answer.json()["error"]


def test_tokens_and_scopes(tmp_path: Path, serve: Callable[..., Any]) -> None:
    reader, writer, sender = new_token(), new_token(), new_token()
    tokens = [
        Token("reader", ["read"], token_hash(reader)),
        Token("writer", ["write"], token_hash(writer)),
        Token("sender", ["ingest"], token_hash(sender)),
    ]
    with serve(tmp_path, tokens) as site:
        resolve = f"/api/v1/incidents/{site.incident}/resolve"
        for token, read, write in (
            (None, 401, 401),
            ("x" * 50, 401, 401),
            (sender, 403, 403),
            (reader, 200, 403),
            (writer, 200, 200),
        ):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            for path in ("/api/v1/incidents", "/metrics", "/api/v1/openapi.json", "/api/v1/dead-letters"):
                assert site.client.get(path, headers=headers).status_code == read
            assert site.client.post(resolve, json={}, headers=headers).status_code == write
        assert site.client.get("/healthz").status_code == 200
        entries = site.client.get("/api/v1/audit", headers={"authorization": f"Bearer {reader}"}).json()["entries"]
        assert [entry["actor"] for entry in entries if entry["topic"] == "feedback"] == ["writer"]


def test_an_address_of_thousands_of_parameters_is_refused_at_once(site: Any) -> None:
    query = "&".join(f"a{n}=b" for n in range(7_000))
    began = time.process_time()
    answers = [site.client.get(f"/api/v1/incidents?{query}{more}") for more in ("", "&a0=c")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "a0 once; got it 2 times" in answers[1].json()["error"]
    # Counting each name anew took 0.5 s each, of the loop that answers everybody.
    assert time.process_time() - began < 0.5

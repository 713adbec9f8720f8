"""Notifications of a real daemon over HTTP: what joins is said, what an alert said is shown, in the default policy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from aiops.testing.daemon_process import spawn
from aiops.testing.receiver import Receiver, receiving
from tests.app.test_run import free_port, wait_listening
from tests.web.test_daemon import wait_for

Site = tuple[httpx2.Client, Receiver]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory, port = tmp_path_factory.mktemp("notifications"), free_port()
    with receiving() as receiver:
        config = directory / "aiops.toml"
        config.write_text(
            f'[state]\ndirectory = "{directory / "state"}"\n[http]\nport = {port}\n'
            f'[[endpoints]]\nname = "hook"\ntype = "webhook"\nupdate_every_s = 1\n'
            f'options = {{ url = "{receiver.url}/hook", allow_private = true }}\n'
        )
        process = spawn(config, directory / "state", directory / "log")
        try:
            process.wait_ready()
            wait_listening(port)
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                yield client, receiver
        finally:
            process.stop()


def post(client: httpx2.Client, labels: dict[str, str], annotations: dict[str, str] | None = None) -> None:
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": annotations or {},
        "startsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prom.example/graph",
    }
    answer = client.post("/ingest/alertmanager", json={"version": "4", "status": "firing", "alerts": [alert]})
    assert answer.status_code == 200, answer.text


def sent(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body)["data"] for request in receiver.requests]


def test_a_critical_alert_that_joins_a_known_incident_is_notified(site: Site) -> None:
    client, receiver = site
    # On one node, so that the correlator ties them together.
    post(client, {"alertname": "ApiErrors", "service": "api", "severity": "critical", "instance": "node-1"})
    wait_for(lambda: sent(receiver))
    post(client, {"alertname": "PaymentsDown", "service": "payments", "severity": "critical", "instance": "node-1"})
    wait_for(lambda: any("PaymentsDown" in str(one.get("news")) for one in sent(receiver)))
    told = next(one for one in sent(receiver) if "PaymentsDown" in str(one.get("news")))
    assert told["change"] == "updated"
    assert told["news"][0] == "new: PaymentsDown on payments (critical)"
    assert told["incident"]["id"] == sent(receiver)[0]["incident"]["id"]


def test_what_the_alert_said_and_its_links_are_on_page_api_and_message(site: Site) -> None:
    client, receiver = site
    annotations = {
        "summary": "SUMMARYMARK <b>full</b> in 2 h",
        "description": "DESCMARK 94 % used",
        "runbook_url": "https://runbooks.example/RUNBOOKMARK",
    }
    post(client, {"alertname": "DiskWillFill", "instance": "db9", "severity": "critical"}, annotations)

    def incident() -> dict[str, Any]:
        lines = client.get("/api/v1/incidents").json()["incidents"]
        return next((line for line in lines if "DiskWillFill" in line["title"]), {})

    wait_for(incident)
    name = incident()["id"]
    wait_for(lambda: any(one["incident"]["id"] == name for one in sent(receiver)))
    told = json.dumps(next(one for one in sent(receiver) if one["incident"]["id"] == name))
    shown = json.dumps(client.get(f"/api/v1/incidents/{name}").json())
    page = client.get(f"/incidents/{name}").text
    for text in (told, shown, page):
        for mark in ("SUMMARYMARK", "DESCMARK", "http://prom.example/graph", "https://runbooks.example/RUNBOOKMARK"):
            assert mark in text, mark
    assert "<b>full" not in page

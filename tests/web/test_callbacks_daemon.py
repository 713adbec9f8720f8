"""The daemon as it ships beside a pager: people acknowledge and resolve there, and no report goes round."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.testing.receiver import Receiver, receiving
from aiops.testing.receiver import Reply as Received
from tests.web.test_daemon import free_port, ready, wait_for

SECRET = "the-secret-of-the-webhook"
CONFIG = """
[state]
directory = "{directory}/state"
[http]
port = {port}
[[endpoints]]
name = "pager"
type = "pagerduty"
update_every_s = 0
[endpoints.options]
routing_key_env = "PAGER_KEY"
base_url = "{url}"
allow_private = true
callback_secret_env = "PAGER_BACK"
"""


class Beside:
    """A daemon, and what its pager received."""

    def __init__(self, client: httpx2.Client, pager: Receiver) -> None:
        self.client = client
        self.pager = pager

    def events(self) -> list[str]:
        """The actions of the events that the pager got."""
        return [json.loads(request.body)["event_action"] for request in self.pager.requests]

    def incident(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.client.get("/api/v1/incidents").json()["incidents"]
        return found[0]

    def report(self, kind: str, number: str, key: str, agent: str = "user_reference", secret: str = SECRET) -> int:
        at = datetime.now(UTC).isoformat()
        event = {"id": number, "event_type": kind, "occurred_at": at, "agent": {"type": agent, "summary": "Ann Lee"}}
        body = json.dumps({"event": {**event, "data": {"incident_key": key}}}).encode()
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-pagerduty-signature": f"v1={signed}"}
        return self.client.post("/callbacks/pager", content=body, headers=headers).status_code


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    port = free_port()
    with receiving() as pager:
        pager.replies = [Received(202, b'{"status": "success"}')]
        config = tmp_path / "aiops.toml"
        config.write_text(CONFIG.format(directory=tmp_path, port=port, url=pager.url))
        environment = {**os.environ, "PAGER_KEY": "k" * 32, "PAGER_BACK": SECRET}
        command = [sys.executable, "-m", "aiops.cli", "run", "--config", str(config)]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                wait_for(lambda: ready(client), tmp_path / "log")
                yield Beside(client, pager)
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
            assert SECRET not in (tmp_path / "log").read_text()
        finally:
            process.kill()
            process.wait()


def test_a_person_at_the_pager_acknowledges_and_resolves_once(beside: Beside) -> None:
    alert = {"name": "Disk full", "host": "db-1", "severity": "critical", "status": "firing", "dedup_key": "d-1"}
    assert beside.client.post("/ingest/webhook", json=alert).status_code == 200
    wait_for(lambda: "trigger" in beside.events())
    key = json.loads(beside.pager.requests[0].body)["dedup_key"]
    assert beside.report("incident.acknowledged", "e-0", key, secret="another") == 401
    assert beside.report("incident.acknowledged", "e-0", "of-others") == 200
    assert beside.incident()["status"] == "open"

    assert beside.report("incident.acknowledged", "e-1", key) == 200
    assert beside.incident()["status"] == "acknowledged"
    wait_for(lambda: "acknowledge" in beside.events())
    # PagerDuty reports what our own event did, by an integration; and repeats what it did not see answered.
    assert beside.report("incident.acknowledged", "e-2", key, "integration_reference") == 200
    assert beside.report("incident.acknowledged", "e-1", key) == 200

    assert beside.report("incident.resolved", "e-3", key) == 200
    assert beside.incident()["status"] == "resolved"
    wait_for(lambda: "resolve" in beside.events())
    for number in ("e-3", "e-4"):
        assert beside.report("incident.resolved", number, key) == 200
    detail = beside.client.get(f"/api/v1/incidents/{beside.incident()['id']}").json()
    assert [kind for kind in beside.events() if kind != "trigger"] == ["acknowledge", "resolve"], "nothing goes round"
    assert detail["incident"]["status"] == "resolved"

"""The daemon as it ships: alerts in over HTTP, an incident out through API and page, tokens from its configuration."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.http.auth import new_token, token_hash
from aiops.testing.daemon_process import spawn
from tests.web.events import EventReader

START_S = 120.0
TOKEN = new_token()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    directory, port = tmp_path_factory.mktemp("daemon"), free_port()
    config = directory / "aiops.toml"
    config.write_text(
        f'[state]\ndirectory = "{directory}/state"\n[http]\nport = {port}\n'
        f'[[http.options.tokens]]\nname = "tester"\nscopes = ["ingest", "write"]\nsha256 = "{token_hash(TOKEN)}"\n'
    )
    command = [sys.executable, "-m", "aiops.cli", "run", "--config", str(config)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=300) as client:
            wait_for(lambda: ready(client), directory / "log")
            yield client
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
        assert TOKEN not in (directory / "log").read_text()
    finally:
        process.kill()
        process.wait()


def ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def wait_for(reached: Any, log: Path | None = None) -> None:
    deadline = time.monotonic() + START_S
    while not reached():
        assert time.monotonic() < deadline, log.read_text() if log is not None else "too late"
        time.sleep(0.05)


def storm(now: float) -> dict[str, Any]:
    alerts = [
        {
            "status": "firing",
            "labels": {
                "alertname": f"Rule{rule}",
                "instance": f"web-{host}:9100",
                "service": "shop",
                "severity": "critical",
            },
            "annotations": {"summary": "<b>it burns</b>"},
            "startsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        }
        for rule in range(4)
        for host in range(3)
    ]
    return {"version": "4", "alerts": alerts}


def test_alerts_become_an_incident_that_people_can_act_on(daemon: httpx2.Client) -> None:
    answer = daemon.post("/ingest/alertmanager", json=storm(time.time()))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 12)
    wait_for(lambda: daemon.get("/api/v1/incidents").json()["incidents"])
    name = daemon.get("/api/v1/incidents").json()["incidents"][0]["id"]
    assert daemon.get(f"/incidents/{name}").status_code == 200
    done = daemon.post(f"/api/v1/incidents/{name}/acknowledge", json={})
    assert (done.status_code, done.json()["applied"]) == (200, True), done.text
    assert daemon.get(f"/api/v1/incidents/{name}").json()["incident"]["status"] == "acknowledged"
    actors = [entry["actor"] for entry in daemon.get("/api/v1/audit").json()["entries"]]
    assert "tester" in actors


def test_a_silence_reaches_the_engine_and_is_listed(daemon: httpx2.Client) -> None:
    matchers = [{"label": "service", "op": "=", "value": "elsewhere"}]
    done = daemon.post("/api/v1/silences", json={"matchers": matchers, "until": time.time() + 60, "id": "s1"})
    assert done.status_code == 201, done.text
    wait_for(lambda: [one["id"] for one in daemon.get("/api/v1/silences").json()["silences"]] == ["s1"])


def test_rejected_input_is_kept_and_counted(daemon: httpx2.Client) -> None:
    answer = daemon.post("/ingest/archive", json=[{"kind": "alert", "ts": "never", "name": "x"}])
    assert answer.status_code == 400
    wait_for(lambda: daemon.get("/api/v1/dead-letters").json()["letters"])
    assert daemon.get("/api/v1/dead-letters").json()["letters"][0]["source"] == "http/archive"


def test_metrics_and_health_are_there_for_those_with_a_token(daemon: httpx2.Client) -> None:
    assert "aiops_alerts_total" in daemon.get("/metrics").text
    assert daemon.get("/api/v1/health").json()["health"]["sources"]["http"]["ok"] is True
    for path in ("/metrics", "/api/v1/health", "/api/v1/incidents"):
        assert daemon.get(path, headers={"authorization": "Bearer no"}).status_code == 401
    assert daemon.post("/ingest/archive", json=[], headers={"authorization": ""}).status_code == 401


def test_a_stop_does_not_wait_for_live_updates(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "aiops.toml").write_text(f'[state]\ndirectory = "{tmp_path}/state"\n[http]\nport = {port}\n')
    daemon = spawn(tmp_path / "aiops.toml", tmp_path / "state", tmp_path / "log")
    daemon.wait_ready()
    with ExitStack() as opened:
        streams = [opened.enter_context(EventReader(port)) for _ in range(20)]
        for stream in streams:
            stream.until("hello")
        begun = time.monotonic()
        daemon.signal(signal.SIGTERM)
        for stream in streams:
            assert stream.read() is None
        ended = time.monotonic() - begun
        assert daemon.wait() == 0
    # Requests under way would have five seconds, all of the stop ten.
    assert ended < 4.0

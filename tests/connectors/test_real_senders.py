"""Debian's Prometheus and Alertmanager send to a live daemon, which knows them by basic authentication."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.http.auth import new_token, token_hash
from aiops.testing.daemon_process import DaemonProcess, spawn

# Prometheus starts within seconds; a busy machine may take many times as long.
DEADLINE_S = 120.0
TOKEN = new_token()
NEEDED = ("prometheus", "prometheus-alertmanager", "amtool")

pytestmark = pytest.mark.skipif(
    any(shutil.which(name) is None for name in NEEDED), reason=f"needs {', '.join(NEEDED)} (Debian packages)"
)

ALERTMANAGER = """
route: {{receiver: aiops, group_wait: 1s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname]}}
receivers:
  - name: aiops
    webhook_configs:
      - url: http://127.0.0.1:{port}/ingest/alertmanager
        http_config: {{basic_auth: {{username: aiops, password: {token}}}}}
"""
PROMETHEUS = """
global: {{evaluation_interval: 1s, external_labels: {{site: "Münster"}}}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - basic_auth: {{username: anyone, password: {token}}}
      static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
RULES = """
groups:
  - name: g
    rules:
      - alert: QueueIsFull
        expr: vector(1)
        labels: {severity: P1 - Critical, instance: "mq-1:9100"}
        annotations: {summary: "Größe \\U0001F525", runbook_url: "https://rb.example/q"}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: Callable[[], Any]) -> Any:
    """The first true value of `what`."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if found := what():
                return found
        except (OSError, httpx2.HTTPError):
            pass
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.1)


class Live:
    """A daemon and its address."""

    def __init__(self, daemon: DaemonProcess, port: int) -> None:
        self.daemon = daemon
        self.port = port

    def streams(self, name: str) -> list[dict[str, Any]]:
        """The alerts of that name in the incidents, as the API shows them."""
        found = httpx2.get(
            f"http://127.0.0.1:{self.port}/api/v1/incidents", headers={"authorization": f"Bearer {TOKEN}"}, timeout=300
        ).json()["incidents"]
        members = [member for incident in found for member in self.incident(incident["id"]).get("members", [])]
        return [member for member in members if member["name"] == name]

    def incident(self, name: str) -> dict[str, Any]:
        """One incident, whole."""
        url = f"http://127.0.0.1:{self.port}/api/v1/incidents/{name}"
        answer: dict[str, Any] = httpx2.get(url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=300).json()
        return dict(answer["incident"])

    def metric(self, name: str) -> float:
        """A sample of the metrics page."""
        return next(float(line.split(" ")[-1]) for line in self.daemon.metrics().splitlines() if line.startswith(name))

    def accepted(self) -> int:
        """Records that ingest took."""
        return int(self.daemon.health()["sources"]["http"].get("accepted", 0))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    port = free_port()
    config = directory / "aiops.toml"
    config.write_text(
        f'[state]\ndirectory = "{directory / "state"}"\n[http]\nport = {port}\n'
        f'[[http.options.tokens]]\nname = "all"\nscopes = ["ingest", "read"]\nsha256 = "{token_hash(TOKEN)}"\n'
    )
    daemon = spawn(config, directory / "state", directory / "log")
    daemon.wait_ready()
    yield Live(daemon, port)
    assert daemon.stop() == 0


@pytest.fixture
def started() -> Iterator[Callable[..., None]]:
    """A function that starts a program, which ends with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(120)


def test_prometheus_posts_to_the_daemon(live: Live, started: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(port=live.port, token=TOKEN))
    (tmp_path / "rules.yml").write_text(RULES)
    started(
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        # What it evaluates before it has found its receivers is sent again at once, not after a minute.
        "--rules.alert.resend-delay=1s",
    )
    [alert] = wait_for(lambda: live.streams("QueueIsFull"))
    assert (alert["severity"], alert["entity"], alert["status"]) == ("critical", "mq-1", "firing")


def test_alertmanager_s_end_meets_the_alert_whose_annotations_were_edited(
    live: Live, started: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER.format(port=live.port, token=TOKEN))
    port = free_port()
    started(
        "prometheus-alertmanager",
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    base = f"http://127.0.0.1:{port}"
    wait_for(lambda: httpx2.get(f"{base}/-/ready", timeout=5).status_code == 200)
    labels = {"alertname": "DiskFull", "severity": "critical", "host": "db-1"}

    def send(annotations: dict[str, str], **times: str) -> None:
        alert = {"labels": labels, "annotations": annotations, **times}
        assert httpx2.post(f"{base}/api/v2/alerts", json=[alert], timeout=300).status_code == 200

    send({"runbook_url": "https://rb.example/old"})
    [alert] = wait_for(lambda: live.streams("DiskFull"))
    assert (alert["status"], alert["entity"]) == ("firing", "db-1")
    # The metrics page may be a moment older than the incidents.
    wait_for(lambda: live.metric('aiops_records_total{kind="alert"}') >= live.accepted())
    before, known = live.accepted(), live.metric("aiops_streams")
    # The same alert, edited, and over: what is new of it must not make it another one.
    send({}, endsAt=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1)))
    wait_for(lambda: live.accepted() > before)
    wait_for(lambda: live.metric('aiops_records_total{kind="alert"}') >= live.accepted())
    assert live.metric("aiops_streams") == known


def test_amtool_adds_an_alert_with_the_token_in_the_address(live: Live) -> None:
    url = f"--alertmanager.url=http://aiops:{TOKEN}@127.0.0.1:{live.port}"
    labels = ["alertname=FromAmtool", "node=n1", "severity=urgent"]
    subprocess.run(["amtool", "alert", "add", url, *labels], check=True, timeout=300)
    [alert] = wait_for(lambda: live.streams("FromAmtool"))
    assert (alert["severity"], alert["entity"]) == ("critical", "n1")


def test_curl_sends_as_it_does_by_default(live: Live, tmp_path: Path) -> None:
    body = tmp_path / "alert.json"
    body.write_text(json.dumps({"title": "CurlDisk", "host": "web-1", "severity": "critical", "status": "firing"}))
    command = ["curl", "-s", "-u", f"name:{TOKEN}", "-d", f"@{body}", f"127.0.0.1:{live.port}/ingest/webhook"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    assert json.loads(done.stdout)["accepted"] == 1
    assert wait_for(lambda: live.streams("CurlDisk"))[0]["severity"] == "critical"

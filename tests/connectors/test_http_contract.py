"""Real senders: Alertmanager's webhook and Prometheus itself, against the HTTP source."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.records import Alert

DEADLINE_S = 120.0
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
PROMETHEUS = shutil.which("prometheus")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for(lambda: answers(port), log)
        yield
    finally:
        process.terminate()
        process.wait(120)


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/-/ready", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False


def wait_for(reached: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not reached():
        assert time.monotonic() < deadline, log.read_text()[-2_000:]
        time.sleep(0.05)


def alerts(http: Any) -> list[Alert]:
    return [record for record in http.inbox.records if isinstance(record, Alert)]


@pytest.mark.skipif(ALERTMANAGER is None, reason="needs Alertmanager (Debian: prometheus-alertmanager)")
def test_alertmanager_sends_its_webhook(serving: Any, tmp_path: Path) -> None:
    with serving() as http:
        port = free_port()
        config = tmp_path / "alertmanager.yml"
        config.write_text(
            "route: {receiver: us, group_wait: 0s, group_interval: 1s}\n"
            f"receivers: [{{name: us, webhook_configs: [{{url: 'http://127.0.0.1:{http.port}/ingest/alertmanager'}}]}}]\n"
        )
        command = [
            str(ALERTMANAGER),
            f"--config.file={config}",
            f"--storage.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        with started(command, port, tmp_path / "log"):
            labels = {"alertname": "DiskFull", "instance": "db-1:9100", "severity": "critical"}
            post(port, {"labels": labels, "annotations": {"summary": "97 %"}})
            wait_for(lambda: alerts(http), tmp_path / "log")
            post(port, {"labels": labels, "endsAt": datetime.fromtimestamp(time.time() - 1, UTC).isoformat()})
            wait_for(lambda: alerts(http)[-1].status == "resolved", tmp_path / "log")
        first, last = alerts(http)[0], alerts(http)[-1]
        assert (first.name, first.entity, first.severity, first.status) == ("DiskFull", "db-1", "critical", "firing")
        assert first.message == "97 %"
        assert first.starts_at is not None
        assert last.labels == first.labels
        assert http.inbox.letters == []


def post(port: int, alert: dict[str, Any]) -> None:
    httpx2.post(f"http://127.0.0.1:{port}/api/v2/alerts", json=[alert]).raise_for_status()


@pytest.mark.skipif(PROMETHEUS is None, reason="needs Prometheus (Debian: prometheus)")
def test_prometheus_takes_us_for_an_alertmanager(serving: Any, tmp_path: Path) -> None:
    with serving() as http:
        port = free_port()
        rules, config = tmp_path / "rules.yml", tmp_path / "prometheus.yml"
        rules.write_text(
            "groups:\n- name: g\n  rules:\n"
            "  - {alert: Always, expr: vector(1), labels: {host: web-1}, annotations: {summary: on}}\n"
        )
        config.write_text(
            "global: {evaluation_interval: 1s}\n"
            f"rule_files: ['{rules}']\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{http.port}']}}]}}]}}\n"
        )
        command = [
            str(PROMETHEUS),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            # What is sent before the targets are known is sent again after a minute otherwise.
            "--rules.alert.resend-delay=1s",
        ]
        with started(command, port, tmp_path / "log"):
            wait_for(lambda: alerts(http), tmp_path / "log")
        alert = alerts(http)[0]
        assert (alert.name, alert.entity, alert.status, alert.message) == ("Always", "web-1", "firing", "on")
        assert alert.starts_at is not None
        assert alert.ends_at is not None
        assert alert.ends_at > alert.ts
        assert http.inbox.letters == []

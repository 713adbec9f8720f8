"""The sink that speaks Alertmanager's words against the real one: it takes the alerts and writes the same body."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiops_connectors.alertmanager import notification

from aiops.testing.receiver import Receiver, receiving
from tests.connectors.test_sink_news import with_news
from tests.connectors.test_sink_receivers import huge, message

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(BINARY is None, reason="needs Alertmanager (Debian: prometheus-alertmanager)")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, Receiver]]:
    folder = tmp_path_factory.mktemp("alertmanager")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with receiving() as receiver:
        config = {
            "route": {"receiver": "hook", "group_by": ["incident"], "group_wait": "0s"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{receiver.url}/hook"}]}],
        }
        # JSON is YAML.
        (folder / "alertmanager.yml").write_text(json.dumps(config))
        command = [
            str(BINARY),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                _wait(lambda: _ready(client), folder / "log")
                yield client, receiver
        finally:
            process.terminate()
            process.wait(120)


def _ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/-/ready").status_code == 200
    except httpx2.TransportError:
        return False


def _wait(reached: Any, log: Path | None = None) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline, log.read_text() if log is not None else "too late"
        time.sleep(0.05)


def alerts_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The alerts of a notification, as Alertmanager's own API takes them."""
    names = ("labels", "annotations", "startsAt", "endsAt", "generatorURL")
    return [{name: alert[name] for name in names if alert[name]} for alert in body["alerts"]]


def test_it_takes_what_is_sent_with_news_and_writes_the_same_shape(real: tuple[httpx2.Client, Receiver]) -> None:
    client, receiver = real
    ours = notification(
        with_news(message="it burns", url="http://prom.example/g", runbook_url="https://r.example/x"), "hook"
    )
    # Its API takes Go's zero time for "not ended" only where the field is left out.
    alerts = [{name: value for name, value in alert.items() if name != "endsAt"} for alert in alerts_of(ours)]
    answer = client.post("/api/v2/alerts", json=alerts)
    assert answer.status_code == 200, answer.text
    held = client.get("/api/v2/alerts").json()
    assert held[0]["annotations"] == ours["alerts"][0]["annotations"]
    _wait(lambda: receiver.requests)
    theirs = json.loads(receiver.requests[0].body)
    assert set(ours) <= set(theirs)
    assert set(ours["alerts"][0]) == set(theirs["alerts"][0])
    assert {name: type(value) for name, value in ours.items()} == {name: type(theirs[name]) for name in ours}
    assert theirs["alerts"][0]["labels"] == ours["alerts"][0]["labels"]


@pytest.mark.parametrize("change", ["opened", "updated", "reopened", "acknowledged", "resolved"])
def test_it_takes_every_change_and_hostile_text(change: str, real: tuple[httpx2.Client, Receiver]) -> None:
    client, _ = real
    ours = notification(message(change, **huge()), "hook")
    alerts = [{name: value for name, value in alert.items() if name != "endsAt"} for alert in alerts_of(ours)]
    answer = client.post("/api/v2/alerts", json=alerts)
    assert answer.status_code == 200, answer.text

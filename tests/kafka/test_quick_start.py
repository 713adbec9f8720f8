"""The README's way with Kafka, as it is written there: the daemon, a producer and a receiver, each a process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka.admin import KafkaAdminClient, NewTopic

from aiops.records import Action
from aiops.simulate import Options, simulate
from aiops.simulate.writing import save
from aiops.testing.kafka_broker import free_ports
from aiops.testing.kafka_fixture import AnyBroker

ROOT = Path(__file__).parents[2]
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
AIOPS = [sys.executable, "-m", "aiops"]
DEADLINE_S = 120.0

pytestmark = pytest.mark.kafka


@contextmanager
def started(command: list[str], folder: Path, log: str, **environ: str) -> Iterator[Path]:
    """A process in `folder`; what it writes is in the file that is given."""
    path = folder / log
    with path.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environ}
        )
    try:
        yield path
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def incidents(folder: Path) -> list[dict[str, Any]]:
    """What `aiops incidents list` shows; nothing before the daemon has made its store."""
    command = [*AIOPS, "incidents", "list", "--config", "kafka.toml", "--status", "all", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=DEADLINE_S)
    found: list[dict[str, Any]] = msgspec.json.decode(done.stdout) if done.returncode == 0 else []
    return found


def until(done: Callable[[], Any], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)


def test_alerts_in_incidents_and_signed_webhooks_out(kafka: AnyBroker, tmp_path: Path) -> None:
    web, hook = free_ports(2)
    topic = f"quick-start-{web}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    site = simulate(Options(seed=5, services=16, faults=5, noise=6.0, hours=2.0))
    save(site, tmp_path / "site")
    sent = sum(not isinstance(record, Action) for record in site.records)
    text = (ROOT / "examples" / "kafka.toml").read_text()
    for shipped, ours in (("127.0.0.1:9092", kafka.bootstrap), ("8640", str(web)), ('["alerts"]', f'["{topic}"]')):
        assert shipped in text
        text = text.replace(shipped, ours)
    (tmp_path / "kafka.toml").write_text(text)
    receive = [sys.executable, str(ROOT / "examples" / "receive.py"), str(hook), SECRET]
    keys = {"ON_CALL_URL": f"http://127.0.0.1:{hook}/", "ON_CALL_SECRET": SECRET}
    produce = [sys.executable, str(ROOT / "examples" / "produce.py"), "site/alerts.jsonl", kafka.bootstrap, topic]
    with (
        started(receive, tmp_path, "hooks") as hooks,
        started([*AIOPS, "run", "--config", "kafka.toml"], tmp_path, "log", **keys) as log,
    ):
        done = subprocess.run(produce, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
        assert done.stdout.startswith(f"{sent} records in ")
        until(lambda: "incident.opened" in hooks.read_text(), lambda: f"no webhook: {log.read_text()[-2000:]}")
        # The last alerts are of now, so that their incidents go on; the first ones are hours old, and over.
        until(
            lambda: {one["status"] for one in incidents(tmp_path)} == {"open", "resolved"},
            lambda: str(incidents(tmp_path)),
        )
        found = incidents(tmp_path)
    lines = hooks.read_text().splitlines()
    assert all(line.startswith("msg_") and line.endswith(" signed") for line in lines), lines
    assert 5 <= len(found) < len(site.alerts) / 10
    replayed = subprocess.run(
        [*AIOPS, "replay", "--journal", "aiops-state/journal", "--config", "kafka.toml", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=DEADLINE_S,
    )
    report = msgspec.json.decode(replayed.stdout)
    assert sum(report["dispositions"].values()) == len(site.alerts)

"""A real Prometheus and Alertmanager in front of a real daemon: their end is an incident, their return resolves it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiops.records import Severity
from aiops.store.database import open_reader
from aiops.store.incidents import listed
from aiops.store.store import FILE_NAME
from aiops.testing.daemon_process import DaemonProcess
from tests.waiting import eventually

PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROMETHEUS and ALERTMANAGER), reason="needs prometheus and prometheus-alertmanager"),
]
# The daemon as it is, except that it takes an expectation of seconds: a person waits for minutes, a test does not.
CODE = """
import sys
from pathlib import Path
from aiops.engine.heartbeats import expectations
expectations.MIN_S = 1.0
from aiops.app.run import Runner
Runner(Path(sys.argv[1]), ()).run()
"""
AIOPS = """
[state]
directory = "{folder}/state"
[http]
port = {aiops}
[inbox]
tick_s = 0.2
[incidents]
resolve_after_s = 1.0
[[heartbeats.expected]]
matchers = ['alertname="Watchdog"']
every = "4s"
severity = "critical"
"""
RULES = """
groups:
  - name: general
    interval: 1s
    rules:
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: none, cluster: lab}
"""
PROMETHEUS_YML = """
global: {{evaluation_interval: 1s}}
rule_files: [{folder}/rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]
"""
ALERTMANAGER_YML = """
route:
  receiver: aiops
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: aiops
    webhook_configs: [{{url: "http://127.0.0.1:{aiops}/ingest/alertmanager", send_resolved: true}}]
"""


class Chain:
    """Prometheus → Alertmanager → the daemon, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        ports = {name: free_port() for name in ("aiops", "alertmanager", "prometheus")}
        self.ports = ports
        texts = {"aiops.toml": AIOPS, "prometheus.yml": PROMETHEUS_YML, "alertmanager.yml": ALERTMANAGER_YML}
        for name, text in texts.items():
            (folder / name).write_text(text.format(folder=folder, **ports))
        (folder / "rules.yml").write_text(RULES)
        self.processes: list[subprocess.Popen[bytes]] = []
        daemon = self.start(sys.executable, "-c", CODE, str(folder / "aiops.toml"))
        self.daemon = DaemonProcess(daemon.pid, self.state, lambda pid: daemon.wait(60))
        self.daemon.wait_ready()
        self.start(
            str(ALERTMANAGER), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/am",
            f"--web.listen-address=127.0.0.1:{ports['alertmanager']}", "--cluster.listen-address=",
        )  # fmt: skip
        self.prometheus = self.start_prometheus()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_prometheus(self) -> subprocess.Popen[bytes]:
        return self.start(
            str(PROMETHEUS), f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}", "--rules.alert.resend-delay=1s",
        )  # fmt: skip

    def heartbeats(self) -> tuple[int, int]:
        """How many streams are expected, and how many of them are silent."""
        found = self.daemon.health()["heartbeats"]
        return found.get("expected", 0), found.get("silent", 0)

    def incidents(self) -> list[tuple[str, int, str]]:
        """Title, severity and status of each incident, the last opened first."""
        if not (self.state / FILE_NAME).exists():
            return []
        with closing(open_reader(self.state / FILE_NAME)) as reader:
            return [(one.title, one.severity, one.status) for one in listed(reader)]

    def end(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    try:
        yield made
    finally:
        made.end()


def test_the_end_of_prometheus_opens_an_incident_and_its_return_resolves_it(chain: Chain) -> None:
    say = lambda: (chain.folder / "log").read_text()[-2_000:]  # noqa: E731

    title = "Watchdog is silent on lab"
    eventually(lambda: chain.heartbeats() == (1, 0), or_say=say)
    # Alertmanager repeats it: it stays alive for longer than it is expected within.
    lives_until = time.monotonic() + 6.0
    eventually(lambda: time.monotonic() > lives_until, or_say=say)
    assert (chain.heartbeats(), chain.incidents()) == ((1, 0), [])

    chain.prometheus.kill()
    # Alertmanager resolves the Watchdog then, which is no sign of life.
    eventually(lambda: chain.heartbeats() == (1, 1), or_say=say)
    eventually(lambda: chain.incidents() == [(title, Severity.CRITICAL, "open")], or_say=chain.incidents)

    chain.start_prometheus()
    eventually(lambda: chain.heartbeats() == (1, 0), or_say=say)
    eventually(lambda: chain.incidents() == [(title, Severity.CRITICAL, "resolved")], or_say=chain.incidents)

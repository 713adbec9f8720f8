"""The two that are compared: Alertmanager and the daemon, each with a receiver, on one configuration."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from msgspec import Struct

from aiops.migration.alertmanager import translate
from aiops.migration.toml_text import toml_text
from aiops.records.decode import format_time
from benchmarks.alertmanager.receiver import Webhooks, receiving

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
START_S = 120.0
# Alerts last so long unless they are sent again or resolved.
LEASE_S = 600.0
# Scenarios run at once, and alerts of one moment on a system that was never seen are one fault to the correlator: it
# needs more evidence than by default. The scenario of one group runs on a daemon of its own, at the default.
SENSITIVITY = 0.02


class Side:
    """One of the two: its API, its receiver, and a process that can be started again."""

    def __init__(self, name: str, port: int, hooks: Webhooks, command: list[str], log: Path) -> None:
        self.name = name
        self.hooks = hooks
        self._command = command
        self._log = log
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start: {self._log.read_text()[-2_000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the process in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_S)

    def post(self, *alerts: dict[str, Any]) -> None:
        """Post alerts."""
        self.client.post("/api/v2/alerts", json=list(alerts)).raise_for_status()

    def silence(self, **matchers: str) -> str:
        """Set a silence for ten minutes; return its id."""
        now = time.time()
        given = {
            "matchers": [{"name": name, "value": value, "isRegex": False} for name, value in matchers.items()],
            "startsAt": format_time(now),
            "endsAt": format_time(now + LEASE_S),
            "createdBy": "benchmark",
            "comment": "benchmark",
        }
        answer = self.client.post("/api/v2/silences", json=given)
        answer.raise_for_status()
        return str(answer.json()["silenceID"])

    def expire(self, name: str) -> None:
        """End a silence."""
        self.client.delete(f"/api/v2/silence/{name}").raise_for_status()

    def states(self, **labels: str) -> dict[str, str]:
        """Return the state of each alert with these labels, by instance."""
        query: list[tuple[str, Any]] = [("filter", f'{name}="{value}"') for name, value in labels.items()]
        found = self.client.get("/api/v2/alerts", params=query).raise_for_status().json()
        return {one["labels"].get("instance", ""): one["status"]["state"] for one in found}

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/-/ready").status_code == 200
        except httpx2.TransportError:
            return False


def firing(scenario: str, instance: str, name: str = "", **labels: str) -> dict[str, Any]:
    """Return an alert that fires, in the group of its scenario."""
    now = time.time()
    own = {
        "alertname": name or f"Trouble{scenario.title()}",
        "scenario": scenario,
        "instance": instance,
        "severity": "critical",
    }
    return {
        "labels": {**own, "service": scenario, **labels},
        "annotations": {"summary": f"{instance} of {scenario}"},
        "startsAt": format_time(now),
        "endsAt": format_time(now + LEASE_S),
    }


def resolved(alert: dict[str, Any]) -> dict[str, Any]:
    """Return the end of an alert."""
    return {**alert, "endsAt": format_time(time.time())}


class Both(Struct, frozen=True):
    """Alertmanager, the daemon, and a second daemon for the scenario of one group."""

    theirs: Side
    ours: Side
    grouping: Side


@contextmanager
def both_sides(folder: Path, configuration: Callable[[int], str]) -> Iterator[Both]:
    """Yield them, started; `configuration` returns Alertmanager's for the port of a receiver."""
    assert BINARY is not None
    with ExitStack() as stack:
        hooks = [stack.enter_context(receiving()) for _ in range(3)]
        made = Both(
            _theirs(folder, hooks[0], configuration),
            _ours(folder / "ours", hooks[1], configuration, SENSITIVITY),
            _ours(folder / "grouping", hooks[2], configuration, 0.5),
        )
        for side in (made.theirs, made.ours, made.grouping):
            stack.callback(side.client.close)
            stack.callback(side.stop)
            side.start()
        yield made


def _theirs(folder: Path, hooks: Webhooks, configuration: Callable[[int], str]) -> Side:
    path, port = folder / "alertmanager.yml", _free_port()
    path.write_text(configuration(hooks.port))
    command = [
        str(BINARY),
        f"--config.file={path}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    return Side("Alertmanager", port, hooks, command, folder / "alertmanager.log")


def _ours(folder: Path, hooks: Webhooks, configuration: Callable[[int], str], sensitivity: float) -> Side:
    """Return the daemon on the translated configuration."""
    folder.mkdir(exist_ok=True)
    path, port = folder / "aiops.toml", _free_port()
    made = translate(configuration(hooks.port).encode()).config
    own = {
        "state": {"directory": str(folder / "state")},
        "http": {"port": port},
        "correlate": {"sensitivity": sensitivity},
    }
    path.write_text(toml_text({**made, **own}))
    command = [sys.executable, "-m", "aiops.cli", "run", "--config", str(path)]
    return Side("aiops", port, hooks, command, folder / "log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

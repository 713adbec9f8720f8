"""A server in a process of its own: started, watched, stopped; its processor time and memory from the kernel."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

START_DEADLINE_S = 60.0
# Idle is to use less than a tenth of a core for so long; a commit or a flush in the background is not waited for.
IDLE_FOR_S, IDLE_SHARE, IDLE_DEADLINE_S = 0.3, 0.1, 60.0
ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")
_CONFIG = "route: {receiver: none, group_by: [alertname]}\nreceivers: [{name: none}]\n"


class Server(Struct, frozen=True):
    """A running server. `durable`: an alert that it took survives a crash."""

    name: str
    port: int
    pid: int
    durable: bool

    def cpu_s(self) -> float:
        """User and system time of the process and all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """The most resident memory so far."""
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(), re.M)
        return int(found[1]) / 1024 if found else 0.0

    def settle(self) -> None:
        """Wait until it has worked off what it answered for: what comes after the answer is part of the cost."""
        deadline = time.monotonic() + IDLE_DEADLINE_S
        before = self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(IDLE_FOR_S)
            now = self.cpu_s()
            if now - before < IDLE_FOR_S * IDLE_SHARE:
                return
            before = now


@contextmanager
def bare() -> Iterator[Server]:
    """Our HTTP source alone, before an inbox that drops everything."""
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.throughput.http_bare", str(port)]
    with _started("HTTP source alone", command, port, durable=False) as server:
        yield server


@contextmanager
def daemon(directory: Path) -> Iterator[Server]:
    """`aiops run` as it ships."""
    port = _free_port()
    settings = [f"state.directory={directory}/state", f"http.port={port}", "log.level=error"]
    command = [sys.executable, "-m", "aiops.cli", "run", *(part for one in settings for part in ("--set", one))]
    with _started("aiops run", command, port, durable=True) as server:
        yield server


def alertmanager() -> str | None:
    """The path of an installed Alertmanager."""
    return next((path for name in ALERTMANAGERS if (path := shutil.which(name))), None)


@contextmanager
def alertmanager_server(path: str, directory: Path) -> Iterator[Server]:
    """Alertmanager with its defaults and one route."""
    config = directory / "alertmanager.yml"
    config.write_text(_CONFIG)
    port = _free_port()
    command = [
        path,
        f"--config.file={config}",
        f"--storage.path={directory}/am",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with _started("Alertmanager", command, port, durable=False) as server:
        yield server


@contextmanager
def _started(name: str, command: Sequence[str], port: int, *, durable: bool) -> Iterator[Server]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]}: did not start") from None
                time.sleep(0.1)
        yield Server(name, port, process.pid, durable)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

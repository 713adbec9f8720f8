"""A real Apache Kafka broker of one node on loopback: for tests, benchmarks and trying things out.

It runs in KRaft mode with everything in one directory, and can be killed and restarted on the same data.
It is not for production: one replica, little memory, no authorisation.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from aiops.errors import UsageError
from aiops.testing.kafka_jars import BrokerUnavailable, jars
from aiops.testing.kafka_properties import CLUSTER_ID, Ports, keystore, server_properties

HOST = "127.0.0.1"
# Measured: 2 s on a free machine; twenty times that when many processes share two cores.
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 15.0
# What the broker writes when its listeners answer.
READY = "Kafka Server started"
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
# The serial collector and the first compiler tier start fastest and use least of a shared machine.
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


class KafkaBroker:
    """One broker with its data below `directory`.

    `port` is where it listens (0: a free one, kept over restarts). `users` (name to password) adds a listener with SASL
    PLAIN and SCRAM, and, with `tls`, one that also encrypts with a certificate made for the occasion. `partitions` is
    how many a topic gets that comes into being by being written to.
    """

    # What this broker can do, for tests that need it: transactions, data that outlives it, time stamps,
    # topic settings and offset ranges, static members.
    features = frozenset({"txn", "durable", "timestamps", "admin", "static"})

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        tls: bool = False,
        partitions: int = 4,
        jar_directory: Path | None = None,
    ) -> None:
        self.directory = directory
        self._jars = jar_directory or jars()
        self._users = dict(users or {})
        self._tls = tls and bool(users)
        self._partitions = partitions
        free = free_ports(7)
        self.ports = Ports(port or free[0], *free[1:])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Return the address for clients without encryption and without a name."""
        return f"{HOST}:{self.ports.plain}"

    @property
    def bootstrap_sasl(self) -> str:
        """Return the address for clients with a name and a password, not encrypted."""
        return f"{HOST}:{self.ports.sasl}"

    @property
    def bootstrap_tls(self) -> str:
        """Return the address for encrypted clients with a name and a password."""
        return f"{HOST}:{self.ports.tls}"

    @property
    def bootstrap_encrypted(self) -> str:
        """Return the address for encrypted clients without a name."""
        return f"{HOST}:{self.ports.encrypted}"

    @property
    def bootstrap_mutual(self) -> str:
        """Return the address for encrypted clients with a certificate of their own.

        It is `client.pem`, with the key in `client.p12`.
        """
        return f"{HOST}:{self.ports.mutual}"

    @property
    def bootstrap_misnamed(self) -> str:
        """Return the address with the certificate of another host (`other.pem`)."""
        return f"{HOST}:{self.ports.misnamed}"

    @property
    def ca_file(self) -> Path:
        """The certificate that clients of the encrypted listener must trust."""
        return self.directory / "ca.pem"

    @property
    def log(self) -> Path:
        """Return the path of the broker's log: warnings and errors."""
        return self.directory / "broker.log"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Start, on the data of the last time where there is any, and return once it answers."""
        if self._process is not None:
            raise UsageError("the broker is running already")
        if not (self.directory / "data" / "meta.properties").exists():
            self._format()
        offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            command = ["java", *_JVM, *_LOGGING, "-cp", f"{self._jars}/*", "kafka.Kafka", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._await_ready(offset, time.monotonic() + timeout_s)

    def stop(self) -> None:
        """Shut down in order; kill what does not end in time."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once (`kill -9`), as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill, then start again on the same port and the same data."""
        self.kill()
        self.start()

    def __enter__(self) -> KafkaBroker:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def _config(self) -> Path:
        return self.directory / "server.properties"

    def _format(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        store = keystore(self.directory) if self._tls else None
        text = server_properties(self.directory / "data", self.ports, self._users, store, self._partitions)
        self._config.touch(mode=0o600)
        self._config.write_text(text)
        command = ["java", *_JVM, *_LOGGING, "-cp", f"{self._jars}/*", "kafka.tools.StorageTool", "format"]
        command += ["-t", CLUSTER_ID, "-c", str(self._config)]
        for name, password in self._users.items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                command += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_TIMEOUT_S)
        if done.returncode != 0:
            raise BrokerUnavailable(f"no Kafka broker: format failed: {(done.stderr or done.stdout)[-300:]}")

    def _await_ready(self, offset: int, deadline: float, sleep: Callable[[float], None] = time.sleep) -> None:
        assert self._process is not None
        while True:
            with self.log.open("rb") as log:
                log.seek(offset)
                text = log.read().decode(errors="replace")
            if READY in text:
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                state = "ended" if self._process.poll() is not None else "did not answer in time"
                self.kill()
                raise BrokerUnavailable(f"no Kafka broker: it {state}: {text[-500:].strip()}")
            sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()

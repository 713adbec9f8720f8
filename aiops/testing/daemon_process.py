"""Real daemons in processes of their own, for tests that kill them and for benchmarks.

A hatchery loads everything once and forks a daemon from itself for each start: half a second less than a new
interpreter takes, which is what lets a test afford fifty kills. The fork happens before any thread is started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from aiops.daemon.control import send_request
from aiops.errors import AiopsError, UsageError

# A busy machine with two cores; a daemon that takes longer is broken.
DEADLINE_S = 120.0
_POLL_S = 0.02


class DaemonProcess:
    """A daemon that was started; `directory` is its state directory."""

    def __init__(self, pid: int, directory: Path, wait: Callable[[int], int]) -> None:
        self.pid = pid
        self.directory = directory
        self._wait = wait

    def kill(self) -> None:
        """End at once (`kill -9`), as a crash would."""
        os.kill(self.pid, signal.SIGKILL)
        self._wait(self.pid)

    def stop(self) -> int:
        """End in order (SIGTERM); the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self._wait(self.pid)

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def health(self) -> dict[str, Any]:
        """Return the daemon's health; raise `UsageError` while it does not answer."""
        health: dict[str, Any] = send_request(self.directory, {"ask": "health"})["health"]
        return health

    def metrics(self) -> str:
        """The daemon's metrics page."""
        return str(send_request(self.directory, {"ask": "metrics"})["metrics"])

    def wait_ready(self, timeout_s: float = DEADLINE_S) -> dict[str, Any]:
        """Wait until it takes records; its health. Raise `AiopsError` when that takes too long."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                health = self.health()
                if health["ready"]:
                    return health
            except UsageError:
                pass
            if time.monotonic() > deadline:
                raise AiopsError(f"the daemon in {self.directory} was not ready within {timeout_s:g} s")
            time.sleep(_POLL_S)


def spawn(config: Path, directory: Path, log: Path) -> DaemonProcess:
    """A daemon in a new interpreter, as users start it; its state directory is `directory`."""
    with log.open("ab") as handle:
        process = subprocess.Popen(
            [sys.executable, "-m", "aiops.cli", "run", "--config", str(config)], stdout=handle, stderr=handle
        )
    return DaemonProcess(process.pid, directory, lambda pid: process.wait(DEADLINE_S))


class Hatchery:
    """Starts daemons; a context manager. What daemons log goes to `log`."""

    def __init__(self, log: Path) -> None:
        self.log = log
        code = "from aiops.testing.daemon_process import hatch; hatch()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, config: Path, directory: Path, sets: Sequence[str] = ()) -> DaemonProcess:
        """Fork a daemon with a configuration whose state directory is `directory`."""
        pid = int(self._order({"config": str(config), "log": str(self.log), "sets": list(sets)}))
        return DaemonProcess(pid, directory, lambda pid: int(self._order({"wait": pid})))

    def _order(self, order: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def __enter__(self) -> Hatchery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE_S)
        self._process.stdout.close()


def hatch() -> None:
    """The hatchery's own process: obeys orders on standard input, and ends its daemons when that ends."""
    from aiops import registry
    from aiops.app.run import Runner

    for group, name in (("aiops.sources", "http"), ("aiops.sources", "kafka"), ("aiops.sinks", "webhook")):
        registry.load(group, name)
    for name in ("causes", "playbooks", "similar"):
        registry.load("aiops.models", name)
    living: set[int] = set()
    for line in sys.stdin:
        order = msgspec.json.decode(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            living.discard(order["wait"])
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _become_daemon(order, Runner)
        living.add(pid)
        print(pid, flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _become_daemon(order: dict[str, Any], runner: Callable[[Path, Sequence[str]], Any]) -> None:
    code = 1
    try:
        log = os.open(order["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        runner(Path(order["config"]), order["sets"]).run()
        code = 0
    except AiopsError as error:
        print(f"aiops: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)

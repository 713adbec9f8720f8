"""Live updates under load: what clients of the stream cost ingest and pages. `python -m benchmarks.streams`.

A real daemon takes 500 alerts a second over HTTP, in bodies of 50. Measured are each body's answer, which follows the
disk, and the first byte of the list page, while nobody follows, while 500 clients follow, and while 10,000 connect,
are refused beyond 500, and try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import Struct, field, to_builtins

from aiops.testing.daemon_process import DaemonProcess, spawn

RATE, BODY = 500, 50
FOLLOWERS, CROWD = 500, 10_000
PHASE_S = 30.0
# Pages that are refused try again after a minute or two; the crowd does so four times as often.
AGAIN_S = 15.0
CONNECTING = 200
PHASES = (("nobody follows", 0), ("500 follow", FOLLOWERS), ("10,000 connect", CROWD))
REQUEST = b"GET /api/v1/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


class Phase(Struct):
    """Times in milliseconds: 50, 95 and 99 of 100, and the longest; `clients` by their answers."""

    name: str
    alerts_per_s: float = 0.0
    # Processor time of the daemon, as a share of one core: what neighbours of the machine do not change much.
    daemon_cpu: float = 0.0
    ingest_ms: dict[str, float] = field(default_factory=dict)
    page_ms: dict[str, float] = field(default_factory=dict)
    clients: dict[str, int] = field(default_factory=dict)


class Sender(threading.Thread):
    """Sends bodies at a steady rate and times each answer; late ones are sent at once, and nothing is left out."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.accepted = 0
        self.ended = threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self) -> None:
        number, due = 0, time.monotonic()
        while not self.ended.is_set():
            lines = "\n".join(json.dumps(_alert(number + turn)) for turn in range(BODY))
            number += BODY
            # From when it was due: a body that waits for the one before it has waited.
            self._connection.request("POST", "/ingest/archive", lines, {"content-type": "application/x-ndjson"})
            answer = json.loads(self._connection.getresponse().read())
            self.accepted += answer["accepted"]
            self.times.append(1000 * (time.monotonic() - due))
            due += BODY / RATE
            time.sleep(max(0.0, due - time.monotonic()))


class Reader(threading.Thread):
    """Reads the list page twice a second and times its first byte."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.ended = threading.Event()
        self._port = port

    def run(self) -> None:
        while not self.ended.wait(0.5):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            begun = time.monotonic()
            connection.request("GET", "/")
            answer = connection.getresponse()
            self.times.append(1000 * (time.monotonic() - begun))
            answer.read()
            connection.close()


def _alert(number: int) -> dict[str, Any]:
    """One alert in twenty is of a stream that did not fire before; services and names are few, as in real life."""
    stream = number // 20 if number % 20 == 0 else number % 997
    return {
        "kind": "alert",
        "ts": time.time(),
        "id": f"a-{number}",
        "name": f"Alert{stream % 40}",
        "entity": f"host-{stream}",
        "service": f"service-{stream % 60}",
        "severity": ("critical", "high", "warning", "info")[stream % 4],
    }


async def follow(port: int, count: int, until: float, answers: Counter[str]) -> None:
    """Let so many clients follow until then, one that is refused trying again."""
    connecting = asyncio.Semaphore(CONNECTING)

    async def one() -> None:
        while time.monotonic() < until:
            async with connecting:
                if time.monotonic() >= until:
                    # The ones before it have left: it would be served.
                    return
                answer, reader, writer = await _open(port)
            answers[answer] += 1
            if answer == "200" and reader is not None:
                events = await _read(reader, until)
                answers["events"] += events
                answers["ended early"] += time.monotonic() < until
            if writer is not None:
                writer.close()
            await asyncio.sleep(min(AGAIN_S, max(0.0, until - time.monotonic())))

    await asyncio.gather(*(one() for _ in range(count)))


async def _open(port: int) -> tuple[str, asyncio.StreamReader | None, asyncio.StreamWriter | None]:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        return head.split()[1].decode(), reader, writer
    except OSError:
        return "not connected", None, None
    except asyncio.IncompleteReadError:
        return "closed", None, None


async def _read(reader: asyncio.StreamReader, until: float) -> int:
    events = 0
    try:
        while (left := until - time.monotonic()) > 0:
            found = await asyncio.wait_for(reader.read(65_536), left)
            if not found:
                break
            events += found.count(b"event: change")
    except (OSError, TimeoutError):
        pass
    return events


def spread(times: list[float]) -> dict[str, float]:
    """Return the shares of times."""
    found = sorted(times)
    parts = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    return {name: round(found[min(len(found) - 1, int(part * len(found)))], 1) for name, part in parts if found}


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(pid: int, port: int, name: str, clients: int) -> Phase:
    """Measure one phase with so many clients, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.streams", "follow", str(port), str(clients), str(PHASE_S + 5)]
    crowd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(5 if clients else 0)
    sender, reader = Sender(port), Reader(port)
    begun, used = time.monotonic(), processor_s(pid)
    sender.start()
    reader.start()
    time.sleep(PHASE_S)
    for thread in (sender, reader):
        thread.ended.set()
        thread.join()
    seconds, used = time.monotonic() - begun, processor_s(pid) - used
    found = json.loads(crowd.communicate(timeout=120)[0])
    rate, share = round(sender.accepted / seconds, 1), round(used / seconds, 2)
    return Phase(name, rate, share, spread(sender.times), spread(reader.times), found)


def main() -> None:
    """Run all phases, or be the clients of one."""
    if sys.argv[1:2] == ["follow"]:
        # Clients are other machines: what they take of this one must not count as the daemon's.
        os.nice(19)
        answers: Counter[str] = Counter()
        asyncio.run(follow(int(sys.argv[2]), int(sys.argv[3]), time.monotonic() + float(sys.argv[4]), answers))
        print(json.dumps(answers))
        return
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "aiops.toml"
        config.write_text(
            f'[state]\ndirectory = "{directory}/state"\n[http]\nport = {port}\nmax_streams = {FOLLOWERS}\n'
        )
        daemon = spawn(config, Path(directory) / "state", Path(directory) / "log")
        try:
            daemon.wait_ready()
            phases = [measure(daemon.pid, port, name, clients) for name, clients in PHASES]
            print(json.dumps({"phases": to_builtins(phases), "stop_s": _stop(daemon, port)}, indent=1))
        finally:
            with contextlib.suppress(ProcessLookupError):
                daemon.kill()


def _stop(daemon: DaemonProcess, port: int) -> float:
    """Return the seconds that a stop takes while clients follow."""
    command = [sys.executable, "-m", "benchmarks.streams", "follow", str(port), str(FOLLOWERS), "10"]
    crowd = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(5)
    begun = time.monotonic()
    daemon.stop()
    seconds = round(time.monotonic() - begun, 1)
    crowd.wait(120)
    return seconds


if __name__ == "__main__":
    main()

"""From an alert's arrival to the webhook's, while 500 other alerts a second come in.

    python -m benchmarks.throughput.daemon_latency [--probes 200] [--rate 500]

A real daemon in a process of its own with durable settings (every commit synced), HTTP ingest, a webhook endpoint
without settle time, and a receiver on the same machine. A probe is a critical alert on an entity of its own that opens
an incident; its time runs from before the request is sent until the receiver has read the message. Beside it: the time
until the ingest's answer (the journal has it), and what one sync of this disk takes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from aiops.testing.daemon_process import spawn
from aiops.testing.receiver import Receiver, Reply, receiving

# A storm would group the probes: 101 of 200 had a message of their own, and the latency was that of these.
CONFIG = """
[state]
directory = "{state}"
[http]
port = {port}
[correlate]
sensitivity = 0.02
[incidents]
storm_incidents = 0
[[endpoints]]
name = "pager"
type = "webhook"
settle_s = {{critical = 0, high = 0, warning = 0}}
rate_per_s = 10000
burst = 10000
options = {{url = "{url}", allow_private = true}}
"""
PORT = 18_473
BATCH = 10


class Timed(Receiver):
    """Notes when each request had come."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def next_reply(self) -> Reply:
        self.times.append(time.perf_counter())
        return Reply(202)


def post(connection: http.client.HTTPConnection, alerts: list[dict[str, object]]) -> None:
    """Send alerts and wait until the daemon has them."""
    connection.request("POST", "/ingest/archive", json.dumps(alerts), {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status


def background(rate: int, stop: threading.Event) -> None:
    """`rate` alerts a second of 200 streams that fire and resolve, in requests of ten."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    begun, sent = time.perf_counter(), 0
    while not stop.is_set():
        at = time.time()
        batch: list[dict[str, object]] = [
            {
                "kind": "alert",
                "ts": at,
                "name": f"Background{(sent + n) % 20}",
                "entity": f"node{(sent + n) % 200}",
                "severity": "info",
                "status": "firing" if (sent + n) // 200 % 2 == 0 else "resolved",
            }
            for n in range(BATCH)
        ]
        post(connection, batch)
        sent += BATCH
        time.sleep(max(0.0, begun + sent / rate - time.perf_counter()))
    connection.close()


def measure(probes: int, rate: int, directory: Path) -> dict[str, object]:
    """Run the daemon and the probes; figures in milliseconds."""
    receiver = Timed()
    with receiving(receiver):
        config = directory / "aiops.toml"
        config.write_text(CONFIG.format(state=directory / "state", port=PORT, url=f"{receiver.url}/hook"))
        daemon = spawn(config, directory / "state", directory / "log")
        daemon.wait_ready()
        stop = threading.Event()
        thread = threading.Thread(target=background, args=(rate, stop))
        thread.start()
        time.sleep(2.0)
        sent, answered = {}, []
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        for number in range(probes):
            name = f"probe-{number}"
            sent[name] = time.perf_counter()
            post(
                connection,
                [{"kind": "alert", "ts": time.time(), "name": f"P{name}", "entity": name, "severity": "critical"}],
            )
            answered.append(time.perf_counter() - sent[name])
            time.sleep(0.1)
        wait_until(lambda: len(receiver.requests) >= probes)
        stop.set()
        thread.join()
        connection.close()
        daemon.stop()
    came: dict[str, float] = {}
    for request, at in zip(receiver.requests, receiver.times, strict=True):
        for name in sent:
            if f'"{name}"'.encode() in request.body:
                came.setdefault(name, at)
    if len(came) < probes:
        # Over those that came, the slowest would be left out.
        raise SystemExit(f"latency: expected a message for each of {probes} probes; got {len(came)}")
    whole = [came[name] - sent[name] for name in sent]
    return {
        "probes": probes,
        "told": len(whole),
        "alerts_per_second": rate,
        "webhook_ms": spread(whole),
        "ingest_answer_ms": spread(answered),
        "disk_sync_ms": spread(syncs(directory)),
    }


def syncs(directory: Path) -> list[float]:
    """Times of a small append with its sync."""
    times = []
    with (directory / "probe").open("ab", buffering=0) as file:
        for _ in range(100):
            begun = time.perf_counter()
            file.write(b"x" * 500)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return times


def spread(seconds: list[float]) -> dict[str, float]:
    """p50, p99 and the largest, in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {
        name: round(value * 1000, 2)
        for name, value in (("p50", statistics.median(ordered)), ("p99", p99), ("max", ordered[-1]))
    }


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait for a condition, at most a minute."""
    deadline = time.monotonic() + 60.0
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, default=200)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        found = measure(options.probes, options.rate, Path(directory))
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

"""A restart after `kill -9` with many active alerts, and the memory that they take.

    python -m benchmarks.throughput.daemon_recovery [--active 100000] [--shape storm|spread]

A real daemon gets that many alerts, each a stream of its own and all firing, over HTTP; then some hundred a second that
repeat them, in the midst of which it is killed and started again in a new interpreter. In a `storm` all come at once,
and are one incident; `spread` they come over most of a day, fifty at a time, and are some thousand incidents. Memory is
what the process has resident now, and at most since the figure before: that of feeding holds the snapshots taken
meanwhile, that after recovery all of the restart. Recovery is from the start of the process until it takes records;
`fold_s` is the part in which snapshot and journal are read, `interpreter_s` what an interpreter with the same imports
takes to do nothing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aiops.testing.daemon_process import DaemonProcess, spawn

CONFIG = """
[state]
directory = "{state}"
[http]
port = {port}
"""
PORT = 18_474
BATCH = 1_000
STEADY_S = 10.0
GROUP = 50
# Less than the day after which a stream that says nothing more is over.
SPREAD_S = 20 * 3600.0
Shape = Callable[[int, int, int], bytes]
# A site of this shape: each service has this many hosts, and each host raises some kinds of alerts.
HOSTS = 50
KINDS = ("DiskFull", "HighLatency", "PodCrashLooping", "QueueGrows", "CertificateExpires")


def storm(first: int, count: int, _active: int) -> bytes:
    """Alerts of one storm, with numbers from `first` on, each a stream of its own."""
    at = time.time()
    return json.dumps(
        [
            {
                "kind": "alert",
                "ts": at,
                "name": KINDS[number % len(KINDS)],
                "entity": f"host-{number // len(KINDS)}",
                "service": f"service-{number // len(KINDS) // HOSTS}",
                "severity": "warning" if number % 7 else "high",
                "message": "a text of the usual length that says what is wrong with this host",
                "labels": {"region": f"r{number % 8}", "team": f"team-{number % 40}", "env": "prod"},
            }
            for number in range(first, first + count)
        ]
    ).encode()


def spread(first: int, count: int, active: int) -> bytes:
    """The same, fifty at a time over the `SPREAD_S` before now; of tools that tell when their alerts end."""
    rows = json.loads(storm(first, count, active))
    begun = time.time() - SPREAD_S
    for number, row in enumerate(rows, first):
        at = begun + number // GROUP * SPREAD_S * GROUP / active + 0.5 * (number % GROUP)
        row["id"] = f"alert-{number}-{round(time.time())}"
        row["name"] += f"-{number // GROUP % 20}"
        row["ts"] = row["starts_at"] = at
    return json.dumps(rows).encode()


SHAPES = {"storm": storm, "spread": spread}


def post(connection: http.client.HTTPConnection, body: bytes) -> None:
    """Send, again while the daemon is full."""
    while True:
        connection.request("POST", "/ingest/archive", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            return
        time.sleep(0.1)


def measure(active: int, alerts: Shape, directory: Path) -> dict[str, object]:
    """Feed, kill, start; figures in seconds and megabytes."""
    config = directory / "aiops.toml"
    config.write_text(CONFIG.format(state=directory / "state", port=PORT))
    daemon = spawn(config, directory / "state", directory / "log")
    daemon.wait_ready()
    empty_mb = memory_mb(daemon)
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    begun = time.perf_counter()
    for first in range(0, active, BATCH):
        post(connection, alerts(first, BATCH, active))
    fed_s = time.perf_counter() - begun
    feeding_mb = memory_mb(daemon)
    for first in range(0, round(STEADY_S / 0.2)):
        post(connection, alerts(first * 100 % active, 100, active))
        time.sleep(0.2)
    steady_mb, streams = memory_mb(daemon), metric(daemon, "aiops_streams")
    incidents = metric(daemon, "aiops_open_incidents")
    connection.close()
    daemon.kill()
    begun = time.perf_counter()
    daemon = spawn(config, directory / "state", directory / "log")
    health = daemon.wait_ready()
    recovery_s = time.perf_counter() - begun
    result = {
        "active": int(streams),
        "fed_per_second": round(active / fed_s),
        "recovery_s": round(recovery_s, 2),
        "fold_s": round(metric(daemon, "aiops_recovery_seconds"), 2),
        "interpreter_s": round(interpreter_s(), 2),
        "records": health["journal"]["record"],
        "active_after": int(metric(daemon, "aiops_streams")),
        "incidents": int(incidents),
        "memory_empty_mb": empty_mb,
        "memory_feeding_mb": feeding_mb,
        "memory_mb": steady_mb,
        "memory_after_recovery_mb": memory_mb(daemon),
        "snapshot_mb": snapshot_mb(directory / "state" / "snapshots"),
    }
    daemon.stop()
    return result


def metric(daemon: DaemonProcess, name: str) -> float:
    """A metric without labels."""
    found = re.search(rf"^{name} (\S+)$", daemon.metrics(), re.M)
    assert found is not None, name
    return float(found[1])


def memory_mb(daemon: DaemonProcess) -> dict[str, int]:
    """Resident memory now, its proportional share where pages are shared, and the most since the last look."""
    place = Path(f"/proc/{daemon.pid}")
    text = (place / "status").read_text() + (place / "smaps_rollup").read_text()
    found = dict(re.findall(r"^(VmRSS|VmHWM|Pss):\s+(\d+) kB", text, re.M))
    # Begins the high-water mark anew (proc(5), clear_refs).
    (place / "clear_refs").write_text("5")
    return {name: int(found[key]) // 1024 for name, key in (("now", "VmRSS"), ("pss", "Pss"), ("most", "VmHWM"))}


def snapshot_mb(directory: Path) -> float:
    """Size of the newest snapshot on disk."""
    newest = max(directory.iterdir(), default=None)
    return round(newest.stat().st_size / 1e6, 1) if newest is not None else 0.0


def interpreter_s() -> float:
    """What loading the daemon's code takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import aiops.app.run"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--active", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    parser.add_argument("--shape", choices=SHAPES, default="storm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        found = measure(options.active, SHAPES[options.shape], Path(directory))
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

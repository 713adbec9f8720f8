"""HTTP ingest: server CPU an alert, beside Alertmanager's in the same run: `python -m benchmarks.throughput.http`.

Four connections post what Prometheus posts (`/api/v2/alerts`, batches of 64): first a fixed set of firing alerts,
renewed again and again as Prometheus does every minute; then alerts of which each is new, as in the first minute of a
storm. Measured is the CPU time of the server's process, so that the load generator does not count. The daemon runs as
it ships: journal and store are synced to disk before an answer. Alertmanager keeps alerts in memory only.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

CONNECTIONS, BATCH = 4, 64
# Alerts that fire at once in a large installation during a storm.
SERIES = 6_400
START_DEADLINE_S = 60.0
ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")
_CONFIG = "route: {receiver: none, group_by: [alertname]}\nreceivers: [{name: none}]\n"


class Row(Struct):
    """One server: µs of CPU an alert, alerts a second, milliseconds an answer took."""

    name: str
    load: str
    alerts: int
    cpu_us: float
    alerts_per_s: float
    p50_ms: float
    p99_ms: float
    durable: bool


def batches(now: float, turn: int = 0) -> list[bytes]:
    """Bodies of 64 alerts each, some 480 bytes an alert; those of another `turn` are other alerts."""
    start, end = (datetime.fromtimestamp(now + shift, UTC).isoformat() for shift in (-60, 240))
    alerts = [
        {
            "labels": {
                "alertname": f"Rule{number % 40}",
                "instance": f"10.0.{number // 250}.{number % 250}:9100",
                "job": "node",
                "namespace": f"team-{number % 20}",
                "service": f"service-{number % 100}",
                "severity": ("critical", "warning", "info")[number % 3],
                "prometheus": "monitoring/k8s",
                **({"pod": f"pod-{turn}-{number}"} if turn else {}),
            },
            "annotations": {"summary": f"Rule {number % 40} fires", "description": "the value is above its threshold"},
            "startsAt": start,
            "endsAt": end,
            "generatorURL": f"http://prometheus.example/graph?g0.expr=rule_{number % 40}&g0.tab=1",
        }
        for number in range(SERIES)
    ]
    return [msgspec.json.encode(alerts[at : at + BATCH]) for at in range(0, SERIES, BATCH)]


def measure(name: str, process: subprocess.Popen[bytes], port: int, rounds: int, *, durable: bool) -> list[Row]:
    """Post `rounds` times all batches over four connections, after one round to warm up; then as many new alerts."""
    renewed = batches(time.time())
    _post_all(port, renewed)
    fresh = [body for turn in range(1, rounds + 1) for body in batches(time.time(), turn)]
    return [
        _measured(name, "renewed", process, port, renewed * rounds, durable),
        _measured(name, "new", process, port, fresh, durable),
    ]


def _measured(
    name: str, load: str, process: subprocess.Popen[bytes], port: int, bodies: Sequence[bytes], durable: bool
) -> Row:
    before, began = _cpu_s(process.pid), time.perf_counter()
    took = sorted(_post_all(port, bodies))
    wall, cpu = time.perf_counter() - began, _cpu_s(process.pid) - before
    alerts = len(bodies) * BATCH
    p50, p99 = (took[int(len(took) * share)] * 1e3 for share in (0.5, 0.99))
    return Row(name, load, alerts, cpu / alerts * 1e6, alerts / wall, p50, p99, durable)


def _post_all(port: int, bodies: Sequence[bytes]) -> list[float]:
    took: list[float] = []
    faults: list[str] = []

    def send(part: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for body in part:
            started = time.perf_counter()
            connection.request("POST", "/api/v2/alerts", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            took.append(time.perf_counter() - started)
            if answer.status != 200:
                faults.append(f"{answer.status} {text[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=send, args=(bodies[number::CONNECTIONS],)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise SystemExit(f"{len(faults)} requests failed, the first with {faults[0]}")
    return took


def _cpu_s(pid: int) -> float:
    """User and system time of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _started(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[0]}: did not start") from None
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(rounds: int) -> list[Row]:
    """All servers, one after the other; Alertmanager where it is installed."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory:
        port = _free_port()
        with _started([sys.executable, "-m", "benchmarks.throughput.http_bare", str(port)], port) as process:
            rows.extend(measure("HTTP source alone", process, port, rounds, durable=False))
        port = _free_port()
        settings = [f"state.directory={directory}/state", f"http.port={port}", "log.level=error"]
        command = [sys.executable, "-m", "aiops.cli", "run", *(part for one in settings for part in ("--set", one))]
        with _started(command, port) as process:
            rows.extend(measure("aiops run", process, port, rounds, durable=True))
        found = next((path for name in ALERTMANAGERS if (path := shutil.which(name))), None)
        if found is None:
            sys.stderr.write("Alertmanager is not installed (Debian: prometheus-alertmanager): no comparison\n")
            return rows
        config = Path(directory) / "alertmanager.yml"
        config.write_text(_CONFIG)
        port = _free_port()
        command = [
            found,
            f"--config.file={config}",
            f"--storage.path={directory}/am",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        with _started(command, port) as process:
            rows.extend(measure("Alertmanager", process, port, rounds, durable=False))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, with ratios to Alertmanager where it was there."""
    base = {row.load: row.cpu_us for row in rows if row.name == "Alertmanager"}
    lines = [
        f"{CONNECTIONS} connections, batches of {BATCH}, {SERIES:,} alerts a round; CPU of the server alone.",
        "",
        "| server | alerts are | count | CPU µs an alert | × Alertmanager | alerts/s | p50 ms | p99 ms | durable |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratio = f"{row.cpu_us / base[row.load]:.2f}" if base else "-"
        lines.append(
            f"| {row.name} | {row.load} | {row.alerts:,} | {row.cpu_us:.1f} | {ratio} | {row.alerts_per_s:,.0f} "
            f"| {row.p50_ms:.1f} | {row.p99_ms:.1f} | {'yes' if row.durable else 'no'} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput.http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="how often all batches are posted")
    parser.add_argument("--out", type=Path, help="write the rows as JSON")
    options = parser.parse_args()
    rows = run(options.rounds)
    if options.out:
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
    print(table(rows))


if __name__ == "__main__":
    main()

"""What Prometheus posts to an Alertmanager, over four connections, and how long the answers take."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

CONNECTIONS, BATCH = 4, 64
# Alerts that fire at once in a large installation during a storm.
SERIES = 6_400


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


def post_all(port: int, bodies: Sequence[bytes]) -> list[float]:
    """Post everything; the seconds that each answer took. Ends the program where one is refused."""
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
        raise RuntimeError(f"{len(faults)} requests failed, the first with {faults[0]}")
    return took

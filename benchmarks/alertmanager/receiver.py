"""A receiver of webhooks on loopback: what came on each path, when, and answers that a scenario sets."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from msgspec import Struct


class Notification(Struct, frozen=True):
    """One webhook: when it came (monotonic seconds), its status, and its alerts as (instance, status)."""

    at: float
    status: str
    alerts: list[tuple[str, str]]
    answer: int = 200

    def firing(self) -> set[str]:
        """Return the instances of alerts that fire."""
        return {name for name, status in self.alerts if status == "firing"}


class Webhooks:
    """Notifications by path; `refuse` has statuses to answer first, by path."""

    def __init__(self) -> None:
        self.port = 0
        self.refuse: defaultdict[str, list[int]] = defaultdict(list)
        self._came: defaultdict[str, list[Notification]] = defaultdict(list)
        self._lock = threading.Lock()

    def of(self, path: str) -> list[Notification]:
        """Return what came on a path and was accepted, in order."""
        with self._lock:
            return [one for one in self._came[path] if one.answer == 200]

    def attempts(self, path: str) -> list[Notification]:
        """Return what came on a path, refused attempts included."""
        with self._lock:
            return list(self._came[path])

    def take(self, path: str, raw: bytes) -> int:
        """Keep a webhook; return the status to answer."""
        body: dict[str, Any] = msgspec.json.decode(raw)
        alerts = [(_instance(one["labels"]), one["status"]) for one in body["alerts"]]
        with self._lock:
            waiting = self.refuse[path]
            answer = waiting.pop(0) if waiting else 200
            self._came[path].append(Notification(time.monotonic(), body["status"], alerts, answer))
        return answer


def _instance(labels: dict[str, str]) -> str:
    return labels.get("instance", labels.get("alertname", ""))


@contextmanager
def receiving() -> Iterator[Webhooks]:
    """Yield a receiver on a free port."""
    hooks = Webhooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(hooks.take(self.path.strip("/"), body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hooks.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)

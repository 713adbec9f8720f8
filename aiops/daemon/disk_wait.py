"""A stand-in for the daemon while its disk is too full to start: it answers and accepts nothing."""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from aiops.backoff import Backoff
from aiops.config import Config
from aiops.daemon.control import ControlServer
from aiops.daemon.pump import RETRY_CAP_S, RETRY_FIRST_S, ROOM_BYTES
from aiops.daemon.status import STATUSES
from aiops.engine.drift.jumper import ALARM
from aiops.engine.events import Feedback
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.http.auth import Guard, Refusal
from aiops.http.server import HttpServer
from aiops.journal.writer import probe
from aiops.records import Action
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import CONTENT_TYPE, Family, render
from aiops.version import __version__
from aiops.views.model_watch import model_watch

# Errors that a full disk may cause at the start.
TROUBLE = (AiopsError, sqlite3.Error, OSError)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_JOIN_S = 10.0


def full_disk(directory: Path, size: int = ROOM_BYTES) -> str:
    """Return why a state directory is too full to start in; empty if it is not."""
    there = next((place for place in (directory, *directory.parents) if place.is_dir()), directory)
    try:
        probe(there, size)
    except OSError as error:
        if error.errno in _FULL:
            return f"state {directory}: {error.strerror}: free some space"
    return ""


def _is_of_the_disk(failure: BaseException | None) -> bool:
    """Return True if a full disk may be behind a failure; a wrong configuration is reported in any case."""
    while failure is not None:
        if isinstance(failure, sqlite3.OperationalError) or (isinstance(failure, OSError) and failure.errno in _FULL):
            return True
        failure = failure.__cause__
    return False


class DiskWait:
    """A host of HTTP and the control socket that answers for the daemon until it can start."""

    def __init__(self, config: Config, guard: Guard | None, reason: str) -> None:
        self.directory = config.state.path()
        self.reason = reason
        self._config = config
        self._guard = guard
        self._begun = time.monotonic()
        self._server: HttpServer | None = None
        self._thread: threading.Thread | None = None
        self._control = ControlServer(self, {})

    def start(self) -> None:
        """Answer over HTTP, and over the control socket where the disk has room for its name."""
        log(logging.ERROR, "degraded: not accepting records until the disk has room to start", reason=self.reason)
        with suppress(AiopsError, OSError):
            self._control.start()
        if self._guard is not None:
            http = self._config.http
            options = {"host": http.host, "port": http.port, **http.options}
            files = {name: options.get(name) for name in ("certfile", "keyfile")}
            self._server = HttpServer(self._answer, options["host"], options["port"], **files)
            self._thread = threading.Thread(target=self._server.run, name="waiting", daemon=True)
            self._thread.start()
            self._server.wait_started(_JOIN_S)

    def stop(self) -> None:
        """Release the address and the socket."""
        with suppress(OSError):
            self._control.stop(_JOIN_S)
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(_JOIN_S)

    def health(self) -> dict[str, Any]:
        """Return the health of a daemon that cannot start yet."""
        return {
            "status": "degraded",
            "ready": False,
            "reason": self.reason,
            "warnings": [],
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._begun, 3),
            # Nothing of the state is known; the keys are those of a running daemon's health.
            "engine_time": None,
            "conserved": True,
            "accounted": 0,
            "storm": False,
            "sources": {},
            "journal": {"frame": 0, "record": 0, "committed_at": 0.0},
            "snapshot": {"age_s": 0.0, "bytes": 0},
            "inbox": {"records": 0},
            "skipped": {"count": 0, "newest": []},
            "models": {},
            "late": {"ok": True, "detail": "", "records": {}},
            "clock": {"ok": True, "detail": "", "engine_ahead_s": 0.0, "set_backs": 0, "sources": {}, "absurd": {}},
            "heartbeats": {"ok": True, "detail": ""},
            "watch": msgspec.to_builtins(model_watch({}, {}, 0.0, 0.0, ALARM)),
        }

    def metrics_text(self) -> str:
        """Return the state, the one metric that is known."""
        state = Family("aiops_state", "gauge", "1 for the state that the daemon is in.")
        for name in STATUSES:
            state.add(float(name == "degraded"), state=name)
        return render([state])

    def act(self, action: Action, timeout_s: float = 0.0) -> Feedback | None:
        """Take no action."""
        return None

    def silences(self) -> list[Silence]:
        """No silences are known."""
        return []

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, kind, body = self._page(scope)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        if status == 503:
            headers.append((b"retry-after", str(int(RETRY_CAP_S)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _page(self, scope: Scope) -> tuple[int, str, bytes]:
        path, kind = scope["path"], "application/json"
        if path in ("/healthz", "/readyz"):
            is_alive = path == "/healthz"
            answer = {"status": "degraded"} if is_alive else {"status": "degraded", "ready": False}
            return (200 if is_alive else 503), kind, msgspec.json.encode(answer)
        if path in ("/metrics", "/api/v1/health") and not self._is_refused(scope):
            if path == "/metrics":
                return 200, CONTENT_TYPE, self.metrics_text().encode()
            return 200, kind, msgspec.json.encode({"health": self.health()})
        return 503, kind, msgspec.json.encode({"error": "the disk is full: nothing was taken; send it again"})

    def _is_refused(self, scope: Scope) -> bool:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return self._guard is None or isinstance(self._guard.check(headers, "read"), Refusal)


def until_there_is_room(
    config: Config, guard: Callable[[], Guard | None], failure: Exception, ended: threading.Event
) -> bool:
    """Wait, answering for the daemon, while the disk is full; raise `failure` if it has another cause.

    Return False if a signal ended the process meanwhile.
    """
    directory = config.state.path()
    reason = full_disk(directory) if _is_of_the_disk(failure) else ""
    if not reason:
        raise failure
    waiting, backoff = DiskWait(config, guard(), reason), Backoff(RETRY_FIRST_S, RETRY_CAP_S)
    waiting.start()
    try:
        while reason and not ended.wait(backoff.next_s()):
            reason = full_disk(directory)
    finally:
        waiting.stop()
    return not ended.is_set()

"""The control socket: how the command line on the same machine talks to the daemon.

A Unix socket in the state directory, readable by the daemon's user only: whoever may write there may act, so that no
token is needed. One JSON object a line each way.
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from aiops.engine.events import Feedback
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.records import Action

NAME = "control.sock"
# A request is one action: as large as a record may be.
MAX_BYTES = 1 << 20
# A commit and a fold, on a disk that is slow and a machine that is busy.
TIMEOUT_S = 15.0


Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Host(Protocol):
    """The daemon, or what answers while it cannot start."""

    @property
    def directory(self) -> Path:
        """The state directory."""
        ...

    def health(self) -> Mapping[str, Any]:
        """The health."""
        ...

    def metrics_text(self) -> str:
        """The metrics."""
        ...

    def act(self, action: Action, timeout_s: float) -> Feedback | None:
        """Hand an action to the engine; None when it was not taken."""
        ...

    def silences(self) -> Sequence[Silence]:
        """The silences in force or to come."""
        ...


class ControlServer:
    """Answers requests until stopped; see `ask` for what can be asked."""

    def __init__(self, host: Host, handlers: Mapping[str, Handler]) -> None:
        """`handlers` answer the requests of neighbours, by the word that is asked."""
        self._host = host
        self._handlers = handlers
        self._server: socketserver.ThreadingUnixStreamServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; raise `AiopsError` where the socket cannot be made."""
        answer = self.answer

        class Handler(socketserver.StreamRequestHandler):
            timeout = TIMEOUT_S

            def handle(self) -> None:
                raw = self.rfile.readline(MAX_BYTES)
                # Who asked may have gone by now.
                with contextlib.suppress(OSError):
                    self.wfile.write(msgspec.json.encode(answer(raw)) + b"\n")

        directory = self._host.directory
        try:
            with _short(directory) as short:
                (directory / NAME).unlink(missing_ok=True)
                self._server = _Server(str(short / NAME), Handler)
                os.chmod(directory / NAME, 0o600)
        except OSError as error:
            raise AiopsError(f"{directory / NAME}: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout_s)
            self._server.server_close()
            (self._host.directory / NAME).unlink(missing_ok=True)

    def answer(self, raw: bytes) -> dict[str, Any]:
        """The answer to one request; an error is told as `{"error": …}`."""
        try:
            request = msgspec.json.decode(raw, type=dict[str, Any])
            wanted = request.get("ask")
            if wanted == "health":
                return {"health": self._host.health()}
            if wanted == "metrics":
                return {"metrics": self._host.metrics_text()}
            if wanted == "act":
                action = msgspec.convert(request.get("action"), Action)
                return {"feedback": msgspec.to_builtins(self._host.act(action, TIMEOUT_S / 3))}
            if wanted == "silences":
                return {"silences": msgspec.to_builtins(self._host.silences())}
            handler = self._handlers.get(str(wanted))
            if handler is not None:
                return handler(request)
        except AiopsError as error:
            return {"error": str(error)}
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return {"error": f"request: {error}"}
        return {"error": f"request: expected ask = act, health, metrics, silences or {self._others()}; got {wanted!r}"}

    def _others(self) -> str:
        return ", ".join(sorted(self._handlers)) or "nothing else"


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False


def ask(directory: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the daemon of a state directory: `{"ask": "health" | "metrics"}`, or `{"ask": "act", "action": {...}}`.

    Raise `UsageError` when no daemon runs there, `AiopsError` for what it could not do.
    """
    try:
        with _short(directory) as short, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(short / NAME))
            connection.sendall(msgspec.json.encode(dict(request)) + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = msgspec.json.decode(lines.readline())
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"no daemon answers in {directory} ({error}): start `aiops run`, or name its state directory"
        ) from error
    if "error" in answer:
        raise AiopsError(str(answer["error"]))
    return answer


def act(directory: Path, action: Action) -> dict[str, Any]:
    """Have the daemon of a state directory do something; its feedback. Raise `AiopsError` when it took nothing."""
    found = ask(directory, {"ask": "act", "action": msgspec.to_builtins(action)})["feedback"]
    if found is None:
        raise AiopsError("the daemon did not take it in time: see its log, then try again")
    feedback: dict[str, Any] = found
    return feedback


@contextlib.contextmanager
def _short(directory: Path) -> Iterator[Path]:
    """A short name for a directory: the path of a Unix socket may have 107 bytes."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        short = Path(f"/proc/self/fd/{fd}")
        yield short if short.exists() else directory
    finally:
        os.close(fd)

"""The control socket: requests of the command line on the same machine to the daemon.

A Unix socket in the state directory, which only the daemon's user may open; no token is needed. Requests and answers
are one JSON object a line.
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
# A commit and a step of the engine, on a slow disk and a busy machine.
TIMEOUT_S = 15.0


Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Host(Protocol):
    """The daemon, or its stand-in while it cannot start."""

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
        """Send an action to the engine; None if it was not taken."""
        ...

    def silences(self) -> Sequence[Silence]:
        """The silences in force or to come."""
        ...


class ControlServer:
    """Answers requests until stopped; see `send_request` for the form of a request."""

    def __init__(self, host: Host, handlers: Mapping[str, Handler]) -> None:
        """`handlers` answer requests beyond health, metrics, actions and silences, by their name."""
        self._host = host
        self._handlers = handlers
        self._server: socketserver.ThreadingUnixStreamServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; raise `AiopsError` if the socket cannot be created."""
        answer = self.answer

        class Handler(socketserver.StreamRequestHandler):
            timeout = TIMEOUT_S

            def handle(self) -> None:
                raw = self.rfile.readline(MAX_BYTES)
                # The client may have closed its end by now.
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
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout_s)
            self._server.server_close()
            (self._host.directory / NAME).unlink(missing_ok=True)

    def answer(self, raw: bytes) -> dict[str, Any]:
        """Return the answer to one request; an error is `{"error": …}`."""
        try:
            message = msgspec.json.decode(raw, type=dict[str, Any])
            wanted = message.get("ask")
            if wanted == "health":
                return {"health": self._host.health()}
            if wanted == "metrics":
                return {"metrics": self._host.metrics_text()}
            if wanted == "act":
                action = msgspec.convert(message.get("action"), Action)
                return {"feedback": msgspec.to_builtins(self._host.act(action, TIMEOUT_S / 3))}
            if wanted == "silences":
                return {"silences": msgspec.to_builtins(self._host.silences())}
            handler = self._handlers.get(str(wanted))
            if handler is not None:
                return handler(message)
        except AiopsError as error:
            return {"error": str(error)}
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return {"error": f"request: {error}"}
        known = ", ".join(["act", "health", "metrics", "silences", *sorted(self._handlers)])
        return {"error": f"request: unknown (got {wanted!r}); use one of {known}"}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False


def send_request(directory: Path, message: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request to the daemon of a state directory and return its answer.

    Raise `UsageError` if no daemon runs there, `AiopsError` for what it could not do.
    """
    try:
        with _short(directory) as short, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(short / NAME))
            connection.sendall(msgspec.json.encode(dict(message)) + b"\n")
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
    """Send an action to the daemon of a state directory; return its feedback.

    Raise `AiopsError` if the daemon did not take it in time.
    """
    found = send_request(directory, {"ask": "act", "action": msgspec.to_builtins(action)})["feedback"]
    if found is None:
        raise AiopsError("the daemon did not take it in time: see its log, then try again")
    feedback: dict[str, Any] = found
    return feedback


@contextlib.contextmanager
def _short(directory: Path) -> Iterator[Path]:
    """Yield a short name for a directory: the path of a Unix socket may have 107 bytes."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        short = Path(f"/proc/self/fd/{fd}")
        yield short if short.exists() else directory
    finally:
        os.close(fd)

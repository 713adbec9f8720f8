"""Carries out the steps of the daemon itself, and passes all other requests on to the HTTP client."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from typing import IO, Protocol

from aiops.http.redaction import excerpt
from aiops.respond.local_kinds import EXEC, MAX_EXEC_S, NOTIFY, WAIT
from aiops.respond.sending import Gate, Transport
from aiops.step_kinds.exchange import Reply, Request

# Only the beginning of the output is kept; the rest is read and dropped, or the program would wait for a reader.
MAX_OUTPUT_BYTES = 16_384
# How soon the end of a program is noticed.
_CHECK_S = 0.01
# Children of a killed program may hold its output for a moment.
_DRAIN_S = 1.0


class Closable(Transport, Protocol):
    """A transport that holds connections."""

    def close(self) -> None:
        """Close them."""
        ...


class LocalTransport:
    """A transport for `aiops:` URLs over one for the others; `programs` are those that `exec` may run."""

    def __init__(self, others: Closable, programs: Iterable[str] = ()) -> None:
        self._others, self._programs = others, frozenset(programs)

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """See `Transport.send`."""
        if not request.url.startswith("aiops:"):
            return self._others.send(request, idempotency_key, gate)
        if request.url not in (WAIT, NOTIFY, EXEC):
            return Reply(error=f"expected a step of this daemon; got {request.url[:80]!r}", sent=False)
        if request.url == EXEC:
            argv = request.body["argv"]
            if argv[0] not in self._programs:
                return Reply(error=f"{argv[0]!r} is not among the programs of respond.exec", sent=False)
            return run_program(argv, min(request.timeout_s, MAX_EXEC_S), gate)
        return Reply(200) if gate() else Reply(error="not sent", sent=False)

    def close(self) -> None:
        """Close the connections of the other transport."""
        self._others.close()


def run_program(argv: Sequence[str], timeout_s: float, gate: Gate) -> Reply:
    """Run a program to its end, or kill it with all that it started; the status is 200 for exit code 0."""
    if not gate():
        return Reply(error="not sent", sent=False)
    try:
        # A session of its own: the program and its children are one process group, which is killed as a whole.
        process = subprocess.Popen(
            list(argv),
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Reply(error=f"{argv[0]} was not started: {error.strerror or error}", sent=False)
    output = bytearray()
    assert process.stdout is not None
    reader = threading.Thread(target=_read, args=(process.stdout, output), name="exec output", daemon=True)
    reader.start()
    is_done = _ended(process.pid, timeout_s)
    # Before it is reaped: its number, which is that of the group, cannot be another's yet.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    reader.join(_DRAIN_S)
    shown = excerpt(bytes(output), ())
    if not is_done:
        return Reply(0, shown, f"killed after {timeout_s:g} s")
    return Reply(200, shown) if code == 0 else Reply(0, shown, f"exit code {code}")


def _ended(pid: int, timeout_s: float) -> bool:
    """Wait for a process without reaping it; return False if it still runs after the time."""
    ends = time.monotonic() + timeout_s
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= ends:
            return False
        time.sleep(_CHECK_S)
    return True


def _read(stream: IO[bytes], output: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError), stream:
        while chunk := os.read(stream.fileno(), 65_536):
            output += chunk[: MAX_OUTPUT_BYTES - len(output)]

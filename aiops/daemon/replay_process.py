"""One replay in a process of its own, which is ended after its time, by a person, or with the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from aiops.views.replay import Compared, Order, Progress

MODULE = "aiops.sweep.job"
ORDER, RESULT = "order.json", "result.json"
# A line is a step of progress or an error; a longer one is not the module's.
MAX_LINE_BYTES = 64 << 10
# The environment may hold secrets, of which a replay needs none.
_KEPT = ("HOME", "LANG", "PATH", "PYTHONPATH", "PYTHONHOME", "TMPDIR", "TZ", "VIRTUAL_ENV")
_CANCELLED = "cancelled"


class Outcome(Struct):
    """The end of a process: a result, or the problem; `was_cancelled` if a person ended it."""

    result: Compared | None = None
    problem: str = ""
    was_cancelled: bool = False


class _Line(Struct):
    progress: Progress | None = None
    error: str = ""


class ReplayProcess:
    """A replay under way; `done` gets its outcome once, in a thread of this object."""

    def __init__(
        self,
        directory: Path,
        order: Order,
        done: Callable[[Outcome], None],
        command: tuple[str, ...] = (sys.executable, "-P", "-m", MODULE),
    ) -> None:
        """Start it; raise `OSError` if that is not possible. The directory is its own."""
        self._directory, self._limits, self._done = directory, order.limits, done
        self.progress = Progress()
        self._why = ""
        self._error = ""
        path = directory / ORDER
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(order))
        self._process = subprocess.Popen(
            [*command, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
        self._timer = threading.Timer(self._limits.seconds, self._end, [self._too_long()])
        self._timer.daemon = True
        self._thread = threading.Thread(target=self._follow, name="replay", daemon=True)
        self._timer.start()
        self._thread.start()

    def cancel(self) -> None:
        """End it for a person."""
        self._end(_CANCELLED)

    def join(self, timeout_s: float) -> None:
        """Wait for its end, outcome included."""
        self._thread.join(timeout_s)

    def _too_long(self) -> str:
        return f"it took longer than {self._limits.seconds:g} s: use a shorter stretch, or `aiops replay`"

    def _end(self, why: str) -> None:
        self._why = self._why or why
        # It starts no other process, and one that has ended is left alone: its number may be another's by now.
        self._process.kill()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._read(self._process.stdout)
        code = self._process.wait()
        self._timer.cancel()
        self._process.stdout.close()
        self._process.stdin.close()
        self._done(self._outcome(code))

    def _read(self, lines: IO[bytes]) -> None:
        while raw := lines.readline(MAX_LINE_BYTES):
            try:
                line = msgspec.json.decode(raw, type=_Line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            self.progress = line.progress or self.progress
            self._error = line.error or self._error

    def _outcome(self, code: int) -> Outcome:
        if self._why:
            return Outcome(problem="" if self._why == _CANCELLED else self._why, was_cancelled=self._why == _CANCELLED)
        if code:
            return Outcome(problem=self._error or _unexpected(code))
        try:
            return Outcome(msgspec.json.decode((self._directory / RESULT).read_bytes(), type=Compared))
        except (OSError, msgspec.MsgspecError) as error:
            return Outcome(problem=f"its result cannot be read: {error}")


def _unexpected(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        return f"its process was ended by {name}, probably for want of memory or time: use a shorter stretch"
    return f"its process ended with code {code}; try `aiops replay` on the same input"


def environment(names: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a replay needs: no secrets."""
    return {name: value for name, value in names.items() if name in _KEPT or name.startswith("LC_")}

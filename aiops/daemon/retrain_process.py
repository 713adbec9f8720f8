"""One training in a process of its own, with the lowest priority and bounded time and memory."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from aiops import trainers
from aiops.config import Config
from aiops.daemon.replay_process import environment
from aiops.daemon.retrain_job import Trained

# What is read of the output: a version without its state is some kB.
_MAX_OUTPUT = 64 << 10
# How soon a stop or the end of the process is noticed.
_POLL_S = 0.2
_LOWEST_PRIORITY = 19


class TrainingProcesses:
    """Trains slots by the command line, on the journal of a state directory."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        arguments: Sequence[str] = (),
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "aiops.cli", "models", "train"),
    ) -> None:
        """`arguments` name the configuration on a command line."""
        self._config, self._directory, self._arguments, self._command = config, directory, arguments, command

    def slots(self) -> list[str]:
        """Return the slots that have a trainer."""
        return trainers.names()

    def _options(self, slot: str) -> list[str]:
        return ["--slot", slot, "--from", "journal", "--state", str(self._directory), "--json", *self._arguments]

    def train(self, slot: str, stop: threading.Event) -> Trained:
        """Train one slot; raise `OSError` if the process cannot be started."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [*self._command, *self._options(slot)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment(os.environ),
                start_new_session=True,
            )
            _limit(process.pid, self._config.models.train_memory_bytes)
            ended = _wait(process, self._config.models.train_max_s, stop)
            if ended:
                return Trained(slot, False, ended)
            if process.returncode:
                return Trained(slot, False, _last_line(errors) or f"its process ended with code {process.returncode}")
            return Trained(slot, True, _verdict(_read(out)))


def _limit(pid: int, memory_bytes: int) -> None:
    """Bound the memory and lower the priority of a process, which hands both to its own ones."""
    # It may have ended by now.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _LOWEST_PRIORITY)
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _wait(process: subprocess.Popen[bytes], seconds: float, stop: threading.Event) -> str:
    """Wait for the end of a process; return why it was ended, empty if it was not."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        why = "the daemon stopped" if stop.wait(_POLL_S) else ""
        if not why and time.monotonic() > deadline:
            why = f"it took longer than {seconds:g} s (`models.train_max_s`)"
        if why:
            _kill(process)
            return why
    return ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with those that it started.

    Its session is its own, and it has not been waited for yet.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def _read(file: Any) -> bytes:
    file.seek(0)
    found: bytes = file.read(_MAX_OUTPUT)
    return found


def _last_line(file: Any) -> str:
    lines = _read(file).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _verdict(output: bytes) -> str:
    """Return the verdict on a candidate in words."""
    try:
        found = msgspec.json.decode(output, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "ended without a verdict"
    verdict = found.get("verdict")
    word = "" if verdict is None else "better than the one in use" if verdict else "not better than the one in use"
    return ": ".join(part for part in (str(found.get("id", "")), word, str(found.get("reason", ""))) if part)

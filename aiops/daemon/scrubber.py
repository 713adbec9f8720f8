"""The slow background check of the journal; findings go to the log, the health and the metrics."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from aiops.journal import JournalError
from aiops.journal.scrub import Step, content, structure
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family

# 4 MiB a second: a share of a disk that nobody feels, and 20 GiB in an hour and a half.
BYTES_PER_S = float(4 << 20)
# Disks lose bits over months: once a day finds them while a good copy exists.
EVERY_S = 86_400.0
# Problems that are remembered; a disk that loses more is dead.
MAX_PROBLEMS = 20


class Scrubber:
    """A thread that reads the journal over and over, slowly."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scrubber", daemon=True)
        self.problems: list[str] = []
        self.checked_bytes = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def check(self) -> None:
        """Do one pass: find what is missing, which is quick, then what is damaged."""
        found: list[str] = []
        for steps in (structure, content):
            try:
                self._take(steps, found)
            except JournalError as error:
                self._add(str(error), found)
        if not self._stop.is_set():
            self.problems = found

    def families(self) -> list[Family]:
        """Return the metrics of the check."""
        return [
            Family("aiops_journal_problems", "gauge", "Places where the journal is damaged or incomplete.").add(
                len(self.problems)
            ),
            Family("aiops_journal_checked_bytes_total", "counter", "Bytes that the background check has read.").add(
                self.checked_bytes
            ),
        ]

    def _take(self, steps: Callable[[Path], Iterator[Step]], found: list[str]) -> None:
        for step in steps(self._directory):
            self.checked_bytes += step.read_bytes
            if step.problem:
                self._add(step.problem, found)
            if self._stop.wait(step.read_bytes / BYTES_PER_S):
                return

    def _add(self, problem: str, found: list[str]) -> None:
        if problem in found or len(found) == MAX_PROBLEMS:
            return
        found.append(problem)
        if problem not in self.problems:
            log(logging.ERROR, problem)
            self.problems = [*self.problems, problem][-MAX_PROBLEMS:]

    def _run(self) -> None:
        while not self._stop.is_set():
            self.check()
            self._stop.wait(EVERY_S)

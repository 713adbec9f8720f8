"""The threads that make attempts: some for each endpoint, as a slow one must not delay the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from aiops.telemetry.logs import log

Job = Callable[[], None]


class WorkerPool(Protocol):
    """Runs jobs beside the dispatcher, which never gives an endpoint more than its slots."""

    def submit(self, endpoint: str, job: Job) -> None:
        """Run `job` soon, without blocking the caller."""
        ...

    def close(self) -> None:
        """Let idle threads end."""
        ...


class ThreadWorkerPool:
    """Threads that are started when they are first needed.

    They are daemon threads: one that waits for a receiver does not delay the end of the process, whose bound is
    `drain_s`. The attempt is then repeated at the next start, with the same key.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._queues: dict[str, SimpleQueue[Job | None]] = {}
        self._threads: dict[str, int] = {}
        self._idle: dict[str, int] = {}

    def submit(self, endpoint: str, job: Job) -> None:
        """See `WorkerPool.submit`."""
        with self._lock:
            queue = self._queues.setdefault(endpoint, SimpleQueue())
            queue.put(job)
            if self._idle.get(endpoint, 0) > 0:
                self._idle[endpoint] -= 1
            elif self._threads.get(endpoint, 0) < self._slots:
                self._threads[endpoint] = self._threads.get(endpoint, 0) + 1
                name = f"deliver-{endpoint}-{self._threads[endpoint]}"
                threading.Thread(target=self._work, args=(endpoint, queue), name=name, daemon=True).start()

    def close(self) -> None:
        """See `WorkerPool.close`."""
        with self._lock:
            for endpoint, queue in self._queues.items():
                for _ in range(self._threads.get(endpoint, 0)):
                    queue.put(None)
            self._queues, self._threads, self._idle = {}, {}, {}

    def _work(self, endpoint: str, queue: SimpleQueue[Job | None]) -> None:
        while (job := queue.get()) is not None:
            try:
                job()
            except Exception as error:
                # A thread that ended here would take one of the endpoint's slots with it, for as long as the process.
                log(logging.ERROR, "a delivery attempt failed unexpectedly", endpoint=endpoint, error=str(error))
            with self._lock:
                if endpoint in self._idle or endpoint in self._threads:
                    self._idle[endpoint] = self._idle.get(endpoint, 0) + 1

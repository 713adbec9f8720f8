"""Changes of the store since the last look: marked by writers, taken by one follower.

A mark costs a lock and a few dictionary entries, whoever reads. Nothing is kept while nobody follows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from msgspec import Struct

# Incidents that one look names; more are counted as many.
MAX_NAMED = 200


class Change(Struct, frozen=True):
    """Topics in alphabetical order, and the incidents that changed; None stands for too many to name."""

    topics: tuple[str, ...] = ()
    incidents: tuple[str, ...] | None = ()


class Changes:
    """Marks of the writers, collected until the follower takes them. Thread-safe."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = None
        self._topics: set[str] = set()
        self._incidents: dict[str, None] = {}

    def follow(self, wake: Callable[[], None]) -> None:
        """Collect from now on.

        `wake` is called in a writer's thread when there is something to take, and at the end; it must be quick. A later
        follower replaces this one.
        """
        with self._lock:
            self._wake = wake
            self._topics.clear()
            self._incidents.clear()

    def mark(self, topic: str, incidents: Iterable[str] = ()) -> None:
        """Note that something of a topic was committed, and the incidents that it is about."""
        with self._lock:
            wake = self._wake
            if wake is None or self.closed:
                return
            is_first = not self._topics
            self._topics.add(topic)
            for name in incidents:
                if len(self._incidents) <= MAX_NAMED:
                    self._incidents[name] = None
        if is_first:
            wake()

    def take(self) -> Change:
        """Return what was marked since the last call."""
        with self._lock:
            topics, named = tuple(sorted(self._topics)), tuple(self._incidents)
            self._topics.clear()
            self._incidents.clear()
        return Change(topics, named if len(named) <= MAX_NAMED else None)

    def close(self) -> None:
        """Let the follower end: the daemon stops."""
        with self._lock:
            self.closed = True
            wake = self._wake
        if wake is not None:
            wake()

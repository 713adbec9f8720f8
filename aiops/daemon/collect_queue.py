"""The queue of incidents whose suggested playbook has something to read.

Workers take from it. The thread that processes alerts only adds to a bounded queue here; it never waits.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable
from typing import TypeVar

from msgspec import Struct

from aiops.engine.events import Event, IncidentChanged

# Incidents that wait. More opened than anybody reads of; their number is shown.
MAX_WAITING = 500
# Lives of incidents and reads that are remembered: an update is no reason to read again.
MAX_REMEMBERED = 10_000
Key = TypeVar("Key")
Value = TypeVar("Value")
_BEGINS = frozenset({"opened", "updated", "reopened", "acknowledged"})


class Wanted(Struct, frozen=True):
    """An incident whose playbook shall be read; `round` is the version in which it began anew, 0 at first."""

    incident: str
    playbook: str
    round: int = 0


class CollectQueue:
    """The queue; safe for many threads.

    `playbooks` are those with collectors whose systems are configured.
    """

    def __init__(self, playbooks: Collection[str], most: int = MAX_WAITING) -> None:
        self._playbooks, self._most = frozenset(playbooks), most
        self._waiting: deque[Wanted] = deque()
        self._seen: OrderedDict[Wanted, None] = OrderedDict()
        self._rounds: OrderedDict[str, int] = OrderedDict()
        # Incidents that a worker has: two would read the same.
        self._busy: set[str] = set()
        self._moved = threading.Condition()
        self._ended = False
        # Incidents that were not read of, as more waited than the queue holds.
        self.left_out = 0

    def see(self, events: Iterable[Event]) -> None:
        """Take in what the engine decided."""
        if self._playbooks:
            for event in events:
                if isinstance(event, IncidentChanged) and event.change in _BEGINS:
                    self._see(event)

    def put(self, wanted: Wanted) -> None:
        """Add a read that a crash cut off, or whose result is not yet in the engine."""
        with self._moved:
            _keep(self._seen, wanted, None)
            self._add(wanted)

    def take(self) -> Wanted | None:
        """Return the next one, once there is one whose incident no other worker has; None after `end`."""
        with self._moved:
            self._moved.wait_for(lambda: self._ended or self._next() is not None)
            found = None if self._ended else self._next()
            if found is not None:
                self._waiting.remove(found)
                self._busy.add(found.incident)
            return found

    def release(self, wanted: Wanted) -> None:
        """Give an incident back: other playbooks of it may be read."""
        with self._moved:
            self._busy.discard(wanted.incident)
            self._moved.notify_all()

    def _next(self) -> Wanted | None:
        return next((one for one in self._waiting if one.incident not in self._busy), None)

    def end(self) -> None:
        """Hand out nothing more."""
        with self._moved:
            self._ended = True
            self._moved.notify_all()

    def __len__(self) -> int:
        return len(self._waiting)

    def _see(self, event: IncidentChanged) -> None:
        incident = event.incident
        if event.change == "reopened" and not event.is_return:
            _keep(self._rounds, incident.id, event.version)
        rejected = {one.playbook for one in incident.rejected}
        name = next((one.name for one in incident.playbooks if one.name not in rejected), "")
        if name not in self._playbooks or incident.is_storm or incident.status not in ("open", "acknowledged"):
            return
        wanted = Wanted(incident.id, name, self._rounds.get(incident.id, 0))
        with self._moved:
            if wanted not in self._seen:
                _keep(self._seen, wanted, None)
                self._add(wanted)

    def _add(self, wanted: Wanted) -> None:
        if len(self._waiting) >= self._most:
            self.left_out += 1
            return
        self._waiting.append(wanted)
        self._moved.notify()


def _keep(known: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MAX_REMEMBERED:
        known.popitem(last=False)

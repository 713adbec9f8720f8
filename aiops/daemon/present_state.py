"""The present state of incidents in the store: they change between two versions as well.

Versions are for notifications and come minutes apart. Page, API and command line read the incidents table of the store.
Incidents that changed since their version are written into it about once a second, under that version. Nothing else
follows from it: no entry of the audit, no notification.

Cost: at most `MAX_SHARE` of the pump's time, `MAX_EACH` incidents and `MAX_BYTES` a round. Where more incidents change
than that, half of a round is of those that changed last, and half of those that have waited longest.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from math import inf

from aiops.engine.engine import Engine
from aiops.engine.events import Event, Placed
from aiops.store.incidents import Present
from aiops.store.store import Store
from aiops.telemetry.logs import log

# What is shown is at most two seconds old: one until a round, and one for all that a round takes.
EVERY_S = 1.0
# Records of one round: an incident of a hundred members takes a third of a millisecond and 30 kB.
MAX_EACH, MAX_BYTES = 200, 2_000_000
# A round that took long is followed by a pause: a slow disk must not keep alerts waiting.
MAX_SHARE = 0.03


class PresentStateWriter:
    """Collects the incidents that changed and writes them in rounds; for the pump's thread alone."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        # By the time of the first change that is not written, and by that of the last.
        self._waiting: dict[str, None] = {}
        self._latest: dict[str, None] = {}
        self._engine: object = None
        self._due_at = -inf
        self._failed = False

    def start(self, engine: object) -> None:
        """Begin with all incidents: changes from before the process ended may not have been written."""
        self._engine = engine
        if isinstance(engine, Engine):
            for name in engine.incidents.by_id:
                self._touch(name)

    def changed(self, events: Sequence[Event], engine: object) -> None:
        """Note the incidents that a frame changed."""
        if engine is not self._engine:
            # The state was rebuilt; the changes in the one before are not known.
            self.start(engine)
        if not isinstance(engine, Engine):
            return
        for name in {event.incident for event in events if type(event) is Placed}:
            if name is not None:
                self._touch(name)
        for name in engine.clusters.take_changed():
            self._touch(name)

    def wait_s(self) -> float:
        """Return the seconds until the next round; infinite if nothing waits."""
        return max(0.0, self._due_at - self._monotonic()) if self._waiting else inf

    def write(self, engine: object) -> None:
        """Write a round, if one is due and anything changed."""
        begun = self._monotonic()
        if not self._waiting or not isinstance(engine, Engine) or begun < self._due_at:
            return
        done, found = self._round(engine)
        if self._stored(found):
            for name in done:
                del self._waiting[name], self._latest[name]
        took = self._monotonic() - begun
        self._due_at = begun + max(EVERY_S, took / MAX_SHARE)

    def write_all(self, engine: object) -> None:
        """Write all that waits, in as many rounds as needed: at the start and at the end."""
        while self._waiting and isinstance(engine, Engine):
            done, found = self._round(engine)
            if not self._stored(found):
                return
            for name in done:
                del self._waiting[name], self._latest[name]

    def _round(self, engine: Engine) -> tuple[list[str], list[Present]]:
        """Return the names of one round, and the present state of those that the engine still remembers."""
        done: list[str] = []
        found: list[Present] = []
        size = 0
        for name in self._chosen():
            done.append(name)
            present = engine.present(name)
            if present is not None:
                found.append(Present(*present))
                size += len(found[-1].body)
            if size >= MAX_BYTES:
                break
        return done, found

    def _touch(self, name: str) -> None:
        self._waiting.setdefault(name)
        self._latest.pop(name, None)
        self._latest[name] = None

    def _chosen(self) -> list[str]:
        """Return the names of one round: by turns the one that changed last and the one that waited longest."""
        newest, oldest = reversed(self._latest), iter(self._waiting)
        found: dict[str, None] = {}
        for new, old in zip(newest, oldest, strict=True):
            found[new] = found[old] = None
            if len(found) >= MAX_EACH:
                break
        return list(found)

    def _stored(self, found: list[Present]) -> bool:
        try:
            if found:
                self._store.refresh(found)
        except sqlite3.Error as error:
            # What was decided is stored by others, who also degrade the daemon; this is tried again next round.
            if not self._failed:
                log(logging.WARNING, "the present state of incidents cannot be written", reason=str(error))
            self._failed = True
            return False
        self._failed = False
        return True

"""The store: the engine's decisions, for people, the API and the outbox worker.

The journal is the truth, and the store is derived from it. All decisions of one frame are written in one transaction
together with the frame's number. A frame that is processed again after a crash is therefore not written again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from aiops.engine.events import Event, Feedback, IncidentChanged, Notice
from aiops.ports import DeadLetter
from aiops.records import Action
from aiops.search import backfill
from aiops.store import alert_writing, audit, incidents
from aiops.store.database import Database
from aiops.store.diagnosis import is_content
from aiops.store.frame_alerts import EpisodeRow, FrameAlerts
from aiops.store.held import Waiting, waiting
from aiops.store.incidents import Present
from aiops.store.outbox import Entry, OutboxTable
from aiops.store.outbox_transaction import OutboxTransaction

FILE_NAME = "aiops.db"
# The topic of audit entries about a rebuilt store.
_AGAIN = "store"


class NotificationPolicy(Protocol):
    """Decides which endpoints are notified of a change, and when."""

    def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterable[Entry]:
        """Return the rows of the outbox for one change; called inside the transaction that writes them."""
        ...


class Reviewer(Protocol):
    """Reviews openings that wait, and adds late ones."""

    def reconsider(self, outbox: OutboxTransaction, waiting: Waiting, now: float) -> bool:
        """Hold, release or keep one opening; return True if it may leave earlier than before."""
        ...

    def late_entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterable[Entry]:
        """Return the openings that the present state of an incident lacks."""
        ...


class FrameDecisions(Struct):
    """The decisions of one frame of the journal.

    `at` is the host's clock (Unix seconds); `actions` are the frame's operator actions by the number of the record.
    `alerts` are what it adds to the history of alerts, which may wait a second for others.
    Without `notify` nobody is notified: a store that was lost is written again, with the notifications that follow from
    the policy kept as sent.
    """

    frame: int
    at: float
    events: list[Event]
    letters: list[DeadLetter] = field(default_factory=list)
    actions: dict[int, Action] = field(default_factory=dict)
    notify: bool = True
    alerts: FrameAlerts | None = None

    @property
    def is_kept(self) -> bool:
        """Return True if any of it belongs in the store; most alerts change nothing that people read."""
        return bool(self.letters) or any(isinstance(event, audit.KEPT) for event in self.events)


class Store:
    """The store: one writer of decisions (the pump), with readers and the outbox worker beside it."""

    def __init__(self, directory: Path, policy: NotificationPolicy | None = None) -> None:
        """Open or create the store in the state directory; raise `AiopsError` if it cannot be opened.

        Without a `policy` nobody is notified.
        """
        self.database = Database(directory / FILE_NAME)
        self.outbox = OutboxTable(self.database)
        self._policy = policy
        # Events that could not be written, whatever the disk, since the start; and why the last one could not.
        self.left_out = 0
        self.left_out_reason = ""
        self._is_careful = False
        # Notifications of frames that another store had are kept as sent, unless its outbox could be read whole.
        self._assumes_sent = True
        self._index_open()

    def applied(self) -> int:
        """Return the number of the first frame that is not in the store."""
        return int(self.database.reader.execute("select frame from applied").fetchone()[0])

    def _index_open(self) -> None:
        """Write the lines of open incidents that an earlier release stored; the others follow with retention."""
        with self.database.transaction() as connection:
            while backfill.step(connection, active=True):
                pass

    def begin_again(self, notify_from: int, now: float, reason: str, *, assume_sent: bool = True) -> None:
        """Record that this store replaces another one.

        The other one had notified of all frames before `notify_from`.
        """
        self._assumes_sent = assume_sent
        with self.database.transaction() as connection:
            audit.write(connection, notify_from, now, _AGAIN, None, None, None, reason)

    def notify_from(self) -> int:
        """Return the first frame that may be notified of, as far as stores before this one go."""
        found = self.database.reader.execute("select coalesce(max(seq), 0) from audit where topic = ?", (_AGAIN,))
        return int(found.fetchone()[0])

    def apply(self, decided: Sequence[FrameDecisions]) -> int:
        """Write what frames decided, in one transaction; frames that are there already are left out.

        Return the number of outbox rows added. Raise `sqlite3.Error` if the disk refuses: then nothing is written, and
        the same may be tried again. An event that can never be written is left out and counted in `left_out`.
        """
        try:
            return self._apply(decided)
        except Exception as error:
            if not is_content(error):
                raise
        # A rare case, then handled one by one: a savepoint for each event would burden every transaction.
        self._is_careful = True
        try:
            return self._apply(decided)
        finally:
            self._is_careful = False

    def _apply(self, decided: Sequence[FrameDecisions]) -> int:
        with self.database.transaction() as connection:
            done = int(connection.execute("select frame from applied").fetchone()[0])
            fresh = [item for item in decided if item.frame >= done]
            added = sum(self._write(connection, item) for item in fresh)
            if fresh:
                connection.execute("update applied set frame = ?, at = ?", (fresh[-1].frame + 1, fresh[-1].at))
        self._mark(fresh, added)
        return added

    def _mark(self, fresh: Sequence[FrameDecisions], added: int) -> None:
        """Mark the committed decisions for those who follow."""
        changes = self.database.changes
        for item in fresh:
            changed = [event.incident.id for event in item.events if isinstance(event, IncidentChanged)]
            # Notes and corrections change no incident, and stand on its page.
            changed += [action.incident for action in item.actions.values() if action.incident]
            if changed:
                changes.mark("incidents", changed)
            verbs = {event.verb for event in item.events if isinstance(event, Feedback)}
            if verbs & {"silence", "unsilence"}:
                changes.mark("silences")
            if verbs or any(isinstance(event, Notice) for event in item.events):
                changes.mark("audit")
            if item.letters:
                changes.mark("dead_letters")
        if added:
            changes.mark("deliveries")

    def refresh(self, present: Sequence[Present]) -> None:
        """Update incidents to their present state without new versions; raise `sqlite3.Error` as `apply` does."""
        with self.database.transaction() as connection:
            for one in present:
                incidents.refresh(connection, one)
        self.database.changes.mark("incidents", [one.incident.id for one in present])

    def keep_episodes(self, rows: Sequence[EpisodeRow]) -> None:
        """Update episodes of alerts to their present state; raise `sqlite3.Error` as `apply` does."""
        with self.database.transaction() as connection:
            alert_writing.update(connection, rows)

    def review(self, reviewer: Reviewer, now: float, *, everything: bool) -> int:
        """Let the reviewer look at openings that wait; return how many may leave earlier.

        Without `everything` only at those that are held. Raise `sqlite3.Error` as `apply` does.
        """
        found = [one for one in waiting(self.database.reader, now) if everything or one.held is not None]
        if not found:
            return 0
        with self.database.transaction() as connection:
            outbox = OutboxTransaction(self.outbox, connection)
            return sum(reviewer.reconsider(outbox, one, now) for one in found)

    def add_late(self, reviewer: Reviewer, events: Sequence[IncidentChanged], now: float) -> int:
        """Add the openings that the present states of incidents lack; return their number.

        Raise `sqlite3.Error` as `apply` does.
        """
        with self.database.transaction() as connection:
            outbox = OutboxTransaction(self.outbox, connection)
            return sum(
                self.outbox.add(connection, list(reviewer.late_entries(outbox, event, now)), now) for event in events
            )

    def _write(self, connection: sqlite3.Connection, item: FrameDecisions) -> int:
        newest: dict[str, tuple[IncidentChanged, int]] = {}
        added = 0
        if not item.notify:
            self.outbox.take_as_sent(connection, item.at)
        for event in item.events:
            added += self._whole(connection, partial(self._event, connection, item, event, newest))
        for changed in newest.values():
            self._whole(connection, partial(incidents.upsert, connection, *changed, item.at))
        self._whole(connection, partial(audit.add_letters, connection, item.letters, item.at))
        if item.alerts:
            self._whole(connection, partial(alert_writing.write, connection, item.alerts, item.at))
        return added

    def _event(
        self,
        connection: sqlite3.Connection,
        item: FrameDecisions,
        event: Event,
        newest: dict[str, tuple[IncidentChanged, int]],
    ) -> int:
        number = audit.add(connection, event, item.at, item.actions.get(event.seq))
        if not isinstance(event, IncidentChanged):
            return 0
        newest[event.incident.id] = (event, number or 0)
        if self._policy is None or not (item.notify or self._assumes_sent):
            return 0
        entries = self._policy.entries(OutboxTransaction(self.outbox, connection), event, item.at)
        if item.notify:
            return self.outbox.add(connection, entries, item.at)
        self.outbox.assume(connection, entries, item.at)
        return 0

    def take_as_sent(self, until: float) -> None:
        """Mark assumed notifications as sent; see `OutboxTable.take_as_sent`."""
        with self.database.transaction() as connection:
            self.outbox.take_as_sent(connection, until)

    def _whole(self, connection: sqlite3.Connection, write: Callable[[], int | None]) -> int:
        """Write something whole, or none of it if it can never be written."""
        if not self._is_careful:
            return write() or 0
        connection.execute("savepoint one")
        try:
            return write() or 0
        except Exception as error:
            if not is_content(error):
                raise
            connection.execute("rollback to one")
            self.left_out += 1
            self.left_out_reason = f"{type(error).__name__}: {error}"[:300]
            return 0
        finally:
            connection.execute("release one")

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

"""One SQLite file: one writing connection behind a lock, and one read-only connection a thread.

SQLite admits one writer at a time. Within the process the lock makes a writer wait exactly as long as the other one
takes. SQLite's own busy handler sleeps in steps, which would delay deliveries.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops.errors import AiopsError
from aiops.private import narrow
from aiops.store.changes import Changes
from aiops.store.schema import migrate

# The longest wait for a writer of another process (the command line).
BUSY_MS = 5_000
# Pages that a connection caches, in KiB. The file is not memory-mapped: mapped pages counted as the daemon's memory, 60
# MB after a day of incidents.
_CACHE_KIB = 4_096
# Pages of 4 KiB that one call of `reclaim` frees: a few milliseconds, which no delivery notices.
VACUUM_PAGES = 100


class Database:
    """The store's file, shared by threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the file and migrate it; raise `AiopsError` if that fails."""
        self.path = path
        # What writers commit, for those who follow.
        self.changes = Changes()
        # Held by the writer: whoever holds it knows that nobody else writes.
        self.quiet = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        try:
            self._writer = _open_writer(path)
        except sqlite3.Error as error:
            raise AiopsError(f"store {path}: {error}: expected a writable SQLite file of this program") from error

    @contextmanager
    def transaction(self, topic: str = "") -> Iterator[sqlite3.Connection]:
        """Open a durable transaction: committed and synced to disk on leaving, rolled back on any exception.

        Once committed it is a change of `topic`; without one, its writer marks what changed.
        """
        with self.quiet:
            self._writer.execute("begin immediate")
            try:
                yield self._writer
                self._writer.execute("commit")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")
                raise
        if topic:
            self.changes.mark(topic)

    @property
    def reader(self) -> sqlite3.Connection:
        """Return this thread's read-only connection. It sees the last commit and never blocks the writer."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_reader(self.path)
            self._local.connection = connection
            with self._readers_lock:
                self._readers.append(connection)
        return connection

    def reclaim(self, pages: int = VACUUM_PAGES) -> int:
        """Return some free pages to the file system; return the number of free pages left."""
        with self.quiet:
            # A script, since it is stepped to its end. The statement frees one page a step, and `execute` takes only
            # the first step, as there are no rows to fetch.
            self._writer.executescript(f"pragma incremental_vacuum({int(pages)})")
            return int(self._writer.execute("pragma freelist_count").fetchone()[0])

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file, as far as readers allow."""
        with self.quiet:
            self._writer.execute("pragma wal_checkpoint(passive)").fetchall()

    def close(self) -> None:
        """Close all connections; the last one removes the write-ahead log."""
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        with self.quiet:
            self._writer.close()


def _open_writer(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):
        # Payloads of alerts are private. The other files of the database inherit the mode.
        path.touch(mode=0o600, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            narrow(path.with_name(path.name + suffix))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        # This must precede the first table: a later change needs a full VACUUM.
        connection.execute("pragma auto_vacuum = incremental")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a read-only connection; raise `AiopsError` if there is no store."""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_MS / 1000,
        )
        connection.execute("pragma query_only = on")
        connection.execute("select frame from applied").fetchone()
    except sqlite3.Error as error:
        raise AiopsError(f"store {path}: {error}: expected the state directory of a daemon that has run") from error
    return connection

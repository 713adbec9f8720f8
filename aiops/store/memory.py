"""A store in memory: the outbox of a replay, which counts what would have been sent and sends nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops.store.changes import Changes
from aiops.store.database import Database
from aiops.store.schema import migrate


class MemoryDatabase(Database):
    """The tables of a store without a file, for one thread; nothing is synced and nothing survives."""

    def __init__(self) -> None:
        """Create the tables."""
        self.path = Path(":memory:")
        self.changes = Changes()
        self.quiet = threading.RLock()
        self._writer = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._writer)

    @contextmanager
    def transaction(self, topic: str = "") -> Iterator[sqlite3.Connection]:
        """Yield the connection; a replay has nobody to keep a half-written change from."""
        yield self._writer

    @property
    def reader(self) -> sqlite3.Connection:
        """Return the one connection: a second one would see another, empty store."""
        return self._writer

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

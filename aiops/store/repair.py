"""Repair of a damaged store: detected at the start, moved aside, and rebuilt from the journal.

The outbox and the anchors of the audit trail are not in the journal. They are read from the damaged file as far as
possible: a notification that was sent must not be sent again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from aiops.journal.segment import segments
from aiops.journal.writer import sync_directory
from aiops.store.database import Database
from aiops.store.diagnosis import is_damage
from aiops.store.store import FILE_NAME
from aiops.store.wal_check import wal_damage

# The check reads the whole file; a store of a year takes about this long on a slow disk. A check that is cut short
# vouches only for the part that it read.
CHECK_S = 5.0
# An interrupt between two statements is lost, and is therefore repeated.
_AGAIN_S = 0.01
_SUFFIXES = ("", "-wal", "-shm")
# Damaged files that are kept; more of them add no information.
KEPT = 3
# The consequence of an unknown outbox, for the sentence about a lost store.
MISSING = "; what was due before the journal ends counts as sent, and some notifications may be missing"
# Tables that deliveries and runs fill, not records.
_TABLES = ("outbox", "trail", "delivery_references")


class Repaired(Struct):
    """The result of a repair: the reason, the path of the damaged file, and what could be read of it.

    `applied` is the first frame that was not in it, None if unreadable. `is_whole` is true if all of the outbox was
    read.
    """

    reason: str
    moved: Path
    rows: int = 0
    applied: int | None = None
    is_whole: bool = True

    @property
    def sentence(self) -> str:
        """Describe the repair for a person."""
        return (
            f"the store was damaged ({self.reason}): it was moved to {self.moved.name} and rebuilt from the journal"
            f"{'' if self.is_whole else MISSING}"
        )


def damage_of(path: Path, limit_s: float = CHECK_S) -> str:
    """Describe the damage of a store; empty if it is intact, absent, or if the time was too short."""
    if not path.is_file():
        return ""
    try:
        with closing(_connected(path)) as connection, _interrupted(connection, limit_s):
            found = str(connection.execute("pragma quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        # Other faults (no room, no permission) show when the store is opened.
        return str(error) if is_damage(error) else ""
    return "" if found == "ok" else " ".join(found.split())[:200]


def lost(directory: Path) -> str:
    """Describe how a store was lost that must have existed, since there is a journal; empty if none was."""
    path, journal = directory / FILE_NAME, directory / "journal"
    if not journal.is_dir() or not any(segment.path.stat().st_size for segment in segments(journal)):
        return ""
    if not path.exists():
        return "is missing"
    if not path.stat().st_size:
        return "is empty"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = connection.execute("pragma user_version").fetchone()[0]
    except sqlite3.Error:
        return ""
    return "" if tables else "has no tables: its write-ahead log is missing"


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@contextmanager
def _interrupted(connection: sqlite3.Connection, after_s: float) -> Iterator[None]:
    """Interrupt a check that takes longer. SQLite before 3.41 calls no progress handler during a check."""
    done = threading.Event()

    def interrupt() -> None:
        pause_s = after_s
        while not done.wait(pause_s):
            connection.interrupt()
            pause_s = _AGAIN_S

    thread = threading.Thread(target=interrupt, name="store check", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def move_damaged(directory: Path) -> Repaired | None:
    """Move a damaged store aside; return None if it is intact, and raise `OSError` if it cannot be moved."""
    path = directory / FILE_NAME
    # This comes first: opening the store may restart its log. What came after the damage is in no table.
    torn = wal_damage(path.with_name(f"{FILE_NAME}-wal"), CHECK_S)
    reason = torn or damage_of(path)
    if not reason:
        return None
    numbers = _kept(directory)
    number = max(numbers, default=0) + 1
    # The write-ahead log belongs to its file, and is moved with it.
    moved = directory / f"{FILE_NAME}.damaged-{number}"
    for suffix in reversed(_SUFFIXES):
        one = path.with_name(path.name + suffix)
        if one.exists():
            one.rename(moved.with_name(moved.name + suffix))
    sync_directory(directory)
    for old in sorted(numbers)[: -(KEPT - 1)]:
        for suffix in _SUFFIXES:
            (directory / f"{FILE_NAME}.damaged-{old}{suffix}").unlink(missing_ok=True)
    return Repaired(reason, moved, is_whole=not torn)


def salvage(repaired: Repaired, into: Database) -> None:
    """Copy what the journal does not hold from the damaged file into the new one."""
    try:
        with closing(sqlite3.connect(f"{repaired.moved.absolute().as_uri()}?mode=ro", uri=True)) as damaged:
            repaired.applied = _applied(damaged)
            for table in _TABLES:
                _copy(damaged, into, table, repaired)
    except sqlite3.Error:
        repaired.is_whole = False


def _copy(damaged: sqlite3.Connection, into: Database, table: str, repaired: Repaired) -> None:
    with into.transaction() as connection:
        known = _columns(connection, table)
        try:
            columns = [name for name in _columns(damaged, table) if name in known]
        except sqlite3.Error:
            columns = []
        if not columns:
            repaired.is_whole = repaired.is_whole and table != "outbox"
            return
        insert = f"insert or ignore into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"  # noqa: S608
        for row in _rows(damaged, table, columns, repaired):
            try:
                repaired.rows += connection.execute(insert, row).rowcount
            except (sqlite3.IntegrityError, sqlite3.InterfaceError):
                repaired.is_whole = False


def _rows(
    damaged: sqlite3.Connection, table: str, columns: list[str], repaired: Repaired
) -> Iterator[tuple[object, ...]]:
    """Yield the rows up to the damage, from both ends."""
    for order in ("asc", "desc"):
        try:
            yield from damaged.execute(f"select {', '.join(columns)} from {table} order by rowid {order}")  # noqa: S608
        except sqlite3.Error:
            repaired.is_whole = False
        else:
            return


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in connection.execute(f"pragma table_info({table})")]


def _applied(damaged: sqlite3.Connection) -> int | None:
    try:
        found = damaged.execute("select frame from applied").fetchone()
        return int(found[0]) if found is not None else None
    except (sqlite3.Error, TypeError, ValueError):
        return None


def _kept(directory: Path) -> list[int]:
    names = (path.name.removeprefix(f"{FILE_NAME}.damaged-") for path in directory.glob(f"{FILE_NAME}.damaged-*"))
    return sorted(int(name) for name in names if name.isdecimal())
